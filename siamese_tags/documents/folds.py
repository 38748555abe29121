"""Cross-validation folds over documents."""

from dataclasses import dataclass

import numpy as np

from mwe.core.split_rows import SplitRows, Test, Train, Valid, marked, to_train


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows of one fold, ascending.

    Args:
        train: Rows of the training documents.
        test: Rows of the test documents.
    """

    train: SplitRows[Train]
    test: SplitRows[Test]


@dataclass(frozen=True, eq=False)
class InnerFold:
    """Rows inside the training documents of a fold, ascending.

    Args:
        train: Rows to train on.
        valid: Rows set aside, for the choice of settings.
    """

    train: SplitRows[Train]
    valid: SplitRows[Valid]


def folds(n_documents: int, n_folds: int = 3, seed: int = 0) -> list[Fold]:
    """Draw folds of equal size. The result depends only on the arguments.

    Every fold has ``n_documents // n_folds`` test documents, and no document is in two test sets. The up to
    ``n_folds - 1`` remaining documents are always in training, so that every fold has the sizes of the paper
    (335 and 167 of the 502 documents of CAL500, Sect. B.2).

    Args:
        n_documents: Documents to divide.
        n_folds: Number of folds, at least 2.
        seed: Seed of the shuffle.

    Raises:
        ValueError: Fewer documents than folds, or fewer than 2 folds.

    Examples:
        The remaining document is always in training:

        >>> [fold.test.tolist() for fold in folds(7, n_folds=3)]
        [[2, 4], [3, 6], [0, 5]]
        >>> folds(7, n_folds=3)[0].train.tolist()
        [0, 1, 3, 5, 6]
    """
    if n_folds < 2 or n_documents < n_folds:
        raise ValueError(f"cannot divide {n_documents} documents into {n_folds} folds; need 2 <= folds <= documents")
    shuffled = np.random.default_rng(seed).permutation(n_documents)
    size = n_documents // n_folds
    tests = [np.sort(shuffled[number * size : (number + 1) * size]) for number in range(n_folds)]
    return [Fold(marked(np.setdiff1d(shuffled, test), "train"), marked(test, "test")) for test in tests]


def fold(n_documents: int, number: int, n_folds: int = 3, seed: int = 0) -> Fold:
    """Return one fold of :func:`folds`.

    Raises:
        ValueError: There is no fold of that number.
    """
    drawn = folds(n_documents, n_folds, seed)
    if not 0 <= number < n_folds:
        raise ValueError(f"fold is {number}; give one of 0 to {n_folds - 1}")
    return drawn[number]


def inner_fold(rows: Fold, share: float = 0.2, seed: int = 0) -> InnerFold:
    """Return a fold inside the training documents of another: the rest, and at least one document set aside.

    Args:
        rows: Rows of the outer fold. Its test rows are not used.
        share: Share of the training documents to set aside.
        seed: Seed of the draw.

    Examples:
        >>> outer = fold(9, 0)
        >>> inner = inner_fold(outer, share=0.5)
        >>> len(inner.train), len(inner.valid), set(inner.train) | set(inner.valid) == set(outer.train)
        (3, 3, True)
    """
    train = np.asarray(to_train(rows.train))
    n_aside = max(1, round(share * len(train)))
    aside = np.sort(np.random.default_rng(seed).permutation(train)[:n_aside])
    return InnerFold(marked(np.setdiff1d(train, aside), "train"), marked(aside, "valid"))


def run_name(fold: int, seed: int = 0) -> str:
    """Return the folder of a run in that of its row: ``fold0``, or ``fold0_seed1`` for a seed other than 0."""
    return f"fold{fold}_seed{seed}" if seed else f"fold{fold}"
