"""A collection as people have it is indexed as far as FFmpeg plays it; every other file is named with its reason."""

import json
import shutil
import subprocess
from collections import defaultdict
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from mwe.audio.predict import Hardware
from mwe.search import Library
from mwe.search.index import index_library
from mwe.search.partly_read import read_partly_read
from mwe.search.skipped_tracks import read_skipped

av = pytest.importorskip("av")

LOSSLESS = (
    *("WAV, 24 bit", "AIFF", "AU", "W64", "CAF with ALAC", "FLAC", "FLAC in Ogg", "FLAC in Matroska"),
    *("M4A with ALAC", "WavPack", "True Audio"),
)
SCRIPT = Path(__file__).parents[3] / "scripts/messy_collection.py"
HERE = Hardware(workers=2, devices=1, accelerator="cpu")
RATE = 44100


def collection_script():
    """The script that makes the collection."""
    described = spec_from_file_location("messy_collection", SCRIPT)
    script = module_from_spec(described)
    described.loader.exec_module(script)
    return script


def played_seconds(path):
    """Seconds of sound that FFmpeg's command line plays; 0 if it refuses.

    Where it is not installed, PyAV decodes packet by packet and leaves out those that cannot be decoded, like FFmpeg.
    """
    if shutil.which("ffmpeg"):
        command = ["ffmpeg", "-v", "quiet", "-i", path, "-vn", "-ac", "1", "-ar", "22050", "-f", "s16le", "-"]
        return len(subprocess.run(command, capture_output=True, check=False).stdout) / 2 / 22050
    seconds = 0.0
    try:
        with av.open(str(path)) as container:
            for packet in container.demux(audio=0):
                with suppress(av.FFmpegError):
                    seconds += sum(frame.samples / frame.sample_rate for frame in packet.decode())
    except (av.FFmpegError, LookupError):
        pass
    return seconds


def index_messy(script, songs, folder, run):
    """Index a collection.

    Returns by kind: files; those that FFmpeg plays; those indexed; their conditions, and reasons of the others; the
    largest deviation of the seconds from FFmpeg's, and from the song's.
    """
    kinds = script.write_collection(folder / "music", songs)
    report = index_library([folder / "music"], run, folder / "library", hardware=HERE)
    library, skipped = Library(folder / "library"), read_skipped(folder / "library")
    seconds = dict(zip(library.tracks["track_id"].to_pylist(), np.array(library.tracks["seconds"]), strict=True))
    assert len(seconds) + len(skipped) == len(kinds)
    in_part = read_partly_read(folder / "library")
    assert report.ok == len(seconds) - len(in_part)
    names = {id(kind): name for name, kind in script.KINDS.items()}
    zero = {"files": 0, "played": 0, "indexed": 0, "worst": 0.0, "of_song": 0.0}
    table = defaultdict(lambda: {**zero, "conditions": set(), "reasons": set()})
    lengths = [wave_CN.shape[1] / RATE for wave_CN in songs]
    for path, kind in kinds.items():
        row, played = table[names[id(kind)]], played_seconds(folder / "music" / path)
        row["files"] += 1
        row["played"] += played > 0.5
        row["indexed"] += path in seconds
        if path in skipped:
            row["reasons"].add(skipped[path].reason)
        else:
            row["conditions"].add(in_part[path].condition if path in in_part else "ok")
            song = lengths[int(Path(path).name[:2]) - 1]
            row["of_song"] = max(row["of_song"], float(abs(seconds[path] - song) / song))
            row["worst"] = max(row["worst"], float(abs(seconds[path] - played) / played) if played else np.inf)
    return table


def require_as_played(script, table):
    """At least 98 % of what FFmpeg plays is indexed, as long as FFmpeg's; the rest has the right reason.

    Of damaged FLAC, FFmpeg's command leaves out frames beside the damaged ones; excerpts lie where the song has them,
    and may lie beside the damage.
    """
    for name, kind in script.KINDS.items():
        row = table[name]
        assert row["reasons"] == (set() if kind.playable else {kind.expected}), (name, row)
        conditions = row["conditions"] - ({"ok"} if kind.expected == "damaged" else set())
        assert conditions <= {kind.expected}, (name, row)
        assert bool(row["played"]) == kind.playable, (name, row)
        assert (row["of_song"] if kind.expected == "damaged" else row["worst"]) <= 0.01, (name, row)
    assert sum(row["indexed"] for row in table.values()) >= 0.98 * sum(row["played"] for row in table.values())


def test_a_file_of_every_kind_is_indexed_or_named(run, tmp_path):
    script, at = collection_script(), np.arange(12 * RATE) / RATE
    mono = 0.2 * np.sin(2 * np.pi * (200 + 50 * at) * at) + 0.02 * np.random.default_rng(0).standard_normal(len(at))
    table = index_messy(script, [np.stack([mono, 0.7 * mono]).astype(np.float32)], tmp_path, run)
    assert len(table) >= 45
    require_as_played(script, table)
    library = Library(tmp_path / "library")
    path_of = {path.stem[3:]: f"{path.parent.name}/{path.name}" for path in (tmp_path / "music").rglob("*.*")}
    wav_D = library.vectors([library.row_of(path_of["WAV, 16 bit"])])[0]
    for name in LOSSLESS:  # the vector of the WAV, whatever the container
        assert float(library.vectors([library.row_of(path_of[name])])[0] @ wav_D) >= 0.999, name


@pytest.mark.trial
@pytest.mark.timeout(3600)
def test_a_messy_collection_of_the_demonstrations_tunes(run, tmp_path, capfd):
    script = collection_script()
    table = index_messy(script, script.write_songs(tmp_path / "tunes", 4), tmp_path, run)
    with capfd.disabled():
        for name, row in table.items():
            rounded = {column: round(row[column], 5) for column in ("worst", "of_song")}
            outcomes = {column: sorted(row[column]) for column in ("conditions", "reasons")}
            print(json.dumps({"kind": name, **row, **rounded, **outcomes}))
    assert sum(row["files"] for row in table.values()) >= 150
    require_as_played(script, table)
