"""Simple rules for comparison with a common protocol, and the settings to choose from by validation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from siamese_tags.masked.rules.context import TopicContext
from siamese_tags.masked.rules.cooccurrence import Conditional, Cosine, NaiveBayes, PointwiseInformation
from siamese_tags.masked.rules.linear import DropoutEase, Ease, FoldIn
from siamese_tags.masked.rules.neighbours import DocumentNeighbours
from siamese_tags.masked.rules.popularity import Popularity
from siamese_tags.masked.rules.rule import Bools, Floats, Rule


@dataclass(frozen=True)
class Family:
    """A rule with the settings to choose from.

    Args:
        build: Builds the rule from its settings.
        grid: Values of each setting.
    """

    build: Callable[..., Rule]
    grid: Mapping[str, Sequence[Any]]

    def settings(self) -> list[dict[str, Any]]:
        """Return all combinations of values."""
        return [dict(zip(self.grid, values, strict=True)) for values in product(*self.grid.values())]


RULES: dict[str, Family] = {
    "popularity": Family(Popularity, {}),
    "query_cosine": Family(Cosine, {"query_only": [True]}),
    "query_pmi": Family(PointwiseInformation, {"pseudo_count": [1.0, 10.0, 100.0, 1000.0, 10000.0]}),
    "query_conditional": Family(Conditional, {}),
    "item_knn": Family(Cosine, {"neighbours": [10, 30, 0], "shrinkage": [0.0, 20.0, 200.0]}),
    "naive_bayes": Family(NaiveBayes, {"pseudo_count": [0.1, 1.0, 10.0, 30.0], "temper": [0.2, 0.4, 0.6, 0.8]}),
    "document_knn": Family(DocumentNeighbours, {"neighbours": [30, 100, 300], "power": [1.0, 3.0]}),
    "lsa": Family(FoldIn, {"rank": [5, 10, 20, 80, 150], "weighted": [True, False]}),
    "context_lda": Family(TopicContext, {"n_topics": [25, 100], "document_prior": [0.1, 0.2]}),
    "ease": Family(Ease, {"penalty": [10.0, 30.0, 100.0, 200.0, 500.0, 1000.0]}),
    "ease_dropout": Family(
        DropoutEase,
        {"penalty": [1.0, 10.0, 50.0, 200.0], "dropout": [0.25, 0.5, 0.75, 0.9], "centred": [True, False]},
    ),
}

__all__ = ["RULES", "Bools", "Family", "Floats", "Rule"]
