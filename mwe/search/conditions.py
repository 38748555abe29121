"""Conditions on the tags in files, such as ``genre:jazz``, ``year:1990..1999`` and ``key:Am``.

Shape suffixes: N tracks.
"""

import re
import unicodedata
from typing import Literal, NamedTuple, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mwe.core.errors import MissingDataError
from mwe.search.musical_key import key_of
from mwe.search.store import LibraryStore

Field = Literal["title", "artist", "album", "genre", "year", "bpm", "key"]
FIELDS: tuple[Field, ...] = get_args(Field)
RANGES: tuple[Field, ...] = ("year", "bpm")
COLUMNS: dict[Field, tuple[str, ...]] = {"artist": ("artist", "album_artist")}

_NUMBER = r"\d{1,4}(?:\.\d+)?"
_RANGE = re.compile(rf"({_NUMBER})|({_NUMBER})?\.\.({_NUMBER})?")
_ROUNDING = 0.5  # 127.9 beats a minute are 128


class Condition(NamedTuple):
    """A condition on a tag of the files.

    Attributes:
        field: The tag.
        value: Text that it must contain, or a number, or a range as ``low..high``.
        excluded: Whether tracks that meet it are left out instead.
    """

    field: Field
    value: str
    excluded: bool = False

    def __str__(self) -> str:
        return f"{'without' if self.excluded else 'only'} {self.field} {self.value}"

    def problem(self) -> str:
        """Return what is wrong with the value; empty if nothing is.

        Examples:
            >>> print(Condition("year", "199x").problem())
            year:199x is not a number or a range; write year:1994, year:1990..1999 or year:1990..
            >>> Condition("bpm", "130..120").problem()
            'bpm:130..120 ends before it begins'
        """
        written = f"{self.field}:{self.value}"
        if self.field in RANGES:
            matched = _RANGE.fullmatch(self.value)
            if not matched or not any(matched.groups()):
                example = ("1994", "1990..1999", "1990..") if self.field == "year" else ("120", "120..130", "120..")
                number, both, half = (f"{self.field}:{text}" for text in example)
                return f"{written} is not a number or a range; write {number}, {both} or {half}"
            low, high = bounds(self.value)
            return f"{written} ends before it begins" if low > high else ""
        if self.field == "key" and key_of(self.value) is None:
            return f"{written} is not a key; write key:Am, key:Bb, key:8A or key:1m"
        return ""


def bounds(value: str) -> tuple[float, float]:
    """Return the bounds of a number or a range, both included.

    Examples:
        >>> bounds("1990..1999"), bounds("120"), bounds("..1980")
        ((1990.0, 1999.0), (120.0, 120.0), (-inf, 1980.0))
    """
    low, dots, high = value.partition("..")
    if not dots:
        return float(low), float(low)
    return float(low or "-inf"), float(high or "inf")


def folded(text: str) -> str:
    """Return text without case and accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def meeting(store: LibraryStore, condition: Condition) -> np.ndarray:
    """Return which tracks meet a condition, boolean (N,), whether they are left out or not.

    Raises:
        MissingDataError: The library has no tags of files.
    """
    table = store.metadata
    # artists may also be known from a table of tracks
    columns = [store.column("artist_id")] if condition.field == "artist" else []
    if table is not None and pc.any(table.column("read")).as_py():
        columns += [table.column(name) for name in COLUMNS.get(condition.field, (condition.field,))]
    elif condition.field != "artist" and len(store):
        raise MissingDataError(
            f"{store.root} has no tags of files, which {condition.field}: asks for. "
            "`mwe index` reads them without embedding anew, with `pip install 'mwe[formats]'`."
        )
    if condition.field in RANGES:
        low, high = bounds(condition.value)
        number_N = columns[0].cast(pa.float64()).to_numpy(zero_copy_only=False) if columns else np.zeros(0)
        return (number_N >= low - _ROUNDING) & (number_N < high + _ROUNDING)
    meets_N = np.zeros(len(store), dtype=bool)
    for column in columns:
        meets_N |= _with_text(column, condition)
    return meets_N


def _with_text(column: pa.Array, condition: Condition) -> np.ndarray:
    """Return in which rows of a column a text meets a condition; each different text is compared once."""
    encoded = column.dictionary_encode()
    wanted_key, wanted = key_of(condition.value), _words(condition.value)
    texts = encoded.dictionary.to_pylist()
    if condition.field == "key":
        meets = np.array([key_of(text) == wanted_key for text in texts], dtype=bool)
    else:
        meets = np.array([wanted in _words(text) for text in texts], dtype=bool)
    if not len(meets):
        return np.zeros(len(column), dtype=bool)
    in_rows: np.ndarray = meets[encoded.indices.to_numpy()]
    return in_rows


def _words(text: str) -> str:
    """Return the words of a text between spaces, without case, accents and punctuation unless there is nothing else."""
    plain = folded(text)
    words = "".join(letter if letter.isalnum() else " " for letter in plain).split() or plain.split()
    return f" {' '.join(words)} "
