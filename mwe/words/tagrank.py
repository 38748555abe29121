"""Tag rank prediction by word vectors (Table III), as a Lightning ``test`` run."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from pytorch_lightning import LightningDataModule, LightningModule
from torch.utils.data import DataLoader

from mwe.core.errors import MissingDataError, UnknownNameError
from mwe.core.sampler import every_item_once
from mwe.metrics import TagRank
from mwe.tracks import TrackReader
from mwe.words.batches import PlacedVectors, VectorDataset
from mwe.words.vectors import WordVectors

# above this many tags their square no longer fits beside everything else
MOST_TAGS = 30_000


class TagRankData(LightningDataModule):
    """Tags of a collection with their word vectors, and how many tracks each two of them share.

    A tag of several words that has no vector of its own gets the mean of its words. Tags without any vector are neither
    query nor candidate; they are counted.

    Args:
        collection: Reader of the collection.
        words: Folder of the word vectors.
        context: Groups of tags that tell of context; all other groups are content.
        batch_size: Tags in a batch.
    """

    def __init__(
        self, collection: TrackReader, words: str, context: Sequence[str] = ("mood/theme",), batch_size: int = 1024
    ) -> None:
        super().__init__()
        self.reader, self.words_folder, self.context, self.batch_size = collection, Path(words), context, batch_size

    @property
    def collection_name(self) -> str:
        """What results call the collection."""
        return self.tracks.name

    def setup(self, stage: str) -> None:
        """Read the collection, count common tracks, look the tags up.

        Raises:
            UnknownNameError: No tag is of a group named as context.
            MissingDataError: No tag has a vector.
            ValueError: There are more tags than can be compared with each other.
        """
        self.tracks = self.reader.read()
        for group in self.context:
            if group not in self.tracks.groups:
                raise UnknownNameError("group of tags", group, sorted(set(self.tracks.groups)))
        if len(self.tracks.tags) > MOST_TAGS:
            raise ValueError(f"{self.tracks.name}: {len(self.tracks.tags):,} tags, more than {MOST_TAGS:,}; read fewer")
        found = WordVectors.load(self.words_folder).of_tags(self.tracks.tags)
        if not found.known.any():
            raise MissingDataError(f"{self.words_folder} knows no tag of {self.tracks.name}")
        matrix = self.tracks.matrix.astype(np.float32)
        self.count_TT = torch.from_numpy((matrix.T @ matrix).toarray())
        self.context_T = torch.tensor([group in self.context for group in self.tracks.groups])
        known = torch.from_numpy(found.known)
        self.known_tags = VectorDataset(known.nonzero().squeeze(1), torch.from_numpy(found.vectors)[known])
        self.notes = {"tags": len(known), "tags_without_vector": int((~known).sum())}

    def test_dataloader(self) -> DataLoader[PlacedVectors]:
        """Every tag once, over all processes."""
        return every_item_once(self, self.known_tags, self.batch_size)


class TagRankPrediction(LightningModule):
    """Measures word vectors by the order of tags; it has nothing to train."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[str, int] = {}
        self.metric: TagRank | None = None

    def setup(self, stage: str) -> None:
        """Take counts and kinds from the datamodule."""
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        if not isinstance(data, TagRankData):
            raise ValueError(f"TagRankPrediction needs TagRankData, not {type(data).__name__}")
        self.notes = data.notes
        self.metric = TagRank(data.count_TT, data.context_T, data.known_tags.vectors.shape[1])

    def test_step(self, batch: PlacedVectors, batch_index: int) -> None:
        """Collect the vectors of the tags."""
        if self.metric is not None:
            self.metric.update(batch.place, batch.vector)

    def on_test_epoch_end(self) -> None:
        """Exact figures; all processes hold the same, so the largest is each of them."""
        if self.metric is not None:
            found = {f"test/{name}": value.float() for name, value in self.metric.compute().items()}
            self.log_dict(found, sync_dist=True, reduce_fx="max")
