"""Rows that know their split, so that none of another split reaches a training without an error."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mwe.core.errors import WrongSplitError

Train = Literal["train"]
Valid = Literal["valid"]
Test = Literal["test"]
S = TypeVar("S", bound=str)

if TYPE_CHECKING:
    Positions = NDArray[np.int64]
else:
    Positions = np.ndarray


class SplitRows(Positions, Generic[S]):
    """Positions of the tracks, documents or tags of one split: an array of integers that carries the split's name.

    It indexes like any array, and what is picked from it belongs to the same split. What NumPy computes from it is a
    plain array, which no training takes. It cannot be changed in place.

    Examples:
        >>> rows = marked([4, 7, 9], "test")
        >>> rows.split, rows[:2].split, (rows + 1).tolist()
        ('test', 'test', [5, 8, 10])
        >>> to_train(rows)
        Traceback (most recent call last):
        mwe.core.errors.WrongSplitError: rows of the split 'test' where those of 'train' belong: these must not be ...
    """

    split: S

    def __array_finalize__(self, source: Any) -> None:
        self.split = getattr(source, "split", cast(S, ""))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return getattr(ufunc, method)(*_plain(inputs), **_plain(kwargs))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return function(*_plain(args), **_plain(kwargs))

    def __setitem__(self, key: Any, value: Any) -> None:
        raise ValueError("rows of a split cannot be changed")

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return _restored, (np.asarray(self), self.split)


def _plain(given: Any) -> Any:
    """Return arguments of a function of NumPy without marks."""
    if isinstance(given, SplitRows):
        return np.asarray(given)
    if isinstance(given, list | tuple):
        return type(given)(_plain(value) for value in given)
    return {name: _plain(value) for name, value in given.items()} if isinstance(given, dict) else given


def _restored(rows: NDArray[np.int64], split: str) -> SplitRows[Any]:
    restored = np.array(rows, dtype=np.int64).view(SplitRows)
    restored.split = split
    return restored


def marked(rows: ArrayLike, split: S) -> SplitRows[S]:
    """Return rows that carry the name of their split.

    Args:
        rows: Positions. Those of training rows may be set aside under another name; those of any other split keep it.
        split: Name of the split.

    Raises:
        WrongSplitError: The rows are of another split, which is not for training.

    Examples:
        >>> marked(marked([1, 2], "train"), "valid").split
        'valid'
        >>> marked(marked([1, 2], "valid"), "train")
        Traceback (most recent call last):
        mwe.core.errors.WrongSplitError: rows of the split 'valid' where those of 'train' belong: these must not be ...
    """
    if isinstance(rows, SplitRows) and rows.split not in ("train", split):
        raise WrongSplitError(rows.split, split)
    return _restored(np.asarray(rows), split)


def rows_of(rows: SplitRows[S], split: S) -> SplitRows[S]:
    """Return rows of a split, as they are.

    Raises:
        WrongSplitError: They are of another split, or do not say of which.
    """
    if (carried := getattr(rows, "split", "")) != split:
        raise WrongSplitError(carried, split)
    return rows


def to_train(rows: SplitRows[Train]) -> SplitRows[Train]:
    """Return rows that a model may learn from: the door of every training.

    Raises:
        WrongSplitError: They are not marked as training rows.
    """
    return rows_of(rows, "train")
