"""Similarity of tags in a space of tag vectors (supplement, Sect. D.1).

Shape suffixes: T tags, K dimensions.
"""

from typing import Literal, assert_never

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from siamese_tags.features.aggregation import distributions, mutual_information, unit_rows

Measure = Literal["cosine", "euclidean", "mutual_information"]


def similarity(vectors_TK: NDArray[np.float64], measure: Measure) -> NDArray[np.float64]:
    """Return the similarity of every two tags, T × T; higher is nearer, and a tag is nearest to itself.

    Args:
        vectors_TK: One vector per tag.
        measure: ``cosine``, ``euclidean``, or ``mutual_information`` of the vectors as distributions; the last two
            are negated distances.

    Examples:
        >>> vectors_TK = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
        >>> similarity(vectors_TK, "cosine")[0]
        array([1., 1., 0.])
        >>> similarity(vectors_TK, "euclidean")[0].round(2)
        array([-0.  , -1.  , -1.41])
    """
    match measure:
        case "cosine":
            unit_TK = unit_rows(vectors_TK)
            similarity_TT = np.clip(unit_TK @ unit_TK.T, -1.0, 1.0)
            np.fill_diagonal(similarity_TT, 1.0)
            return np.asarray(similarity_TT)
        case "euclidean":
            return -cdist(vectors_TK, vectors_TK)
        case "mutual_information":
            return -mutual_information(distributions(vectors_TK))
        case _:
            assert_never(measure)
