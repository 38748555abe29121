"""Fixtures that every package's tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The real collections, or a skip that says so."""
    given = os.environ.get("MWE_DATA")
    if not given or not Path(given).is_dir():
        pytest.skip("MWE_DATA is not set to a folder with the real collections")
    return Path(given)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing a test writes without saying where lands in the repository or the user's cache."""
    monkeypatch.setenv("MWE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
