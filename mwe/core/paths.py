"""Where data is read and where things that can be made anew are kept: two environment variables, nothing else."""

import os
from pathlib import Path

import platformdirs


def data_root() -> Path:
    """Folder with one sub-folder per collection: ``MWE_DATA``, by default ``./data``."""
    return Path(os.environ.get("MWE_DATA") or "data")


def cache_root() -> Path:
    """Folder for what the programs make themselves: ``MWE_CACHE``, by default the user's cache folder."""
    return Path(os.environ.get("MWE_CACHE") or platformdirs.user_cache_dir("mwe"))
