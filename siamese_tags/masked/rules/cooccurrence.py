"""Rules that sum weights of every tag with each given tag, from pair counts.

With all revealed tags, the cosine is an item-based nearest-neighbour rule. With only the query, these are the three
query-only rows. Shape suffixes: D documents, T tags.
"""

import numpy as np

from siamese_tags.masked.rules.rule import Bools, Floats, counts


class PairSum:
    """Sum of the rows of a tag-by-tag matrix over the given tags.

    Args:
        query_only: Whether only the query is given.
    """

    weight_TT: Floats

    def __init__(self, query_only: bool) -> None:
        self.query_only = query_only

    def score(self, revealed_DT: Bools) -> Floats:
        """Return the sums over the given tags."""
        scores_DT: Floats = revealed_DT @ self.weight_TT
        return scores_DT


class Cosine(PairSum):
    """Rows "query: cosine" and "item-kNN".

    Args:
        query_only: Whether only the query is given.
        neighbours: Number of nearest tags to use for each tag; 0 for all.
        shrinkage: Added to the denominator of the cosine, so that rare pairs count less.
    """

    def __init__(self, query_only: bool = False, neighbours: int = 0, shrinkage: float = 0.0) -> None:
        super().__init__(query_only)
        self.neighbours = neighbours
        self.shrinkage = shrinkage

    def fit(self, train_DT: Bools) -> None:
        """Compute the cosine of every pair of tags, 0 for a tag with itself."""
        together_TT, count_T = counts(train_DT)
        norm_TT = np.sqrt(np.outer(count_T, count_T)) + self.shrinkage
        cosine_TT = together_TT / np.where(norm_TT > 0, norm_TT, 1.0)
        np.fill_diagonal(cosine_TT, 0.0)
        if 0 < self.neighbours < len(cosine_TT):
            threshold_T1 = np.partition(cosine_TT, -self.neighbours, axis=1)[:, [-self.neighbours]]
            cosine_TT = np.where(cosine_TT >= threshold_T1, cosine_TT, 0.0)
        self.weight_TT = cosine_TT


class PointwiseInformation(PairSum):
    """Row "query: PMI": log of the smoothed ratio of the pair count to the count expected by chance.

    Args:
        pseudo_count: Added to both counts; the larger, the less rare pairs count.
    """

    def __init__(self, pseudo_count: float = 1.0) -> None:
        super().__init__(query_only=True)
        self.pseudo_count = pseudo_count

    def fit(self, train_DT: Bools) -> None:
        """Compute the pointwise mutual information of every pair of tags."""
        together_TT, count_T = counts(train_DT)
        expected_TT = np.outer(count_T, count_T) / len(train_DT)
        self.weight_TT = np.log((together_TT + self.pseudo_count) / (expected_TT + self.pseudo_count))


class Conditional(PairSum):
    """Row "query: p(tag given query)": share of the query's training documents that have the tag."""

    def __init__(self) -> None:
        super().__init__(query_only=True)

    def fit(self, train_DT: Bools) -> None:
        """Compute the conditional frequency of every tag given every other tag."""
        together_TT, count_T = counts(train_DT)
        self.weight_TT = together_TT / np.maximum(count_T, 1.0)[:, None]


class NaiveBayes(PairSum):
    """Row "naive Bayes": log p(t) + temper · sum over revealed q of log((n_qt + a) / (n_q n_t / N + a)).

    Args:
        pseudo_count: a.
        temper: Factor below 1, since the revealed tags are not independent given the tag.
    """

    prior_T: Floats

    def __init__(self, pseudo_count: float = 1.0, temper: float = 0.4) -> None:
        super().__init__(query_only=False)
        self.pseudo_count = pseudo_count
        self.temper = temper

    def fit(self, train_DT: Bools) -> None:
        """Compute prior and evidence of every tag; a tag without a training document counts as half a document."""
        together_TT, count_T = counts(train_DT)
        expected_TT = np.outer(count_T, count_T) / len(train_DT)
        self.weight_TT = np.log((together_TT + self.pseudo_count) / (expected_TT + self.pseudo_count))
        self.prior_T = np.log(np.maximum(count_T, 0.5) / len(train_DT))

    def score(self, revealed_DT: Bools) -> Floats:
        """Return the tempered log posterior."""
        return self.prior_T + self.temper * super().score(revealed_DT)
