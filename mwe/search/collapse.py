"""A check that a model tells anything apart: models are published that answer every text, or every sound, alike.

Shape suffixes: N vectors, D dimensions.
"""

from pathlib import Path

import numpy as np

from mwe.core.errors import BadFileError

LEAST = 8  # vectors, below which likeness is no proof
COLLAPSED = 0.999  # mean cosine of two vectors


def mean_cosine(unit_ND: np.ndarray) -> float:
    """Return the mean cosine of two different unit vectors, in one pass over them.

    Examples:
        >>> mean_cosine(np.eye(3))
        0.0
        >>> mean_cosine(np.ones((4, 1)))
        1.0
    """
    count = len(unit_ND)
    exact_ND = np.asarray(unit_ND, dtype=np.float64)
    total_D, squares = exact_ND.sum(axis=0), np.square(exact_ND).sum()
    return float((np.dot(total_D, total_D) - squares) / (count * (count - 1)))


def require_spread(unit_ND: np.ndarray, what: str, where: str | Path) -> None:
    """Require that vectors differ.

    Args:
        unit_ND: Unit vectors; fewer than eight are not judged.
        what: What they are of, such as ``tags``.
        where: The model.

    Raises:
        BadFileError: All of them all but coincide.

    Examples:
        >>> require_spread(np.eye(8), "tags", "model")
        >>> require_spread(np.ones((8, 1)), "tags", "model")
        Traceback (most recent call last):
            ...
        mwe.core.errors.BadFileError: model: its vectors of 8 tags all but coincide (mean cosine 1.0000). Train the ...
    """
    if len(unit_ND) < LEAST:
        return
    cosine = mean_cosine(unit_ND)
    if cosine > COLLAPSED:
        problem = f"its vectors of {len(unit_ND):,} {what} all but coincide (mean cosine {cosine:.4f})"
        raise BadFileError(where, problem, "Train the model again, or take another: this one tells nothing apart.")
