"""Table XI: tags of content and context of songs, by a trained run of the miniature."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mwe.cli import main
from mwe.search.embed import embed_files
from mwe.search.model import TrainedModel


@pytest.fixture
def tagged(prepared, tmp_path, monkeypatch, capsys):
    """Write the table of some songs by a run; give its rows and what was told."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MWE_DATA", str(tmp_path / "data"))
    (tmp_path / "data/songs").mkdir(parents=True)
    shutil.copy(prepared.collection / "audio/t03.flac", tmp_path / "data/songs/mine.flac")
    main(["fit", *prepared.arguments("--trainer.max_epochs", "1")])
    capsys.readouterr()

    def table(*described):
        main(["reproduce", "tag-table", "--tagged", json.dumps(described), "--k", "2"])
        with open("outputs/tables/table11.csv", newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file)), capsys.readouterr().out

    return table


def test_the_best_tags_of_each_kind_are_those_of_a_plain_loop(tagged):
    published = {"Mine": {"content": ["loud"], "context": ["calm", "late"]}}
    songs = {"run": "demo/joint/seed0", "songs": {"Mine": "songs/mine.flac"}, "test_tracks": 2}
    rows, _ = tagged({**songs, "context_groups": ["shape"], "context_words": ["drone"], "published": published})
    trained = TrainedModel("outputs/demo/joint/seed0")
    tracks = trained.data.tracks
    paths = ["data/songs/mine.flac", *(tracks.audio[row] for row in (18, 23))]
    vectors = [one.embedding_D for one in embed_files(trained, paths)]
    expected = []
    for vector in vectors:
        cosines = {}
        for tag in tracks.tags:
            code = trained.encode_words(trained.words.of_tags([tag]).vectors)[0]
            cosines[tag] = float(code @ vector / np.linalg.norm(code))
        content = sorted(("low", "middle", "high"), key=lambda tag: -cosines[tag])[:2]
        context = sorted(("pure", "buzzing", "bass drone"), key=lambda tag: -cosines[tag])[:2]
        expected += [(tag, f"{cosines[tag]:.3f}") for tag in (*content, *context)]
    assert [(row["tag"], row["score"]) for row in rows] == expected
    assert [row["published"] for row in rows[:4]] == ["loud", "", "calm", "late"]
    assert [row["song"] for row in rows[4::4]] == ["miniature: t18", "miniature: t23"]
    assert all(row["has the tag"] == "" for row in rows[:4])
    for row, place in zip(rows[4:], [18] * 4 + [23] * 4, strict=True):
        assert row["has the tag"] == str(int(row["tag"] in tracks.of_track(place)))
        assert row["in training"] == str(int(row["tag"] != "bass drone"))


def test_songs_and_runs_that_are_not_there_are_waited_for(tagged):
    published = {"Other": {"content": ["rock"], "context": ["heavy"]}}
    lost = {"run": "demo/joint/seed0", "songs": {"Other": "songs/other.mp3"}, "published": published}
    rows, told = tagged(lost, {**lost, "run": "joint/none/seed0"})
    assert "waits: Other: " in told
    assert "songs/other.mp3 not found. Copy the recording there." in told
    assert "outputs/joint/none/seed0/fit.yaml not found" in told
    assert [(row["song"], row["kind"], row["tag"], row["published"]) for row in rows] == [
        ("Other", "content", "", "rock"),
        ("Other", "context", "", "heavy"),
    ] * 2


def test_the_committed_songs_wait_for_their_recordings(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    config = Path(__file__).parents[3] / "lightning_configs/experiments/table11.yaml"
    main(["reproduce", "tag-table", "--config", str(config)])
    told = capsys.readouterr().out
    assert "waits: Nirvana - Smells Like Teen Spirit, BTS - Dynamite: " in told
    assert "waits: demo/joint/seed0: " in told
    with open("outputs/tables/table11.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * 5
    assert rows[5]["kind"] == "context"
    assert rows[5]["published"] == "heavy"
