"""The results tables of priming: their rows, with the folders of runs and the names in the paper."""

from collections.abc import Callable
from dataclasses import dataclass

from siamese_tags.baselines.registry import WINDOWS
from siamese_tags.choice import SUFFIX

METRICS = tuple(
    f"{split}_{figure}" for split in ("train", "test") for figure in ("p@1", "p@2", "p@5", "p@10", "map", "auc")
)

# by the folder of runs an experiment that has all of them
DECLARED = {"siamese-quick": "siamese-table1", "siamese-sparse": "siamese-table2", "siamese-cal10k": "siamese-table3"}


@dataclass(frozen=True)
class TableRow:
    """A row of a table.

    Args:
        label: Name in the table.
        folder: Folder of its runs, with one sub-folder per fold.
        published: Its name in the published table; empty if the paper has no such row.
        command: Command that makes it.
        prefix: Prefix of its metrics in ``metrics.json``.
    """

    label: str
    folder: str
    published: str
    command: str
    prefix: str = ""


@dataclass(frozen=True)
class Table:
    """A table.

    Args:
        name: Name in the paper.
        published: File of its published figures.
        rows: Its rows.
        reference: Label of the row that all others are tested against.
        compared: Metrics to test.
        metrics: Its columns.
        published_on: Collection of the published figures.
        beside_stand_in: Whether to print them also for a stand-in of that collection.
    """

    name: str
    published: str
    rows: tuple[TableRow, ...]
    reference: str = "Siamese CE"
    compared: tuple[str, ...] = ("train_map", "test_map")
    metrics: tuple[str, ...] = METRICS
    published_on: str = "CAL500"
    beside_stand_in: bool = False


def baseline(label: str, name: str, published: str = "", flags: str = "") -> TableRow:
    """Return the row of a baseline; ``flags`` are appended to its name in the command."""
    return TableRow(label, name, published, f"siamese-tags baseline --name {name}{flags}")


def both(label: str, name: str, published: str = "", flags: str = "") -> tuple[TableRow, TableRow]:
    """Return two rows of a baseline: with the settings that the paper names, and with chosen ones.

    Where the paper leaves settings open, the first has the nearest reading. The second has those that are best on
    documents set aside within the training documents of each fold.
    """
    return (
        baseline(f"{label}, as named", name, published, flags),
        baseline(f"{label}, chosen", name + SUFFIX, published, flags),
    )


def network(label: str, name: str, published: str, prefix: str = "", runs: str = "siamese-quick") -> TableRow:
    """Return the row of a stage in the folder ``runs``; ``lightning_configs/experiments`` declares its runs."""
    command = f"siamese-tags paper {DECLARED[runs]} --only {runs}/{name}/foldK"
    return TableRow(label, name, published, command, prefix)


def prediction_rows(runs: str) -> tuple[TableRow, ...]:
    """Return the rows of Tables C.1 and C.2: the prediction and the embedding of each network."""
    return tuple(
        row
        for label, name in (("Single", "single_ce"), ("Siamese", "siamese_ce"))
        for row in (
            network(
                f"{label} Prediction (query not forced first)",
                name,
                f"{label.lower()} prediction",
                "prediction_",
                runs,
            ),
            network(f"{label} CE", name, f"{label.lower()} ce", runs=runs),
        )
    )


def window_rows(make: Callable[[str, str, str], tuple[TableRow, ...]]) -> tuple[TableRow, ...]:
    """Return the rows of Tables E.1 and E.2: C-BOW and skip-gram by setting and window, built by ``make``."""
    return tuple(
        row
        for setting in ("s1", "s2")
        for label, name in (("C-BOW", "cbow"), ("C-SG", "sg"))
        for window in WINDOWS
        for row in make(
            f"{label} ({setting.upper()}), window {window}",
            f"{name}_{setting}_w{window}",
            f"{label.lower()} ({setting}) {window}",
        )
    )


RANDOM = baseline("Random", "random", "random")
POPULARITY = baseline("Popularity (not in the paper)", "popularity")
PCA = both("PCA", "pca", "pca")
SINGLE = network("Single CE", "single_ce", "single ce")
SIAMESE = network("Siamese CE", "siamese_ce", "siamese ce")

QUICK = Table("Table 1", "table1_cal500", (RANDOM, POPULARITY, *PCA, SINGLE, SIAMESE))

TABLE1 = Table(
    "Table 1",
    "table1_cal500",
    (
        RANDOM,
        POPULARITY,
        baseline("Popularity, query not forced first (not in the paper)", "popularity_unforced"),
        *both("C-BOW (window 1)", "cbow_s1_w1", "c-bow"),
        *both("SG (window 2)", "sg_s1_w2", "sg"),
        *both("LSA", "lsa", "lsa"),
        *both("LDA, global (query not forced first)", "lda", "lda"),
        *both("LDA, in context (query not forced first)", "lda_in_context", "lda"),
        *both("P-LSA, global (query not forced first)", "plsa", "p-lsa"),
        *both("P-LSA, in context (query not forced first)", "plsa_in_context", "p-lsa"),
        *PCA,
        *both("RBM (query not forced first)", "rbm", "rbm"),
        baseline("C-RBM, nearest reading (query not forced first, training documents only)", "crbm", "c-rbm"),
        *both("InfoTh", "infoth", "infoth"),
        baseline("EASE, chosen (not in the paper)", "ease" + SUFFIX),
        baseline("Context only, leaks the answer (not in the paper)", "context_only"),
        baseline("Context only, query not forced first (not in the paper)", "context_only_unforced"),
        baseline("CE of an untrained network (not in the paper)", "untrained"),
        SINGLE,
        SIAMESE,
        network("Siamese CE, from random weights (not in the paper)", "siamese_ce_random", ""),
    ),
)

TABLE_C1 = Table(
    "Table C.1",
    "tableC1_cal500",
    prediction_rows("siamese-quick"),
    compared=("train_p@10", "test_p@10"),
)

TABLE_E1 = Table(
    "Table E.1",
    "tableE1_cal500",
    (RANDOM, *window_rows(both), *PCA),
    reference="PCA, chosen",
)

# by target; any other target, such as siamese-quick, has the rows of QUICK
TABLES = {"siamese-table1": TABLE1, "siamese-tableC1": TABLE_C1, "siamese-tableE1": TABLE_E1}
