"""The network's embedding with random weights: the effect of features and context without training."""

import numpy as np
import torch
from numpy.typing import NDArray

from siamese_tags.baselines.baseline import Queries
from siamese_tags.documents import TagDocuments
from siamese_tags.features import TagFeatures, TopicContexts
from siamese_tags.networks import ComponentNetwork


class UntrainedRanker:
    """Distance of the contextual embeddings of a network before stage 1. The paper has no such row.

    Args:
        hidden: Widths of the hidden layers; the last is the embedding.
        n_topics: Topics of the context.
        document_prior: Dirichlet prior of the topics of a document.
        seed: Seed of the weights and of the initial topics.
    """

    def __init__(
        self,
        hidden: tuple[int, ...] = (100, 100, 10),
        n_topics: int = 25,
        document_prior: float = 0.5,
        seed: int = 0,
    ) -> None:
        self.hidden = hidden
        self.n_topics = n_topics
        self.document_prior = document_prior
        self.seed = seed

    def fit(self, documents: TagDocuments) -> None:
        """Fit tag features and topics, and draw weights without changing the global random state."""
        n_tags = len(documents.tags)
        self.topics = TopicContexts(documents.matrix_DT, self.n_topics, self.document_prior, seed=self.seed)
        self.features_TF = torch.tensor(TagFeatures(documents.matrix_DT).features_TT)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self.network = ComponentNetwork(n_tags, self.n_topics, n_tags, self.hidden).double()

    @torch.inference_mode()
    def rank(self, queries: Queries) -> NDArray[np.float64]:
        """Return minus the distance from the query's embedding in its document."""
        contexts_DC = torch.tensor(self.topics.transform(queries.membership_DT))
        embedded_DTE = self.network.embed_grid(self.features_TF, contexts_DC)
        distance_DTT = torch.cdist(embedded_DTE, embedded_DTE, compute_mode="donot_use_mm_for_euclid_dist")
        return np.asarray(-distance_DTT[queries.document_Q, queries.tag_Q].numpy())
