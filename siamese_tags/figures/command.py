"""What ``siamese-tags figures`` does: one command a picture, each writes a PNG and an SVG."""

from pathlib import Path
from typing import Any

from mwe.core.pictures import save
from siamese_tags.documents import Cal500, Collection
from siamese_tags.figures.curves import draw_curves
from siamese_tags.figures.frequencies import draw_frequencies
from siamese_tags.figures.instances import draw_instances
from siamese_tags.figures.spaces import draw_spaces

OUT = "outputs/figures/siamese"


def frequencies(collections: list[Collection] | None = None, out: str = f"{OUT}/figure2-tag-frequencies.png") -> None:
    """Figure 2: how often the tags of each collection are used.

    Args:
        collections: Where the tag documents come from; ``Cal500``, ``Cal10k`` and ``Jamendo`` if not given, those of
            them that are at hand.
        out: The PNG; an SVG is written beside it.
    """
    _report(save(draw_frequencies(collections), Path(out)))


def instances(
    tag: str = "Instrument_-_Acoustic_Guitar",
    run: str = "outputs/siamese-quick/siamese_ce/fold0",
    collection: Collection | None = None,
    clusters: int = 3,
    documents: int = 4,
    seed: int = 0,
    out: str = f"{OUT}/figure3-instances.png",
) -> None:
    """Figure 3: all instances of one tag, and the tags that accompany it in a few documents, projected by t-SNE.

    Args:
        tag: The tag.
        run: Run folder of a Siamese stage or a context encoder.
        collection: The documents, with the tags that the run was trained on; ``Cal500`` if not given.
        clusters: Into how many groups the instances are divided, by k-means of their embeddings.
        documents: How many documents show their other tags.
        seed: Of projection, clusters and choice of documents.
        out: The PNG; an SVG is written beside it.
    """
    found = (collection or Cal500()).read()
    _report(save(draw_instances(tag, Path(run), found, clusters, documents, seed), Path(out)))


def curves(
    runs: str = "outputs/siamese-quick",
    folds: tuple[int, ...] = (0, 1, 2),
    target: str = "siamese-table1",
    out: str = f"{OUT}/figure4-precision-recall.png",
) -> None:
    """Figures 4 and 5: precision by recall of all rows of a table, training and test documents.

    Args:
        runs: Folder with one folder a row and in it one folder a fold.
        folds: Folds to average over.
        target: The table whose rows are drawn.
        out: The PNG; an SVG is written beside it.
    """
    _report(save(draw_curves(Path(runs), folds, target), Path(out)))


def spaces(
    document: str = "11",
    runs: str = "outputs/siamese-quick",
    fold: int = 2,
    collection: Collection | None = None,
    seed: int = 0,
    out: str = f"{OUT}/figureD1-spaces.png",
) -> None:
    """Figure D.1: the tags of one document among all tags, in the space of every model, projected by t-SNE.

    Args:
        document: Id of the document; 11 is the paper's song of CAL500.
        runs: Folder with the runs ``single_ce`` and ``siamese_ce``; the other models are fitted here.
        fold: Fold whose training documents the models learn from; the document is a test document of fold 2.
        collection: The documents, with the tags that the runs were trained on; ``Cal500`` if not given.
        seed: Of the projections.
        out: The PNG; an SVG is written beside it.
    """
    found = (collection or Cal500()).read()
    _report(save(draw_spaces(document, Path(runs), fold, found, seed), Path(out)))


def _report(written: tuple[Path, Path]) -> None:
    print(f"written: {', '.join(map(str, written))}")


FIGURES: dict[str, Any] = {
    "frequencies": frequencies,
    "instances": instances,
    "curves": curves,
    "spaces": spaces,
    "_help": "the paper's pictures",
}
