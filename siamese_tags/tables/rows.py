"""The results tables of priming: which rows each has, where their runs lie, and what the paper calls them."""

from collections.abc import Callable
from dataclasses import dataclass

from siamese_tags.baselines.registry import WINDOWS

METRICS = tuple(
    f"{split}_{figure}" for split in ("train", "test") for figure in ("p@1", "p@2", "p@5", "p@10", "map", "auc")
)


@dataclass(frozen=True)
class TableRow:
    """A row of a table.

    Args:
        label: Name in the table.
        folder: Folder of its runs, one sub-folder a fold.
        published: Its name in the published table; empty where the paper has no such row.
        command: What to type to make it.
        prefix: Of its metrics in ``metrics.json``.
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
        name: What the paper calls it.
        published: File of its published figures.
        rows: Its rows.
        reference: Label of the row that all others are tested against.
        compared: Metrics that are tested.
        metrics: Its columns.
        published_on: Collection of the published figures.
        beside_stand_in: Whether they are printed also where another collection stands in for it.
    """

    name: str
    published: str
    rows: tuple[TableRow, ...]
    reference: str = "Siamese CE"
    compared: tuple[str, ...] = ("train_map", "test_map")
    metrics: tuple[str, ...] = METRICS
    published_on: str = "CAL500"
    beside_stand_in: bool = False


def run_name(fold: int, seed: int = 0) -> str:
    """Folder of a run in that of its row: ``fold0``, and ``fold0_seed1`` with another seed than 0."""
    return f"fold{fold}_seed{seed}" if seed else f"fold{fold}"


def baseline(label: str, name: str, published: str = "", flags: str = "") -> TableRow:
    """A row that a baseline makes; ``flags`` go behind its name."""
    return TableRow(label, name, published, f"siamese-tags baseline --name {name}{flags}")


def network(label: str, name: str, published: str, prefix: str = "", configs: str = "table1") -> TableRow:
    """A row that a stage makes, by a configuration in the folder ``configs``."""
    command = f"siamese-tags fit -c lightning_configs/siamese_tags/{configs}/{name}.yaml --data.init_args.fold K"
    return TableRow(label, name, published, command, prefix)


def prediction_rows(configs: str) -> tuple[TableRow, ...]:
    """Rows of Tables C.1 and C.2: what each network predicts, and beside it its embedding."""
    return tuple(
        row
        for label, name in (("Single", "single_ce"), ("Siamese", "siamese_ce"))
        for row in (
            network(
                f"{label} Prediction (query not forced first)",
                name,
                f"{label.lower()} prediction",
                "prediction_",
                configs,
            ),
            network(f"{label} CE", name, f"{label.lower()} ce", configs=configs),
        )
    )


def window_rows(make: Callable[[str, str, str], TableRow]) -> tuple[TableRow, ...]:
    """Rows of Tables E.1 and E.2: C-BOW and skip-gram by setting and window, each made of label, name and published."""
    return tuple(
        make(
            f"{label} ({setting.upper()}), window {window}",
            f"{name}_{setting}_w{window}",
            f"{label.lower()} ({setting}) {window}",
        )
        for setting in ("s1", "s2")
        for label, name in (("C-BOW", "cbow"), ("C-SG", "sg"))
        for window in WINDOWS
    )


RANDOM = baseline("Random", "random", "random")
POPULARITY = baseline("Popularity (not in the paper)", "popularity")
PCA = baseline("PCA", "pca", "pca")
SINGLE = network("Single CE", "single_ce", "single ce")
SIAMESE = network("Siamese CE", "siamese_ce", "siamese ce")

QUICK = Table("Table 1", "table1_cal500", (RANDOM, POPULARITY, PCA, SINGLE, SIAMESE))

TABLE1 = Table(
    "Table 1",
    "table1_cal500",
    (
        RANDOM,
        POPULARITY,
        baseline("Popularity, query not forced first (not in the paper)", "popularity_unforced"),
        baseline("C-BOW (window 1)", "cbow_s1_w1", "c-bow"),
        baseline("SG (window 2)", "sg_s1_w2", "sg"),
        baseline("LSA (PMI, rank 7)", "lsa", "lsa"),
        baseline("LSA, tfidf, rank 50 (not in the paper)", "lsa_rank50"),
        baseline("LDA, global (query not forced first)", "lda", "lda"),
        baseline("LDA, in context (query not forced first)", "lda_in_context", "lda"),
        baseline("P-LSA, global (query not forced first)", "plsa", "p-lsa"),
        baseline("P-LSA, in context (query not forced first)", "plsa_in_context", "p-lsa"),
        PCA,
        baseline("PCA as printed (PMI, dot product, Euclidean)", "pca_pmi", "pca"),
        baseline("RBM (query not forced first)", "rbm", "rbm"),
        baseline("C-RBM (query not forced first, training documents only)", "crbm", "c-rbm"),
        baseline("InfoTh", "infoth", "infoth"),
        baseline("EASE (not in the paper)", "ease"),
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
    prediction_rows("table1"),
    compared=("train_p@10", "test_p@10"),
)

TABLE_E1 = Table(
    "Table E.1",
    "tableE1_cal500",
    (RANDOM, *window_rows(baseline), PCA),
    reference="PCA",
)

# by the name of the target; any other target, such as siamese-quick, has the rows of QUICK
TABLES = {"siamese-table1": TABLE1, "siamese-tableC1": TABLE_C1, "siamese-tableE1": TABLE_E1}
