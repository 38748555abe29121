"""A trained run of the miniature, and libraries made of given vectors."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from mwe.search import Library
from mwe.search.layout import TRACKS, Declaration
from mwe.search.tag_table import NONE, TagTable
from mwe.words import WordVectors


@pytest.fixture
def library_of(tmp_path: Path) -> Callable[..., Library]:
    """Make a library of given unit vectors, artists, tags and words."""

    def make(matrix_ND, artists=None, tags=None, words=None, dtype=np.float32, root=tmp_path / "made") -> Library:
        count, dim = matrix_ND.shape
        root.mkdir(exist_ok=True)
        named = sorted({tag for own in tags or () for tag in own})
        blank = np.full(len(named), np.nan, np.float32)
        table = TagTable(tuple(named), ("",) * len(named), (True,) * len(named), blank, blank, (NONE,) * len(named))
        tokens = words or {}
        kinds = ["track" if name.startswith("track:") else "tag" if "_" in name else "word" for name in tokens]
        vectors = np.array(list(tokens.values()), np.float32).reshape(len(tokens), dim)
        WordVectors(list(tokens), vectors, kinds).save(root / "words-made")
        declared = Declaration("made", "nowhere", 1, count, dim, "words-made", "made", {})
        np.save(root / declared.matrix_file, matrix_ND.astype(dtype))
        columns = {
            "track_id": [f"t{row}" for row in range(count)],
            "artist_id": artists or [""] * count,
            "path": [f"/music/t{row}.ogg" for row in range(count)],
            "size": [1] * count,
            "mtime_ns": [1] * count,
            "seconds": [1.0] * count,
            "loudness_db": [-10.0] * count,
            "tags": [sorted(named.index(tag) for tag in own) for own in tags] if tags else [[]] * count,
        }
        pq.write_table(pa.table(columns, schema=TRACKS), root / declared.tracks_file)
        pq.write_table(table.to_table(), root / declared.tags_file)
        declared.write(root)
        return Library(root)

    return make


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def broken(tmp_path: Path, rng: np.random.Generator) -> dict[str, Path]:
    """Files that cannot be embedded; the outcome begins the name they are kept under."""
    folder = tmp_path / "bad"
    folder.mkdir()
    rate = 22050
    tone = (0.3 * np.sin(np.arange(6 * rate) / 9)).astype(np.float32)
    found = {}
    for ending, share in (("wav", 0.05), ("ogg", 0.5), ("aiff", 0.05)):  # too little is left
        path = folder / f"cut.{ending}"
        soundfile.write(path, tone, rate)
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
        found[f"truncated_{ending}"] = path
    found["truncated_mp4"] = folder / "cut.m4a"
    found["truncated_mp4"].write_bytes(b"\0\0\0\x0cftypM4A \0\0\x13\x8cmdat" + rng.bytes(4000))
    for name, wave in (
        ("silent_zeros", np.zeros(rate, np.float32)),
        ("too-short_samples", tone[:10]),
        ("non-finite_nan", np.where(np.arange(rate) == 99, np.nan, tone[:rate])),
    ):
        found[name] = folder / f"{name}.wav"
        soundfile.write(found[name], wave, rate, subtype="FLOAT")
    for name, content in (
        ("empty_file.mp3", b""),
        ("not-audio_page.mp3", b"<!DOCTYPE html>" * 50),
        ("not-audio_bytes.wav", rng.bytes(5000)),
        ("not-audio_other.m4a", rng.bytes(5000)),
    ):
        found[name] = folder / name
        found[name].write_bytes(content)
    return found


@pytest.fixture
def music(miniature, tmp_path):
    """Eight files in two folders, without a table."""
    folder = tmp_path / "music"
    (folder / "more").mkdir(parents=True)
    for number in range(8):
        shutil.copy(miniature / f"audio/t{number:02}.flac", folder / ("more" if number % 2 else ".") / f"{number}.flac")
    return folder
