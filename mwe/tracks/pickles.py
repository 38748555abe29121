"""Plain values from foreign pickles, read without running any code in them.

The lists of the Million Song Dataset are published as pickles of Python 2 and 3. This module reads only lists, tuples,
dictionaries, texts, numbers and NumPy arrays of these. Every other name in a file is refused before it is looked up.
"""

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mwe.core.errors import BadFileError, MissingDataError

PLAIN_KINDS = "biufSU"
# the module names in a file depend on the numpy version that wrote it
MODULES = tuple(f"numpy.{core}.{part}" for core in ("core", "_core") for part in ("multiarray", "numeric"))


class _Dtype:
    """Type of an array, built in the two steps of a pickle."""

    __slots__ = ("_code", "_order")

    def __init__(self, code: object, *_: object) -> None:
        self._code, self._order = _text(code), "|"

    def __setstate__(self, state: Sequence[object]) -> None:
        if any(part is not None for part in state[2:5]):
            raise pickle.UnpicklingError("an array of records")
        self._order = _text(state[1])

    def plain(self) -> np.dtype[Any]:
        if self._code[:1] not in PLAIN_KINDS or not self._code[1:].isdigit():
            raise pickle.UnpicklingError(f"an array of type {self._code!r}")
        return np.dtype(self._code).newbyteorder(self._order)  # type: ignore[arg-type]

    @property
    def of_objects(self) -> bool:
        return self._code in ("O", "O8", "O4")


class _Array:
    """An array, built in the two steps of a pickle."""

    __slots__ = ("_state",)

    def __init__(self, *_: object) -> None:
        self._state: tuple[Any, ...] = ()

    def __setstate__(self, state: Sequence[object]) -> None:
        self._state = tuple(state)

    def plain(self) -> np.ndarray[Any, Any]:
        try:
            _, shape, dtype, in_columns, data = self._state
        except ValueError as error:
            raise pickle.UnpicklingError("an array without content") from error
        return _array(data, dtype, shape, "F" if in_columns else "C")


class _FromBuffer:
    """An array in the format of newer pickles."""

    __slots__ = ("_arguments",)

    def __init__(self, data: object, dtype: object, shape: object, order: object) -> None:
        self._arguments = (data, dtype, shape, _text(order))

    def plain(self) -> np.ndarray[Any, Any]:
        return _array(*self._arguments)


class _Scalar:
    """A number or text of NumPy."""

    __slots__ = ("_arguments",)

    def __init__(self, dtype: object, data: object) -> None:
        self._arguments = (dtype, data)

    def plain(self) -> object:
        dtype, data = self._arguments
        return _array(data, dtype, (1,), "C")[0].item()


def _array(data: object, dtype: object, shape: object, order: str) -> np.ndarray[Any, Any]:
    if not isinstance(dtype, _Dtype):
        raise pickle.UnpicklingError("an array without a type")
    dimensions = tuple(int(side) for side in shape)  # type: ignore[attr-defined]
    if dtype.of_objects:
        return _array_of_objects(data, dimensions)
    content = data.encode("latin1") if isinstance(data, str) else data  # strings of Python 2 are bytes
    if not isinstance(content, bytes | bytearray):
        raise pickle.UnpicklingError("an array without bytes")
    return np.frombuffer(content, dtype.plain()).reshape(dimensions, order="F" if order == "F" else "C")


def _array_of_objects(data: object, dimensions: tuple[int, ...]) -> np.ndarray[Any, Any]:
    if not isinstance(data, list):
        raise pickle.UnpicklingError("an array of objects without a list of them")
    # listed row by row, regardless of the memory order of the array
    return np.fromiter((_plain(item) for item in data), dtype=object, count=len(data)).reshape(dimensions)


class _Call:
    """The object behind an allowed name: a call that builds a stand-in, and that a file cannot change."""

    __slots__ = ("_build",)

    def __init__(self, build: Callable[..., object]) -> None:
        self._build = build

    def __call__(self, *arguments: object) -> object:
        return self._build(*arguments)

    def __setstate__(self, state: object) -> None:
        raise pickle.UnpicklingError("a change of a built-in object")


def _text(value: object) -> str:
    return value.decode("latin1") if isinstance(value, bytes) else str(value)


def _encoded(text: str, *_: object) -> bytes:
    return text.encode("latin1")


def _no_bytes() -> bytes:
    """Return empty bytes, as old protocols write them."""
    return b""


ALLOWED: dict[tuple[str, str], Callable[..., object]] = {
    **{(module, "_reconstruct"): _Array for module in MODULES},
    **{(module, "_frombuffer"): _FromBuffer for module in MODULES},
    **{(module, "scalar"): _Scalar for module in MODULES},
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encoded,
    ("__builtin__", "bytes"): _no_bytes,
}


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in of a name that plain arrays need; refuse every other name.

        Raises:
            UnpicklingError: The name is not allowed.
        """
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"the name {module}.{name}, which plain values do not need")
        return _Call(ALLOWED[module, name])


def read_plain_pickle(path: Path) -> Any:
    """Read lists, tuples, dictionaries, texts, numbers and arrays from a pickle.

    Texts of Python 2 are read as Latin-1.

    Raises:
        MissingDataError: The file is missing.
        BadFileError: The file is damaged or holds anything else. No code in it has run.
    """
    if not path.is_file():
        raise MissingDataError(f"{path} not found. Check the folder and the file's name.")
    with open(path, "rb") as file:
        return plain_values(file, path)


def plain_values(file: BinaryIO, path: Path) -> Any:
    """Read plain values from an open file, or from a pickle inside of another file.

    Args:
        file: File, positioned at the start of the pickle.
        path: Path for error messages.

    Raises:
        BadFileError: The pickle is damaged or holds anything else. No code in it has run.
    """
    try:
        return _plain(_PlainUnpickler(file, encoding="latin1").load())
    except Exception as error:  # a hostile file can make the unpickler raise anything
        reason = " ".join(str(error).split()) or type(error).__name__
        remedy = "Do not open it with anything else; fetch it again from its authors."
        raise BadFileError(path, f"not a pickle of plain values ({reason})", remedy) from error


def _plain(value: Any) -> Any:
    """Return the value with stand-ins replaced by arrays."""
    if isinstance(value, str | bytes | int | float | bool | None):
        return value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, _Array | _FromBuffer | _Scalar):
        return value.plain()
    raise pickle.UnpicklingError(f"a {type(value).__name__}")
