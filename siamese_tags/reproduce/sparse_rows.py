"""The results tables of the sparse collection: Tables 2, C.2, E.2, and Table 3 on out-of-vocabulary (OOV) tags.

The paper's figures are those of MagTag5K. They are also printed beside the figures of a stand-in, with a title that
says that the two are not comparable.
"""

from dataclasses import replace

from siamese_tags.choice import SUFFIX
from siamese_tags.reproduce.priming_rows import Table, TableRow, baseline, network, prediction_rows, window_rows

PAPER_COLLECTION = "MagTag5K"
OOV_METRICS = (
    *(f"oov_{figure}" for figure in ("p@1", "p@2", "p@5", "p@10", "map")),
    *("oov_related_distance", "oov_unrelated_distance"),
)
CONFIGS = "lightning_configs/siamese_tags"
# a baseline with topics has the number of topics of the network on the same collection
TOPICS_OF = {"siamese-sparse": 19, "siamese-cal10k": 25}
WITH_TOPICS = ("lda", "lda_in_context", "plsa", "plsa_in_context", "context_only", "context_only_unforced", "untrained")


def _baseline(label: str, name: str, published: str = "", runs: str = "siamese-sparse") -> TableRow:
    collection = "magna_songs" if runs == "siamese-sparse" else "cal10k"
    topics = f" --settings '{{n_topics: {TOPICS_OF[runs]}}}'" if name.removesuffix(SUFFIX) in WITH_TOPICS else ""
    flags = f"{topics} --collection {CONFIGS}/collection/{collection}.yaml --out outputs/{runs}/{name}"
    return baseline(label, name, published, flags)


def _both(label: str, name: str, published: str, runs: str = "siamese-sparse") -> tuple[TableRow, TableRow]:
    return (
        _baseline(f"{label}, as named", name, published, runs),
        _baseline(f"{label}, chosen", name + SUFFIX, published, runs),
    )


TABLE2 = Table(
    "Table 2",
    "table2_magtag5k",
    (
        _baseline("Random", "random", "random"),
        _baseline("Popularity (not in the paper)", "popularity"),
        _baseline("Popularity, query not forced first (not in the paper)", "popularity_unforced"),
        *_both("C-BOW (window 2)", "cbow_s1_w2", "c-bow"),
        *_both("SG (window 1)", "sg_s1_w1", "sg"),
        *_both("LSA", "lsa", "lsa"),
        *_both("LDA, global (query not forced first)", "lda", "lda"),
        *_both("LDA, in context (query not forced first)", "lda_in_context", "lda"),
        *_both("P-LSA, global (query not forced first)", "plsa", "p-lsa"),
        *_both("P-LSA, in context (query not forced first)", "plsa_in_context", "p-lsa"),
        *_both("PCA", "pca", "pca"),
        *_both("RBM (query not forced first)", "rbm", "rbm"),
        *_both("InfoTh", "infoth", "infoth"),
        _baseline("C-RBM, nearest reading (query not forced first, training documents only)", "crbm", "c-rbm"),
        _baseline("EASE, chosen (not in the paper)", "ease" + SUFFIX),
        _baseline("Context only, leaks the answer (not in the paper)", "context_only"),
        _baseline("Context only, query not forced first (not in the paper)", "context_only_unforced"),
        _baseline("CE of an untrained network (not in the paper)", "untrained"),
        network("Single CE", "single_ce", "single ce", runs="siamese-sparse"),
        network("Siamese CE", "siamese_ce", "siamese ce", runs="siamese-sparse"),
    ),
    published_on=PAPER_COLLECTION,
    beside_stand_in=True,
)

TABLE_C2 = Table(
    "Table C.2",
    "tableC2_magtag5k",
    prediction_rows("siamese-sparse"),
    compared=("train_p@10", "test_p@10"),
    published_on=PAPER_COLLECTION,
    beside_stand_in=True,
)

TABLE_E2 = Table(
    "Table E.2",
    "tableE2_magtag5k",
    (_baseline("Random", "random", "random"), *window_rows(_both), *_both("PCA", "pca", "pca")),
    reference="PCA, chosen",
    published_on=PAPER_COLLECTION,
    beside_stand_in=True,
)


def _oov_rows(runs: str) -> tuple[TableRow, ...]:
    """Return the rows of Table 3; the paper's networks use its rule, "furthest"."""
    return (
        _baseline("Random", "random", "random", runs),
        _baseline("Popularity (not in the paper)", "popularity", runs=runs),
        *_both("PCA, nearest", "pca", "pca", runs),
        _baseline("Context only, leaks the answer (not in the paper)", "context_only", runs=runs),
        network("Single CE, own features, nearest", "single_ce", "", "nearest_", runs),
        network("Single CE, negative category, furthest", "single_ce", "single ce", "furthest_", runs),
        network("Siamese CE, own features, nearest", "siamese_ce", "", "nearest_", runs),
        network("Siamese CE, negative category, furthest", "siamese_ce", "siamese ce", "furthest_", runs),
    )


TABLE3 = Table(
    "Table 3, tags out of vocabulary",
    "table3_oov_magtag5k",
    _oov_rows("siamese-sparse"),
    reference="Siamese CE, own features, nearest",
    compared=("oov_p@1", "oov_p@10"),
    metrics=OOV_METRICS,
    published_on=PAPER_COLLECTION,
    beside_stand_in=True,
)

# by target
SPARSE_TABLES = {
    "siamese-table2": TABLE2,
    "siamese-tableC2": TABLE_C2,
    "siamese-tableE2": TABLE_E2,
    "siamese-table3": TABLE3,
    "siamese-table3-cal10k": replace(TABLE3, rows=_oov_rows("siamese-cal10k")),
}
