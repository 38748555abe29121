"""Latent semantic analysis, which the paper also calls LSI (Levy and Sandler, 2008; supplement, Sect. D.1)."""

import numpy as np

from siamese_tags.baselines.baseline import ContextFree
from siamese_tags.baselines.similarity import Measure, similarity
from siamese_tags.documents import TagDocuments
from siamese_tags.features.weights import Weighting, weigh


class LSARanker(ContextFree):
    """Row "LSA" of Table 1: pointwise mutual information, singular vectors times singular values, cosine distance.

    The paper names the weights and the distance, not the rank. The default is the 10 dimensions that it has for PCA and
    for its own networks.

    Args:
        weighting: Weights of the document-tag matrix: ``tf``, ``tfidf`` or ``pmi``.
        rank: Number of singular values.
        measure: Distance of two tags: ``cosine``, ``euclidean``.

    Examples:
        >>> from mwe.tracks import tracks_of
        >>> lists = {"a": ["loud", "rock"], "b": ["loud", "rock"], "c": ["calm", "piano"], "d": ["calm", "rock"]}
        >>> documents = TagDocuments.of(tracks_of("mine", lists))
        >>> ranker = LSARanker(rank=2)
        >>> ranker.fit(documents)
        >>> [documents.tags[tag] for tag in np.argsort(-ranker.similarity_TT[documents.tags.index("loud")])]
        ['loud', 'rock', 'calm', 'piano']
    """

    def __init__(self, weighting: Weighting = "pmi", rank: int = 10, measure: Measure = "cosine") -> None:
        self.weighting = weighting
        self.n_components = rank
        self.measure = measure

    def fit(self, documents: TagDocuments) -> None:
        """Decompose the weighted document-tag matrix and compare its tags."""
        _, values_K, tags_KT = np.linalg.svd(weigh(documents.matrix_DT, self.weighting), full_matrices=False)
        vectors_TK = (tags_KT * values_K[:, None])[: self.n_components].T
        self.similarity_TT = similarity(vectors_TK, self.measure)
