"""Embedding of audio files by a model, without a job; ``embedding_job`` runs the same on any number of devices.

Shape suffixes: B files of a batch, E excerpts, S samples, F frames, L frames of an excerpt, M mel bands, D dimensions.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from mwe.audio.clips import decoding_loader
from mwe.audio.cut import Cut
from mwe.audio.logmel import LogMel
from mwe.audio.shards import OK
from mwe.core.errors import BadFileError
from mwe.search.embedding_parts import Outcome
from mwe.search.file_excerpts import FileBatch, FileDataset, collate
from mwe.search.known_sounds import NO_SOUNDS, KnownSounds
from mwe.search.library_model import LibraryModel
from mwe.search.model import TrainedModel
from mwe.search.pair_model import PairEmbedder, PairModel

NO_EMBEDDING = "no-embedding"
"""Outcome of a file that was read, but whose embedding is zero or not finite."""


class Embedder(nn.Module):
    """Unit vectors of tracks, from audio files or from excerpts of a mel store.

    Args:
        trained: The trained run.
    """

    def __init__(self, trained: TrainedModel) -> None:
        super().__init__()
        preprocessing = trained.preprocessing
        self.embedding = trained.model
        self.cut = Cut.of(preprocessing.mel, preprocessing.seconds, preprocessing.excerpts)
        self.logmel = LogMel(preprocessing.mel)

    def forward(self, batch: FileBatch) -> Tensor:
        """Return unit vectors (B, D) of the readable files."""
        return self.of_mels(self.mels(batch))

    def of_mels(self, mel_BELM: Tensor) -> Tensor:
        """Return unit vectors (B, D) of tracks by the spectrograms of their excerpts."""
        if not len(mel_BELM):
            return torch.zeros(0, self.embedding.row_width(), device=self.logmel.window.device)
        unit_BD: Tensor = normalize(self.embedding.embed(mel_BELM).float(), dim=-1)
        return unit_BD

    def mels(self, batch: FileBatch) -> Tensor:
        """Return spectrograms of the excerpts, (B, E, L, M), as in a mel store; short tracks are repeated."""
        if not len(batch.frames_B):
            return torch.zeros(0, device=self.logmel.window.device)
        mel_BEFM = self.logmel(batch.wave_BES.flatten(0, 1)).half().unflatten(0, batch.wave_BES.shape[:2])
        position_L = torch.arange(self.cut.length, device=mel_BEFM.device)
        frame_BL = self.cut.margin + position_L % batch.frames_B.clamp(max=self.cut.length)[:, None]
        index_BELM = frame_BL[:, None, :, None].expand(-1, mel_BEFM.shape[1], -1, mel_BEFM.shape[3])
        mel_BELM: Tensor = mel_BEFM.gather(2, index_BELM)
        return mel_BELM


def embedder_of(model: LibraryModel) -> Embedder | PairEmbedder:
    """Return the module that embeds files with a model."""
    return PairEmbedder(model.pair) if isinstance(model, PairModel) else Embedder(model)


def outcomes_of(batch: FileBatch, unit_RD: Tensor, sounds: KnownSounds = NO_SOUNDS) -> list[Outcome]:
    """Return the outcomes of the files of a batch, given the unit vectors of those that were embedded."""
    vectors = iter(unit_RD.cpu().numpy())
    outcomes = []
    for row, seconds, metadata, known in zip(batch.rows, batch.seconds, batch.metadata, batch.known, strict=True):
        if known:
            outcomes.append(Outcome(row, seconds, sounds.vector(metadata.sound), metadata))
            continue
        vector = next(vectors) if row.status == OK else None
        if vector is not None and not abs(float(np.linalg.norm(vector)) - 1) < 1e-3:  # also true for NaN
            detail = "the audio encoder returns zero" if np.isfinite(vector).all() else "not finite"
            row, vector = row._replace(status=NO_EMBEDDING, detail=detail), None
        outcomes.append(Outcome(row, seconds, vector, metadata))
    return outcomes


@torch.inference_mode()
def embed_files(trained: LibraryModel, paths: Sequence[Path], thorough: bool = False) -> list[Outcome]:
    """Embed a few files in this process, in order.

    Args:
        trained: The model.
        paths: The files.
        thorough: Whether to decode whole files.
    """
    embedder = embedder_of(trained).eval()
    dataset = FileDataset([(str(path), path) for path in paths], trained.preprocessing, thorough)
    loader: Any = decoding_loader(dataset, collate, 1, workers=0)
    return [outcome for batch in loader for outcome in outcomes_of(batch, embedder(batch))]


class EmbeddedFiles(NamedTuple):
    """Files with their vectors.

    Attributes:
        vector_ND: Unit vectors.
        verdicts: How much of each file was read; empty if all of it.
    """

    vector_ND: np.ndarray
    verdicts: tuple[str, ...]


def embed_readable(trained: LibraryModel, paths: Sequence[Path], remedy: str) -> EmbeddedFiles:
    """Embed files that must all be readable, as a whole or in part.

    Args:
        trained: The trained model.
        paths: The files.
        remedy: What to do about a file that cannot be used.

    Raises:
        BadFileError: A file cannot be used.
    """
    vectors, verdicts = [], []
    for path, outcome in zip(paths, embed_files(trained, paths), strict=True):
        if outcome.embedding_D is None:
            raise BadFileError(path, f"{outcome.row.status}: {outcome.row.detail}", remedy)
        vectors.append(outcome.embedding_D)
        verdicts.append(outcome.row.detail)
    return EmbeddedFiles(np.stack(vectors), tuple(verdicts))
