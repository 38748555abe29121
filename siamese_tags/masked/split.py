"""Documents for training, validation and test, and the mask of the test.

Shape suffixes: D documents, T tags.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from mwe.core.split_rows import SplitRows, Test, Train, Valid, marked, to_train
from mwe.tracks import SPLITS
from siamese_tags.documents import TagDocuments
from siamese_tags.masked.mask import reveal_seeded

LEAST_TAGS = 2
VALIDATION_SHARE = 5
MOST_VALIDATION = 3000


@dataclass(frozen=True, eq=False)
class MaskedSplit:
    """A split of a collection for masked-context priming.

    Args:
        documents: All documents, each with two or more tags.
        train: Rows to train on before the test.
        learn: Rows to train on before the validation.
        validation: Rows for choosing settings, disjoint from ``learn`` and ``test``.
        test: Rows of the test documents.
        revealed_DT: Boolean; the mask of the test, for all documents.
    """

    documents: TagDocuments
    train: SplitRows[Train]
    learn: SplitRows[Train]
    validation: SplitRows[Valid]
    test: SplitRows[Test]
    revealed_DT: NDArray[np.bool_]

    def to_learn(self, rows: SplitRows[Train]) -> NDArray[np.bool_]:
        """Return the tags of documents that a rule or network may learn from, (D, T).

        Raises:
            WrongSplitError: The rows are not those of training documents.
        """
        train_DT: NDArray[np.bool_] = self.documents.matrix_DT[to_train(rows)]
        return train_DT


def masked_split(
    documents: TagDocuments, number: int, n_folds: int = 3, fold_seed: int = 0, mask_seed: int = 0
) -> MaskedSplit:
    """Split a collection by its official split or, if it has none, by cross-validation.

    With an official split, the number selects a test mask, and settings are chosen on up to 3,000 documents of the
    validation part. Otherwise it is the number of a fold: every document is in the test set of one fold, the mask is
    the same in all folds, and a fifth of the training documents is set aside for choosing settings. Documents with one
    tag have nothing to hide and are left out.

    Args:
        documents: The collection.
        number: Number of the fold, or of the mask.
        n_folds: Number of folds.
        fold_seed: Seed of the folds.
        mask_seed: Seed of the test mask.

    Raises:
        ValueError: There is no fold of that number, or the official split lacks a part.
    """
    eligible = documents.with_at_least(LEAST_TAGS)
    random = np.random.default_rng(fold_seed)
    if eligible.parts:
        if missing := set(SPLITS) - set(eligible.parts):
            raise ValueError(f"{eligible.name}: the official split lacks {', '.join(sorted(missing))}")
        train, test = eligible.parts["train"], eligible.parts["test"]
        learn, validation = train, np.sort(random.permutation(eligible.parts["valid"])[:MOST_VALIDATION])
        mask_seed += number
    else:
        if not 0 <= number < n_folds:
            raise ValueError(f"fold is {number}; give one of 0 to {n_folds - 1}")
        # not the folds of the classic test, which leave documents out so that every fold has the sizes of the paper
        divided = KFold(n_folds, shuffle=True, random_state=fold_seed).split(eligible.matrix_DT)
        train, test = list(divided)[number]
        shuffled = random.permutation(train)
        validation, learn = np.split(shuffled, [max(1, len(train) // VALIDATION_SHARE)])
        validation, learn = np.sort(validation), np.sort(learn)
    revealed_DT = reveal_seeded(torch.tensor(eligible.matrix_DT), mask_seed).numpy()
    return MaskedSplit(
        eligible,
        marked(train, "train"),
        marked(learn, "train"),
        marked(validation, "valid"),
        marked(test, "test"),
        revealed_DT,
    )
