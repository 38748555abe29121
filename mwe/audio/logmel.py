"""Log-mel spectrogram in batches on any device."""

from dataclasses import asdict, dataclass
from typing import Any

import librosa
import torch
from torch import Tensor, nn

from mwe.core.numbers import check_numbers

COMPRESSION = 1e4


@dataclass(frozen=True)
class MelSettings:
    """What a mel spectrogram depends on; stored beside every spectrogram and compared before one is used.

    Args:
        sample_rate: Rate of the audio in Hz.
        n_fft: Length of the Hann window and the transform in samples.
        hop_length: Step between frames in samples.
        n_mels: Number of mel bands (Slaney scale, area-normalised).
        f_min: Lower edge of the lowest band in Hz.
        f_max: Upper edge of the highest band in Hz; half the rate if not given.
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
        """All values, the compression among them, as JSON holds them."""
        return {**asdict(self), "compression": f"log10(1 + {COMPRESSION:g} * power)"}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "MelSettings":
        """Settings from what ``to_dict`` gave; the compression is not a choice.

        Raises:
            TypeError: A value is missing or unknown.
            ValueError: One is no number that makes sense.
        """
        found = cls(**{name: value for name, value in values.items() if name != "compression"})
        check_numbers(vars(found), whole={"sample_rate", "n_fft", "hop_length", "n_mels"})
        return found

    def frames(self, seconds: float) -> int:
        """Frames of a clip of that duration: ``1 + samples // hop``."""
        return 1 + round(seconds * self.sample_rate) // self.hop_length


class LogMel(nn.Module):
    """Waveform to ``log10(1 + 1e4 * mel power)``, time-major.

    Frames are centred and the signal is padded with zeros on both sides, as librosa does. A clip therefore has the same
    frames alone and padded with zeros in a batch.

    Args:
        settings: Window, hop and bands.
    """

    window: Tensor
    bands_FM: Tensor

    def __init__(self, settings: MelSettings = MelSettings()) -> None:
        super().__init__()
        self.settings = settings
        bands_MF = librosa.filters.mel(
            sr=settings.sample_rate,
            n_fft=settings.n_fft,
            n_mels=settings.n_mels,
            fmin=settings.f_min,
            fmax=settings.f_max,
            norm="slaney",
        )
        self.register_buffer("window", torch.hann_window(settings.n_fft), persistent=False)
        self.register_buffer("bands_FM", torch.from_numpy(bands_MF.T.copy()), persistent=False)

    def frame_counts(self, lengths_B: Tensor) -> Tensor:
        """Frames of clips of the given lengths in samples: ``1 + length // hop``; shape (B,)."""
        return 1 + lengths_B // self.settings.hop_length

    def power(self, wave_BN: Tensor) -> Tensor:
        """Mel power spectrogram, shape (B, T, M) with ``T = 1 + N // hop``."""
        spectrum_BFT = torch.stft(
            wave_BN,
            self.settings.n_fft,
            self.settings.hop_length,
            window=self.window,
            center=True,
            pad_mode="constant",
            return_complex=True,
        )
        power_BFT = spectrum_BFT.real.square() + spectrum_BFT.imag.square()
        return power_BFT.transpose(1, 2) @ self.bands_FM

    def forward(self, wave_BN: Tensor) -> Tensor:
        """Log-mel spectrogram of mono clips.

        Args:
            wave_BN: Samples, shape (B, N), full scale 1; shorter clips are padded with zeros at the end.

        Returns:
            Shape (B, T, M); of a shorter clip the first ``frame_counts`` frames are its own.
        """
        return torch.log10(1 + COMPRESSION * self.power(wave_BN))
