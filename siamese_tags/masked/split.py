"""Which documents a method may learn from, choose its settings on and be tested on, and the mask of the test.

Shape suffixes: D documents, T tags.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from siamese_tags.documents import TagDocuments
from siamese_tags.masked.mask import reveal_seeded

LEAST_TAGS = 2
VALIDATION_SHARE = 5
MOST_VALIDATION = 3000


@dataclass(frozen=True, eq=False)
class MaskedSplit:
    """A division of a collection for masked-context priming.

    Args:
        documents: All documents, each of two tags or more.
        train: Rows to learn from before the test.
        learn: Rows to learn from before the validation.
        validation: Rows to choose settings on, disjoint from ``learn`` and ``test``.
        test: Rows of the test documents.
        revealed_DT: Boolean; the mask of all documents that the test uses.
    """

    documents: TagDocuments
    train: NDArray[np.int64]
    learn: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    revealed_DT: NDArray[np.bool_]


def masked_split(
    documents: TagDocuments, number: int, n_folds: int = 3, fold_seed: int = 0, mask_seed: int = 0
) -> MaskedSplit:
    """Divide a collection by its official split, or by cross-validation where it has none.

    With an official split the number draws another test mask, and settings are chosen on up to 3,000 documents of the
    validation part. Otherwise the number is that of a fold, every document is in the test of one fold, the mask is the
    same in all of them, and a fifth of the training documents is set apart to choose settings on. Documents of one tag
    have nothing to hide and are left out.

    Args:
        documents: The collection.
        number: Number of the fold, or of the mask.
        n_folds: Number of folds.
        fold_seed: Seed of the divisions.
        mask_seed: Seed of the test mask.

    Raises:
        ValueError: There is no fold of that number, or the official split lacks a part.
    """
    kept = documents.with_at_least(LEAST_TAGS)
    draw = np.random.default_rng(fold_seed)
    if kept.parts:
        if missing := {"train", "validation", "test"} - set(kept.parts):
            raise ValueError(f"{kept.name}: the official split lacks {', '.join(sorted(missing))}")
        train, test = kept.parts["train"], kept.parts["test"]
        learn, validation = train, np.sort(draw.permutation(kept.parts["validation"])[:MOST_VALIDATION])
        mask_seed += number
    else:
        if not 0 <= number < n_folds:
            raise ValueError(f"fold {number} asked for, but there are folds 0 to {n_folds - 1}")
        # not those of the classic test, which leave documents over so that every fold has the sizes of the paper
        divided = KFold(n_folds, shuffle=True, random_state=fold_seed).split(kept.matrix_DT)
        train, test = list(divided)[number]
        shuffled = draw.permutation(train)
        validation, learn = np.split(shuffled, [max(1, len(train) // VALIDATION_SHARE)])
        validation, learn = np.sort(validation), np.sort(learn)
    revealed_DT = reveal_seeded(torch.tensor(kept.matrix_DT), mask_seed).numpy()
    return MaskedSplit(kept, train, learn, validation, test, revealed_DT)
