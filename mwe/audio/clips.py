"""Audio files as batches of samples, decoded in loader workers; an unreadable file is an item like any other."""

import math
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mwe.audio.decode import decode
from mwe.audio.decoder_process import guarded
from mwe.audio.shards import OK, FileStamp, MelRow
from mwe.audio.verdict import UnreadableAudio
from mwe.core.files import readable_name

_T = TypeVar("_T")

ERROR = "error"
"""Status of a file that failed in a way that ``decode`` does not expect."""


class Clip(NamedTuple):
    """A decoded file.

    Attributes:
        row: Track, file and status.
        wave: Samples, shape (N,); empty if the file was unreadable.
    """

    row: MelRow
    wave: npt.NDArray[np.float32]


class WaveGroup(NamedTuple):
    """Clips of similar length.

    Attributes:
        indices: Their indices in the batch.
        wave_BN: Samples, padded with zeros at the end.
        lengths_B: Numbers of samples without the padding.
    """

    indices: tuple[int, ...]
    wave_BN: Tensor
    lengths_B: Tensor


class ClipBatch(NamedTuple):
    """A batch of files.

    Attributes:
        rows: A row per file, readable or not.
        groups: Samples of the readable files.
    """

    rows: tuple[MelRow, ...]
    groups: tuple[WaveGroup, ...]


class ClipDataset(Dataset[Clip]):
    """Decodes audio files. No file stops the run, even if it crashes its decoder.

    Args:
        tracks: Tracks and their files.
        sample_rate: Rate of the samples in Hz.
        min_seconds: Shorter files are skipped.
        max_seconds: Longer files are read up to this point.
    """

    def __init__(
        self, tracks: Sequence[tuple[str, Path]], sample_rate: int, min_seconds: float, max_seconds: float
    ) -> None:
        self.tracks = tracks
        self._how: dict[str, Any] = {
            "sample_rate": sample_rate,
            "min_seconds": min_seconds,
            "max_seconds": max_seconds,
        }

    def __len__(self) -> int:
        return len(self.tracks)

    def __getitem__(self, index: int) -> Clip:
        row, decoded = read_row(*self.tracks[index], decode, **self._how)
        if decoded is None:
            return Clip(row, np.zeros(0, np.float32))
        return Clip(row._replace(loudness_db=loudness_db(decoded.wave)), decoded.wave)


def read_row(track_id: str, path: Path, read: Callable[..., _T], **how: Any) -> tuple[MelRow, _T | None]:
    """Read a file and report the outcome. No file stops the run, even if it crashes its decoder.

    Args:
        track_id: The track.
        path: Its audio file.
        read: Function that reads it, such as ``decode``.
        how: Further arguments of ``read``.

    Returns:
        The row of the track with its status, and the result of ``read``, or None if the file cannot be read.
    """
    # taken before reading, so that the next run reads a file again that changes meanwhile
    row = MelRow(track_id, readable_name(path), FileStamp.of(path))
    try:
        return row, guarded(read, path, **how)
    except UnreadableAudio as outcome:
        return row._replace(status=outcome.reason, detail=outcome.detail), None
    except Exception as error:  # a single file among 400,000 must not end the run; it is counted as an error
        return row._replace(status=ERROR, detail=f"{type(error).__name__}: {error}"), None


def loudness_db(wave: npt.NDArray[np.float32]) -> float:
    """Return the mean square of samples in dB of full scale. They must not be silent.

    Examples:
        >>> round(loudness_db(np.array([0.1, -0.1], np.float32)), 3)
        -20.0
    """
    return 10 * math.log10(float(np.vdot(wave, wave)) / len(wave))


class Collate:
    """Pads clips of similar length together.

    Args:
        max_samples: Maximum number of samples of a padded group; a single clip may be longer.
    """

    def __init__(self, max_samples: int) -> None:
        self._max_samples = max_samples

    def __call__(self, clips: Sequence[Clip]) -> ClipBatch:
        """Group the clips by length, longest first."""
        readable = [index for index, clip in enumerate(clips) if clip.row.status == OK]
        indices = sorted(readable, key=lambda index: -len(clips[index].wave))
        groups = []
        while indices:
            fitting = max(1, self._max_samples // len(clips[indices[0]].wave))
            groups.append(self._pad(clips, indices[:fitting]))
            indices = indices[fitting:]
        return ClipBatch(tuple(clip.row for clip in clips), tuple(groups))

    def _pad(self, clips: Sequence[Clip], indices: Sequence[int]) -> WaveGroup:
        waves = [torch.from_numpy(clips[index].wave) for index in indices]
        lengths_B = torch.tensor([len(wave) for wave in waves])
        return WaveGroup(tuple(indices), torch.nn.utils.rnn.pad_sequence(waves, batch_first=True), lengths_B)


def decoding_loader(
    dataset: Dataset[Any], collate: Callable[..., Any], batch_files: int, workers: int
) -> DataLoader[Any]:
    """Return a loader over a dataset that decodes audio files.

    Workers are not forked from a process that already runs threads of PyTorch, since a child can hang on a lock that
    one of them held.

    Args:
        dataset: Dataset with an item per file.
        collate: Makes a batch of items.
        batch_files: Files per batch.
        workers: Decoding processes; 0 decodes in this one.
    """
    return DataLoader(
        dataset,
        batch_size=batch_files,
        num_workers=workers,
        collate_fn=collate,
        pin_memory=torch.cuda.is_available(),
        worker_init_fn=_quieten if workers else None,
        multiprocessing_context=_worker_context() if workers else None,
    )


def _worker_context() -> multiprocessing.context.BaseContext:
    """Return the start method of the workers; a fork server imports PyTorch once for all of them."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    multiprocessing.set_forkserver_preload(["__main__", __name__])
    return multiprocessing.get_context("forkserver")


def _quieten(worker: int) -> None:
    """Discard the MP3 decoder's output on irregular frames; errors reach the main process in other ways.

    Ctrl+C reaches every process; the main process writes what is finished, and ends the workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
