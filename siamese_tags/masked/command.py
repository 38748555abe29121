"""What ``siamese-tags masked`` does: simple rules of masked-context priming, and the table of all rows."""

from pathlib import Path
from typing import Literal

from mwe.core.files import written_together
from mwe.core.manifest import PACKAGES, manifest
from mwe.core.runs import METRICS, RunMetrics
from siamese_tags.datamodule import trained_on
from siamese_tags.documents import Cal500, Collection
from siamese_tags.masked.choose import measure, with_choice
from siamese_tags.masked.differences import build_differences
from siamese_tags.masked.documents_of_run import save_documents
from siamese_tags.masked.rules import RULES
from siamese_tags.masked.split import masked_split
from siamese_tags.masked.tables import build_table

Name = Literal[
    "random",
    "popularity",
    "query_cosine",
    "query_pmi",
    "query_conditional",
    "item_knn",
    "naive_bayes",
    "document_knn",
    "lsa",
    "context_lda",
    "ease",
    "ease_dropout",
]


def rule(
    name: Name,
    collection: Collection | None = None,
    folds: tuple[int, ...] = (0, 1, 2),
    n_folds: int = 3,
    fold_seed: int = 0,
    mask_seed: int = 0,
    seed: int = 0,
    out: str | None = None,
) -> None:
    """Choose the settings of a simple rule on validation documents, fit and test it.

    Each fold's folder gets ``metrics.json`` and ``documents.parquet``, the figures of every test document.

    Args:
        name: Which; ``random`` is the expectation in closed form.
        collection: Where the tag documents come from: ``Cal500`` (the default), ``Cal10k``, ``Jamendo`` or
            ``TsvDocuments`` with ``--collection.path``.
        folds: Numbers of the folds, such as ``[0,1,2]``; of the test masks where there is an official split.
        n_folds: Into how many folds the documents are divided where there is no official split.
        fold_seed: Seed of the divisions.
        mask_seed: Seed of the test mask.
        seed: Seed of the validation mask and of the order of equal scores.
        out: Folder of the runs; ``outputs/siamese-masked/<collection>/<name>`` if not given.
    """
    documents = (collection or Cal500()).read()
    print(documents)
    family = RULES.get(name)
    splits = (masked_split(documents, number, n_folds, fold_seed, mask_seed) for number in folds)
    for number, (split, choice) in zip(folds, with_choice(family, splits, seed), strict=True):
        measured = measure(family, choice.settings, split, seed)
        figures = {key: float(value) for key, value in measured.compute().items()}
        run = Path(out or f"outputs/siamese-masked/{documents.name.lower()}/{name}") / f"fold{number}"
        notes = {"settings": choice.settings, "validation_map": choice.validation_map}
        made = manifest(trained_on(documents, documents.tags, split.train), notes, packages=PACKAGES)
        with written_together(run, METRICS) as staging:
            save_documents(staging, split.documents, {"": measured})
            RunMetrics(figures, documents.name, seed, notes, made).write(staging)
        print(f"{name} {choice.settings or ''}, fold {number}: MAP {figures['map']:.2f} -> {run}")


def table(
    runs: str = "outputs/siamese-masked",
    folds: tuple[int, ...] = (0, 1, 2),
    target: str = "siamese-masked",
    out: str = "outputs/tables",
    command: str | None = None,
) -> None:
    """Write ``<out>/<target>.csv`` and ``.md`` from the runs of all collections that have any.

    Args:
        runs: Folder with one folder a collection, in it one a row, in it one a fold.
        folds: Folds to average over.
        target: Name of the table.
        out: Folder of the tables.
        command: What the table says was typed to make its rows; each row's own command if not given.
    """
    print(build_table(Path(runs), folds, target, Path(out), command).read_text(encoding="utf-8"))


def differences(
    runs: str = "outputs/siamese-masked",
    folds: tuple[int, ...] = (0, 1, 2),
    target: str = "siamese-masked-differences",
    out: str = "outputs/tables",
    seed: int = 0,
) -> None:
    """Write ``<out>/<target>.csv`` and ``.md``: MAP differences of pairs of rows, by a paired bootstrap.

    Args:
        runs: Folder with one folder a collection, in it one a row, in it one a fold.
        folds: Folds to pool.
        target: Name of the table.
        out: Folder of the tables.
        seed: Of the resampling.
    """
    print(build_differences(Path(runs), folds, target, Path(out), seed).read_text(encoding="utf-8"))
