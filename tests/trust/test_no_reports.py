"""No library that is imported reports to its makers, or leaves an identifier of the computer behind."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["mwe.cli", "mwe.stages", "mwe.commands.libraries", "siamese_tags.cli"])
def test_importing_the_programs_leaves_nothing_in_the_home_folder(module, tmp_path):
    pytest.importorskip("onnxruntime")
    left_out = {"ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "CI"}
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    told = subprocess.run(
        [sys.executable, "-c", f"import {module}, onnxruntime, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"],
        env=environment | {"HOME": str(tmp_path), "MPLCONFIGDIR": str(tmp_path / "mpl"), "OMP_NUM_THREADS": "1"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert told.strip() == "1"
    assert not [path for path in tmp_path.rglob("*") if "onnxruntime" in str(path)]
