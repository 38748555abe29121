"""The command that fits and tests a baseline."""

from pathlib import Path
from typing import Any

from mwe.core.errors import BadRequestError
from mwe.core.files import write_csv
from mwe.core.manifest import PACKAGES, manifest
from mwe.core.runs import RunMetrics
from siamese_tags.documents import Cal500, Collection
from siamese_tags.documents.folds import fold as one_fold
from siamese_tags.documents.folds import run_name


def baseline(
    name: str,
    settings: dict[str, Any] | None = None,
    collection: Collection | None = None,
    folds: list[int] | None = None,
    n_folds: int = 3,
    fold_seed: int = 0,
    seed: int = 0,
    out: str | None = None,
) -> None:
    """Fit and test a baseline, such as PCA or LDA.

    Writes ``metrics.json`` into ``<out>/fold<k>`` for each fold; for a seed other than 0 into
    ``<out>/fold<k>_seed<s>``.

    Args:
        name: ``random``, ``popularity``, ``lsa``, ``lda``, ``plsa``, ``pca``, ``rbm``, ``crbm``, ``infoth``, ``ease``,
            ``context_only`` or ``untrained``; with other settings ``popularity_unforced``, ``lda_in_context``,
            ``plsa_in_context``, ``context_only_unforced``; and, for ``cbow`` and ``sg`` with the tags in random (s1) or
            fixed (s2) order and window 1 to 4, ``cbow_s1_w1`` to ``sg_s2_w4``. Settings are those that the paper names,
            or the nearest reading. With ``_chosen`` behind the name they are chosen anew for each fold, by MAP on a
            fifth of its training documents; ``choice.csv`` of a run lists all that was compared.
        settings: Settings of the baseline to change, such as ``--settings '{rank: 50}'``. An unknown one is answered
            with the nearest known; ``siamese_tags.baselines`` documents them.
        collection: Where the tag documents come from: ``Cal500`` (the default), ``TsvDocuments`` with
            ``--collection.path``, or a YAML file, such as those of ``lightning_configs/siamese_tags/collection``.
        folds: Numbers of the folds, such as ``[0,1,2]``; all if not given.
        n_folds: Into how many folds the documents are divided.
        fold_seed: Seed of the division.
        seed: Seed of random rankings and of the order of equal scores.
        out: Folder of the runs; ``outputs/siamese-quick/<name>`` if not given.

    Examples:
        siamese-tags baseline --name pca --folds '[0]'
        siamese-tags baseline --name pca_chosen --folds '[0]'
        siamese-tags baseline --name lsa --settings.rank 50 --out outputs/lsa_rank50
    """
    from siamese_tags.baselines import build, settings_of
    from siamese_tags.choice import SUFFIX, choose
    from siamese_tags.evaluate import evaluate
    from siamese_tags.fold_data import SPLITS, trained_on

    base = name.removesuffix(SUFFIX)
    try:
        used = settings_of(base, seed, settings)
        documents = (collection or Cal500()).read()
    except ValueError as error:
        raise BadRequestError(str(error)) from error
    print(documents)
    for number in range(n_folds) if folds is None else folds:
        rows = one_fold(len(documents), number, n_folds, fold_seed)
        run = Path(out or f"outputs/siamese-quick/{name}") / run_name(number, seed)
        if name != base:
            choice = choose(base, documents, rows, seed, settings)
            used = choice.settings
            write_csv(run / "choice.csv", choice.lines())
        notes = {"baseline": name, "settings": used}
        figures = evaluate(build(base, seed, used), documents, rows, seed)
        made = manifest(trained_on(documents, documents.tags, rows.train), notes, packages=PACKAGES)
        RunMetrics(figures, documents.name, seed, notes, made).write(run)
        measured = ", ".join(f"{figures[f'{part}_map']:.2f} {part}" for part in SPLITS if f"{part}_map" in figures)
        print(f"{name}, fold {number}: MAP {measured} -> {run}")
