"""Figure 3: all instances of one tag, and its co-occurring tags (companions) in a few documents.

Shape suffixes: N instances, C companions, M points in all, T tags, E embedding dimensions.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from mwe.core.errors import StaleArtefactError
from mwe.core.pictures import BLUE, GREEN, ORANGE, PINK, RED, figure
from siamese_tags.contextual import ContextualTags, UnknownTagError
from siamese_tags.documents import TagDocuments
from siamese_tags.reproduce.figures.projection import project
from siamese_tags.reproduce.figures.style import GREY, short

COLOURS = (BLUE, ORANGE, GREEN, PINK, RED)
MARKERS = "osD^v"
TYPICAL = 3
MAX_INSTANCES = 1000  # more points take minutes to project, and overlap


class Instances(NamedTuple):
    """Instances of a tag in the plane.

    Attributes:
        position_N2: Position of the tag in each document that has it, up to the maximum.
        cluster_N: Cluster of each instance, the largest first.
        typical: Typical tags of each cluster.
        selected: Indices, among the instances, of the documents that show their companions.
        ids: IDs of these documents.
        companions_C2: Positions of the companions in each of these documents.
    """

    position_N2: NDArray[np.float64]
    cluster_N: NDArray[np.int64]
    typical: list[list[str]]
    selected: NDArray[np.int64]
    ids: list[str]
    companions_C2: list[NDArray[np.float64]]


def draw_instances(
    tag: str, run: Path, documents: TagDocuments, clusters: int = 3, n_selected: int = 4, seed: int = 0
) -> Figure:
    """Draw all instances by cluster (left), and a few documents with their other tags over all instances (right).

    Args:
        tag: The tag.
        run: Run folder of a Siamese stage or a context encoder.
        documents: Documents with the tags that the run was trained on.
        clusters: Number of clusters.
        n_selected: Number of documents that show their companions.
        seed: Seed of projection, clusters and choice of documents.

    Raises:
        StaleArtefactError: The run was trained on other tags.
        UnknownNameError: There is no such tag.
        ValueError: Fewer documents than clusters have the tag.
    """
    tags = ContextualTags.load(run)
    if tags.tags != documents.tags:
        raise StaleArtefactError(f"{run} was trained on other tags than those of {documents.name}; name its collection")
    instances = instances_of(tag, tags, documents, clusters, n_selected, seed)
    return picture(tag, instances, f"{documents.name}, {run.parent.name} ({run.name})")


def picture(tag: str, instances: Instances, title: str) -> Figure:
    """Draw the instances of a tag, under a title that names the run."""
    drawn = figure(13, 6.4)
    left, right = drawn.subplots(1, 2, sharex=True, sharey=True)
    _clusters(left, instances)
    _companions(right, tag, instances)
    for axes in (left, right):
        axes.set(xlabel="t-SNE, first dimension", ylabel="t-SNE, second dimension", xticks=[], yticks=[])
        axes.margins(0.04)
    drawn.suptitle(f"{title}: instances of “{short(tag)}”")
    return drawn


def instances_of(
    tag: str, tags: ContextualTags, documents: TagDocuments, clusters: int, n_selected: int, seed: int
) -> Instances:
    """Embed, cluster and project the instances; arguments and errors as for :func:`draw_instances`."""
    if tag not in tags.tags:
        raise UnknownTagError(tag, tags.tags)
    column = tags.tags.index(tag)
    rows_N = np.flatnonzero(documents.matrix_DT[:, column])
    if len(rows_N) < max(2, clusters):
        raise ValueError(f"{len(rows_N)} documents have the tag {tag!r}, too few for {clusters} clusters")
    random = np.random.default_rng(seed)
    rows_N = np.sort(random.choice(rows_N, min(MAX_INSTANCES, len(rows_N)), replace=False))
    bags_NT = documents.matrix_DT[rows_N]
    names_T = np.asarray(documents.tags)
    embedded_NE = tags.instances(tag, [names_T[bag_T] for bag_T in bags_NT])
    cluster_N = _by_size(KMeans(clusters, n_init=10, random_state=seed).fit_predict(embedded_NE))
    selected = np.sort(random.choice(len(rows_N), min(n_selected, len(rows_N)), replace=False))
    others = [bags_NT[index] & (np.arange(len(names_T)) != column) for index in selected]
    companions = [
        tags.embed_all(names_T[bags_NT[index]])[other_T] for index, other_T in zip(selected, others, strict=True)
    ]
    position_M2 = project(np.concatenate([embedded_NE, *companions]), seed)
    ends = np.cumsum([len(rows_N), *(len(positions) for positions in companions)])
    parts = np.split(position_M2, ends[:-1])
    ids = [documents.ids[row] for row in rows_N[selected]]
    return Instances(parts[0], cluster_N, typical_tags(bags_NT, cluster_N, names_T), selected, ids, parts[1:])


def typical_tags(
    bags_NT: NDArray[np.bool_], cluster_N: NDArray[np.int64], names: NDArray[np.str_], n: int = TYPICAL
) -> list[list[str]]:
    """Return, for each cluster, the tags whose share of its documents exceeds that of other documents most."""
    typical = []
    for cluster in range(int(cluster_N.max()) + 1):
        inside_N = cluster_N == cluster
        outside_T = bags_NT[~inside_N].mean(axis=0) if (~inside_N).any() else np.zeros(len(names))
        excess_T = bags_NT[inside_N].mean(axis=0) - outside_T
        typical.append(names[np.argsort(-excess_T, kind="stable")[:n]].tolist())
    return typical


def _by_size(cluster_N: NDArray[np.int64]) -> NDArray[np.int64]:
    order = np.argsort(-np.bincount(cluster_N), kind="stable")
    return np.asarray(np.argsort(order)[cluster_N])


def _clusters(axes: Axes, instances: Instances) -> None:
    for cluster, typical in enumerate(instances.typical):
        inside_N = instances.cluster_N == cluster
        label = f"{inside_N.sum()} with " + ", ".join(map(short, typical))
        style: dict[str, Any] = {"color": COLOURS[cluster % len(COLOURS)], "marker": MARKERS[cluster % len(MARKERS)]}
        axes.scatter(*_columns(instances.position_N2[inside_N]), s=26, alpha=0.75, linewidths=0, label=label, **style)
    axes.set_title(
        f"(a) {len(instances.position_N2):,} instances by cluster, and what sets a cluster apart", fontsize=10
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06), frameon=False, fontsize=9)


def _companions(axes: Axes, tag: str, instances: Instances) -> None:
    axes.scatter(
        *_columns(instances.position_N2), s=20, color=GREY, linewidths=0, label=f"all instances of {short(tag)}"
    )
    for number, (index, name, companion_C2) in enumerate(
        zip(instances.selected, instances.ids, instances.companions_C2, strict=True)
    ):
        style: dict[str, Any] = {
            "color": COLOURS[number % len(COLOURS)],
            "marker": MARKERS[1 + number % (len(MARKERS) - 1)],
        }
        label = f"document {name}: its other {len(companion_C2)} tags"
        axes.scatter(
            *_columns(companion_C2),
            s=22,
            facecolors="none",
            label=label,
            edgecolors=style["color"],
            marker=style["marker"],
        )
        axes.scatter(
            *_columns(instances.position_N2[index, None]), s=110, edgecolors="black", linewidths=1.2, zorder=3, **style
        )
    axes.set_title(
        f"(b) {len(instances.selected)} documents: {short(tag)} (filled) and the other tags (open)", fontsize=10
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06), frameon=False, fontsize=9, ncols=2)


def _columns(position_N2: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return position_N2[:, 0], position_N2[:, 1]
