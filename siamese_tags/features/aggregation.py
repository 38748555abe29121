"""Global relatedness of tags from their usage vectors (Sect. 3, eq. 1; supplement, Sect. D.1; Markines et al., 2009).

For the last three measures, a usage vector is a multinomial distribution: negative weights count as 0, and a tag
without any weight has the uniform distribution. Shape suffixes: N vectors, K their components, D documents, T tags.
"""

from typing import Literal, assert_never

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Aggregation = Literal["dot", "cosine", "kl", "hellinger", "mutual_information"]
FLOOR = 1e-6


def distributions(vectors_NK: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rows as multinomial distributions."""
    positive_NK = np.maximum(vectors_NK, 0.0)
    total_N1 = positive_NK.sum(axis=1, keepdims=True)
    uniform = 1.0 / vectors_NK.shape[1]
    return np.where(total_N1 > 0, positive_NK / np.where(total_N1 > 0, total_N1, 1.0), uniform)


def unit_rows(vectors_NK: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rows scaled to length 1; rows of zeros stay."""
    length_N1 = np.linalg.norm(vectors_NK, axis=1, keepdims=True)
    return np.asarray(vectors_NK / np.where(length_N1 > 0, length_N1, 1.0))


def symmetric_divergence(p_NK: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the symmetric Kullback-Leibler divergence of every two rows, N × N, in nats; p is clamped at 1e-6.

    This is the sum of (p - q)(log p - log q), computed by matrix products. The clamp keeps it finite.
    """
    p_NK = np.maximum(p_NK, FLOOR)
    log_NK = np.log(p_NK)
    negentropy_N = (p_NK * log_NK).sum(axis=1)
    cross_NN = p_NK @ log_NK.T
    divergence_NN = negentropy_N[:, None] + negentropy_N[None, :] - cross_NN - cross_NN.T
    np.fill_diagonal(divergence_NN, 0.0)
    return np.asarray(np.maximum(divergence_NN, 0.0))


def hellinger_distance(p_NK: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Hellinger distance of every two rows, N × N, from 0 to 1."""
    root_NK = np.sqrt(p_NK)
    return np.asarray(cdist(root_NK, root_NK) / np.sqrt(2.0))


def mutual_information(p_NK: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the information of a component drawn from one of two rows about which row it was, N × N, in bits, 0 to 1.

    This is the mutual information of the row and the component at equal odds, the Jensen-Shannon divergence: 0 for
    equal rows, 1 for rows that share no component.
    """
    # if rounding makes a divergence negative, its root is NaN
    return np.asarray(np.nan_to_num(cdist(p_NK, p_NK, "jensenshannon"), nan=0.0) ** 2 / np.log(2.0))


def aggregate(usage_DT: NDArray[np.float64], aggregation: Aggregation) -> NDArray[np.float64]:
    """Return the relatedness of every pair of tags, T × T; higher is more related.

    Args:
        usage_DT: Usage vectors of the tags as columns.
        aggregation: ``dot`` product or ``cosine`` of two usage vectors; or, as distributions, minus their ``kl``
            divergence, 1 minus their ``hellinger`` distance, or 1 minus their ``mutual_information``.

    Examples:
        Two tags that share their only document, and one that shares none:

        >>> usage_DT = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
        >>> aggregate(usage_DT, "cosine")
        array([[1., 1., 0.],
               [1., 1., 0.],
               [0., 0., 1.]])
        >>> aggregate(usage_DT, "mutual_information")[0]
        array([1., 1., 0.])
    """
    usage_TD = usage_DT.T
    match aggregation:
        case "dot":
            return np.asarray(usage_TD @ usage_TD.T)
        case "cosine":
            unit_TD = unit_rows(usage_TD)
            return np.asarray(unit_TD @ unit_TD.T)
        case "kl":
            return -symmetric_divergence(distributions(usage_TD))
        case "hellinger":
            return 1.0 - hellinger_distance(distributions(usage_TD))
        case "mutual_information":
            return 1.0 - mutual_information(distributions(usage_TD))
        case _:
            assert_never(aggregation)
