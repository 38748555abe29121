"""Embedding of audio files as a Lightning ``predict`` job, on any number of devices.

Shape suffixes: B files of a batch, E excerpts, S samples, F frames, L frames of an excerpt, M mel bands, D dimensions.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from pytorch_lightning import LightningModule
from torch import Tensor
from torch.nn.functional import normalize
from torch.utils.data import DataLoader

from mwe.audio.clips import decoding_loader
from mwe.audio.cut import Cut
from mwe.audio.logmel import LogMel
from mwe.audio.predict import Hardware, PredictionShards, Track, predict_to_shards
from mwe.audio.shards import OK
from mwe.core.errors import BadFileError
from mwe.core.progress import track
from mwe.core.sampler import as_read
from mwe.joint.audio_word_data import Excerpts
from mwe.search.embedding_parts import Outcome, PartSettings, PartWriter
from mwe.search.file_excerpts import NO_SPANS, FileBatch, FileDataset, collate
from mwe.search.known_sounds import NO_SOUNDS, KnownSounds
from mwe.search.library_model import LibraryModel
from mwe.search.model import TrainedModel
from mwe.search.pair_model import PairEmbedder, PairModel

NO_EMBEDDING = "no-embedding"
"""Outcome of a file that was read, but whose embedding is zero or not finite."""


class Embedder(LightningModule):
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

    def predict_step(self, batch: FileBatch | Excerpts, batch_idx: int) -> Tensor:
        """Return unit vectors (B, D) of the readable files, or of tracks of a mel store."""
        mel_BELM = batch.mel if isinstance(batch, Excerpts) else self.mels(batch)
        if not len(mel_BELM):
            return torch.zeros(0, self.embedding.row_width(), device=self.device)
        unit_BD: Tensor = normalize(self.embedding.embed(mel_BELM).float(), dim=-1)
        return unit_BD

    def mels(self, batch: FileBatch) -> Tensor:
        """Return spectrograms of the excerpts, (B, E, L, M), as in a mel store; short tracks are repeated."""
        if not len(batch.frames_B):
            return torch.zeros(0, device=self.device)
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


def predict_files(
    trained: LibraryModel,
    tracks: Sequence[Track],
    hardware: Hardware,
    settings: PartSettings,
    batch_files: int = 8,
    thorough: bool = False,
    sounds: KnownSounds = NO_SOUNDS,
    spans: Mapping[str, tuple[float, float]] = NO_SPANS,
) -> None:
    """Embed audio files into parts, except those whose sound has a vector already.

    Args:
        trained: The model.
        tracks: ID and file of each track.
        hardware: Hardware of the job.
        settings: Settings of the parts.
        batch_files: Files of a batch.
        thorough: Whether to decode whole files.
        sounds: Sounds with known vectors.
        spans: Begin and end in seconds of tracks that are parts of their files.
    """

    def loader_of(items: list[Track]) -> DataLoader[Any]:
        dataset = FileDataset(items, trained.preprocessing, thorough, sounds.row_of, spans)
        return decoding_loader(dataset, collate, batch_files, hardware.workers)

    shards = PredictionShards(partial(PartWriter, settings), partial(outcomes_of, sounds=sounds))
    predict_to_shards(embedder_of(trained), tracks, loader_of, shards, hardware)


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
    return [outcome for batch in loader for outcome in outcomes_of(batch, embedder.predict_step(batch, 0))]


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


@torch.inference_mode()
def embed_split(trained: TrainedModel, split: Literal["train", "valid", "test"], batch_size: int = 16) -> np.ndarray:
    """Embed the tracks of a split that are in the run's mel store: unit vectors (N, D), in the order of positions.

    The datamodule must have been set up.
    """
    embedder = Embedder(trained).eval()
    tracks = trained.data.split(split, trained.preprocessing.excerpts)
    loader: Any = DataLoader(tracks, batch_size, collate_fn=as_read)
    vectors = [embedder.predict_step(batch, 0) for batch in track(loader, "embedding validation tracks", len(loader))]
    return torch.cat(vectors).numpy()
