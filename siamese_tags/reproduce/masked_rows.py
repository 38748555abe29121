"""Rows of the tables of masked-context priming, and the pairs of rows that are compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mwe.core.errors import MissingDataError

COLLECTIONS = {"cal500": "Cal500", "cal10k": "Cal10k", "jamendo": "Jamendo"}
ENCODER = "context_encoder"


@dataclass(frozen=True)
class MaskedRow:
    """A row of a table.

    Args:
        label: Name in the tables.
        folder: Folder of its runs, with one sub-folder per fold.
        prefix: Prefix of its metrics; it distinguishes rows with the same folder.
    """

    label: str
    folder: str
    prefix: str = ""

    def command(self, collection: str) -> str:
        """Return the command that makes one of its runs, declared in ``experiments/siamese-masked.yaml``."""
        return f"siamese-tags paper siamese-masked --only siamese-masked/{collection}/{self.folder}/foldK"


SIMPLE = (
    MaskedRow("Random", "random"),
    MaskedRow("Popularity", "popularity"),
    MaskedRow("Query: cosine", "query_cosine"),
    MaskedRow("Query: PMI", "query_pmi"),
    MaskedRow("Query: p(tag given query)", "query_conditional"),
    MaskedRow("Item-kNN", "item_knn"),
    MaskedRow("Naive Bayes", "naive_bayes"),
    MaskedRow("Document-kNN", "document_knn"),
    MaskedRow("LSA fold-in", "lsa"),
    MaskedRow("Context only (LDA)", "context_lda"),
    MaskedRow("EASE", "ease"),
    MaskedRow("EASE with dropout", "ease_dropout"),
)
ENCODERS = (
    MaskedRow("Context encoder, embedding distance", ENCODER, "distance_"),
    MaskedRow("Context encoder", ENCODER),
)
ROWS = (
    *SIMPLE,
    MaskedRow("Single CE", "single_ce"),
    MaskedRow("Single prediction", "single_ce", "prediction_"),
    MaskedRow("Siamese CE", "siamese_ce"),
    MaskedRow("Single CE (masked training)", "single_ce_masked"),
    MaskedRow("Single prediction (masked training)", "single_ce_masked", "prediction_"),
    MaskedRow("Siamese CE (masked training)", "siamese_ce_masked"),
    *ENCODERS,
)


def collections_in(runs: Path, command: str) -> list[str]:
    """Return the collections that have a run of some row.

    Args:
        runs: Folder with one folder per collection, which has one per row, which has one per fold.
        command: Command that makes a first run.

    Raises:
        MissingDataError: There is no run.
    """
    present = [collection for collection in COLLECTIONS if any((runs / collection).glob("*/*/metrics.json"))]
    if not present:
        raise MissingDataError(f"no metrics.json in {runs}. Run: {command}")
    return present


Pair = tuple[str, str]
BETWEEN_OTHERS: tuple[Pair, ...] = (
    ("EASE with dropout", "EASE"),
    ("EASE", "Naive Bayes"),
    ("Document-kNN", "EASE"),
    ("Naive Bayes", "Item-kNN"),
    ("Item-kNN", "Query: p(tag given query)"),
    ("Siamese CE", "Single CE"),
    ("Siamese CE (masked training)", "Siamese CE"),
    ("Siamese CE (masked training)", "Popularity"),
    ("Siamese CE (masked training)", "Query: cosine"),
    ("Context only (LDA)", "Siamese CE (masked training)"),
    ("Context only (LDA)", "Popularity"),
)


def pairs_of(maps: Mapping[str, float]) -> list[Pair]:
    """Return the pairs of rows to compare: the encoder with every other, the two best simple rules, and some more.

    Args:
        maps: Test MAP of the measured rows by label; it orders the simple rules.
    """
    encoder = ENCODERS[-1].label
    against_all = [(encoder, label) for label in maps if label != encoder]
    simple = sorted((row.label for row in SIMPLE if row.label in maps), key=lambda label: -maps[label])
    candidates = [*against_all, *pairwise(simple[:2]), *BETWEEN_OTHERS]
    chosen: dict[frozenset[str], Pair] = {}
    for pair in candidates:
        if set(pair) <= set(maps):
            chosen.setdefault(frozenset(pair), pair)
    return list(chosen.values())
