"""The results tables of priming: which rows each has, where their runs lie, and what the paper calls them."""

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


def _baseline(label: str, name: str, published: str = "") -> TableRow:
    return TableRow(label, name, published, f"siamese-tags baseline --name {name}")


def _network(label: str, name: str, published: str, prefix: str = "") -> TableRow:
    command = f"siamese-tags fit -c lightning_configs/siamese_tags/table1/{name}.yaml --data.init_args.fold K"
    return TableRow(label, name, published, command, prefix)


RANDOM = _baseline("Random", "random", "random")
POPULARITY = _baseline("Popularity (not in the paper)", "popularity")
PCA = _baseline("PCA", "pca", "pca")
SINGLE = _network("Single CE", "single_ce", "single ce")
SIAMESE = _network("Siamese CE", "siamese_ce", "siamese ce")

QUICK = Table("Table 1", "table1_cal500", (RANDOM, POPULARITY, PCA, SINGLE, SIAMESE))

TABLE1 = Table(
    "Table 1",
    "table1_cal500",
    (
        RANDOM,
        POPULARITY,
        _baseline("Popularity, query not forced first (not in the paper)", "popularity_unforced"),
        _baseline("C-BOW (window 1)", "cbow_s1_w1", "c-bow"),
        _baseline("SG (window 2)", "sg_s1_w2", "sg"),
        _baseline("LSA (PMI, rank 7)", "lsa", "lsa"),
        _baseline("LSA, tfidf, rank 50 (not in the paper)", "lsa_rank50"),
        _baseline("LDA, global (query not forced first)", "lda", "lda"),
        _baseline("LDA, in context (query not forced first)", "lda_in_context", "lda"),
        _baseline("P-LSA, global (query not forced first)", "plsa", "p-lsa"),
        _baseline("P-LSA, in context (query not forced first)", "plsa_in_context", "p-lsa"),
        PCA,
        _baseline("PCA as printed (PMI, dot product, Euclidean)", "pca_pmi", "pca"),
        _baseline("RBM (query not forced first)", "rbm", "rbm"),
        _baseline("C-RBM (query not forced first, training documents only)", "crbm", "c-rbm"),
        _baseline("InfoTh", "infoth", "infoth"),
        _baseline("EASE (not in the paper)", "ease"),
        _baseline("Context only, leaks the answer (not in the paper)", "context_only"),
        _baseline("Context only, query not forced first (not in the paper)", "context_only_unforced"),
        _baseline("CE of an untrained network (not in the paper)", "untrained"),
        SINGLE,
        SIAMESE,
        _network("Siamese CE, from random weights (not in the paper)", "siamese_ce_random", ""),
    ),
)

TABLE_C1 = Table(
    "Table C.1",
    "tableC1_cal500",
    (
        _network("Single Prediction (query not forced first)", "single_ce", "single prediction", "prediction_"),
        SINGLE,
        _network("Siamese Prediction (query not forced first)", "siamese_ce", "siamese prediction", "prediction_"),
        SIAMESE,
    ),
    compared=("train_p@10", "test_p@10"),
)

TABLE_E1 = Table(
    "Table E.1",
    "tableE1_cal500",
    (
        RANDOM,
        *(
            _baseline(
                f"{label} ({setting.upper()}), window {window}",
                f"{name}_{setting}_w{window}",
                f"{label.lower()} ({setting}) {window}",
            )
            for setting in ("s1", "s2")
            for label, name in (("C-BOW", "cbow"), ("C-SG", "sg"))
            for window in WINDOWS
        ),
        PCA,
    ),
    reference="PCA",
)

# by the name of the target; any other target, such as siamese-quick, has the rows of QUICK
TABLES = {"siamese-table1": TABLE1, "siamese-tableC1": TABLE_C1, "siamese-tableE1": TABLE_E1}
