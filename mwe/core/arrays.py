"""Read foreign ``.npy`` files, and write large ones piece by piece."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mwe.core.errors import BadFileError


def write_rows(path: Path, dtype: npt.DTypeLike, shape: tuple[int, ...], pieces: Iterable[np.ndarray]) -> None:
    """Write an array from consecutive pieces, without a second copy of them in memory.

    Does not use a memory map: if the disk fills up, writing to a memory map kills the process without a message.

    Args:
        path: The file.
        dtype: Type of the array.
        shape: Shape of the array.
        pieces: Rows in order, as arrays of any shape that add up to it.

    Examples:
        >>> write_rows(Path("rows.npy"), "float32", (3, 2), [np.zeros((2, 2)), np.ones((1, 2))])
        >>> read_array(Path("rows.npy"), "Write it again.").tolist()
        [[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]]
    """
    kind = np.dtype(dtype)
    header: dict[str, Any] = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for piece in pieces:
            file.write(np.ascontiguousarray(piece, dtype=kind).data)


def read_array(path: Path, remedy: str, mapped: bool = False) -> np.ndarray[Any, Any]:
    """Return the array in a ``.npy`` file. Objects are refused, since they would have to be unpickled.

    Args:
        path: The file.
        remedy: What to do about a damaged file.
        mapped: Whether to memory-map the array instead of reading it.

    Raises:
        BadFileError: The file is missing or is not an array.
    """
    try:
        array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except Exception as error:  # a damaged header can raise errors of a tokenizer and of a parser
        raise BadFileError(path, f"not a readable array ({error})", remedy) from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise BadFileError(path, "an archive of arrays, not an array", remedy)
    return array
