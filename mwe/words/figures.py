"""Figure 4 and the first row of Figure 5: similar words, and maps of tags, in several word vectors side by side.

Shape suffixes: T tags, D dimensions.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mwe.core.errors import MissingDataError
from mwe.core.pictures import BLACK, BLUE, GREEN, ORANGE, PINK, RED, SKY, figure
from mwe.core.plane import method, projected
from mwe.tracks import TrackTags
from mwe.words.vectors import WordVectors

COLOURS = (BLUE, RED, GREEN, PINK, ORANGE, SKY, BLACK)
GREY = "#CCCCCC"


def draw_pairs(words: Mapping[str, WordVectors], pairs: Sequence[tuple[str, str]]) -> Figure:
    """Draw the cosines of pairs of words: a panel per pair, a bar for each of several word vectors.

    Args:
        words: Word vectors by name.
        pairs: Pairs of words. Vectors that lack a word of a pair are labelled "no vector" instead of a bar.
    """
    drawn = figure(2.9 * len(pairs), 0.42 * len(words) + 1.1)
    panels = drawn.subplots(1, len(pairs), squeeze=False, sharey=True, sharex=True)[0]
    for axes, pair in zip(panels, pairs, strict=True):
        cosines = [_cosine(vectors, *pair) for vectors in words.values()]
        axes.barh(range(len(words)), [cosine or 0.0 for cosine in cosines], color=COLOURS[0])
        for row, cosine in enumerate(cosines):
            label = "no vector" if cosine is None else f"{cosine:.2f}"
            axes.annotate(label, (max(cosine or 0.0, 0.0), row), xytext=(3, 0), textcoords="offset points", va="center")
        axes.set_title(" / ".join(pair))
        axes.axvline(0, color="black", linewidth=0.8)
        axes.spines[["top", "right", "left"]].set_visible(False)
    panels[0].set_yticks(range(len(words)), list(words))
    panels[0].invert_yaxis()
    low, high = panels[0].get_xlim()
    panels[0].set_xlim(low, high + 0.25 * (high - low))
    drawn.supxlabel("cosine")
    return drawn


def draw_maps(
    words: Mapping[str, WordVectors], tracks: TrackTags, clusters: Mapping[str, Sequence[str]], seed: int
) -> Figure:
    """Draw maps of the tags that all word vectors know, by UMAP or, if that is not installed, by t-SNE.

    Args:
        words: Word vectors by name, one panel each.
        tracks: The collection of the tags.
        clusters: Tags that belong together, by the name of the cluster; they are coloured and labelled.
        seed: Seed of the maps.

    Raises:
        MissingDataError: Fewer than three tags are known to all word vectors.
    """
    lookups = [vectors.of_tags(tracks.tags) for vectors in words.values()]
    known = np.flatnonzero(np.logical_and.reduce([lookup.known for lookup in lookups]))
    if len(known) < 3:
        raise MissingDataError(f"{len(known)} tags of {tracks.name} are known to all word vectors; a map needs three")
    tags = [tracks.tags[tag] for tag in known]
    columns = min(2, len(words))
    rows = -(-len(words) // columns)
    drawn = figure(6.4 * columns, 5.2 * rows + 0.5)
    panels = drawn.subplots(rows, columns, squeeze=False).ravel()
    for panel, (axes, name, lookup) in enumerate(zip(panels, words, lookups, strict=False)):
        draw_tags(axes, projected(lookup.vectors[known], seed), tags, clusters)
        axes.set_title(f"({'abcdefgh'[panel]}) {name}")
    for axes in panels[len(words) :]:
        axes.set_visible(False)
    drawn.suptitle(f"{len(tags)} tags of {tracks.name}, {method()}")
    drawn.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(clusters) + 1)
    return drawn


def _cosine(vectors: WordVectors, first: str, second: str) -> float | None:
    if first not in vectors or second not in vectors:
        return None
    first_vector, second_vector = vectors[first], vectors[second]
    norms = np.linalg.norm(first_vector) * np.linalg.norm(second_vector)
    return float(first_vector @ second_vector / max(norms, 1e-12))


def draw_tags(axes: Axes, plane: np.ndarray, tags: Sequence[str], clusters: Mapping[str, Iterable[str]]) -> None:
    """Draw tags on a plane: those of a cluster in its colour and labelled, others in grey."""
    row_of = {tag: row for row, tag in enumerate(tags)}
    axes.scatter(plane[:, 0], plane[:, 1], s=10, color=GREY, label="other tags")
    for (name, members), colour in zip(clusters.items(), COLOURS, strict=False):
        rows = [row_of[tag] for tag in members if tag in row_of]
        axes.scatter(plane[rows, 0], plane[rows, 1], s=26, color=colour, label=name)
        for row in rows:
            axes.annotate(tags[row], plane[row], fontsize=8, color=colour, xytext=(3, 3), textcoords="offset points")
    axes.margins(0.12)  # room for the labels at the edge
    axes.set(xticks=[], yticks=[])
