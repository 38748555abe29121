"""Figure D.1: the tags of one document among all tags, in the space of every model.

Shape suffixes: T tags, E embedding dimensions.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from mwe.core.errors import StaleArtefactError, UnknownNameError
from mwe.core.pictures import BLUE, ORANGE, figure
from siamese_tags.baselines import Queries, build
from siamese_tags.contextual import ContextualTags
from siamese_tags.documents import TagDocuments
from siamese_tags.documents.folds import fold as one_fold
from siamese_tags.metrics import PrimingMetric
from siamese_tags.reproduce.figures.projection import project_distances

BASELINES = {
    "C-BOW": "cbow_s1_w1",
    "SG": "sg_s1_w2",
    "LSA": "lsa",
    "PCA": "pca",
    "InfoTh": "infoth",
    "LDA in context": "lda_in_context",
}
STAGES = {"Single CE": "single_ce", "Siamese CE": "siamese_ce"}
COLUMNS = 4


def draw_spaces(document: str, runs: Path, fold: int, documents: TagDocuments, seed: int = 0) -> Figure:
    """Draw one panel per model with all tags, those of the document marked, and its mean average precision.

    Args:
        document: ID of the document.
        runs: Folder with the runs of both stages.
        fold: Fold, of three, whose training documents all models are trained on.
        documents: The collection.
        seed: Seed of the projections.

    Raises:
        UnknownNameError: There is no such document.
        MissingDataError: A run is missing.
        StaleArtefactError: A run was trained on other tags.
    """
    if document not in documents.ids:
        raise UnknownNameError("document", document, documents.ids)
    row = documents.ids.index(document)
    bag_T = documents.matrix_DT[row]
    rows = one_fold(len(documents), fold)
    spaces = list(distances(bag_T, runs, fold, documents, documents.to_learn(rows.train)))
    n_rows = -(-len(spaces) // COLUMNS)
    drawn = figure(3.5 * COLUMNS, 3.5 * n_rows + 0.8)
    panels = drawn.subplots(n_rows, COLUMNS, squeeze=False).ravel()
    for axes, (name, distance_TT) in zip(panels, spaces, strict=False):
        _panel(axes, name, distance_TT, bag_T, seed)
    for axes in panels[len(spaces) :]:
        axes.set_axis_off()
    drawn.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    part = "test" if row in rows.test else "training"
    drawn.suptitle(f"{documents.name}, {part} document {document} of fold {fold}: all {len(bag_T)} tags by t-SNE")
    return drawn


def distances(
    bag_T: NDArray[np.bool_], runs: Path, fold: int, documents: TagDocuments, training: TagDocuments
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield the name of each model and its distances of all tags in a document, T × T.

    A baseline ranks all tags for every tag, as if it were in the document; the distance is the difference to the score
    of the tag itself.

    Args:
        bag_T: Boolean; the tags of the document.
        runs: Folder with the runs of both stages.
        fold: Fold of the runs.
        documents: The collection.
        training: Its training documents.
    """
    n_tags = len(bag_T)
    every_tag = Queries(bag_T[None], np.zeros(n_tags, dtype=np.int64), np.arange(n_tags))
    for name, baseline in BASELINES.items():
        ranker = build(baseline)
        ranker.fit(training)
        score_TT = ranker.rank(every_tag)
        distance_TT = np.diagonal(score_TT)[:, None] - score_TT
        yield name, np.maximum((distance_TT + distance_TT.T) / 2, 0.0)
    for name, stage in STAGES.items():
        tags = ContextualTags.load(runs / stage / f"fold{fold}")
        if tags.tags != documents.tags:
            raise StaleArtefactError(f"{runs / stage}: trained on other tags than those of {documents.name}")
        embedded_TE = tags.embed_all(name for name, present in zip(documents.tags, bag_T, strict=True) if present)
        yield name, cdist(embedded_TE, embedded_TE)


def average_precision(distance_TT: NDArray[np.float64], bag_T: NDArray[np.bool_]) -> float:
    """Return the mean average precision of the queries of one document, in percent."""
    queries = Queries.of(bag_T[None])
    metric = PrimingMetric()
    metric.add_documents(
        torch.zeros(1, dtype=torch.long),
        torch.tensor(queries.document_Q),
        torch.tensor(queries.tag_Q),
        torch.tensor(-distance_TT[queries.tag_Q]),
        torch.tensor(queries.membership_DT),
    )
    return float(metric.compute()["map"])


def _panel(axes: Axes, name: str, distance_TT: NDArray[np.float64], bag_T: NDArray[np.bool_], seed: int) -> None:
    position_T2 = project_distances(distance_TT, seed)
    first_T, second_T = position_T2[~bag_T].T
    axes.scatter(first_T, second_T, marker="x", s=18, linewidths=1, color=BLUE, label="other tags")
    first_T, second_T = position_T2[bag_T].T
    axes.scatter(
        first_T, second_T, s=26, color=ORANGE, edgecolors="black", linewidths=0.5, label="tags of the document"
    )
    axes.set_title(f"{name}: MAP of the document {average_precision(distance_TT, bag_T):.1f} %", fontsize=10)
    axes.set(xticks=[], yticks=[])
