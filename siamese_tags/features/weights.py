"""Weights of the document-tag matrix (Sect. 3; supplement, Sect. D.1).

Shape suffixes: D documents, T tags.
"""

from typing import Literal, assert_never

import numpy as np
from numpy.typing import NDArray

Weighting = Literal["tf", "tfidf", "pmi"]


def inverse_document_frequency(documents_DT: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the rarity of each tag: log(|D| / (1 + documents with the tag)), negative for a tag in all documents.

    Examples:
        >>> documents_DT = np.array([[True, False], [True, False], [True, True]])
        >>> inverse_document_frequency(documents_DT).round(2)
        array([-0.29,  0.41])
    """
    n_documents = documents_DT.shape[0]
    return np.asarray(np.log(n_documents / (1.0 + documents_DT.sum(axis=0))))


def pointwise_mutual_information(documents_DT: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return log(p(tag, document) / (p(tag) p(document))) for all pairs of the collection; 0 if the tag is absent.

    High for rare tags and for short documents; negative for frequent tags in long documents.

    Examples:
        >>> pointwise_mutual_information(np.array([[True, False], [True, True]])).round(2)
        array([[ 0.41,  0.  ],
               [-0.29,  0.41]])
    """
    with np.errstate(divide="ignore"):
        log_frequency_T, log_length_D = (np.log(documents_DT.sum(axis=axis)) for axis in (0, 1))
    information_DT = np.log(documents_DT.sum()) - log_frequency_T[None, :] - log_length_D[:, None]
    return np.where(documents_DT, information_DT, 0.0)


def weigh(documents_DT: NDArray[np.bool_], weighting: Weighting) -> NDArray[np.float64]:
    """Return the usage vectors of the tags, the columns of D × T.

    Args:
        documents_DT: Training documents.
        weighting: ``tf`` (1 if the tag is in the document), ``tfidf`` (as printed in the paper) or ``pmi``.
    """
    match weighting:
        case "tf":
            return documents_DT.astype(np.float64)
        case "tfidf":
            return documents_DT * inverse_document_frequency(documents_DT)
        case "pmi":
            return pointwise_mutual_information(documents_DT)
        case _:
            assert_never(weighting)
