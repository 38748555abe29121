"""Data of both stages: one fold of a collection, its features, and loaders of indices.

Loaders yield only indices; all tensors are small, stay on the device and are gathered there. Shape suffixes:
D documents (training and test together), T tags, F tag features, C topics, P positive training examples.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_lightning import LightningDataModule
from pytorch_lightning.utilities import rank_zero_info
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mwe.core.resume import ResumableLoader, SeededOrder
from mwe.core.sampler import as_read, every_item_once, world_of
from mwe.core.split_rows import SplitRows, Train, to_train
from siamese_tags.documents import Collection, Fold, TagDocuments
from siamese_tags.documents.folds import fold as draw_fold
from siamese_tags.features import TagFeatures, TopicContexts
from siamese_tags.oov import OOVTensors

SPLITS = ("train", "test")


class FoldTensors(NamedTuple):
    """Tensors that the models gather from.

    Attributes:
        features_TF: Tag features (eq. 1), fitted on the training documents.
        contexts_DC: Topic posteriors (eq. 2) of all documents, model fitted on the training documents.
        membership_DT: Boolean; the tags of all documents.
        positives_P2: Document row and tag of every positive training example.
    """

    features_TF: Tensor
    contexts_DC: Tensor
    membership_DT: Tensor
    positives_P2: Tensor


class Indices(Dataset[Tensor]):
    """Index tensors, read one whole batch at a time."""

    def __init__(self, indices_N: Tensor) -> None:
        self.indices_N = indices_N

    def __len__(self) -> int:
        """Number of indices."""
        return len(self.indices_N)

    def __getitems__(self, positions: list[int]) -> Tensor:
        """Return the indices at these positions."""
        return self.indices_N[torch.tensor(positions)]

    def __getitem__(self, positions: Tensor) -> Tensor:
        """Return the indices at the positions of a sampler of whole batches."""
        return self.indices_N[positions]


class WholeBatches(SeededOrder):
    """Shuffled batches of items as tensors; lists of numbers would take 5 % of the time of a step.

    Args:
        size: Items per batch.
        settings: Arguments of ``SeededOrder``.
    """

    def __init__(self, data: Dataset[Tensor], size: int, **settings: Any) -> None:
        super().__init__(data, **settings)
        self.size = size

    def order(self) -> Iterator[Tensor]:
        """Yield the batches of an epoch."""
        return iter(torch.split(torch.tensor(list(super().order())), self.size))

    def __len__(self) -> int:
        return math.ceil(super().__len__() / self.size)


class PrimingData(LightningDataModule):
    """One cross-validation fold of a collection, with tag features and contexts fitted on its training documents.

    Args:
        collection: Where the tag documents come from.
        fold: Number of the fold, from 0.
        n_folds: Number of folds.
        fold_seed: Seed of the division into folds.
        n_topics: Topics of the context model; the paper found 25 for CAL500.
        document_prior: Dirichlet prior of a document's topics. With the customary 1/n_topics, the Siamese stage lowers
            the figures.
        topic_prior: Dirichlet prior of a topic's tags; 1/n_topics if not given.
        topic_iterations: Passes of the topic model over the training documents.
        posterior_floor: Lower bound of the topic posteriors.
        topic_seed: Seed of the topic model.
        batch_size: Training examples per step over all processes, half positive and half negative; pairs per step in
            the Siamese stage.
        eval_batch_size: Documents per test step.
    """

    def __init__(
        self,
        collection: Collection,
        fold: int = 0,
        n_folds: int = 3,
        fold_seed: int = 0,
        n_topics: int = 25,
        document_prior: float = 0.5,
        topic_prior: float | None = None,
        topic_iterations: int = 60,
        posterior_floor: float = 1e-6,
        topic_seed: int = 0,
        batch_size: int = 500,
        eval_batch_size: int = 64,
    ) -> None:
        super().__init__()
        if batch_size < 2:
            raise ValueError(f"batch_size={batch_size}: a step needs at least one positive and one negative example")
        self.collection = collection
        self.fold = fold
        self.n_folds = n_folds
        self.fold_seed = fold_seed
        self.n_topics = n_topics
        self.topic_settings = {
            "n_topics": n_topics,
            "document_prior": document_prior,
            "topic_prior": topic_prior,
            "iterations": topic_iterations,
            "floor": posterior_floor,
            "seed": topic_seed,
        }
        self.batch_size = batch_size
        self.eval_batch_size = eval_batch_size

    @cached_property
    def documents(self) -> TagDocuments:
        """All tag documents."""
        return self.collection.read()

    @cached_property
    def rows(self) -> Fold:
        """Rows of the fold's training and test documents."""
        return draw_fold(len(self.documents), self.fold, self.n_folds, self.fold_seed)

    @property
    def n_tags(self) -> int:
        """Size of the vocabulary."""
        return len(self.documents.tags)

    @property
    def collection_name(self) -> str:
        """Name of the collection, for tables."""
        return self.documents.name

    @property
    def seen_DT(self) -> NDArray[np.bool_]:
        """Tags from which a document's context is inferred: in this protocol all of them."""
        return self.documents.matrix_DT

    @property
    def train_DT(self) -> NDArray[np.bool_]:
        """Tags of the training documents, all that anything is fitted on.

        Raises:
            WrongSplitError: The training rows of the fold are those of another split.
        """
        train_DT: NDArray[np.bool_] = self.documents.matrix_DT[to_train(self.rows.train)]
        return train_DT

    @cached_property
    def features(self) -> TagFeatures:
        """Tag features fitted on the training documents."""
        return TagFeatures(self.train_DT)

    @cached_property
    def topics(self) -> TopicContexts:
        """Topic model fitted on the training documents."""
        return TopicContexts(self.train_DT, **self.topic_settings)  # type: ignore[arg-type]

    @cached_property
    def tensors(self) -> FoldTensors:
        """Features and documents of the fold, fitted once.

        Raises:
            ValueError: A training document has every tag, so that it has no negative example.
        """
        matrix_DT, train_DT = self.documents.matrix_DT, self.train_DT
        if (full := train_DT.all(axis=1)).any():
            name = self.documents.ids[int(self.rows.train[np.argmax(full)])]
            raise ValueError(f"document {name!r} has all {self.n_tags} tags, so no negative example. Leave it out")
        contexts_DC = self.topics.transform(self.seen_DT)
        documents_P, tags_P = np.nonzero(train_DT)
        return FoldTensors(
            torch.tensor(self.features.features_TT, dtype=torch.float32),
            torch.tensor(contexts_DC, dtype=torch.float32),
            torch.tensor(matrix_DT),
            torch.tensor(np.stack([self.rows.train[documents_P], tags_P], axis=1)),
        )

    @cached_property
    def oov_tensors(self) -> OOVTensors | None:
        """Documents that the collection sets aside with their out-of-vocabulary tags; ``None`` if there are none.

        Nothing is fitted on them: rarity and topics are those of the training documents, contexts come from known tags.
        """
        oov = self.documents.oov
        if oov is None:
            return None
        return OOVTensors(
            torch.tensor(self.features.of_unseen(oov.counts_UT), dtype=torch.float32),
            torch.tensor(self.topics.transform(oov.known_DT), dtype=torch.float32),
            torch.tensor(oov.known_DT),
            torch.tensor(oov.unseen_DU),
        )

    @cached_property
    def identity(self) -> dict[str, str]:
        """Identity of the fold's data; checkpoints store it and are refused for other data."""
        topics = ", ".join(f"{name}={value}" for name, value in self.topic_settings.items())
        return trained_on(self.documents, self.documents.tags, self.rows.train) | {"topic model": topics}

    def setup(self, stage: str) -> None:
        """Fit the features; they depend on the settings alone, so all processes agree."""
        if "tensors" not in vars(self):
            rank_zero_info(str(self.documents))
        _ = self.tensors

    def train_dataloader(self) -> DataLoader[Tensor]:
        """Load batches of indices of positive examples; the model draws a negative for each."""
        world = world_of(self)
        data = Indices(torch.arange(len(self.tensors.positives_P2)))
        # always the distributed sampler: its order depends only on seed and epoch, so a resumed run continues alike
        size = max(1, self.batch_size // 2 // world[0])
        sampler = WholeBatches(data, size, num_replicas=world[0], rank=world[1], seed=self.fold_seed)
        return ResumableLoader(data, sampler, batch_size=None, collate_fn=as_read)

    def batch_items(self, batch: Tensor) -> Tensor:
        """Return the indices of a batch's positive examples."""
        return batch

    def item_names(self, items_B: Tensor) -> list[str]:
        """Return the IDs of the documents of positive examples."""
        rows_B = self.tensors.positives_P2[items_B.cpu(), 0]
        return [self.documents.ids[row] for row in dict.fromkeys(rows_B.tolist())]

    def test_dataloader(self) -> list[DataLoader[Tensor]]:
        """Load batches of document rows: training documents, then test documents, then documents set aside, if any."""
        splits: list[NDArray[np.int64]] = [self.rows.train, self.rows.test]
        if self.documents.oov is not None:
            splits.append(np.arange(len(self.documents.oov)))
        return [self.in_order(rows) for rows in splits]

    def in_order(self, rows: NDArray[np.int64]) -> DataLoader[Tensor]:
        """Load batches of document rows, in order."""
        return every_item_once(self, Indices(torch.tensor(rows)), self.eval_batch_size)


def trained_on(documents: TagDocuments, tags: Sequence[str], rows: SplitRows[Train]) -> dict[str, str]:
    """Return the identity of training data: the collection, and a hash of tags and training documents.

    Args:
        documents: The collection.
        tags: Tags that were learnt.
        rows: Rows of the training documents.
    """
    text = "\n".join([*tags, "", *(documents.ids[row] for row in to_train(rows))])
    return {
        "collection": documents.name,
        "tags and training documents": hashlib.sha256(text.encode()).hexdigest(),
    }
