"""Rows of the tables of masked-context priming, and the pairs of them that are compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from mwe.core.errors import MissingDataError

COLLECTIONS = {"cal500": "Cal500", "cal10k": "Cal10k", "jamendo": "Jamendo"}
ENCODER = "context_encoder"


@dataclass(frozen=True)
class MaskedRow:
    """A row.

    Args:
        label: Name in the tables.
        folder: Folder of its runs, one sub-folder a fold.
        kind: What makes it: a simple rule, a stage of the Siamese network, or the context encoder.
        prefix: Of its metrics; rows of one folder differ in it.
    """

    label: str
    folder: str
    kind: Literal["rule", "stage", "encoder"]
    prefix: str = ""

    def command(self, collection: str) -> str:
        """What to type to make its runs."""
        if self.kind == "rule":
            return (
                f"siamese-tags masked rule --name {self.folder} --collection {COLLECTIONS[collection]} "
                f"--out outputs/siamese-masked/{collection}/{self.folder}"
            )
        if self.kind == "encoder":
            return (
                f"siamese-tags fit -c lightning_configs/siamese_tags/masked/{collection}.yaml --data.init_args.fold K"
            )
        stage, _, masked = self.folder.partition("_ce")
        command = (
            f"siamese-tags fit -c lightning_configs/siamese_tags/masked_siamese/{collection}/{stage}.yaml "
            "--data.init_args.fold K"
        )
        if not masked:
            return command
        start = f" --model.init_args.init_from outputs/siamese-masked/{collection}/single_ce_masked/foldK"
        return (
            f"{command} --data.init_args.masked_training true "
            f"--trainer.logger.name siamese-masked/{collection}/{self.folder}{start if stage == 'siamese' else ''}"
        )


SIMPLE = (
    MaskedRow("Random", "random", "rule"),
    MaskedRow("Popularity", "popularity", "rule"),
    MaskedRow("Query: cosine", "query_cosine", "rule"),
    MaskedRow("Query: PMI", "query_pmi", "rule"),
    MaskedRow("Query: p(tag given query)", "query_conditional", "rule"),
    MaskedRow("Item-kNN", "item_knn", "rule"),
    MaskedRow("Naive Bayes", "naive_bayes", "rule"),
    MaskedRow("Document-kNN", "document_knn", "rule"),
    MaskedRow("LSA fold-in", "lsa", "rule"),
    MaskedRow("Context only (LDA)", "context_lda", "rule"),
    MaskedRow("EASE", "ease", "rule"),
    MaskedRow("EASE with dropout", "ease_dropout", "rule"),
)
ENCODERS = (
    MaskedRow("Context encoder, embedding distance", ENCODER, "encoder", "distance_"),
    MaskedRow("Context encoder", ENCODER, "encoder"),
)
ROWS = (
    *SIMPLE,
    MaskedRow("Single CE", "single_ce", "stage"),
    MaskedRow("Single prediction", "single_ce", "stage", "prediction_"),
    MaskedRow("Siamese CE", "siamese_ce", "stage"),
    MaskedRow("Single CE (masked training)", "single_ce_masked", "stage"),
    MaskedRow("Single prediction (masked training)", "single_ce_masked", "stage", "prediction_"),
    MaskedRow("Siamese CE (masked training)", "siamese_ce_masked", "stage"),
    *ENCODERS,
)


def collections_in(runs: Path, command: str) -> list[str]:
    """The collections of which a row has been run.

    Args:
        runs: Folder with one folder a collection, in it one a row, in it one a fold.
        command: What to type to make a first run.

    Raises:
        MissingDataError: There is none.
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
    """Pairs of rows to compare: the encoder with every other, the best simple rule with the next, and some more.

    Args:
        maps: Label to test MAP of the rows that were measured; by these the simple rules are ordered.
    """
    encoder = ENCODERS[-1].label
    against_all = [(encoder, label) for label in maps if label != encoder]
    simple = sorted((row.label for row in SIMPLE if row.label in maps), key=lambda label: -maps[label])
    wanted = [*against_all, *pairwise(simple[:2]), *BETWEEN_OTHERS]
    chosen: dict[frozenset[str], Pair] = {}
    for pair in wanted:
        if set(pair) <= set(maps):
            chosen.setdefault(frozenset(pair), pair)
    return list(chosen.values())
