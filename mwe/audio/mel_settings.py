"""Settings of mel spectrograms."""

from dataclasses import asdict, dataclass
from typing import Any

from mwe.core.numbers import check_numbers

COMPRESSION = 1e4


@dataclass(frozen=True)
class MelSettings:
    """Settings of mel spectrograms, stored beside every spectrogram and compared before use.

    Args:
        sample_rate: Rate of the audio in Hz.
        n_fft: Length of the Hann window and the transform in samples.
        hop_length: Step between frames in samples.
        n_mels: Number of mel bands (Slaney scale, area-normalised).
        f_min: Lower edge of the lowest band in Hz.
        f_max: Upper edge of the highest band in Hz; half the rate if not given.

    Examples:
        >>> settings = MelSettings()
        >>> settings.f_max, settings.frames(3.0)
        (11025.0, 130)
        >>> MelSettings.from_dict(settings.to_dict()) == settings
        True
    """

    sample_rate: int = 22050
    n_fft: int = 1024
    hop_length: int = 512
    n_mels: int = 128
    f_min: float = 0.0
    f_max: float | None = None

    def __post_init__(self) -> None:
        if self.f_max is None:
            object.__setattr__(self, "f_max", self.sample_rate / 2)

    def to_dict(self) -> dict[str, Any]:
        """Return all values, including the compression, for JSON."""
        return {**asdict(self), "compression": f"log10(1 + {COMPRESSION:g} * power)"}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "MelSettings":
        """Return settings from the values of ``to_dict``; the compression is fixed.

        Raises:
            TypeError: A value is missing or unknown.
            ValueError: A value is not a valid number.
        """
        settings = cls(**{name: value for name, value in values.items() if name != "compression"})
        check_numbers(vars(settings), whole={"sample_rate", "n_fft", "hop_length", "n_mels"})
        return settings

    def frames(self, seconds: float) -> int:
        """Return the frames of a clip of a duration: ``1 + samples // hop``."""
        return 1 + round(seconds * self.sample_rate) // self.hop_length
