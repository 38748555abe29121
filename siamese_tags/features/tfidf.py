"""Tag features by the aggregation of tfidf usage vectors (Sect. 3, eq. 1).

Shape suffixes: D documents, T tags.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Aggregation = Literal["dot", "cosine"]


def inverse_document_frequency(documents_DT: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Rarity of each tag: log(|D| / (1 + number of documents with the tag)), negative for a tag in all of them."""
    n_documents = documents_DT.shape[0]
    return np.asarray(np.log(n_documents / (1.0 + documents_DT.sum(axis=0))))


def tag_relatedness(
    documents_DT: NDArray[np.bool_], idf_T: NDArray[np.float64], aggregation: Aggregation = "dot"
) -> NDArray[np.float64]:
    """Global relatedness of every pair of tags (eq. 1), T × T.

    Args:
        documents_DT: Training documents.
        idf_T: Rarity of the tags.
        aggregation: Product of two usage vectors: as it is, or of the vectors at length 1 (a tag without use keeps 0).
    """
    usage_DT = documents_DT * idf_T
    if aggregation == "cosine":
        length_T = np.linalg.norm(usage_DT, axis=0)
        usage_DT = usage_DT / np.where(length_T > 0, length_T, 1.0)
    return np.asarray(usage_DT.T @ usage_DT)


def scale_rows(features_TT: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide each row by its maximum, which tanh units can then reconstruct; rows of zeros stay."""
    maximum_T1 = features_TT.max(axis=1, keepdims=True)
    return features_TT / np.where(maximum_T1 > 0, maximum_T1, 1.0)


class TagFeatures:
    """Features t(tag) of every tag of the vocabulary, fitted on training documents only.

    The paper states no input scaling, but raw dot products run into the hundreds; each row is divided by its maximum.

    Args:
        documents_DT: Training documents.
    """

    def __init__(self, documents_DT: NDArray[np.bool_]) -> None:
        self.idf_T = inverse_document_frequency(documents_DT)
        self.features_TT = scale_rows(tag_relatedness(documents_DT, self.idf_T))
