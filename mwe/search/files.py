"""Audio files as the excerpts that are embedded, cut by loader workers; an unreadable file is an item like any other.

Shape suffixes: B files of a batch, E excerpts, S samples of an excerpt with its margins, L frames of an excerpt.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from mwe.audio.clips import ClipDataset
from mwe.audio.logmel import MelSettings
from mwe.audio.mels import evenly_spaced
from mwe.audio.preprocessing import Preprocessing
from mwe.audio.shards import OK, MelRow


class FileExcerpts(NamedTuple):
    """Excerpts of one file.

    Attributes:
        row: Track, file and outcome.
        wave_ES: Samples of each excerpt; none if the file was unreadable.
        frames: Frames of the whole track.
        seconds: Its duration.
    """

    row: MelRow
    wave_ES: np.ndarray
    frames: int
    seconds: float


class FileBatch(NamedTuple):
    """A batch of files.

    Attributes:
        rows: One row a file, readable or not.
        seconds: Duration of each.
        wave_BES: Samples of the readable ones, in their order.
        frames_B: Frames of the whole tracks.
    """

    rows: tuple[MelRow, ...]
    seconds: tuple[float, ...]
    wave_BES: Tensor
    frames_B: Tensor


class Cut(NamedTuple):
    """How excerpts are cut from samples, so that their frames are those of the whole track's spectrogram.

    Attributes:
        hop: Samples between frames.
        length: Frames of an excerpt.
        margin: Frames on either side that its outer windows reach into.
        excerpts: Evenly spaced excerpts.
    """

    hop: int
    length: int
    margin: int
    excerpts: int

    @classmethod
    def of(cls, mel: MelSettings, seconds: float, excerpts: int) -> "Cut":
        """The cut of mel settings and a length of excerpts."""
        return cls(mel.hop_length, mel.frames(seconds), -(-mel.n_fft // (2 * mel.hop_length)), excerpts)

    @property
    def samples(self) -> int:
        """Samples of an excerpt with its margins."""
        return (self.length + 2 * self.margin - 1) * self.hop

    def __call__(self, wave: np.ndarray) -> tuple[np.ndarray, int]:
        """Excerpts (E, S) of samples (N,), and the frames of the whole.

        They begin where those of ``AudioWordDataModule`` do.
        """
        frames = 1 + len(wave) // self.hop
        starts = evenly_spaced(np.array([frames - self.length]), self.excerpts)[0] * self.hop
        before = self.margin * self.hop
        # spectrograms are centred and padded with zeros, so beyond the ends there are zeros here too
        padded = np.pad(wave, (before, before + self.samples))
        return np.stack([padded[start : start + self.samples] for start in starts]), frames


class FileDataset(Dataset[FileExcerpts]):
    """Reads audio files and cuts their excerpts; no file can stop the run.

    Args:
        tracks: Track and file.
        preprocessing: Rate, limits and excerpts.
    """

    def __init__(self, tracks: Sequence[tuple[str, Path]], preprocessing: Preprocessing) -> None:
        mel = preprocessing.mel
        self.rate = mel.sample_rate
        self.clips = ClipDataset(tracks, self.rate, preprocessing.min_seconds, preprocessing.max_seconds)
        self.cut = Cut.of(mel, preprocessing.seconds, preprocessing.excerpts)

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> FileExcerpts:
        clip = self.clips[index]
        if clip.row.status != OK:
            return FileExcerpts(clip.row, np.zeros((0, 0), np.float32), 0, 0.0)
        wave_ES, frames = self.cut(clip.wave)
        return FileExcerpts(clip.row, wave_ES, frames, len(clip.wave) / self.rate)


def collate(files: Sequence[FileExcerpts]) -> FileBatch:
    """A batch; every excerpt has the same length, so nothing is padded."""
    readable = [file for file in files if file.row.status == OK]
    waves = [torch.from_numpy(file.wave_ES) for file in readable]
    return FileBatch(
        tuple(file.row for file in files),
        tuple(file.seconds for file in files),
        torch.stack(waves) if waves else torch.zeros(0, 0, 0),
        torch.tensor([file.frames for file in readable], dtype=torch.long),
    )
