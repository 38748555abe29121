"""Folders of data and of the cache, set by two environment variables."""

import os
from pathlib import Path

import platformdirs


def data_root() -> Path:
    """Return the folder with one sub-folder per collection: ``MWE_DATA``, by default ``./data``."""
    return Path(os.environ.get("MWE_DATA") or "data")


def cache_root() -> Path:
    """Return the folder of reproducible files: ``MWE_CACHE``, by default the user's cache folder."""
    return Path(os.environ.get("MWE_CACHE") or platformdirs.user_cache_dir("mwe"))
