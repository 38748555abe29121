"""Reading ``.npy`` files of others, and writing large ones piece by piece."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mwe.core.errors import BadFileError


def write_rows(path: Path, dtype: npt.DTypeLike, shape: tuple[int, ...], pieces: Iterable[np.ndarray]) -> None:
    """Write an array from pieces that follow each other, without a second copy of them in memory.

    Not through a memory map: where the disk fills up, writing into one ends the process without a word.

    Args:
        path: The file.
        dtype: Of the array.
        shape: Of the array.
        pieces: Rows, in order; arrays of any shape that add up.
    """
    kind = np.dtype(dtype)
    told: dict[str, Any] = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, told)
        for piece in pieces:
            file.write(np.ascontiguousarray(piece, dtype=kind).data)


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
