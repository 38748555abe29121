"""Preprocessing from an audio file to the excerpts that a model embeds: as spectrograms, or as samples."""

from dataclasses import dataclass
from typing import Any, ClassVar

from mwe.audio.cut import Cut
from mwe.audio.decode import MAX_SECONDS, MIN_SECONDS
from mwe.audio.mel_settings import MelSettings
from mwe.core.numbers import check_numbers

OPTIONAL = ("mel", "loudness", "trim")  # not numbers above 0


@dataclass(frozen=True)
class Preprocessing:
    """Preprocessing of an audio file before it is embedded.

    Args:
        mel: Window, hop and bands.
        seconds: Length of an excerpt.
        excerpts: Evenly spaced excerpts per track.
        min_seconds: Shorter files are skipped.
        max_seconds: Longer files are read up to here.
        loudness: Level that the excerpts of a track are set to, in LUFS; by default they stay as they are.
        trim: Whether to leave out the silence at both ends; by default it is kept.

    Examples:
        >>> from mwe.audio.mel_settings import MelSettings
        >>> preprocessing = Preprocessing(MelSettings(), seconds=3.0, excerpts=8)
        >>> Preprocessing.from_dict(preprocessing.to_dict()) == preprocessing
        True
    """

    mel: MelSettings
    seconds: float
    excerpts: int
    min_seconds: float = MIN_SECONDS
    max_seconds: float = MAX_SECONDS
    loudness: float | None = None
    trim: bool = False

    @property
    def sample_rate(self) -> int:
        """Rate of the audio in Hz."""
        return self.mel.sample_rate

    @property
    def cut(self) -> Cut:
        """Positions of the excerpts."""
        return Cut.of(self.mel, self.seconds, self.excerpts)

    def to_dict(self) -> dict[str, Any]:
        """Return the content for JSON, without options that are not set, so that older models keep their identity."""
        values = {**vars(self), "mel": self.mel.to_dict()}
        return {name: value for name, value in values.items() if value is not None and value is not False}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Preprocessing":
        """Return the preprocessing from the values of ``to_dict``.

        Raises:
            ValueError: A value is missing, unknown or not a valid number.
        """
        try:
            preprocessing = cls(**{**values, "mel": MelSettings.from_dict(values["mel"])})
            numbers = {name: value for name, value in vars(preprocessing).items() if name not in OPTIONAL}
            check_numbers(numbers, whole={"excerpts"})
            loudness = preprocessing.loudness
            if loudness is not None and not -70 <= loudness <= 0:
                raise ValueError(f"loudness {loudness!r} is not a level from -70 to 0 LUFS")
            if not isinstance(preprocessing.trim, bool):
                raise ValueError(f"trim {preprocessing.trim!r} is neither true nor false")
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            raise ValueError(f"not a preprocessing ({type(error).__name__}: {error})") from error
        return preprocessing


@dataclass(frozen=True)
class WaveformPreprocessing:
    """Preprocessing of an audio file for a model that takes samples.

    Args:
        sample_rate: Rate of the audio in Hz.
        seconds: Length of an excerpt.
        excerpts: Evenly spaced excerpts per track.
        min_seconds: Shorter files are skipped.
        max_seconds: Longer files are read up to here.

    Examples:
        >>> WaveformPreprocessing(48000, seconds=10.0, excerpts=3).cut.starts(30 * 48000)
        [0, 480000, 960000]
    """

    sample_rate: int
    seconds: float
    excerpts: int
    min_seconds: float = MIN_SECONDS
    max_seconds: float = MAX_SECONDS
    loudness: ClassVar[None] = None
    trim: ClassVar[bool] = False

    @property
    def cut(self) -> Cut:
        """Positions of the excerpts."""
        return Cut.of_samples(round(self.seconds * self.sample_rate), self.excerpts)

    def to_dict(self) -> dict[str, Any]:
        """Return the content for JSON."""
        return dict(vars(self))
