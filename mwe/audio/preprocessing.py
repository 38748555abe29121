"""From an audio file to the excerpts that a model embeds."""

from dataclasses import dataclass
from typing import Any

from mwe.audio.decode import MAX_SECONDS, MIN_SECONDS
from mwe.audio.logmel import MelSettings

_LARGEST = 1e6  # of any of the numbers; beyond, a file asks for more memory than there is


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
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"no preprocessing ({type(error).__name__}: {error})") from error
        whole = {"sample_rate", "n_fft", "hop_length", "n_mels", "excerpts"}
        numbers = {**vars(found), **vars(found.mel)}
        del numbers["mel"]
        for name, value in numbers.items():
            kinds, least = (int, 1) if name in whole else ((int, float), 0)
            if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= _LARGEST:
                raise ValueError(f"no preprocessing ({name} is {value!r})")
        return found
