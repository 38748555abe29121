"""Figure 2: frequencies of the tags of a collection. Shape suffix: T tags."""

import sys
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mwe.core.errors import MissingDataError
from mwe.core.pictures import SKY, figure
from siamese_tags.documents import Cal10k, Cal500, Collection, Jamendo, TagDocuments
from siamese_tags.reproduce.figures.style import short

NAMED = (0.0, 0.25, 0.5, 1.0)  # ranks of the labelled tags, as shares of all tags


def draw_frequencies(collections: Sequence[Collection] | None = None) -> Figure:
    """Draw the share of documents of every tag, the most frequent first, with one panel per collection.

    Args:
        collections: The collections; by default those of ``Cal500``, ``Cal10k`` and ``Jamendo`` that are available. The
            others are reported on standard error.

    Raises:
        MissingDataError: No collection is available, or a requested one is missing.
    """
    all_documents = [collection.read() for collection in collections] if collections else _available()
    drawn = figure(5.2 * len(all_documents), 4.2)
    panels = drawn.subplots(1, len(all_documents), squeeze=False, sharey=True)[0]
    for axes, documents in zip(panels, all_documents, strict=True):
        _panel(axes, documents)
    panels[0].set_ylabel("documents with the tag (%)")
    panels[0].set_yscale("log")
    panels[0].set_ylim(top=200)
    panels[0].yaxis.set_major_formatter("{x:g}")
    return drawn


def _available() -> list[TagDocuments]:
    available, missing = [], []
    for collection in (Cal500(), Cal10k(), Jamendo()):
        try:
            available.append(collection.read())
        except MissingDataError as error:
            missing.append(str(error))
    if not available:
        raise MissingDataError("; ".join(missing))
    for reason in missing:
        print(f"siamese-tags: left out: {reason}", file=sys.stderr)
    return available


def _panel(axes: Axes, documents: TagDocuments) -> None:
    share_T = 100 * documents.matrix_DT.mean(axis=0)
    order_T = np.argsort(-share_T, kind="stable")
    axes.stairs(share_T[order_T], np.arange(len(order_T) + 1) + 0.5, fill=True, color=SKY)
    for quantile in NAMED:
        rank = round(quantile * (len(order_T) - 1))
        tag = order_T[rank]
        axes.annotate(
            f"{short(documents.tags[tag])} ({int(documents.matrix_DT[:, tag].sum()):,})",
            (rank + 1, share_T[tag]),
            xytext=(0, 40) if quantile == 1.0 else (10, 16),
            textcoords="offset points",
            ha="right" if quantile == 1.0 else "left",
            arrowprops={"arrowstyle": "-", "linewidth": 0.7},
            fontsize=9,
        )
    per_document = documents.matrix_DT.sum() / len(documents)
    axes.set_title(
        f"{documents.name}: {len(documents):,} documents, {len(documents.tags):,} tags, {per_document:.1f} a document",
        fontsize=10,
    )
    axes.set_xlabel("tags, the most frequent first")
    axes.set_xlim(0.5, len(order_T) + 0.5)
    axes.spines[["top", "right"]].set_visible(False)
