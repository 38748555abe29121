"""Relatedness of out-of-vocabulary (OOV) tags to the tags of the vocabulary (Sect. 3).

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
    """Return the relatedness of every OOV tag to every tag of the vocabulary, U × T; higher is more related.

    Weights and usage come from the training documents and the documents set aside together, because OOV tags occur only
    in the latter. So the tested documents themselves determine, on average, the tags that an OOV tag co-occurs with.

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
