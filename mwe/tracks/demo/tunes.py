"""The real tunes of the demonstration collection: note lists with their provenance."""

import gzip
import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mwe.core.errors import BadFileError

TUNES_FILE = "tunes.json.gz"
TICKS_PER_QUARTER = 24


@dataclass(frozen=True, eq=False)
class TunePart:
    """One melodic line: onsets and lengths in ticks, MIDI pitches, each of shape (notes,)."""

    onset: NDArray[np.int64]
    length: NDArray[np.int64]
    pitch: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tune:
    """The first bars of a public-domain tune, and its source.

    Args:
        id: Collection and number, such as ``oneills-0012``.
        collection: Title of the source collection.
        title: Title in the source.
        composer: Composer; empty if the source names none.
        transcriber: Person who transcribed the tune; empty if the source names none.
        form: Reel, jig, chorale and so on.
        metre: Time signature.
        tonic: Pitch class of the key note, 0 is C.
        mode: Major, minor, dorian or mixolydian.
        beat: Ticks of a beat as musicians count it.
        bar: Ticks of a bar.
        pickup: Ticks before the first full bar.
        bars: Length in bars; then the tune repeats.
        parts: Lines from the highest to the lowest; four in a chorale, else one.
    """

    id: str
    collection: str
    title: str
    composer: str
    transcriber: str
    form: str
    metre: str
    tonic: int
    mode: str
    beat: int
    bar: int
    pickup: int
    bars: int
    parts: tuple[TunePart, ...] = field(repr=False)

    @property
    def minor(self) -> bool:
        """Whether the third of the scale is minor."""
        return self.mode in ("minor", "dorian")

    @property
    def compound(self) -> bool:
        """Whether a beat divides into three."""
        return self.metre in ("6/8", "9/8")


@cache
def read_tunes() -> tuple[Tune, ...]:
    """Return all tunes in file order.

    Raises:
        BadFileError: The packaged file is damaged.
    """
    packaged = files(__package__) / TUNES_FILE
    try:
        content = json.loads(gzip.decompress(packaged.read_bytes()))
        return tuple(_tune(entry) for entry in content["tunes"])
    except (gzip.BadGzipFile, EOFError, ValueError, KeyError, TypeError) as error:
        raise BadFileError(str(packaged), f"not the packaged tunes ({error})", "Install the package again.") from error


def _tune(entry: dict[str, Any]) -> Tune:
    parts = tuple(TunePart(**{name: np.array(values, np.int64) for name, values in p.items()}) for p in entry["parts"])
    return Tune(**{**entry, "parts": parts})
