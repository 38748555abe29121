"""Every long stage, killed at twenty random moments and run again, ends with what an undisturbed run leaves."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mwe.audio.store import MelStore
from mwe.core.runs import RunMetrics
from mwe.search import Library

ROOT = Path(__file__).parent.parent.parent.parent


def commands(stage, collection, prepared, run, out):
    """What people type for a stage."""
    source = ["--collection", "FolderTracks", "--collection.root", str(collection)]
    return {
        "corpus": ["words", "corpus", *source, "--out", f"{out}/corpus.txt", "--settings.copies", "2000"],
        "words": ["words", "train", "--corpus", str(prepared.mel.parent / "corpus.txt"), "--out", f"{out}/words",
                  "--settings.dim", "32", "--settings.epochs", "400"],
        "mel": ["data", "mel", *source, "--out", f"{out}/mel", "--workers", "0", "--accelerator", "cpu"],
        "index": ["index", str(collection), "--model", str(run), "--out", f"{out}/library", "--workers", "0",
                  "--accelerator", "cpu"],
        "table": ["reproduce", "table", str(described(out.parent)), "--runs", str(measured(out.parent)),
                  "--out", f"{out}/tables"],
    }[stage]  # fmt: skip


def described(folder):
    """The description of a table."""
    row = {"row": "a row", "runs": "demo/joint/seed0", "metrics": ["rocauc_clip"], "command": "none"}
    (folder / "demo.yaml").write_text(f"title: A table\nrows: [{row}]\n")
    return folder / "demo.yaml"


def measured(folder):
    """A run with a figure, for the table."""
    RunMetrics({"rocauc_clip": 0.5}, "made up", 0).write(folder / "runs/demo/joint/seed0")
    return folder / "runs"


def content(stage, out):
    """What a stage leaves, in a form that can be compared."""
    if stage == "mel":
        store = MelStore.open(out / "mel")
        first = store.crops(np.arange(len(store.track_ids)), np.zeros(len(store.track_ids), dtype=np.int64), 50)
        order = np.argsort(store.track_ids)
        return [sorted(store.track_ids), store.frames()[order].tolist(), first[order].tobytes()]
    if stage == "index":
        library = Library.open(out / "library")
        rows = {library.row(row)["track_id"]: row for row in range(len(library))}
        vectors = np.stack([library.matrix_ND[rows[name]] for name in sorted(rows)])
        return [sorted(rows), vectors.round(5).tolist()]
    files = sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file())
    # what a killed process was writing stays behind under a hidden name
    return [(str(file), (out / file).read_bytes()) for file in files if not any(part[0] == "." for part in file.parts)]


def start(command):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "mwe", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=environment, start_new_session=True,
    )  # fmt: skip


def whole(command):
    process = start(command)
    told, _ = process.communicate(timeout=600)
    assert process.returncode == 0, told


@pytest.mark.trial
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("stage", ["corpus", "words", "mel", "index", "table"])
def test_a_stage_killed_at_random_moments_ends_as_if_it_had_not_been(stage, miniature, prepared, run, tmp_path, killed):
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    began = time.monotonic()
    whole(commands(stage, miniature, prepared, run, undisturbed))
    seconds = time.monotonic() - began
    expected = content(stage, undisturbed)
    trials = 0
    for out in killed(lambda out: start(commands(stage, miniature, prepared, run, out)), seconds, 0.3):
        whole(commands(stage, miniature, prepared, run, out))
        assert content(stage, out) == expected, out.name
        trials += 1
    print(f"{stage}: {trials} killed, 0 lost")
