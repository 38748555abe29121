"""Commands of masked-context priming: simple rules, tags unseen in training, and the tables of all rows."""

from pathlib import Path
from typing import Any, Literal

from mwe.core.files import written_together
from mwe.core.manifest import PACKAGES, manifest
from mwe.core.runs import METRICS, RunMetrics
from siamese_tags.documents import Cal500, Collection

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
    """Fit and test a simple rule.

    Its settings are chosen on validation documents. Each fold's folder gets ``metrics.json`` and ``documents.parquet``,
    the figures of every test document.

    Args:
        name: Name of the rule; ``random`` is the expectation in closed form.
        collection: Where the tag documents come from: ``Cal500`` (the default), ``Cal10k``, ``Jamendo`` or
            ``TsvDocuments`` with ``--collection.path``.
        folds: Numbers of the folds, such as ``[0,1,2]``; of the test masks where there is an official split.
        n_folds: Into how many folds the documents are divided where there is no official split.
        fold_seed: Seed of the divisions.
        mask_seed: Seed of the test mask.
        seed: Seed of the validation mask and of the order of equal scores.
        out: Folder of the runs; ``outputs/siamese-masked/<collection>/<name>`` if not given.

    Examples:
        siamese-tags masked rule --name ease --collection Cal10k
        siamese-tags masked rule --name naive_bayes --folds '[0]'
    """
    from siamese_tags.fold_data import trained_on
    from siamese_tags.masked.document_figures import save_documents
    from siamese_tags.masked.rules import RULES
    from siamese_tags.masked.split import masked_split
    from siamese_tags.reproduce.rule_settings import measure, with_choice

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
    """Build the table of all rows.

    Writes ``<out>/<target>.csv`` and ``.md`` from the runs of all collections that have any.

    Args:
        runs: Folder with one folder a collection, in it one a row, in it one a fold.
        folds: Folds to average over.
        target: Name of the table.
        out: Folder of the tables.
        command: What the table says was typed to make its rows; each row's own command if not given.
    """
    from siamese_tags.reproduce.masked_table import build_table

    print(build_table(Path(runs), folds, target, Path(out), command).read_text(encoding="utf-8"))


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
    """Test a simple rule on tags unseen in training.

    The rule knows what a context encoder with ``--data.init_args.unseen_share 0.05`` knows of its unseen tags: in how
    many training documents each occurs, and in how many together with each known tag. Pairs of unseen tags count as
    independent. Settings are chosen as by ``masked rule``.

    Args:
        name: Name of the rule.
        collection: Where the tag documents come from, as in ``masked rule``.
        unseen_share: Share of the tags that are unseen.
        unseen_seed: Seed by which they are drawn, with the number of the fold.
        folds: Numbers of the folds, such as ``[0,1,2]``; of the test masks where there is an official split.
        n_folds: Into how many folds the documents are divided where there is no official split.
        fold_seed: Seed of the divisions.
        mask_seed: Seed of the test mask.
        seed: Seed of the validation mask and of the order of equal scores.
        out: Folder of the runs; ``outputs/siamese-masked-unseen/<collection>/<name>`` if not given.

    Examples:
        siamese-tags masked unseen --name naive_bayes --collection Cal10k
    """
    from siamese_tags.fold_data import trained_on
    from siamese_tags.masked.masked_data import unseen_tags
    from siamese_tags.masked.rules import RULES
    from siamese_tags.masked.split import masked_split
    from siamese_tags.reproduce.rule_settings import with_choice
    from siamese_tags.reproduce.unseen_rows import fit_unseen, measure_unseen

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
            figures = measure_unseen(rule, split, unseen_U, seed, staging)
            RunMetrics(figures, documents.name, seed, notes, made).write(staging)
        print(f"{name}, fold {number}: MAP {figures['map']:.2f}, AUC {figures['unseen_auc']:.2f} -> {run}")


def unseen_table(
    runs: str = "outputs/siamese-masked-unseen",
    folds: tuple[int, ...] = (0, 1, 2),
    target: str = "siamese-masked-unseen",
    out: str = "outputs/tables",
) -> None:
    """Build the table of unseen tags.

    Writes MAP and the ranking of unseen tags to ``<out>/<target>.csv`` and ``.md``, for all collections with a run.

    Args:
        runs: Folder with one folder a collection, in it one a row, in it one a fold.
        folds: Folds to average over.
        target: Name of the table.
        out: Folder of the tables.
    """
    from siamese_tags.reproduce.unseen_rows import build_unseen_table

    print(build_unseen_table(Path(runs), folds, target, Path(out)).read_text(encoding="utf-8"))


def differences(
    runs: str = "outputs/siamese-masked",
    folds: tuple[int, ...] = (0, 1, 2),
    target: str = "siamese-masked-differences",
    out: str = "outputs/tables",
    seed: int = 0,
) -> None:
    """Compare pairs of rows by a paired bootstrap.

    Writes the differences of MAP to ``<out>/<target>.csv`` and ``.md``.

    Args:
        runs: Folder with one folder a collection, in it one a row, in it one a fold.
        folds: Folds to pool.
        target: Name of the table.
        out: Folder of the tables.
        seed: Of the resampling.
    """
    from siamese_tags.reproduce.masked_differences import build_differences

    print(build_differences(Path(runs), folds, target, Path(out), seed).read_text(encoding="utf-8"))
