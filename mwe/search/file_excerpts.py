"""Excerpts of audio files for embedding, cut by loader workers. An unreadable file is an item too.

Shape suffixes: B files of a batch, E excerpts, S samples of an excerpt with its margins, L frames of an excerpt.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from mwe.audio.clips import loudness_db, read_row
from mwe.audio.cue_sheet import WHOLE
from mwe.audio.excerpts import read_excerpts
from mwe.audio.loudness import at_loudness
from mwe.audio.preprocessing import Preprocessing, WaveformPreprocessing
from mwe.audio.shards import OK, MelRow
from mwe.audio.tag_reader import tags_if_readable
from mwe.search.metadata import Metadata

NO_SPANS: Mapping[str, tuple[float, float]] = MappingProxyType({})


class FileExcerpts(NamedTuple):
    """Excerpts of one file.

    Attributes:
        row: Track, file and outcome.
        wave_ES: Samples of each excerpt; empty if the file was unreadable, or its vector is known.
        frames: Frames of the whole track.
        seconds: Duration of the track.
        metadata: What is known beside the sound.
        known: Whether the library has the vector of this sound.
    """

    row: MelRow
    wave_ES: np.ndarray
    frames: int
    seconds: float
    metadata: Metadata = Metadata()
    known: bool = False


class FileBatch(NamedTuple):
    """A batch of files.

    Attributes:
        rows: One row per file, readable or not.
        seconds: Duration of each file.
        wave_BES: Samples of the files to embed, in order.
        frames_B: Frames of the whole tracks of these.
        metadata: What is known of each file beside its sound.
        known: Whether the library has the vector of each file's sound.
    """

    rows: tuple[MelRow, ...]
    seconds: tuple[float, ...]
    wave_BES: Tensor
    frames_B: Tensor
    metadata: tuple[Metadata, ...]
    known: tuple[bool, ...]


class FileDataset(Dataset[FileExcerpts]):
    """Reads the excerpts of audio files. No file can stop the run, even if it crashes its decoder.

    Args:
        tracks: ID and file of each track.
        preprocessing: Rate, limits and excerpts.
        thorough: Whether to decode whole files instead of only the packets of their excerpts.
        sounds: Hashes of sounds whose vectors are known; they are not kept for embedding.
        spans: Begin and end in seconds of tracks that are parts of their files.
    """

    def __init__(
        self,
        tracks: Sequence[tuple[str, Path]],
        preprocessing: Preprocessing | WaveformPreprocessing,
        thorough: bool = False,
        sounds: Collection[str] = (),
        spans: Mapping[str, tuple[float, float]] = NO_SPANS,
    ) -> None:
        self._tracks, self._sounds, self._spans = tracks, sounds, spans
        self._cut, self._rate = preprocessing.cut, preprocessing.sample_rate
        self._how: dict[str, Any] = {
            "starts": self._cut.starts,
            "samples": self._cut.samples,
            "sample_rate": self._rate,
            "min_seconds": preprocessing.min_seconds,
            "max_seconds": preprocessing.max_seconds,
            "thorough": thorough,
            "trim": preprocessing.trim,
        }
        self._loudness = preprocessing.loudness

    def __len__(self) -> int:
        return len(self._tracks)

    def __getitem__(self, index: int) -> FileExcerpts:
        track_id, path = self._tracks[index]
        span = self._spans.get(track_id, WHOLE)
        row, excerpts = read_row(track_id, path, read_excerpts, **self._how, span=span)
        if excerpts is None:
            return FileExcerpts(row, np.zeros((0, 0), np.float32), 0, 0.0)
        sound = excerpts.wave_ES[excerpts.wave_ES != 0]  # without the zeros beyond the ends
        row = row._replace(loudness_db=loudness_db(sound), detail="" if excerpts.verdict.ok else str(excerpts.verdict))
        frames = self._cut.frames(excerpts.kept)
        metadata = Metadata(_hash_of(excerpts.wave_ES, frames), tags_if_readable(path), span)
        if metadata.sound in self._sounds:
            return FileExcerpts(row, np.zeros((0, 0), np.float32), 0, excerpts.samples / self._rate, metadata, True)
        wave_ES = excerpts.wave_ES
        if self._loudness is not None:
            wave_ES = at_loudness(wave_ES, self._rate, self._loudness)
        return FileExcerpts(row, wave_ES, frames, excerpts.samples / self._rate, metadata)


def _hash_of(wave_ES: np.ndarray, frames: int) -> str:
    """Return a hash of all that the embedding is made of."""
    person = frames.to_bytes(8, "little")
    return hashlib.blake2b(np.ascontiguousarray(wave_ES).data, digest_size=16, person=person).hexdigest()


def collate(files: Sequence[FileExcerpts]) -> FileBatch:
    """Return a batch. All excerpts have the same length, so nothing is padded."""
    to_embed = [file for file in files if file.row.status == OK and not file.known]
    waves = [torch.from_numpy(file.wave_ES) for file in to_embed]
    return FileBatch(
        tuple(file.row for file in files),
        tuple(file.seconds for file in files),
        torch.stack(waves) if waves else torch.zeros(0, 0, 0),
        torch.tensor([file.frames for file in to_embed], dtype=torch.long),
        tuple(file.metadata for file in files),
        tuple(file.known for file in files),
    )
