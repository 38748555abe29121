"""Weights of the document-tag matrix (Sect. 3; supplement, Sect. D.1).

Shape suffixes: D documents, T tags.
"""

from typing import Literal, assert_never

import numpy as np
from numpy.typing import NDArray

Weighting = Literal["tf", "tfidf", "pmi"]


def inverse_document_frequency(documents_DT: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Rarity of each tag: log(|D| / (1 + number of documents with the tag)), negative for a tag in all of them."""
    n_documents = documents_DT.shape[0]
    return np.asarray(np.log(n_documents / (1.0 + documents_DT.sum(axis=0))))


def pointwise_mutual_information(documents_DT: NDArray[np.bool_]) -> NDArray[np.float64]:
    """log(p(tag, document) / (p(tag) p(document))) over all pairs of the collection; 0 where the tag is absent.

    High for rare tags and for short documents; negative for frequent tags in long documents.
    """
    with np.errstate(divide="ignore"):
        log_frequency_T, log_length_D = (np.log(documents_DT.sum(axis=axis)) for axis in (0, 1))
    information_DT = np.log(documents_DT.sum()) - log_frequency_T[None, :] - log_length_D[:, None]
    return np.where(documents_DT, information_DT, 0.0)


def weigh(documents_DT: NDArray[np.bool_], weighting: Weighting) -> NDArray[np.float64]:
    """Usage vectors of the tags, the columns of D × T.

    Args:
        documents_DT: Training documents.
        weighting: ``tf`` (1 where the tag is in the document), ``tfidf`` (as the paper prints it) or ``pmi``.
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
