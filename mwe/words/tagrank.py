"""Tag rank prediction by word vectors (Table III), as a Lightning ``test`` run."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from pytorch_lightning import LightningDataModule, LightningModule
from torch.utils.data import DataLoader

from mwe.core.errors import MissingDataError, UnknownNameError
from mwe.core.sampler import every_item_once
from mwe.core.stage import datamodule_of
from mwe.core.tokens import tag_token, tag_words
from mwe.metrics import TagRank
from mwe.tracks import TrackReader
from mwe.words.vector_dataset import VectorBatch, VectorDataset
from mwe.words.vectors import Lookup, WordVectors

# with more tags, their tags x tags matrix no longer fits into memory
MOST_TAGS = 30_000


class TagRankData(LightningDataModule):
    """Tags of a collection with their word vectors, and the number of tracks that each two of them share.

    A tag of several words without a vector gets the mean of its words. Tags without any vector are neither query nor
    candidate; they are counted.

    Args:
        collection: Reader of the collection.
        words: Folder of the word vectors.
        context: Groups of tags that describe context; all other tags describe content.
        context_words: Words that mark a tag as context, for collections whose tags have no groups.
        spelt: Tags that the collection writes as one word, with their words: ``deephouse: deep house``. A tag without
            a vector is looked up by these words.
        among: Folder of other word vectors. Tags without a vector there are left out too and counted, so that word
            vectors with different vocabularies rank the same tags.
        batch_size: Tags in a batch.
    """

    def __init__(
        self,
        collection: TrackReader,
        words: str,
        context: Sequence[str] = ("mood/theme",),
        context_words: Sequence[str] = (),
        spelt: dict[str, str] | None = None,
        among: str | None = None,
        batch_size: int = 1024,
    ) -> None:
        super().__init__()
        self.reader, self.words_folder, self.context, self.batch_size = collection, Path(words), context, batch_size
        self.context_words, self.spelt = frozenset(context_words), spelt or {}
        self.among = Path(among) if among else None

    @property
    def collection_name(self) -> str:
        """Name of the collection in results."""
        return self.tracks.name

    def setup(self, stage: str) -> None:
        """Read the collection, count common tracks and look up the tags.

        Raises:
            UnknownNameError: The collection lacks a group of ``context`` or a tag of ``spelt``.
            MissingDataError: No tag has a vector.
            ValueError: There are too many tags to compare with each other.
        """
        self.tracks = self.reader.read()
        for group in self.context:
            if group not in self.tracks.groups:
                raise UnknownNameError("group of tags", group, sorted(set(self.tracks.groups)))
        for tag in self.spelt:
            if tag not in self.tracks.tags:
                raise UnknownNameError("tag", tag, self.tracks.tags)
        if len(self.tracks.tags) > MOST_TAGS:
            raise ValueError(f"{self.tracks.name}: {len(self.tracks.tags):,} tags, more than {MOST_TAGS:,}; read fewer")
        lookup = self._vectors_of_tags(self.words_folder)
        common = self._vectors_of_tags(self.among).known if self.among else np.ones_like(lookup.known)
        if not (lookup.known & common).any():
            raise MissingDataError(f"{self.words_folder} knows no tag of {self.tracks.name}")
        matrix = self.tracks.matrix.astype(np.float32)
        self.count_TT = torch.from_numpy((matrix.T @ matrix).toarray())
        groups = zip(self.tracks.tags, self.tracks.groups, strict=True)
        self.context_T = torch.tensor(
            [group in self.context or not self.context_words.isdisjoint(tag_words(tag)) for tag, group in groups]
        )
        known = torch.from_numpy(lookup.known & common)
        self.known_tags = VectorDataset(known.nonzero().squeeze(1), torch.from_numpy(lookup.vectors)[known])
        self.notes = {
            "tags": len(known),
            "context_tags": int(self.context_T.sum()),
            "tags_without_vector": int((~lookup.known).sum()),
            "tags_left_out": int((lookup.known & ~common).sum()),
        }

    def _vectors_of_tags(self, words: Path) -> Lookup:
        vectors = WordVectors.load(words)
        tags = self.tracks.tags
        return vectors.of_tags([tag if tag_token(tag) in vectors else self.spelt.get(tag, tag) for tag in tags])

    def test_dataloader(self) -> DataLoader[VectorBatch]:
        """Load every tag once over all processes."""
        return every_item_once(self, self.known_tags, self.batch_size)


class TagRankPrediction(LightningModule):
    """Measures word vectors by how they rank tags. It is not trained."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[str, int] = {}
        self.metric: TagRank | None = None

    def setup(self, stage: str) -> None:
        """Take counts and kinds from the datamodule."""
        data = datamodule_of(self, TagRankData)
        self.notes = data.notes
        self.metric = TagRank(data.count_TT, data.context_T, data.known_tags.vectors.shape[1])

    def test_step(self, batch: VectorBatch, batch_index: int) -> None:
        """Collect the vectors of the tags."""
        if self.metric is not None:
            self.metric.update(batch.position, batch.vector)

    def on_test_epoch_end(self) -> None:
        """Log exact figures. They are equal on all processes, so they are reduced by their maximum."""
        if self.metric is not None:
            figures = {f"test/{name}": value.float() for name, value in self.metric.compute().items()}
            self.log_dict(figures, sync_dist=True, reduce_fx="max")
