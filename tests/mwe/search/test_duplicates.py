"""Copies of one recording: found by sound, told from other performances, the best one named."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from mwe.cli import main
from mwe.search import Library
from mwe.search.duplicates import candidates, find_duplicates
from mwe.search.exact import ExactSearch
from mwe.search.near_pairs import Links, near_pairs

RATE = 22050


def melody(seed: int, seconds: int, pitch: float = 1.0) -> np.ndarray:
    """Notes of random pitch, with overtones, that fade."""
    rng = np.random.default_rng(seed)
    time = np.arange(RATE // 4) / RATE
    notes = [
        sum(np.sin(2 * np.pi * overtone * note * time) / overtone for overtone in range(1, 6)) * np.exp(-6 * time)
        for note in pitch * 220 * 2 ** (rng.integers(0, 24, 4 * seconds) / 12)
    ]
    return (0.2 * np.concatenate(notes)).astype(np.float32)


@pytest.fixture
def copied(tmp_path, library_of):
    """A library of two melodies, three copies of the first, and a file that is gone; vectors near each other."""
    first, other = melody(0, 24), melody(1, 24)
    third = len(first) // 3
    sounds = {
        "t0.flac": first,
        "t1.mp3": first / 4,
        "t2.flac": other,
        "t3.ogg": np.concatenate([np.zeros(3 * RATE, np.float32), first]),
        "t4.flac": np.concatenate([first[:third], first[-third:]]),
        "gone.flac": None,
    }
    for name, wave in sounds.items():
        if wave is not None:
            with soundfile.SoundFile(tmp_path / name, "w", RATE, 1) as file:
                for start in range(0, len(wave), RATE):
                    file.write(wave[start : start + RATE])
    rng = np.random.default_rng(0)
    matrix_ND = np.ones((6, 8)) + 0.1 * rng.standard_normal((6, 8))
    matrix_ND /= np.linalg.norm(matrix_ND, axis=1, keepdims=True)
    library = library_of(matrix_ND.astype(np.float32))
    table = library.tracks
    paths = [str(tmp_path / name) for name in sounds]
    seconds = [1.0 if wave is None else len(wave) / RATE for wave in sounds.values()]
    seconds[5] = 24.0
    for name, values in (("path", paths), ("seconds", seconds)):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), pa.array(values, table.schema.field(name).type))
    pq.write_table(table, library.root / library.store.declared.tracks_file)
    return Library(library.root)


def test_copies_are_found_by_their_sound_the_best_first(copied, tmp_path):
    found = find_duplicates(copied, workers=1)
    assert [[Path(copy.path).name for copy in group] for group in found.groups] == [
        ["t0.flac", "t1.mp3", "t3.ogg", "t4.flac"]
    ]
    best, *others = found.groups[0]
    assert (best.lossless, best.share, best.kind) == (True, 1.0, "flac (pcm_16)")
    offsets = {Path(copy.path).name: copy.offset for copy in others}
    assert offsets["t3.ogg"] == pytest.approx(-3, abs=0.05)
    assert offsets["t1.mp3"] == pytest.approx(0, abs=0.1)
    assert min(copy.share for copy in others) > 0.8
    assert [(Path(file.path).name, file.reason) for file in found.unread] == [("gone.flac", "missing: no such file")]
    assert (found.tracks, found.pairs) == (6, 15)


def test_the_command_tells_groups_as_text_json_and_csv(copied, capsys):
    main(["duplicates", str(copied.root), "--workers", "1"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1. 4 copies"
    assert lines[1].startswith("  best  0:24  flac (pcm_16), lossless  ")
    assert any("begins -3.0 s" in line and line.endswith("t3.ogg") for line in lines)
    assert lines[-2].endswith("gone.flac: missing: no such file")
    assert lines[-1].startswith("6 tracks, 15 pairs compared: 1 recordings have copies, 3 beside the best (")
    main(["duplicates", str(copied.root), "--workers", "1", "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert len(told["groups"][0]) == 4
    assert (told["tracks"], told["pairs"], len(told["unread"])) == (6, 15, 1)
    main(["duplicates", str(copied.root), "--workers", "1", "--format", "csv"])
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [row["best"] for row in rows] == ["1", "0", "0", "0"]
    assert {row["group"] for row in rows} == {"1"}


def test_twenty_neighbours_of_each_track_are_candidates(rng):
    matrix_ND = rng.standard_normal((60, 6)) + 6 * np.eye(6)[0]
    matrix_ND = (matrix_ND / np.linalg.norm(matrix_ND, axis=1, keepdims=True)).astype(np.float32)
    cosine_NN = matrix_ND @ matrix_ND.T
    np.fill_diagonal(cosine_NN, -2)
    nearest = {(row, int(other)) for row in range(60) for other in np.argsort(-cosine_NN[row])[:20]}
    expected = {(min(pair), max(pair)) for pair in nearest if cosine_NN[pair] >= 0.7}
    assert set(candidates(matrix_ND, np.full(60, 100.0))) == expected


def test_parts_are_no_candidates():
    matrix_ND = np.ones((3, 1), np.float32)
    assert candidates(matrix_ND, np.array([60.0, 19.0, 58.0])) == [(0, 2)]


def test_near_pairs_are_those_of_every_pair_compared(rng):
    matrix_ND = rng.standard_normal((300, 4)).astype(np.float32)
    matrix_ND /= np.linalg.norm(matrix_ND, axis=1, keepdims=True)
    cosine_NN = matrix_ND @ matrix_ND.T
    np.fill_diagonal(cosine_NN, -2)
    expected = set()
    for row, cosines in enumerate(cosine_NN):
        for other in np.argsort(-cosines)[:3]:
            if cosines[other] >= 0.99:
                expected.add((min(row, int(other)), max(row, int(other))))
    assert near_pairs(matrix_ND, ExactSearch(matrix_ND), 3, 0.99) == sorted(expected)
    assert expected


def test_links_join_groups():
    links = Links()
    for pair in ((5, 3), (8, 9), (9, 3), (1, 2)):
        links.link(*pair)
    assert links.groups() == [[1, 2], [3, 5, 8, 9]]
    assert not links.linked(1, 5)
    assert not links.linked(20, 21)


@pytest.fixture
def indexed(miniature, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(["index", str(miniature), "--model", str(run), "--workers", "0", "--devices", "1", "--accelerator", "cpu"])


def test_compare_tells_likeness_and_tags(indexed, miniature, tmp_path, capsys):
    low, high = miniature / "audio/t00.flac", miniature / "audio/t02.flac"
    shutil.copy(low, tmp_path / "again.flac")
    capsys.readouterr()
    main(["compare", str(low), "again.flac"])
    shown = capsys.readouterr().out
    assert "the same recording: 100% of the shorter in common" in shown
    assert "cosine 1.000" in shown
    assert "different in" not in shown
    main(["compare", str(low), str(high), "--format", "json", "--k", "2"])
    told = json.loads(capsys.readouterr().out)
    assert told["same_recording"] is False
    assert told["cosine"] < 0.9
    assert told["calibrated"]
    assert {tag["tag"] for tag in told["different"]} <= {"low", "middle", "high", "pure", "buzzing"}
    assert len(told["different"]) == 2


def test_compare_names_a_file_it_cannot_read(indexed, miniature):
    Path("page.mp3").write_text("<html>")
    with pytest.raises(SystemExit, match=r"mwe compare: page\.mp3: not-audio: .* `mwe check FILE` says more"):
        main(["compare", str(miniature / "audio/t00.flac"), "page.mp3"])
