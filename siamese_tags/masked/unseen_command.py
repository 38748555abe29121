"""What ``siamese-tags masked`` does for tags unseen in training: naive Bayes and popularity, and the table of rows.

Shape suffixes: D documents, T tags, U unseen tags.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from mwe.core.files import written_together
from mwe.core.manifest import PACKAGES, manifest
from mwe.core.runs import METRICS, RunMetrics
from mwe.core.tables import rows_of_runs, write_table
from siamese_tags.datamodule import trained_on
from siamese_tags.documents import Cal500, Collection
from siamese_tags.masked.choose import with_choice
from siamese_tags.masked.datamodule import unseen_tags
from siamese_tags.masked.documents_of_run import save_documents
from siamese_tags.masked.evaluate import masked_priming
from siamese_tags.masked.rows import COLLECTIONS, ENCODER, collections_in
from siamese_tags.masked.rules import RULES, Rule
from siamese_tags.masked.rules.cooccurrence import PairSum
from siamese_tags.masked.split import MaskedSplit, masked_split
from siamese_tags.masked.unseen import UnseenRanking

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


def unseen(
    name: Literal["naive_bayes", "popularity"],
    collection: Collection | None = None,
    unseen_share: float = 0.05,
    unseen_seed: int = 0,
    folds: tuple[int, ...] = (0, 1, 2),
    n_folds: int = 3,
    fold_seed: int = 0,
    mask_seed: int = 0,
    seed: int = 0,
    out: str | None = None,
) -> None:
    """Test a rule with what a context encoder is told of its unseen tags (``--data.init_args.unseen_share 0.05``).

    That is, in how many training documents an unseen tag occurs, and in how many together with each of the known tags;
    pairs of unseen tags count as independent. Settings are chosen as by ``masked rule``.

    Args:
        name: Which.
        collection: Where the tag documents come from, as in ``masked rule``.
        unseen_share: Share of the tags that are unseen.
        unseen_seed: Seed by which they are drawn, with the number of the fold.
        folds: Numbers of the folds, such as ``[0,1,2]``; of the test masks where there is an official split.
        n_folds: Into how many folds the documents are divided where there is no official split.
        fold_seed: Seed of the divisions.
        mask_seed: Seed of the test mask.
        seed: Seed of the validation mask and of the order of equal scores.
        out: Folder of the runs; ``outputs/siamese-masked-unseen/<collection>/<name>`` if not given.
    """
    documents = (collection or Cal500()).read()
    print(documents)
    splits = (masked_split(documents, number, n_folds, fold_seed, mask_seed) for number in folds)
    for number, (split, choice) in zip(folds, with_choice(RULES[name], splits, seed), strict=True):
        unseen_U = unseen_tags(len(documents.tags), unseen_share, unseen_seed, number)
        rule = fit_unseen(RULES[name].build(**choice.settings), split, unseen_U)
        run = Path(out or f"outputs/siamese-masked-unseen/{documents.name.lower()}/{name}") / f"fold{number}"
        notes: dict[str, Any] = {"settings": choice.settings, "unseen": [documents.tags[tag] for tag in unseen_U]}
        made = manifest(trained_on(documents, documents.tags, split.train), notes, packages=PACKAGES)
        with written_together(run, METRICS) as staging:
            figures = _measure(rule, split, unseen_U, seed, staging)
            RunMetrics(figures, documents.name, seed, notes, made).write(staging)
        print(f"{name}, fold {number}: MAP {figures['map']:.2f}, AUC {figures['unseen_auc']:.2f} -> {run}")


def fit_unseen(rule: Rule, split: MaskedSplit, unseen_U: NDArray[np.int64]) -> Rule:
    """Fit a rule on the training documents, without what it learns of pairs of unseen tags."""
    rule.fit(split.documents.matrix_DT[split.train])
    if isinstance(rule, PairSum):
        rule.weight_TT[np.ix_(unseen_U, unseen_U)] = 0.0
    return rule


def _measure(rule: Rule, split: MaskedSplit, unseen_U: NDArray[np.int64], seed: int, run: Path) -> dict[str, float]:
    membership_DT, revealed_DT = split.documents.matrix_DT[split.test], split.revealed_DT[split.test]
    priming = masked_priming(rule, membership_DT, revealed_DT, split.test, seed)
    save_documents(run, split.documents, {"": priming})
    ranking = UnseenRanking()
    parts = (rule.score(revealed_DT), revealed_DT, membership_DT & ~revealed_DT)
    ranking.add_documents(torch.tensor(split.test), *(torch.tensor(whole_DT[:, unseen_U]) for whole_DT in parts))
    return {name: float(value) for name, value in {**priming.compute(), **ranking.compute()}.items()}


def unseen_table(
    runs: str = "outputs/siamese-masked-unseen",
    folds: tuple[int, ...] = (0, 1, 2),
    target: str = "siamese-masked-unseen",
    out: str = "outputs/tables",
) -> None:
    """Write ``<out>/<target>.csv`` and ``.md``: MAP and the ranking of unseen tags, of all collections with a run.

    Args:
        runs: Folder with one folder a collection, in it one a row, in it one a fold.
        folds: Folds to average over.
        target: Name of the table.
        out: Folder of the tables.
    """
    rows = []
    for collection in collections_in(Path(runs), _command("cal500", "popularity")):
        for label, folder, prefix in ROWS:
            folders = [Path(runs) / collection / folder / f"fold{number}" for number in folds]
            wanted = [prefix + "map", *(() if prefix else ("unseen_auc", "unseen_documents"))]
            measured = rows_of_runs(label, folders, wanted, _command(collection, folder))
            rows += [replace(one, metric=f"{collection}_{one.metric.removeprefix(prefix)}") for one in measured]
    print(write_table(target, TITLE, rows, Path(out)).read_text(encoding="utf-8"))


def _command(collection: str, folder: str) -> str:
    if folder != ENCODER:
        return f"siamese-tags masked unseen --name {folder} --collection {COLLECTIONS[collection]}"
    return (
        f"siamese-tags fit -c lightning_configs/siamese_tags/masked/{collection}.yaml --data.init_args.fold K "
        f"--data.init_args.unseen_share 0.05 --trainer.logger.name siamese-masked-unseen/{collection}/{ENCODER}"
    )
