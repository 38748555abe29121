"""Tags unseen in training: naive Bayes and popularity on them, and the table of rows.

Shape suffixes: D documents, T tags, U unseen tags.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mwe.reproduce.result_table import rows_of_runs, write_table
from siamese_tags.masked.document_figures import save_documents
from siamese_tags.masked.evaluate import masked_priming
from siamese_tags.masked.rules import Rule
from siamese_tags.masked.rules.cooccurrence import PairSum
from siamese_tags.masked.split import MaskedSplit
from siamese_tags.masked.unseen import UnseenRanking
from siamese_tags.reproduce.masked_rows import COLLECTIONS, ENCODER, collections_in

# label, folder of the runs, prefix of the figures
ROWS = (
    ("Popularity", "popularity", ""),
    ("Naive Bayes", "naive_bayes", ""),
    ("Context encoder, embedding distance", ENCODER, "distance_"),
    ("Context encoder", ENCODER, ""),
)
TITLE = (
    "Masked-context priming (%) with a twentieth of the tags unseen in training and known by the tags they occur with; "
    "no published figures"
)


def fit_unseen(rule: Rule, split: MaskedSplit, unseen_U: NDArray[np.int64]) -> Rule:
    """Fit a rule on the training documents, without its weights for pairs of unseen tags."""
    rule.fit(split.to_learn(split.train))
    if isinstance(rule, PairSum):
        rule.weight_TT[np.ix_(unseen_U, unseen_U)] = 0.0
    return rule


def measure_unseen(
    rule: Rule, split: MaskedSplit, unseen_U: NDArray[np.int64], seed: int, run: Path
) -> dict[str, float]:
    """Measure a fitted rule on the test documents, and write the figures of every document to the folder of the run."""
    membership_DT, revealed_DT = split.documents.matrix_DT[split.test], split.revealed_DT[split.test]
    priming = masked_priming(rule, membership_DT, revealed_DT, split.test, seed)
    save_documents(run, split.documents, {"": priming})
    ranking = UnseenRanking()
    parts = (rule.score(revealed_DT), revealed_DT, membership_DT & ~revealed_DT)
    ranking.add_documents(torch.tensor(split.test), *(torch.tensor(matrix_DT[:, unseen_U]) for matrix_DT in parts))
    return {name: float(value) for name, value in {**priming.compute(), **ranking.compute()}.items()}


def build_unseen_table(runs: Path, folds: Sequence[int], target: str, out: Path) -> Path:
    """Write MAP and the ranking of unseen tags of all collections with a run, as CSV and Markdown."""
    rows = []
    for collection in collections_in(runs, _command("cal500", "popularity")):
        for label, folder, prefix in ROWS:
            folders = [runs / collection / folder / f"fold{number}" for number in folds]
            metrics = [prefix + "map", *(() if prefix else ("unseen_auc", "unseen_documents"))]
            measured = rows_of_runs(label, folders, metrics, _command(collection, folder))
            rows += [replace(line, metric=f"{collection}_{line.metric.removeprefix(prefix)}") for line in measured]
    return write_table(target, TITLE, rows, out)


def _command(collection: str, folder: str) -> str:
    if folder != ENCODER:
        return f"siamese-tags masked unseen --name {folder} --collection {COLLECTIONS[collection]}"
    return f"siamese-tags paper siamese-masked-unseen --only siamese-masked-unseen/{collection}/{ENCODER}/foldK"
