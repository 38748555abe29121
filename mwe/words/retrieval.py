"""Query-by-tag and query-by-track on the word vectors themselves (Tables IV and V), as a Lightning ``test`` run."""

from pathlib import Path
from typing import Literal

import torch
from pytorch_lightning import LightningDataModule, LightningModule
from scipy import sparse
from torch import Tensor
from torch.utils.data import DataLoader

from mwe.core.errors import MissingDataError
from mwe.core.sampler import every_item_once
from mwe.core.stage import datamodule_of
from mwe.corpora.heldout import read_held_out
from mwe.metrics import TrackRetrieval
from mwe.tracks import TrackReader
from mwe.words.vector_dataset import VectorBatch, VectorDataset
from mwe.words.vectors import Lookup, WordVectors


class WordDataModule(LightningDataModule):
    """Track IDs of a collection with their word vectors.

    Args:
        collection: Reader of the collection.
        words: Folder of the word vectors.
        split: Which tracks to evaluate on; the papers' Tables IV and V take all.
        queries: Which of these tracks are queries and count for tags. The cost of query-by-track grows with the square
            of their number. Query-by-tag ranks all tracks.
        held_out: File of the tags held out of the corpus, which ``mwe words corpus`` writes beside it. Only these tags
            are then relevant: query-by-tag ignores the pairs of track and tag that the vectors were trained on, and
            query-by-track compares tracks by their held-out tags.
        batch_size: Tracks in a batch.
    """

    def __init__(
        self,
        collection: TrackReader,
        words: str,
        split: Literal["all", "train", "valid", "test"] = "all",
        queries: Literal["all", "train", "valid", "test"] = "all",
        held_out: str | None = None,
        batch_size: int = 4096,
    ) -> None:
        super().__init__()
        self.reader, self.words_folder, self.split, self.batch_size = collection, Path(words), split, batch_size
        self.queries = queries
        self.held_out = Path(held_out) if held_out else None
        self.ignored_NT: sparse.csr_array | None = None

    @property
    def collection_name(self) -> str:
        """Name of the collection in results."""
        return self.tracks.name

    def setup(self, stage: str) -> None:
        """Read the collection and look up its tags and tracks.

        Raises:
            MissingDataError: None of the track IDs has a vector.
        """
        self.tracks = self.reader.read()
        vectors = WordVectors.load(self.words_folder)
        position = torch.arange(len(self.tracks.track_ids))
        if self.split != "all":
            position = torch.from_numpy(self.tracks.splits[self.split])
        self.query_N = torch.zeros(len(self.tracks.track_ids), dtype=torch.bool)
        self.query_N[position if self.queries == "all" else torch.from_numpy(self.tracks.splits[self.queries])] = True
        lookup = vectors.of_tracks([self.tracks.track_ids[row] for row in position.tolist()])
        if not lookup.known.any():
            raise MissingDataError(f"{self.words_folder} knows no track ID of {self.tracks.name}; train words with IDs")
        self.tags: Lookup = vectors.of_tags(self.tracks.tags)
        self.label_NT = self.tracks.matrix
        if self.held_out is not None:
            held_NT = read_held_out(self.held_out, self.tracks)
            self.label_NT, self.ignored_NT = held_NT, self.label_NT > held_NT
        known = torch.from_numpy(lookup.known)
        self.known_tracks = VectorDataset(position[known], torch.from_numpy(lookup.vectors)[known])
        self.notes = {
            "tracks_without_vector": int((~known).sum()),
            "tags_without_vector": int((~self.tags.known).sum()),
        }

    def test_dataloader(self) -> DataLoader[VectorBatch]:
        """Load every track once over all processes."""
        return every_item_once(self, self.known_tracks, self.batch_size)


class WordRetrieval(LightningModule):
    """Measures word vectors on a collection. It is not trained.

    Args:
        query_tracks: Whether to measure query-by-track too, whose cost grows with the square of the tracks.
    """

    tag_words: Tensor

    def __init__(self, query_tracks: bool = True) -> None:
        super().__init__()
        self.query_tracks = query_tracks
        self.notes: dict[str, int] = {}
        self.retrieval: TrackRetrieval | None = None

    def setup(self, stage: str) -> None:
        """Take labels and tag vectors from the datamodule."""
        data = datamodule_of(self, WordDataModule)
        self.notes = data.notes
        self.register_buffer("tag_words", torch.from_numpy(data.tags.vectors), persistent=False)
        self.retrieval = TrackRetrieval(
            label_NT=data.label_NT,
            unseen_T=torch.from_numpy(data.tracks.unseen),
            usable_T=torch.from_numpy(data.tags.known),
            width=data.tags.vectors.shape[1],
            query_tracks=self.query_tracks,
            ignored_NT=data.ignored_NT,
            query_N=data.query_N,
        )

    def test_step(self, batch: VectorBatch, batch_index: int) -> None:
        """Collect the vectors of the track IDs."""
        if self.retrieval is not None:
            self.retrieval.update(batch.position, batch.vector)

    def on_test_epoch_end(self) -> None:
        """Log exact figures. They are equal on all processes, so they are reduced by their maximum."""
        if self.retrieval is not None:
            self.retrieval.prototypes = self.tag_words
            figures = {f"test/{name}": value.float() for name, value in self.retrieval.compute().items()}
            self.log_dict(figures, sync_dist=True, reduce_fx="max")
