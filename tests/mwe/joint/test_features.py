"""Published features as data of the joint embedding: the rows of CAL500 and of tags in context, on a miniature."""

import json
from pathlib import Path

import numpy as np
import pytest

from mwe.cli import main
from mwe.joint.features import FeatureRows
from mwe.reproduce.experiments.recipes import Recipes, RunSettings
from mwe.reproduce.experiments.templates import words
from mwe.words import WordVectors

ROOT = Path(__file__).parents[3]
CONFIGS = ROOT / "lightning_configs/mwe"
EXPERIMENTS = ROOT / "lightning_configs/experiments"
CAL500 = [word for part in ("trainer", "data", "model") for word in (f"--{part}", f"{CONFIGS}/cal500/{part}.yaml")]
ROWS = {"model": CAL500, "classifier": [*CAL500, "--model", "mwe.joint.TagClassifier"]}


def contextual(source):
    """Options of the parts that every row of `contextual` on a collection shares."""
    files = [*sorted((EXPERIMENTS / "artefacts").glob("*.yaml")), EXPERIMENTS / "contextual.yaml"]
    options = words("{source.parts}", {"source": Recipes(files, RunSettings()).value("source", source)})
    return [str(ROOT / word) if word.startswith("lightning_configs/") else word for word in options]


CONTEXTUAL = {name: contextual(name) for name in ("demo", "cal500")}
LABELS = ("Emotion-Sad", "Emotion-Happy", "Genre-Rock", "Genre-Jazz", "Usage-Driving", "Vocals-Strong")


@pytest.fixture
def small(tmp_path):
    """A table of 502 songs in upstream's format, whose two features tell the labels, and words of all of them."""
    draw = np.random.default_rng(0)
    feature_NF = draw.standard_normal((502, 68))
    label_NL = np.stack(
        [sign * feature_NF[:, place % 3] > 0 for place, sign in enumerate((1, -1, 1, -1, 1, -1))], axis=1
    )
    lines = ["@relation CAL500", *(f"@attribute Mean_{n} numeric" for n in range(68))]
    lines += [*(f"@attribute {label} {{0,1}}" for label in LABELS), "@data"]
    for features, labels in zip(feature_NF, label_NL, strict=True):
        lines.append(",".join([*(f"{value:.5f}" for value in features), *map(str, labels.astype(int))]))
    folder = tmp_path / "cal500/mulan"
    folder.mkdir(parents=True)
    (folder / "cal500.arff").write_text("\n".join(lines))
    tokens = ["sad", "happy", "rock", "jazz", "driving", "strong", "vocals"]
    WordVectors(tokens, draw.standard_normal((7, 12)).astype(np.float32)).save(tmp_path / "words")
    return tmp_path


def given(row, small, *more):
    return [
        *row, "--data.words", str(small / "words"), "--data.collection.root", str(small / "cal500"),
        "--data.collection.rows", "published", "--trainer.logger.save_dir", str(small), "--trainer.max_epochs", "2",
        "--trainer.logger.name", "run", "--trainer.logger.version", "fold0", "--trainer.enable_progress_bar", "false",
        "--data.repeats", "2", *more,
    ]  # fmt: skip


def measured(row, small, *more):
    main(["fit", *given(row, small, *more)])
    main(["test", *given(row, small, *more), "--ckpt_path", str(small / "run/fold0/checkpoints/last.ckpt")])
    return json.loads((small / "run/fold0/metrics.json").read_text())


@pytest.mark.parametrize("row", [*ROWS.values(), *CONTEXTUAL.values()], ids=[*ROWS, *CONTEXTUAL])
def test_every_row_parses_against_the_real_signatures(row, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["fit", *row, "--print_config"])
    assert ended.value.code == 0
    assert "mwe.tracks." in capsys.readouterr().out


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_is_trained_and_tested(row, small):
    found = measured(row, small, "--data.collection.hold_out", "false", "--data.draws", "20")
    assert found["collection"] == "CAL500, rows as published"
    assert found["metrics"]["rocauc_tag_seen"] > 0.65
    assert found["metrics"]["rocauc_tag_seen_low"] <= found["metrics"]["rocauc_tag_seen"]


def test_held_out_tags_are_unseen(small):
    found = measured(ROWS["model"], small)
    rows = (small / "run/fold0/tags.csv").read_text().splitlines()
    assert "rocauc_tag_unseen_control" in found["metrics"] or "rocauc_tag_unseen" in found["metrics"]
    assert sum(line.split(",")[2] == "0" for line in rows[1:]) in (1, 2)


def test_queries_in_context_are_written_query_by_query(small):
    row = CONTEXTUAL["cal500"]
    found = measured(row, small, "--model.tag", "1", "--model.context", "1", "--data.context.most", "2")["metrics"]
    ways = {name.removeprefix("context_ap_") for name in found if name.startswith("context_ap_")}
    assert ways == {"alone", "mean", "sum", "context"}
    assert found["context_auc_context"] > 0.6
    assert (small / "run/fold0/context.parquet").stat().st_size > 1000


def test_features_are_read_as_frames():
    rows = FeatureRows(["a", "b"], np.arange(6, dtype=np.float32).reshape(2, 3))
    assert rows.crops([1, 0], [0, 0], 1).tolist() == [[[3, 4, 5]], [[0, 1, 2]]]
    assert rows.has(["b", "c"]).tolist() == [True, False]
    with pytest.raises(LookupError, match="track with features 'c'"):
        rows.rows_of(["c"])


def test_the_runs_of_both_tables_are_planned(planned):
    present = ["cal500/mulan/cal500.arff", "cal10k/cal10k_tags.tsv", "glove/glove.6B.50d.music_subset.txt"]
    present += ["wikitext2/valid.txt", "musiccaps/musiccaps-public.csv", "song_describer/song_describer.csv"]
    present += ["enwiki_sample/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"]
    present += ["album_reviews/BDHSI2016_music_reviews.csv"]
    for target, runs in (("cal500-features", 20), ("contextual", 40)):
        commands = planned(target, present=present)
        assert sum(" mwe test " in command for command in commands) == runs
        assert any("mwe reproduce table " in one and f"descriptions/{target}.yaml" in one for one in commands)
    assert sum("export-context" in command for command in commands) == 16
