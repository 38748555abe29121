"""From the published tables to tracks for words, without any training."""

import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from mwe.cli import main
from mwe.core.errors import BadFileError
from mwe.words import WordVectors
from mwe.words.importers import names_in

TRACKS, DIM = 40, 8


@pytest.fixture(scope="module")
def space():
    """Words at three corners, tags and artists between them, tracks near one corner each."""
    rng, corner_CD = np.random.default_rng(0), 3 * np.eye(3, DIM)

    def near(corner, noise=1.0):
        return corner_CD[corner % 3] + noise * rng.standard_normal(DIM)

    words, songs = ("calm", "loud", "bright"), [f"Artist {at} \n- Song {at}" if at % 4 else "" for at in range(TRACKS)]
    rows = {
        "general": [(word, word, near(at, 0.1)) for at, word in enumerate(words)],
        "tag": [("Deep House", "Deep House", corner_CD[0] + corner_CD[1])],
        "artist": [(f"AR{at:06X}", f"The [{at}]", near(at)) for at in range(6)],
        "track": [(f"TR{at:08X}", called, near(at)) for at, called in enumerate(songs)],
    }
    return {name: [(token, called, row.astype(np.float32)) for token, called, row in own] for name, own in rows.items()}


@pytest.fixture(params=["parquet", "jsonl", "json"])
def published(request, space, tmp_path):
    """A folder of the published form: rows of token, content and vector."""
    folder = tmp_path / "published"
    folder.mkdir()
    for name, own in space.items():
        rows = [{"token": token, "content": called, "vector": row.tolist()} for token, called, row in own]
        path = folder / f"{name}-00000-of-00001.{request.param}"
        if request.param == "parquet":
            parquet.write_table(pa.Table.from_pylist(rows), path)
        else:
            path.write_text(json.dumps(rows) if request.param == "json" else "\n".join(map(json.dumps, rows)))
    return folder


def test_words_find_the_tracks_that_cosines_say(published, space, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    main(["words", "import", str(published), "--out", str(tmp_path / "words")])
    assert f"{TRACKS + 10} vectors of {DIM} dimensions" in capsys.readouterr().out
    main(["query", "Calm and BRIGHT", "--words", str(tmp_path / "words"), "--kinds", "[track]", "--k", "5"])
    shown = capsys.readouterr().out
    assert "unknown: and" in shown
    rows = {token: row for token, _, row in space["track"]}
    asked = np.mean([row for word, _, row in space["general"] if word in ("calm", "bright")], axis=0)
    cosines = {token: row @ asked / np.linalg.norm(row) / np.linalg.norm(asked) for token, row in rows.items()}
    best = sorted(cosines, key=lambda token: -cosines[token])[:5]
    lines = [line for line in shown.splitlines() if "track:" in line]
    assert [line.split()[1] for line in lines] == [f"track:{token.lower()}" for token in best]
    assert [float(line.split()[-2]) for line in lines] == pytest.approx([cosines[token] for token in best], abs=1e-3)
    called = {token: " ".join(name.split()) for token, name, _ in space["track"]}
    for token, line in zip(best, lines, strict=True):
        assert called[token] in line  # the name behind the ID, where there is one


def test_names_of_artists_are_shown_as_they_are(published, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    main(["words", "import", str(published), "--out", str(tmp_path / "words")])
    main(["similar", "track:tr00000001", "--words", str(tmp_path / "words"), "--kind", "artist", "--k", "6"])
    shown = capsys.readouterr().out
    assert all(f"The [{at}]" in shown for at in range(6))
    words = WordVectors.load(tmp_path / "words")
    assert set(names_in(tmp_path / "words")) <= set(words.tokens)
    assert "track:tr00000000" not in names_in(tmp_path / "words")  # its content is empty
    with pytest.raises(SystemExit):
        main(["query", "calm", "--words", str(tmp_path / "words"), "--k", "0"])
    (tmp_path / "words/names.json").write_text("[]")
    with pytest.raises(BadFileError, match=r"names\.json: holds no names by token"):
        names_in(tmp_path / "words")


def test_names_of_an_earlier_import_are_not_kept(published, tmp_path):
    main(["words", "import", str(published), "--out", str(tmp_path / "words")])
    (tmp_path / "g.txt").write_text("calm 1 2\n")
    main(["words", "import", str(tmp_path / "g.txt"), "--out", str(tmp_path / "words")])
    assert names_in(tmp_path / "words") == {}
