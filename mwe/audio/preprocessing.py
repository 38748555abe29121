"""From an audio file to the excerpts that a model embeds."""

from dataclasses import dataclass
from typing import Any

from mwe.audio.decode import MAX_SECONDS, MIN_SECONDS
from mwe.audio.logmel import MelSettings
from mwe.core.numbers import check_numbers


@dataclass(frozen=True)
class Preprocessing:
    """What becomes of an audio file before it is embedded.

    Args:
        mel: Window, hop and bands.
        seconds: Length of an excerpt.
        excerpts: Evenly spaced excerpts a track.
        min_seconds: Shorter files are skipped.
        max_seconds: Longer files are read up to here.
    """

    mel: MelSettings
    seconds: float
    excerpts: int
    min_seconds: float = MIN_SECONDS
    max_seconds: float = MAX_SECONDS

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {**vars(self), "mel": self.mel.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Preprocessing":
        """Undoes ``to_dict``.

        Raises:
            ValueError: A value is missing, unknown or no number that makes sense.
        """
        try:
            found = cls(**{**values, "mel": MelSettings.from_dict(values["mel"])})
            check_numbers({name: value for name, value in vars(found).items() if name != "mel"}, whole={"excerpts"})
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            raise ValueError(f"no preprocessing ({type(error).__name__}: {error})") from error
        return found
