"""A table made by `paper`, killed at twenty random moments and made again: nothing is run twice, nothing is lost."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent.parent
TABLE = "tables/siamese-demo.csv"
STEP = re.compile(r"^== siamese-demo: (?:baseline (\w+), seed 0|(prediction|Siamese) stage, fold 0)$", re.MULTILINE)
FITS = {"prediction": "single_ce", "Siamese": "siamese_ce"}


def start(folder, out):
    """Start the experiment with the rows of the demonstration, on tag documents, in a process group of its own."""
    options = ["--set", f"tsv={folder}/tags.tsv", "--out", str(out)]
    environment = {**os.environ, "MWE_DATA": str(folder), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "siamese_tags", "paper", "siamese-demo", *options], cwd=ROOT, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def finished(out):
    """Rows that are whole, with the time they were written."""
    return {path.parent.parent.name: path.stat().st_mtime_ns for path in out.rglob("metrics.json")}


def whole(folder, out):
    """Make the table; the rows that were run for it."""
    process = start(folder, out)
    told, _ = process.communicate(timeout=900)
    assert process.returncode == 0, told
    return {baseline or FITS[stage] for baseline, stage in STEP.findall(told)}


@pytest.fixture
def documents(tmp_path):
    """Tag documents of two kinds."""
    rng = np.random.default_rng(0)
    lines = [
        f"song{song}\t{'ab'[song % 2]} {tag}" for song in range(30) for tag in rng.choice(9, 5, replace=False).tolist()
    ]
    (tmp_path / "tags.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


@pytest.mark.trial
@pytest.mark.timeout(5400)
def test_a_table_killed_at_random_moments_is_made_of_the_rows_that_are_there_and_those_that_are_not(documents, killed):
    began = time.monotonic()
    rows = whole(documents, documents / "undisturbed")
    seconds = time.monotonic() - began
    expected = (documents / "undisturbed" / TABLE).read_bytes()
    expected_rows = {"single_ce", "siamese_ce", "random", "popularity", "pca", "pca_chosen"}
    assert rows == expected_rows == set(finished(documents / "undisturbed"))
    assert whole(documents, documents / "undisturbed") == set()
    trials = kept = 0
    for out in killed(lambda out: start(documents, out), seconds, 0.1):
        before = finished(out)
        assert whole(documents, out) == rows - set(before), out.name
        after = finished(out)
        assert {row: after[row] for row in before} == before, out.name
        assert (out / TABLE).read_bytes() == expected, out.name
        trials, kept = trials + 1, kept + len(before)
    print(f"paper siamese-demo: {trials} killed, {kept} of {trials * len(rows)} rows kept, 0 lost")
    assert 0 < kept < trials * len(rows)
