"""ChosenSettings of a baseline's settings inside the training documents of a fold.

A share of the training documents is set aside, every setting is fitted on the others, and the one with the highest MAP
on those set aside counts. The test documents of the fold have no part in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from mwe.core.errors import UnknownNameError
from siamese_tags.baselines.registry import BASELINES, build, settings_of
from siamese_tags.documents import Fold, TagDocuments
from siamese_tags.documents.folds import inner_fold
from siamese_tags.evaluate import priming

SUFFIX = "_chosen"
TOPICS = {"n_topics": (10, 25, 50)}
PRIORS = {**TOPICS, "document_prior": (0.04, 0.1, 0.2, 0.5)}
WEIGHTINGS = ("tf", "tfidf", "pmi")
AGGREGATIONS = ("dot", "cosine", "kl", "hellinger", "mutual_information")
# the settings that the paper explores or leaves open; those of PCA and InfoTh are its own lists
GRIDS: dict[str, Mapping[str, Sequence[Any]]] = {
    "lsa": {"weighting": WEIGHTINGS, "rank": (5, 10, 20, 50, 100), "measure": ("cosine", "euclidean")},
    "pca": {"weighting": WEIGHTINGS, "aggregation": AGGREGATIONS, "measure": ("cosine", "euclidean")},
    "infoth": {
        "weighting": WEIGHTINGS,
        "aggregation": AGGREGATIONS,
        "neighbours": (1, 3, 5, 7, 9),
        "share": (0.1, 0.2, 0.3, 0.4, 0.5),
        "measure": ("cosine", "euclidean", "mutual_information"),
    },
    "lda": PRIORS,
    "lda_in_context": PRIORS,
    "plsa": TOPICS,
    "plsa_in_context": TOPICS,
    "rbm": {"hidden": (50, 100, 200), "epochs": (10, 30, 100), "lr": (0.01, 0.05, 0.1)},
    "ease": {"penalty": (10.0, 30.0, 100.0, 200.0, 500.0, 1000.0)},
    **{
        name: {"dimensions": (10, 50), "epochs": (5, 20, 50, 150)}
        for name in BASELINES
        if name.startswith(("cbow_", "sg_"))
    },
}


@dataclass(frozen=True)
class ChosenSettings:
    """Settings that were chosen, with what was measured.

    Args:
        settings: All settings of the baseline.
        measured: Each candidate's values of the grid and its MAP on the documents set aside, in percent.
    """

    settings: dict[str, Any]
    measured: tuple[tuple[dict[str, Any], float], ...]

    def lines(self) -> list[list[Any]]:
        """Return a header and a line per candidate."""
        names = list(self.measured[0][0])
        return [
            [*names, "validation_map"],
            *([*candidate.values(), f"{value:.4f}"] for candidate, value in self.measured),
        ]


def choose(
    name: str, documents: TagDocuments, rows: Fold, seed: int = 0, changed: Mapping[str, Any] | None = None
) -> ChosenSettings:
    """Choose the settings of a baseline for a fold; of equal ones the first in the order of the grid.

    Args:
        name: Name of the baseline.
        documents: The whole collection.
        rows: Rows of the fold. The rows of its test documents are not used.
        seed: Seed of the baseline and of the order of equal scores.
        changed: Settings that are fixed.

    Raises:
        UnknownNameError: There is no such baseline, it has no such setting, or it has nothing to choose.
        ValueError: A fixed setting has an invalid value.

    Examples:
        >>> from mwe.tracks import tracks_of
        >>> from siamese_tags.documents import folds
        >>> lists = {f"song {n}": ["pop", "calm" if n % 2 else "loud", "piano" if n % 2 else "drums"] for n in range(9)}
        >>> documents = TagDocuments.of(tracks_of("mine", lists))
        >>> choice = choose("lsa", documents, folds(len(documents))[0], changed={"measure": "cosine"})
        >>> len(choice.measured), choice.settings["measure"]
        (15, 'cosine')
    """
    if name not in GRIDS:
        raise UnknownNameError("baseline with settings to choose", name, GRIDS)
    fixed = dict(changed or {})
    grid = {key: values for key, values in GRIDS[name].items() if key not in fixed}
    inner = inner_fold(rows)
    training = documents.to_learn(inner.train)
    measured = []
    for values in product(*grid.values()):
        candidate = dict(zip(grid, values, strict=True))
        ranker = build(name, seed, fixed | candidate)
        ranker.fit(training)
        measured.append((candidate, priming(ranker, documents, inner.valid, seed)["map"]))
    best, _ = max(measured, key=lambda candidate: candidate[1])
    return ChosenSettings(settings_of(name, seed, fixed | best), tuple(measured))
