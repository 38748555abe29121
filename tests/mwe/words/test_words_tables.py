"""Tables III, IV, V and X from the command line: configurations, what make plans, Table X and the pictures."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from mwe.cli import main
from mwe.core.runs import RunMetrics
from mwe.reproduce.experiments.experiment import load
from mwe.reproduce.experiments.recipes import Recipes, RunSettings
from mwe.words import WordVectors

ROOT = Path(__file__).parents[3]
FILES = {
    "cal10k": ["cal10k/cal10k_tags.tsv"],
    "jamendo": ["mtg_jamendo/data/splits/split-0/autotagging-train.tsv"],
    "text": [
        "wikitext2/valid.txt",
        "enwiki_sample/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2",
    ],
    "reviews": [
        "musiccaps/musiccaps-public.csv",
        "song_describer/song_describer.csv",
        "album_reviews/BDHSI2016_music_reviews.csv",
    ],
    "msd": ["lastfm/lastfm_tags.db", "allmusic/AMG_Multilabel_tagsets/msd_amglabels_all.h5"],
    "glove": ["glove/glove.6B.50d.music_subset.txt"],
}
TABLE_ROWS = {"tag_id", "tag_id_aug"}
WIKI_ROWS = {"wiki_tag_id", "wiki_tag_id_aug"}
REVIEW_ROWS = {"wiki_review_tag_id", "wiki_review_tag_id_aug"}


@pytest.fixture
def plan(planned):
    """Commands that an experiment would run with some collections at hand."""

    def of(target, *present):
        return planned(target, present=[file for name in present for file in FILES[name]])

    return of


def trained(commands):
    trained = [command.strip() for command in commands if " mwe words train " in command]
    found = [re.search(r"out/words/(\S+?)/words$", command) for command in trained]
    return [tuple(one.group(1).split("/")) for one in found]


def having(commands, *parts):
    return [command for command in commands if all(part in command for part in parts)]


def test_only_rows_whose_data_is_there_are_planned_and_each_once(plan, tmp_path):
    commands = plan("table4", "jamendo")
    assert set(trained(commands)) == {("jamendo", row, run) for row in TABLE_ROWS for run in ("seed0", "held_out")}
    commands = plan("table4", "jamendo", "text", "cal10k")
    rows = {(row, run) for row in TABLE_ROWS | WIKI_ROWS for run in ("seed0", "held_out")}
    assert set(trained(commands)) == {(set_, *row) for set_ in ("jamendo", "cal10k") for row in rows}
    commands = plan("table5", "jamendo", "text", "cal10k", "reviews", "msd")
    rows |= {(row, run) for row in REVIEW_ROWS for run in ("seed0", "held_out")}
    rows |= {("wiki_review_tag_id_aug", run) for run in ("seed1", "seed2")}
    expected = {(set_, *row) for set_ in ("jamendo", "cal10k") for row in rows}
    expected |= {("msd", row, "seed0") for row in TABLE_ROWS}  # the tables have no held out rows of it
    assert sorted(trained(commands)) == sorted(expected)
    assert commands[-1].startswith(f"mwe reproduce table {tmp_path}/out/tables/descriptions/table5.yaml")


def test_a_corpus_is_put_together_by_the_name_of_its_row(plan):
    commands = plan("table4", "jamendo", "text", "cal10k", "reviews")
    [one] = having(commands, " mwe words corpus ", "/cal10k/wiki_review_tag_id_aug/held_out/corpus.txt")
    assert "mwe words corpus --collection Cal10kTracks --config lightning_configs/mwe/corpora/open_reviews.yaml " in one
    assert "--settings.copies 2 --text+=WikiText --text+=Wikipedia" in one
    assert "--settings.hold_out 0.2" in one
    [test] = having(commands, " mwe test ", "table4/cal10k/wiki_review_tag_id_aug --trainer.logger.version held_out")
    assert "--data.held_out" in test
    [seeded] = having(commands, " mwe words train ", "cal10k/wiki_review_tag_id_aug/seed2")
    assert "--settings.seed 2" in seeded


def test_table_three_measures_every_row_on_both_collections_and_goes_on_where_it_was(plan, tmp_path):
    present = ("cal10k", "jamendo", "text", "reviews", "glove")
    commands = plan("table3", *present)
    assert set(trained(commands)) == {
        ("open", "wiki", "seed0"),
        ("open", "wiki_review", "seed0"),
        ("cal10k", "wiki_tag_id", "seed0"),
        ("cal10k", "wiki_review_tag_id", "seed0"),
        *(("cal10k", "wiki_review_tag_id_aug", f"seed{seed}") for seed in range(3)),
    }
    tests = having(commands, " mwe test ")
    assert len(tests) == 2 * (7 + 1)
    assert all(f"--data.among {tmp_path}/out/words/open/wiki/seed0/words" in test for test in tests)
    assert len(having(commands, " mwe words import ")) == 1
    done = ("open/wiki", "open/wiki_review", "pretrained/glove_6b")
    for row in done:
        WordVectors(["a"], np.ones((1, 2), dtype=np.float32)).save(tmp_path / f"out/words/{row}/seed0/words")
    for row in done:
        for measured in ("cal10k", "jamendo"):
            RunMetrics({}, "", 0).write(tmp_path / f"out/table3/{measured}/{row}/seed0")
    left = having(plan("table3", *present), " mwe test ")
    assert len(left) == 2 * 5


def test_the_paper_s_own_corpora_are_measured_on_its_own_collections(plan, tmp_path):
    wikipedia = tmp_path / "data/wikipedia/enwiki-pages-articles.xml.bz2"
    wikipedia.parent.mkdir(parents=True)
    wikipedia.touch()
    commands = plan("table3", "msd", "jamendo")
    assert ("msd", "wiki_tag_id", "seed0") in trained(commands)
    for measured in ("allmusic", "jamendo"):
        [test] = having(commands, "mwe test ", f" table3/{measured}/", "/msd/wiki_tag_id/")
        assert f"--trainer.logger.name table3/{measured}/msd/wiki_tag_id " in test


@pytest.mark.parametrize("table", ["table3", "table4", "table5"])
def test_a_table_without_any_run_lists_what_each_row_waits_for(table, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("MWE_DATA", str(tmp_path / "none"))
    experiment = load(ROOT / f"lightning_configs/experiments/{table}.yaml")
    (tmp_path / f"{table}.yaml").write_text(yaml.safe_dump(dict(experiment.described)))
    main(["reproduce", "table", str(tmp_path / f"{table}.yaml"), "--runs", str(tmp_path), "--out", str(tmp_path)])
    told = capsys.readouterr().out
    lines = [line for line in told.splitlines() if line.startswith("- ")]
    for row in experiment.described["rows"]:
        assert any(row["row"] in line and f": {', '.join(row['waits'])} (below " in line for line in lines)
    assert told.count("not measured") == len(experiment.described["findings"])


@pytest.mark.parametrize(("name", "rate"), [("open", 2.0), ("cal10k", 1.7), ("jamendo", 1.4), ("msd", None)])
def test_settings_of_every_collection_parse(name, rate, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    recipes = Recipes(sorted((ROOT / "lightning_configs/experiments/artefacts").glob("*.yaml")), RunSettings())
    corpus = "wiki" if name == "open" else "tag_id"
    [program, *given] = recipes.task("vectors", {"collection": name, "corpus": corpus}).commands()[1]
    with pytest.raises(SystemExit) as ended:
        main([*given, "--print_config"])
    assert (program, ended.value.code) == ("mwe", 0)
    settings = yaml.safe_load(capsys.readouterr().out)["settings"]
    assert settings["rate"] == rate
    assert (settings["dim"], settings["window"], settings["negatives"]) == (300, 15, 20)


def test_table_ten_finds_tracks_of_the_collection_with_their_tags(miniature, tmp_path, capsys):
    tokens = ["low", "pure", "tone", "track:t00", "track:t01", "track:elsewhere"]
    vectors = np.array([[1, 0], [1, 0.2], [0, 1], [1, 0.1], [0, 1], [1, 0.1]], dtype=np.float32)
    WordVectors(tokens, vectors).save(tmp_path / "words")
    (tmp_path / "c.yaml").write_text(
        f"""
        searched:
          - collection: {{class_path: mwe.tracks.FolderTracks, init_args: {{root: {miniature}}}}}
            words: words
        queries: [a pure low, meditation in the tone]
        """
    )
    here = ["--runs", str(tmp_path), "--out", str(tmp_path)]
    main(["reproduce", "query-table", "--config", str(tmp_path / "c.yaml"), *here])
    assert "Table X" in capsys.readouterr().out
    with open(tmp_path / "table10.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["query"], row["track"]) for row in rows] == [
        ("a pure low", "t00"),
        ("a pure low", "t01"),
        ("meditation in the tone", "t01"),
        ("meditation in the tone", "t00"),
    ]
    assert (rows[0]["unknown words"], rows[0]["tags"], rows[0]["published"]) == ("a", "low, pure, bass drone", "")
    assert rows[0]["similarity"] == "1.000"


def test_pictures_from_the_command_line_leave_out_what_is_not_there(miniature, tmp_path, capsys):
    tokens = ["low", "middle", "high", "pure", "buzzing"]
    vectors = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    WordVectors(tokens, vectors).save(tmp_path / "words")
    shared = ["--words", "{Here: words, There: none}", "--runs", str(tmp_path)]
    main(["reproduce", "figure4", *shared, "--pairs", "[[low, high]]", "--out", str(tmp_path / "four.png")])
    assert "left out: There, no word vectors in" in capsys.readouterr().out
    collection = ["--collection", "FolderTracks", "--collection.root", str(miniature)]
    clusters = ["--clusters", "{pitch: [low, high]}"]
    main(["reproduce", "figure5-words", *shared, *collection, *clusters, "--out", str(tmp_path / "five.png")])
    assert {path.name for path in tmp_path.glob("*.???")} >= {"four.png", "four.svg", "five.png", "five.svg"}
    told = r"mwe reproduce figure4: no word vectors below .*; `make table3 table4` trains them"
    with pytest.raises(SystemExit, match=told):
        main(["reproduce", "figure4", "--words", "{There: none}", "--pairs", "[[low, high]]", "--runs", str(tmp_path)])
