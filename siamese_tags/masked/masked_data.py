"""Data of the context encoder: one split of a collection, and loaders of document rows.

Loaders yield only rows; the documents are on the device, where masks are drawn.
"""

from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_lightning import LightningDataModule
from pytorch_lightning.utilities import rank_zero_info
from torch import Tensor
from torch.utils.data import DataLoader

from mwe.core.resume import ResumableLoader, SeededOrder
from mwe.core.sampler import as_read, every_item_once, world_of
from mwe.core.split_rows import SplitRows, Train, marked, to_train
from siamese_tags.documents import Collection
from siamese_tags.fold_data import Indices, trained_on
from siamese_tags.masked.split import LEAST_TAGS, MaskedSplit, masked_split


class MaskedData(LightningDataModule):
    """A split of a collection for masked-context priming: its official split, or cross-validation.

    Args:
        collection: Where the tag documents come from.
        fold: Number of the fold, or of the test mask if the collection has an official split.
        n_folds: Number of folds.
        fold_seed: Seed of the folds.
        mask_seed: Seed of the test mask.
        batch_size: Documents per training step over all processes.
        eval_batch_size: Documents per test step.
        unseen_share: Share of the tags to leave out of training. They are added before the test, from the tags that
            they occur with in the training documents. The test documents and mask stay the same.
        unseen_seed: Seed of their draw, together with the number of the fold.

    Raises:
        ValueError: ``unseen_share`` is not in 0 to 1.
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
        unseen_share: float = 0.0,
        unseen_seed: int = 0,
    ) -> None:
        super().__init__()
        if not 0 <= unseen_share < 1:
            raise ValueError(f"unseen_share={unseen_share}: give a share of the tags, from 0 to below 1")
        self.collection = collection
        self.fold = fold
        self.n_folds = n_folds
        self.fold_seed = fold_seed
        self.mask_seed = mask_seed
        self.batch_size = batch_size
        self.eval_batch_size = eval_batch_size
        self.unseen_share = unseen_share
        self.unseen_seed = unseen_seed

    @cached_property
    def split(self) -> MaskedSplit:
        """The split, read once."""
        return masked_split(self.collection.read(), self.fold, self.n_folds, self.fold_seed, self.mask_seed)

    @cached_property
    def unseen_U(self) -> NDArray[np.int64]:
        """Columns of the tags left out of training, ascending."""
        return unseen_tags(len(self.split.documents.tags), self.unseen_share, self.unseen_seed, self.fold)

    @cached_property
    def order_T(self) -> NDArray[np.int64]:
        """Columns of all tags, the known ones first."""
        known_K = np.setdiff1d(np.arange(len(self.split.documents.tags)), self.unseen_U)
        return np.concatenate([known_K, self.unseen_U])

    @property
    def tags(self) -> tuple[str, ...]:
        """Names of the known tags, which are the vocabulary."""
        return tuple(self.split.documents.tags[column] for column in self.order_T[: self.n_tags])

    @property
    def n_tags(self) -> int:
        """Size of the vocabulary."""
        return len(self.split.documents.tags) - len(self.unseen_U)

    @cached_property
    def train_rows(self) -> SplitRows[Train]:
        """Rows of the training documents with enough known tags to hide some."""
        known_DK = self.split.to_learn(self.split.train)[:, self.order_T[: self.n_tags]]
        enough_D: NDArray[np.bool_] = known_DK.sum(axis=1) >= LEAST_TAGS
        return marked(self.split.train[enough_D], "train")

    @property
    def collection_name(self) -> str:
        """Name of the collection, for tables."""
        return self.split.documents.name

    @cached_property
    def identity(self) -> dict[str, str]:
        """Identity of the training data, saved in checkpoints and compared on use."""
        return trained_on(self.split.documents, self.tags, self.train_rows)

    def setup(self, stage: str) -> None:
        """Read the collection. The result depends only on the settings, so it is the same on every process."""
        if "split" not in vars(self):
            rank_zero_info(str(self.split.documents))
            if len(self.unseen_U):
                fewer = len(self.split.train) - len(self.train_rows)
                rank_zero_info(
                    f"left out of training: {len(self.unseen_U)} tags, and {fewer} documents with fewer than "
                    f"{LEAST_TAGS} others"
                )

    def train_dataloader(self) -> DataLoader[Tensor]:
        """Load batches of rows of training documents; the last batch may be smaller."""
        world = world_of(self)
        rows = Indices(torch.tensor(to_train(self.train_rows)))
        # always the distributed sampler: its order depends only on seed and epoch, so a resumed run continues alike
        sampler = SeededOrder(rows, *world, shuffle=True, seed=self.fold_seed)
        return ResumableLoader(rows, sampler, max(1, self.batch_size // world[0]), collate_fn=as_read)

    def batch_items(self, batch: Tensor) -> Tensor:
        """Return the rows of a batch's documents."""
        return batch

    def item_names(self, items_B: Tensor) -> list[str]:
        """Return the IDs of documents."""
        return [self.split.documents.ids[row] for row in dict.fromkeys(items_B.tolist())]

    def test_dataloader(self) -> DataLoader[Tensor]:
        """Load batches of rows of test documents."""
        return every_item_once(self, Indices(torch.tensor(self.split.test)), self.eval_batch_size)


def unseen_tags(n_tags: int, share: float, seed: int, fold: int) -> NDArray[np.int64]:
    """Return the columns of a random share of the tags, ascending. They depend only on the arguments."""
    drawn = np.random.default_rng([seed, fold]).permutation(n_tags)[: round(share * n_tags)]
    return np.sort(drawn)
