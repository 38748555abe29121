"""Number of topics of a collection by a hierarchical Dirichlet process (Teh et al., 2006; Sect. 5.1 of the paper).

Shape suffixes: D documents, C topics.
"""

from dataclasses import dataclass

import numpy as np
from gensim.models import HdpModel
from numpy.typing import NDArray

from siamese_tags.documents import TagDocuments

SHARES = (0.01, 0.005)
COVERED = 0.95
CHUNKS = 40


@dataclass(frozen=True)
class TopicCounts:
    """Several counts from one posterior, which do not agree.

    Args:
        dominant: Number of topics that are the largest of at least one document.
        above: Number of topics that hold more than a share of all tags, by share.
        covering: Fewest topics that together hold 95 % of all tags.
        truncation: Maximum number of topics of the process.
    """

    dominant: int
    above: dict[float, int]
    covering: int
    truncation: int

    def __str__(self) -> str:
        """Return one line per count."""
        lines = [
            f"{self.dominant:4} topics are the largest of at least one document",
            *(f"{count:4} topics hold more than {share:.1%} of all tags" for share, count in self.above.items()),
            f"{self.covering:4} topics together hold {COVERED:.0%} of all tags",
            f"{self.truncation:4} topics at most were given to the process",
        ]
        return "\n".join(lines)


def counts_of(topics_DC: NDArray[np.float64], length_D: NDArray[np.int64]) -> TopicCounts:
    """Count topics from the topic posteriors of documents, each weighted by its number of tags."""
    mass_C = length_D @ topics_DC / length_D.sum()
    covered = np.cumsum(np.sort(mass_C)[::-1])
    return TopicCounts(
        dominant=len(np.unique(topics_DC.argmax(axis=1))),
        above={share: int((mass_C > share).sum()) for share in SHARES},
        # rounding may make the total smaller than the share
        covering=min(int(np.searchsorted(covered, COVERED)) + 1, len(mass_C)),
        truncation=len(mass_C),
    )


def hierarchical_topics(
    documents: TagDocuments, eta: float = 0.01, truncation: int = 150, seed: int = 0
) -> TopicCounts:
    """Fit the process to a collection, online in 40 chunks, and count the topics.

    Args:
        documents: The collection.
        eta: Dirichlet prior of a topic's tags.
        truncation: Maximum number of topics.
        seed: Seed of the initial topics.
    """
    bags = [[(int(tag), 1) for tag in np.flatnonzero(bag_T)] for bag_T in documents.matrix_DT]
    model = HdpModel(
        bags,
        dict(enumerate(documents.tags)),
        T=truncation,
        eta=eta,
        chunksize=max(1, -(-len(bags) // CHUNKS)),
        random_state=seed,
    )
    gamma_DC = model.inference(bags)
    return counts_of(gamma_DC / gamma_DC.sum(axis=1, keepdims=True), documents.matrix_DT.sum(axis=1))
