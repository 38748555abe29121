"""Data of the Siamese stages for masked-context priming: contexts of test documents come from revealed tags only.

Shape suffixes: D documents, T tags, C topics, M masks.
"""

from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from siamese_tags.datamodule import PrimingData
from siamese_tags.documents import Collection, Fold, TagDocuments
from siamese_tags.features.topics import Learning, TopicContexts
from siamese_tags.masked.mask import reveal_seeded
from siamese_tags.masked.split import MaskedSplit, masked_split

# apart from the seeds of test and validation masks
FIRST_TRAINING_MASK = 2_000_003


class MaskedPrimingData(PrimingData):
    """A division for masked-context priming, with the features and contexts that the Siamese stages read.

    Args:
        collection: Where the tag documents come from.
        mask_seed: Seed of the test mask.
        masked_training: Whether contexts of training documents, too, come from a random half of their tags; otherwise
            from all of them.
        n_masks: How many such halves each document has; masked training takes one at random in every epoch.
        topic_learning: How the topic model is fitted; ``online`` on collections of thousands of documents.
        settings: The other settings of ``siamese_tags.datamodule.PrimingData``.

    Raises:
        ValueError: Less than one mask.
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
        """The division, read once."""
        return masked_split(self.collection.read(), self.fold, self.n_folds, self.fold_seed, self.mask_seed)

    @cached_property
    def documents(self) -> TagDocuments:
        """The documents of two tags or more."""
        return self.split.documents

    @cached_property
    def rows(self) -> Fold:
        """Rows of the training and the test documents."""
        return Fold(self.split.train, self.split.test)

    @cached_property
    def topics(self) -> TopicContexts:
        """Topic model fitted on the whole training documents."""
        train_DT = self.documents.matrix_DT[self.rows.train]
        return TopicContexts(train_DT, learning=self.topic_learning, **self.topic_settings)  # type: ignore[arg-type]

    @cached_property
    def seen_DT(self) -> NDArray[np.bool_]:
        """The tags from which a document's context is inferred: of all but training documents the revealed ones."""
        seen_DT = self.split.revealed_DT.copy()
        train = self.rows.train
        seen_DT[train] = self._training_mask(0) if self.n_masks else self.documents.matrix_DT[train]
        return seen_DT

    @cached_property
    def masked_contexts_MDC(self) -> Tensor:
        """Contexts of the training documents under each training mask; no mask without masked training."""
        contexts = [self.topics.transform(self._training_mask(number)) for number in range(self.n_masks)]
        shape = (0, len(self.rows.train), self.n_topics)
        return torch.tensor(np.stack(contexts) if contexts else np.zeros(shape), dtype=torch.float32)

    @cached_property
    def identity(self) -> dict[str, str]:
        """What weights are bound to, the masks of their training contexts included."""
        special = {"topic learning": self.topic_learning, "masks of the training contexts": str(self.n_masks)}
        return super().identity | special

    def test_dataloader(self) -> list[DataLoader[Tensor]]:
        """Batches of rows of test documents."""
        return [self.in_order(self.rows.test)]

    def _training_mask(self, number: int) -> NDArray[np.bool_]:
        whole_DT = torch.tensor(self.documents.matrix_DT[self.rows.train])
        return reveal_seeded(whole_DT, FIRST_TRAINING_MASK + number).numpy()
