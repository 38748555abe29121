"""Language models on tag documents: continuous bag of words and skip-gram (Mikolov et al., 2013; supplement, Sect. E).

Shape suffixes: T tags, K dimensions.
"""

from typing import Literal

import numpy as np
from gensim.models import Word2Vec
from numpy.typing import NDArray

from siamese_tags.baselines.baseline import ContextFree
from siamese_tags.baselines.similarity import Measure, similarity
from siamese_tags.documents import TagDocuments

Algorithm = Literal["cbow", "sg"]
Order = Literal["random", "sorted"]


def sentences(matrix_DT: NDArray[np.bool_], order: Order, seed: int) -> list[list[str]]:
    """Return tag documents as sentences of column numbers.

    Args:
        matrix_DT: Documents.
        order: ``random``, drawn once for each document (setting S1), or ``sorted``: the same order of all tags in every
            document (setting S2).
        seed: Seed of the random order.
    """
    random = np.random.default_rng(seed)
    lines = []
    for bag_T in matrix_DT:
        tags = np.flatnonzero(bag_T)
        lines.append([str(tag) for tag in (random.permutation(tags) if order == "random" else tags)])
    return lines


class Word2VecRanker(ContextFree):
    """Rows "C-BOW" and "SG" of Table 1 and all rows of Table E.1.

    The paper names windows and distance, neither dimensions nor epochs. The defaults are 10 dimensions as for PCA, and
    the 5 epochs of the word2vec package.

    Args:
        algorithm: ``cbow`` or ``sg``.
        order: Order of the tags in a document: ``random`` (S1) or ``sorted`` (S2).
        window: Number of context tags on each side of a tag.
        dimensions: Dimensions of the tag vectors.
        epochs: Passes over the documents.
        measure: Distance of two tags: ``cosine``, ``euclidean``.
        seed: Seed of the order, the initial vectors and the negative samples.
    """

    def __init__(
        self,
        algorithm: Algorithm = "cbow",
        order: Order = "random",
        window: int = 1,
        dimensions: int = 10,
        epochs: int = 5,
        measure: Measure = "cosine",
        seed: int = 0,
    ) -> None:
        self.algorithm = algorithm
        self.order = order
        self.window = window
        self.dimensions = dimensions
        self.epochs = epochs
        self.measure = measure
        self.seed = seed

    def fit(self, documents: TagDocuments) -> None:
        """Train on one thread, so that equal seeds give equal vectors. A tag without documents gets the zero vector."""
        model = Word2Vec(
            sentences(documents.matrix_DT, self.order, self.seed),
            sg=int(self.algorithm == "sg"),
            vector_size=self.dimensions,
            window=self.window,
            epochs=self.epochs,
            min_count=1,
            workers=1,
            seed=self.seed,
        )
        vectors_TK = np.zeros((len(documents.tags), self.dimensions))
        vectors_TK[[int(tag) for tag in model.wv.index_to_key]] = model.wv.vectors
        self.similarity_TT = similarity(vectors_TK, self.measure)
