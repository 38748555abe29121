"""Data of the Siamese stages for masked-context priming: contexts of test documents come only from revealed tags.

Shape suffixes: D documents, T tags, C topics, M masks.
"""

from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from siamese_tags.documents import Collection, Fold, TagDocuments
from siamese_tags.features.topics import Learning, TopicContexts
from siamese_tags.fold_data import PrimingData
from siamese_tags.masked.mask import reveal_seeded
from siamese_tags.masked.split import MaskedSplit, masked_split

# differs from the seeds of test and validation masks
FIRST_TRAINING_MASK = 2_000_003


class MaskedPrimingData(PrimingData):
    """A split for masked-context priming, with the features and contexts of the Siamese stages.

    Args:
        collection: Where the tag documents come from.
        mask_seed: Seed of the test mask.
        masked_training: Whether contexts of training documents also come from a random half of their tags instead of
            all of them.
        n_masks: Number of such halves of each document; masked training draws one of them in every epoch.
        topic_learning: Fit of the topic model; use ``online`` for thousands of documents.
        settings: The other settings of ``siamese_tags.fold_data.PrimingData``.

    Raises:
        ValueError: ``n_masks`` is below 1.
    """

    def __init__(
        self,
        collection: Collection,
        mask_seed: int = 0,
        masked_training: bool = False,
        n_masks: int = 8,
        topic_learning: Learning = "batch",
        **settings: Any,
    ) -> None:
        super().__init__(collection, **settings)
        if n_masks < 1:
            raise ValueError(f"n_masks={n_masks}: masked training needs at least one mask")
        self.mask_seed = mask_seed
        self.n_masks = n_masks if masked_training else 0
        self.topic_learning = topic_learning

    @cached_property
    def split(self) -> MaskedSplit:
        """The split, read once."""
        return masked_split(self.collection.read(), self.fold, self.n_folds, self.fold_seed, self.mask_seed)

    @cached_property
    def documents(self) -> TagDocuments:
        """The documents with two or more tags."""
        return self.split.documents

    @cached_property
    def rows(self) -> Fold:
        """Rows of the training and the test documents."""
        return Fold(self.split.train, self.split.test)

    @cached_property
    def topics(self) -> TopicContexts:
        """Topic model fitted on the complete training documents."""
        return TopicContexts(self.train_DT, learning=self.topic_learning, **self.topic_settings)  # type: ignore[arg-type]

    @cached_property
    def seen_DT(self) -> NDArray[np.bool_]:
        """Tags from which a document's context is inferred: the revealed ones, except for training documents."""
        seen_DT = self.split.revealed_DT.copy()
        train = self.rows.train
        seen_DT[train] = self._training_mask(0) if self.n_masks else self.documents.matrix_DT[train]
        return seen_DT

    @cached_property
    def masked_contexts_MDC(self) -> Tensor:
        """Contexts of the training documents under each training mask; empty without masked training."""
        contexts = [self.topics.transform(self._training_mask(number)) for number in range(self.n_masks)]
        shape = (0, len(self.rows.train), self.n_topics)
        return torch.tensor(np.stack(contexts) if contexts else np.zeros(shape), dtype=torch.float32)

    @cached_property
    def identity(self) -> dict[str, str]:
        """Identity of the training data, including the masks of the training contexts."""
        special = {"topic learning": self.topic_learning, "masks of the training contexts": str(self.n_masks)}
        return super().identity | special

    def test_dataloader(self) -> list[DataLoader[Tensor]]:
        """Load batches of rows of test documents."""
        return [self.in_order(self.rows.test)]

    def _training_mask(self, number: int) -> NDArray[np.bool_]:
        return reveal_seeded(torch.tensor(self.train_DT), FIRST_TRAINING_MASK + number).numpy()
