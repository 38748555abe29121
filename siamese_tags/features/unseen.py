"""Relatedness of tags out of the vocabulary (OOV) to the tags of the vocabulary (Sect. 3).

Shape suffixes: N training documents, D documents set aside, T tags of the vocabulary, U tags out of it.
"""

import numpy as np
from numpy.typing import NDArray

from siamese_tags.documents import OOVDocuments
from siamese_tags.features.aggregation import Aggregation, aggregate
from siamese_tags.features.weights import Weighting, weigh


def unseen_relatedness(
    training_NT: NDArray[np.bool_], oov: OOVDocuments, weighting: Weighting, aggregation: Aggregation
) -> NDArray[np.float64]:
    """Relatedness of every OOV tag to every tag of the vocabulary, U × T; the more related, the higher.

    Weights and usage are those of the training documents and the documents set aside together, for an OOV tag occurs in
    the latter only. The very documents that are tested tell what the tag co-occurs with, on the average of all of them.

    Args:
        training_NT: Training documents.
        oov: Documents set aside.
        weighting: Weights of the document-tag matrix.
        aggregation: Relatedness of two usage vectors.
    """
    without_NU = np.zeros((len(training_NT), len(oov.tags)), dtype=np.bool_)
    all_tags = np.block([[training_NT, without_NU], [oov.known_DT, oov.unseen_DU]])
    n_known = training_NT.shape[1]
    return aggregate(weigh(all_tags, weighting), aggregation)[n_known:, :n_known]
