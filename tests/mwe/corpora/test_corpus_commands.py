"""The commands on corpora and finished word vectors, walked through on miniatures and on the open collections."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from mwe.cli import main
from mwe.words import WordVectors

CONFIGS = Path(__file__).parents[3] / "lightning_configs/mwe/corpora"


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_mixture_from_the_command_line_and_from_yaml_is_the_same(miniature, tmp_path, capsys):
    (tmp_path / "general.txt").write_text("A low tone is deep .\n" * 5)
    (tmp_path / "texts.tsv").write_text("key\ttext\nt00\tvery low\n")
    given = ["--text+", "PlainText", "--text.path", "general.txt", "--text+=PlainText", "--text.path=general.txt"]
    given += ["--reviews+", "KeyedTexts", "--reviews.path", "texts.tsv"]
    collection = ["--collection", "FolderTracks", "--collection.root", str(miniature)]
    given += ["--settings.seed", "3", "--settings.hold_out", "0.2"]
    main(["words", "corpus", *collection, *given, "--out", "a.txt"])
    told = capsys.readouterr().out
    assert re.search(r"entities +27\n", told)
    assert len((tmp_path / "a.held_out.tsv").read_text().splitlines()) in range(5, 20)
    (tmp_path / "c.yaml").write_text(
        f"""
        collection: {{class_path: mwe.tracks.FolderTracks, init_args: {{root: {miniature}}}}}
        text:
          - {{class_path: mwe.corpora.PlainText, init_args: {{path: general.txt}}}}
          - {{class_path: mwe.corpora.PlainText, init_args: {{path: general.txt}}}}
        reviews:
          - {{class_path: mwe.corpora.KeyedTexts, init_args: {{path: texts.tsv}}}}
        settings: {{seed: 3, hold_out: 0.2}}
        """
    )
    main(["words", "corpus", "--config", "c.yaml", "--out", "b.txt"])
    assert (tmp_path / "a.txt").read_bytes() == (tmp_path / "b.txt").read_bytes()
    main(["reproduce", "corpus-statistics", "b.txt", "--out", "tables"])
    told = capsys.readouterr().out
    assert re.search(r"miniature +│ +24 │ +24 │ +6 │ +6 │", told)
    assert (tmp_path / "tables/table1.csv").is_file()
    with pytest.raises(SystemExit, match=r"mwe reproduce corpus-statistics: .*none\.vocabulary\.json not found"):
        main(["reproduce", "corpus-statistics", "none.txt"])
    with pytest.raises(SystemExit, match="mwe words corpus: a corpus needs a source"):
        main(["words", "corpus", "--out", "c.txt"])


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_corpus_configuration_parses(path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["words", "corpus", "--config", str(path), "--out", "c.txt", "--print_config"])
    assert ended.value.code == 0
    parsed, told = yaml.safe_load(capsys.readouterr().out), yaml.safe_load(path.read_text())
    assert {name: parsed["settings"][name] for name in told.get("settings", {})} == told.get("settings", {})
    for name in told.keys() - {"settings"}:
        assert re.findall(r"mwe\.\w+\.\w+", str(parsed[name])) == re.findall(r"mwe\.\w+\.\w+", str(told[name]))


def test_import_then_similar_then_query(tmp_path, capsys):
    (tmp_path / "g.txt").write_text("deep 1 0\nhouse 1 1\nocean 0 1\nhouse 5 5\n")
    main(["words", "import", "g.txt"])
    told = capsys.readouterr().out
    assert "3 vectors of 2 dimensions in outputs/words" in told
    assert "1 repeated tokens, 0 words spelt like IDs" in told
    main(["similar", "deep", "--k", "1"])
    assert re.search(r"house +│ word │ +0\.707", capsys.readouterr().out)
    main(["query", "deep sea", "--words", "outputs/words"])
    told = capsys.readouterr().out
    assert "unknown: sea" in told
    assert "tracks for deep: none has a vector" in told
    with pytest.raises(SystemExit, match=r"mwe similar: unknown word 'hose' .*nearest: 'house'"):
        main(["similar", "hose"])
    with pytest.raises(SystemExit, match="mwe query: unknown query 'sea'"):
        main(["query", "sea"])
    with pytest.raises(SystemExit, match=r"mwe query: no word vectors in none\. .*words import"):
        main(["query", "sea", "--words", "none"])
    (tmp_path / "bad.txt").write_text("a 1 2\nb 1\n")
    with pytest.raises(SystemExit, match=r"mwe words import: bad\.txt, line 2"):
        main(["words", "import", "bad.txt", "--out", "other", "--format", "glove"])


def test_a_query_finds_tracks_and_tags(tmp_path, capsys):
    tokens = ["deep", "house", "in", "deep_house", "track:t1", "track:t2"]
    vectors = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0.1], [1, 1, 0], [2, 2, 0.2], [0, 0, 1]], dtype=np.float32)
    WordVectors(tokens, vectors, ["word"] * 3 + ["tag"] + ["track"] * 2).save("outputs/words")
    main(["query", "Deep House in Miami", "--k", "1"])
    told = capsys.readouterr().out
    assert "unknown: miami" in told
    assert re.search(r"track:t1 +│ track +│ +1\.000", told)
    assert re.search(r"deep_house +│ tag +│ +0\.998", told)
    assert "track:t2" not in told
    main(["similar", "deep house", "--kind", "track", "--k", "2"])
    assert re.findall(r"track:t\d", capsys.readouterr().out) == ["track:t1", "track:t2"]
    main(["similar", "deep house", "--kind", "track", "--k", "1", "--format", "csv"])
    assert re.fullmatch(r"token,name,kind,similarity\ntrack:t1,,track,(1.0|0.99\d+)\n", capsys.readouterr().out)
    main(["similar", "deep house", "--k", "2", "--format", "json"])
    assert [near["token"] for near in json.loads(capsys.readouterr().out)] == ["track:t1", "deep"]


@pytest.mark.data
def test_the_open_collections_make_one_corpus(data_root, monkeypatch, capsys):
    monkeypatch.setenv("MWE_DATA", str(data_root))
    main(["words", "corpus", "--config", str(CONFIGS / "open.yaml"), "--out", "c.txt"])
    told = capsys.readouterr().out
    assert re.search(r"entities +67,713\n", told)
    assert re.search(r"tracks +61,046\n", told)
