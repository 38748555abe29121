"""Tag features by the aggregation of tfidf usage vectors (Sect. 3, eq. 1).

Shape suffixes: D documents, T tags.
"""

import numpy as np
from numpy.typing import NDArray

from siamese_tags.features.aggregation import aggregate
from siamese_tags.features.weights import inverse_document_frequency, weigh


def scale_rows(features_TT: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide each row by its maximum, so that tanh units can reconstruct it; rows of zeros stay."""
    maximum_T1 = features_TT.max(axis=1, keepdims=True)
    return features_TT / np.where(maximum_T1 > 0, maximum_T1, 1.0)


class TagFeatures:
    """Features t(tag) of every tag of the vocabulary, fitted on training documents only.

    The paper gives no input scaling, but raw dot products reach hundreds; each row is divided by its maximum.

    Args:
        documents_DT: Training documents.

    Examples:
        >>> documents_DT = np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 0], [1, 0, 0], [0, 0, 1]], dtype=bool)
        >>> TagFeatures(documents_DT).features_TT.round(2)
        array([[1.  , 0.57, 0.  ],
               [0.29, 1.  , 0.29],
               [0.  , 0.57, 1.  ]])
    """

    def __init__(self, documents_DT: NDArray[np.bool_]) -> None:
        self.idf_T = inverse_document_frequency(documents_DT)
        self.features_TT = scale_rows(aggregate(weigh(documents_DT, "tfidf"), "dot"))

    def of_unseen(self, counts_UT: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the features of out-of-vocabulary (OOV) tags against the tags of the vocabulary (Sect. 3), U × T.

        The dot product of two tfidf usage vectors is the number of documents that the two tags share, times the rarity
        of both. The rarity of an OOV tag is a factor of its whole row, which the scaling removes. Rarity is computed
        from the training documents, as for the tags of the vocabulary.

        Args:
            counts_UT: Number of documents that an OOV tag shares with each tag of the vocabulary, among all of its
                known documents.
        """
        return scale_rows(counts_UT * self.idf_T)
