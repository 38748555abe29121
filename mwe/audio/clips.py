"""Audio files as batches of samples, decoded in loader workers; an unreadable file is an item like any other."""

import math
import multiprocessing
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mwe.audio.decode import UnreadableAudio, decode
from mwe.audio.shards import OK, MelRow, Source

ERROR = "error"
"""Outcome of a file that failed in a way ``decode`` does not foresee."""


class Clip(NamedTuple):
    """One file.

    Attributes:
        row: Track, file and outcome.
        wave: Samples, shape (N,); none if the file was unreadable.
    """

    row: MelRow
    wave: npt.NDArray[np.float32]


class WaveGroup(NamedTuple):
    """Clips of similar length.

    Attributes:
        places: Their places in the batch.
        wave_BN: Samples, padded with zeros at the end.
        lengths_B: Samples without the padding.
    """

    places: tuple[int, ...]
    wave_BN: Tensor
    lengths_B: Tensor


class ClipBatch(NamedTuple):
    """A batch of files.

    Attributes:
        rows: One row a file, readable or not.
        groups: The samples of the readable ones.
    """

    rows: tuple[MelRow, ...]
    groups: tuple[WaveGroup, ...]


class ClipDataset(Dataset[Clip]):
    """Decodes audio files; no file can stop the run.

    Args:
        tracks: Track and file.
        sample_rate: Rate of the samples in Hz.
        min_seconds: Shorter files are skipped.
        max_seconds: Longer files are read up to here.
    """

    def __init__(
        self, tracks: Sequence[tuple[str, Path]], sample_rate: int, min_seconds: float, max_seconds: float
    ) -> None:
        self.tracks = tracks
        self._sample_rate, self._min_seconds, self._max_seconds = sample_rate, min_seconds, max_seconds

    def __len__(self) -> int:
        return len(self.tracks)

    def __getitem__(self, index: int) -> Clip:
        track_id, path = self.tracks[index]
        # looked at before reading: a file changed meanwhile is read again by the next run
        source, name = Source.of(path), readable_name(path)
        nothing = np.zeros(0, np.float32)
        try:
            wave, _ = decode(
                path, sample_rate=self._sample_rate, min_seconds=self._min_seconds, max_seconds=self._max_seconds
            )
        except UnreadableAudio as outcome:
            return Clip(MelRow(track_id, name, source, outcome.reason, outcome.detail), nothing)
        except Exception as error:  # one file among 400,000 must not end the run; it is counted under its own reason
            return Clip(MelRow(track_id, name, source, ERROR, f"{type(error).__name__}: {error}"), nothing)
        power = float(np.vdot(wave, wave)) / len(wave)
        return Clip(MelRow(track_id, name, source, loudness_db=10 * math.log10(power)), wave)


class Collate:
    """Pads clips of similar length together.

    Args:
        max_samples: Bound on the samples of a padded group; one clip alone may be longer.
    """

    def __init__(self, max_samples: int) -> None:
        self._max_samples = max_samples

    def __call__(self, clips: Sequence[Clip]) -> ClipBatch:
        """Group by length, longest first."""
        readable = [place for place, clip in enumerate(clips) if clip.row.status == OK]
        places = sorted(readable, key=lambda place: -len(clips[place].wave))
        groups = []
        while places:
            fitting = max(1, self._max_samples // len(clips[places[0]].wave))
            groups.append(self._pad(clips, places[:fitting]))
            places = places[fitting:]
        return ClipBatch(tuple(clip.row for clip in clips), tuple(groups))

    def _pad(self, clips: Sequence[Clip], places: Sequence[int]) -> WaveGroup:
        waves = [torch.from_numpy(clips[place].wave) for place in places]
        lengths_B = torch.tensor([len(wave) for wave in waves])
        return WaveGroup(tuple(places), torch.nn.utils.rnn.pad_sequence(waves, batch_first=True), lengths_B)


def decoding_loader(
    dataset: Dataset[Any], collate: Callable[..., Any], batch_files: int, workers: int
) -> DataLoader[Any]:
    """Loader over a dataset that decodes audio files.

    Workers are not forked from a process that already runs threads of PyTorch, since a child can hang on a lock one of
    them held.

    Args:
        dataset: One item a file.
        collate: Makes a batch of items.
        batch_files: Files of a batch.
        workers: Processes that decode; 0 for this one.
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


def readable_name(path: str | Path) -> str:
    """A path as Unicode text, whatever bytes it is made of."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _worker_context() -> multiprocessing.context.BaseContext:
    """Start method for the workers; a fork server imports PyTorch once for all of them."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    multiprocessing.set_forkserver_preload(["__main__", __name__])
    return multiprocessing.get_context("forkserver")


def _quieten(worker: int) -> None:
    """Drop what the MP3 decoder prints on every irregular frame; errors reach the main process by another way."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
