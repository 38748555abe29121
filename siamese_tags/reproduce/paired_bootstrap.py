"""Paired bootstrap of the difference of two rows, and Holm's correction for the number of comparisons.

Shape suffixes: U units (documents, or artists with all their documents), P pairs of rows, R resamples.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]
DRAWS_A_BLOCK = 2_000_000


@dataclass(frozen=True, eq=False)
class Differences:
    """Differences of several pairs of rows.

    Args:
        points_P: Estimates.
        low_P: Lower bounds of the 95 % intervals, by percentiles.
        high_P: Upper bounds.
        p_P: Two-sided p, by the normal distribution with the standard deviation of the resamples.
    """

    points_P: Floats
    low_P: Floats
    high_P: Floats
    p_P: Floats


def paired_bootstrap(sums_UP: Floats, weight_U: Floats, n_resamples: int, seed: int = 0) -> Differences:
    """Resample units with replacement. A difference is a weighted mean, so sums and weights are resampled together.

    The p is not a count of resamples: this could not be below one in ``n_resamples``, too large for a correction for
    dozens of comparisons.

    Args:
        sums_UP: Weight times difference, summed within each unit.
        weight_U: Weight of each unit.
        n_resamples: Number of resamples R.
        seed: Seed of the resampling; all pairs use the same resamples.
    """
    columns_UK = np.column_stack([sums_UP, weight_U])
    drawn_RK = _resampled_sums(columns_UK, n_resamples, np.random.default_rng(seed))
    drawn_RP = drawn_RK[:, :-1] / drawn_RK[:, -1:]
    points_P = sums_UP.sum(axis=0) / weight_U.sum()
    low_P, high_P = np.percentile(drawn_RP, [2.5, 97.5], axis=0)
    error_P = drawn_RP.std(axis=0, ddof=1)
    # rows that are equal in every unit have p = 1
    p_P = np.where(error_P > 0, 2 * norm.sf(np.abs(points_P) / np.where(error_P > 0, error_P, 1.0)), 1.0)
    return Differences(points_P, low_P, high_P, p_P)


def holm(p_P: Floats) -> Floats:
    """Apply Holm's step-down correction, which bounds the chance of any false rejection under any dependence."""
    order = np.argsort(p_P)
    stepped = np.maximum.accumulate(p_P[order] * np.arange(len(p_P), 0, -1))
    corrected_P = np.empty_like(p_P)
    corrected_P[order] = np.minimum(stepped, 1.0)
    return corrected_P


def _resampled_sums(columns_UK: Floats, n_resamples: int, draw: np.random.Generator) -> Floats:
    """Return sums over units drawn with replacement, R × K, as products with the counts of drawn units."""
    n_units = len(columns_UK)
    block = max(1, DRAWS_A_BLOCK // n_units)
    parts = []
    for start in range(0, n_resamples, block):
        size = min(block, n_resamples - start)
        drawn_RU = draw.integers(n_units, size=(size, n_units)) + np.arange(size)[:, None] * n_units
        times_RU = np.bincount(drawn_RU.ravel(), minlength=size * n_units).reshape(size, n_units)
        parts.append(times_RU @ columns_UK)
    return np.concatenate(parts)
