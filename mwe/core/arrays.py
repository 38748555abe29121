"""Reading ``.npy`` files of others."""

from pathlib import Path
from typing import Any

import numpy as np

from mwe.core.errors import BadFileError


def read_array(path: Path, remedy: str, mapped: bool = False) -> np.ndarray[Any, Any]:
    """The array in a ``.npy`` file; objects, which would have to be unpickled, are refused.

    Args:
        path: The file.
        remedy: What to do about a damaged one.
        mapped: Whether it stays on disk until used.

    Raises:
        BadFileError: There is no such file, or it is no array.
    """
    try:
        array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except Exception as error:  # a damaged header goes through a tokenizer and a parser, each with errors of its own
        raise BadFileError(path, f"not a readable array ({error})", remedy) from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise BadFileError(path, "an archive of arrays, not an array", remedy)
    return array
