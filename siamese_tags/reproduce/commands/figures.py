"""Commands that draw the figures of the paper: one command per picture, each of which writes a PNG and an SVG."""

from pathlib import Path

from siamese_tags.documents import Cal500, Collection

OUT = "outputs/figures/siamese"


def frequencies(collections: list[Collection] | None = None, out: str = f"{OUT}/figure2-tag-frequencies.png") -> None:
    """Draw Figure 2: tag frequencies.

    Args:
        collections: Collections of tag documents; by default those of ``Cal500``, ``Cal10k`` and ``Jamendo`` that are
            present.
        out: The PNG; an SVG is written beside it.
    """
    from mwe.core.pictures import save
    from siamese_tags.reproduce.figures.frequencies import draw_frequencies

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
    """Draw Figure 3: the instances of one tag.

    Also shows the other tags of a few documents, projected by t-SNE.

    Args:
        tag: The tag.
        run: Run folder of a Siamese stage or a context encoder.
        collection: The documents, with the tags that the run was trained on; ``Cal500`` if not given.
        clusters: Number of clusters of the instances, by k-means of their embeddings.
        documents: Number of documents whose other tags are shown.
        seed: Seed of the projection, the clusters and the choice of documents.
        out: The PNG; an SVG is written beside it.
    """
    from mwe.core.pictures import save
    from siamese_tags.reproduce.figures.instances import draw_instances

    tag_documents = (collection or Cal500()).read()
    _report(save(draw_instances(tag, Path(run), tag_documents, clusters, documents, seed), Path(out)))


def curves(
    runs: str = "outputs/siamese-quick",
    folds: tuple[int, ...] = (0, 1, 2),
    target: str = "siamese-table1",
    out: str = f"{OUT}/figure4-precision-recall.png",
) -> None:
    """Draw Figures 4 and 5: precision by recall of all rows.

    Each is drawn for training and for test documents.

    Args:
        runs: Folder of the runs, with a folder per row that holds a folder per fold.
        folds: Folds to average over.
        target: The table whose rows are drawn.
        out: The PNG; an SVG is written beside it.
    """
    from mwe.core.pictures import save
    from siamese_tags.reproduce.figures.curves import draw_curves

    _report(save(draw_curves(Path(runs), folds, target), Path(out)))


def spaces(
    document: str = "11",
    runs: str = "outputs/siamese-quick",
    fold: int = 2,
    collection: Collection | None = None,
    seed: int = 0,
    out: str = f"{OUT}/figureD1-spaces.png",
) -> None:
    """Draw Figure D.1: a document's tags in every space.

    Shows the tags of one document among all tags, in the space of each model, projected by t-SNE.

    Args:
        document: Id of the document; 11 is the paper's song of CAL500.
        runs: Folder with the runs ``single_ce`` and ``siamese_ce``; the other models are fitted here.
        fold: Fold whose training documents the models learn from; the document is a test document of fold 2.
        collection: The documents, with the tags that the runs were trained on; ``Cal500`` if not given.
        seed: Seed of the projections.
        out: The PNG; an SVG is written beside it.
    """
    from mwe.core.pictures import save
    from siamese_tags.reproduce.figures.spaces import draw_spaces

    tag_documents = (collection or Cal500()).read()
    _report(save(draw_spaces(document, Path(runs), fold, tag_documents, seed), Path(out)))


def _report(written: tuple[Path, Path]) -> None:
    print(f"written: {', '.join(map(str, written))}")
