"""Log-mel spectrograms of batches on any device."""

import librosa
import torch
from torch import Tensor, nn

from mwe.audio.mel_settings import COMPRESSION, MelSettings


class LogMel(nn.Module):
    """Computes ``log10(1 + 1e4 * mel power)`` of waveforms, time-major.

    Frames are centred, and the signal is padded with zeros on both sides, as in librosa. A clip therefore has the same
    frames alone and zero-padded in a batch.

    Args:
        settings: Window, hop and bands.

    Examples:
        >>> import math, torch
        >>> wave = torch.sin(2 * math.pi * 440 * torch.arange(22050) / 22050)[None]
        >>> spectrogram = LogMel()(wave)
        >>> spectrogram.shape  # clips, frames, bands
        torch.Size([1, 44, 128])
        >>> spectrogram[0, 20].argmax().item()  # the band of 440 Hz
        16
    """

    window: Tensor
    bands_FM: Tensor

    def __init__(self, settings: MelSettings = MelSettings()) -> None:  # noqa: B008 - frozen
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
        """Return the frames of clips of given lengths in samples: ``1 + length // hop``; shape (B,)."""
        return 1 + lengths_B // self.settings.hop_length

    def power(self, wave_BN: Tensor) -> Tensor:
        """Return the mel power spectrogram, shape (B, T, M) with ``T = 1 + N // hop``."""
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
        """Return the log-mel spectrogram of mono clips.

        Args:
            wave_BN: Samples, shape (B, N), full scale 1; shorter clips are padded with zeros at the end.

        Returns:
            Shape (B, T, M); the first ``frame_counts`` frames of a shorter clip are valid.
        """
        return torch.log10(1 + COMPRESSION * self.power(wave_BN))
