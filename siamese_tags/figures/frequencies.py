"""Figure 2: how often the tags of a collection are used. Shape suffix: T tags."""

import sys
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mwe.core.errors import MissingDataError
from mwe.core.pictures import SKY, figure
from siamese_tags.documents import Cal10k, Cal500, Collection, Jamendo, TagDocuments
from siamese_tags.figures.style import short

NAMED = (0.0, 0.25, 0.5, 1.0)  # places of the tags that are named, as shares of the ranking


def draw_frequencies(collections: Sequence[Collection] | None = None) -> Figure:
    """Share of documents of every tag, the most frequent first; one panel a collection.

    Args:
        collections: The collections; if not given those of ``Cal500``, ``Cal10k`` and ``Jamendo`` that are at hand, and
            the others are named on the standard error.

    Raises:
        MissingDataError: None is at hand, or one that was asked for is not.
    """
    found = [one.read() for one in collections] if collections else _at_hand()
    drawn = figure(5.2 * len(found), 4.2)
    panels = drawn.subplots(1, len(found), squeeze=False, sharey=True)[0]
    for axes, documents in zip(panels, found, strict=True):
        _panel(axes, documents)
    panels[0].set_ylabel("documents with the tag (%)")
    panels[0].set_yscale("log")
    panels[0].set_ylim(top=200)
    panels[0].yaxis.set_major_formatter("{x:g}")
    return drawn


def _at_hand() -> list[TagDocuments]:
    found, missing = [], []
    for collection in (Cal500(), Cal10k(), Jamendo()):
        try:
            found.append(collection.read())
        except MissingDataError as error:
            missing.append(str(error))
    if not found:
        raise MissingDataError("; ".join(missing))
    for reason in missing:
        print(f"siamese-tags: left out: {reason}", file=sys.stderr)
    return found


def _panel(axes: Axes, documents: TagDocuments) -> None:
    share_T = 100 * documents.matrix_DT.mean(axis=0)
    order_T = np.argsort(-share_T, kind="stable")
    axes.stairs(share_T[order_T], np.arange(len(order_T) + 1) + 0.5, fill=True, color=SKY)
    for quantile in NAMED:
        place = round(quantile * (len(order_T) - 1))
        tag = order_T[place]
        axes.annotate(
            f"{short(documents.tags[tag])} ({int(documents.matrix_DT[:, tag].sum()):,})",
            (place + 1, share_T[tag]),
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
