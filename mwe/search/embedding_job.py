"""Embedding of audio files as a Lightning ``predict`` job on any number of devices, and of a run's own mel store.

Shape suffixes: B files of a batch, D dimensions.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from pytorch_lightning import LightningModule
from torch import Tensor
from torch.utils.data import DataLoader

from mwe.audio.clips import decoding_loader
from mwe.audio.predict import Hardware, PredictionShards, Track, predict_to_shards
from mwe.core.progress import track
from mwe.core.sampler import as_read
from mwe.search.embed import Embedder, embedder_of, outcomes_of
from mwe.search.embedding_parts import PartSettings, PartWriter
from mwe.search.file_excerpts import NO_SPANS, FileBatch, FileDataset, collate
from mwe.search.known_sounds import NO_SOUNDS, KnownSounds
from mwe.search.library_model import LibraryModel
from mwe.search.model import TrainedModel
from mwe.search.pair_model import PairEmbedder


class EmbeddingJob(LightningModule):
    """What embeds files, as a module that Lightning runs.

    Args:
        embedder: Unit vectors of the files of a batch.
    """

    def __init__(self, embedder: Embedder | PairEmbedder) -> None:
        super().__init__()
        self.embedder = embedder

    def predict_step(self, batch: FileBatch, batch_idx: int) -> Tensor:
        """Return unit vectors (B, D) of the readable files."""
        unit_BD: Tensor = self.embedder(batch)
        return unit_BD


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
    predict_to_shards(EmbeddingJob(embedder_of(trained)), tracks, loader_of, shards, hardware)


@torch.inference_mode()
def embed_split(trained: TrainedModel, split: Literal["train", "valid", "test"], batch_size: int = 16) -> np.ndarray:
    """Embed the tracks of a split that are in the run's mel store: unit vectors (N, D), in the order of positions.

    The datamodule must have been set up.
    """
    embedder = Embedder(trained).eval()
    tracks = trained.data.split(split, trained.preprocessing.excerpts)
    loader: Any = DataLoader(tracks, batch_size, collate_fn=as_read)
    vectors = [embedder.of_mels(batch.mel) for batch in track(loader, "embedding validation tracks", len(loader))]
    return torch.cat(vectors).numpy()
