"""Data of the context encoder: one division of a collection, and loaders of document rows.

Loaders hand out rows only; the documents lie on the device and masks are drawn there.
"""

import hashlib
from functools import cached_property

import torch
from pytorch_lightning import LightningDataModule
from pytorch_lightning.utilities import rank_zero_info
from torch import Tensor
from torch.utils.data import DataLoader, DistributedSampler

from mwe.core.sampler import EveryItemOnce, as_read
from siamese_tags.datamodule import Indices
from siamese_tags.documents import Collection
from siamese_tags.masked.split import MaskedSplit, masked_split


class MaskedData(LightningDataModule):
    """A division of a collection for masked-context priming, by its official split or by cross-validation.

    Args:
        collection: Where the tag documents come from.
        fold: Number of the fold; of the test mask where the collection has an official split.
        n_folds: Number of folds.
        fold_seed: Seed of the divisions.
        mask_seed: Seed of the test mask.
        batch_size: Documents a training step in all processes together.
        eval_batch_size: Documents a step in testing.
    """

    def __init__(
        self,
        collection: Collection,
        fold: int = 0,
        n_folds: int = 3,
        fold_seed: int = 0,
        mask_seed: int = 0,
        batch_size: int = 64,
        eval_batch_size: int = 256,
    ) -> None:
        super().__init__()
        self.collection = collection
        self.fold = fold
        self.n_folds = n_folds
        self.fold_seed = fold_seed
        self.mask_seed = mask_seed
        self.batch_size = batch_size
        self.eval_batch_size = eval_batch_size

    @cached_property
    def split(self) -> MaskedSplit:
        """The division, read once."""
        return masked_split(self.collection.read(), self.fold, self.n_folds, self.fold_seed, self.mask_seed)

    @property
    def n_tags(self) -> int:
        """Size of the vocabulary."""
        return len(self.split.documents.tags)

    @property
    def collection_name(self) -> str:
        """Name of the collection, for tables."""
        return self.split.documents.name

    @cached_property
    def identity(self) -> dict[str, str]:
        """What weights trained on this division are bound to, kept in their checkpoints and compared on use."""
        documents = self.split.documents
        trained_on = "\n".join([*documents.tags, "", *(documents.ids[row] for row in self.split.train)])
        return {
            "collection": self.collection_name,
            "tags and training documents": hashlib.sha256(trained_on.encode()).hexdigest(),
        }

    def setup(self, stage: str) -> None:
        """Read the collection; a function of the settings, so every process comes to the same."""
        if "split" not in vars(self):
            rank_zero_info(str(self.split.documents))

    def train_dataloader(self) -> DataLoader[Tensor]:
        """Batches of rows of training documents, the last smaller than the others."""
        world = self._world()
        rows = Indices(torch.tensor(self.split.train))
        # always the distributed sampler: its order depends on seed and epoch alone, so a resumed run goes on alike
        sampler: DistributedSampler[int] = DistributedSampler(rows, *world, shuffle=True, seed=self.fold_seed)
        return DataLoader(rows, max(1, self.batch_size // world[0]), sampler=sampler, collate_fn=as_read)

    def test_dataloader(self) -> DataLoader[Tensor]:
        """Batches of rows of test documents."""
        rows = Indices(torch.tensor(self.split.test))
        return DataLoader(rows, self.eval_batch_size, sampler=EveryItemOnce(rows, *self._world()), collate_fn=as_read)

    def _world(self) -> tuple[int, int]:
        return (1, 0) if self.trainer is None else (self.trainer.world_size, self.trainer.global_rank)
