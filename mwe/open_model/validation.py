"""Figures on documents of collections that training had not: settings are chosen here, never on recordings.

Shape suffixes: N documents, T tags, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch.nn.functional import normalize

from mwe.encoders import TagBridge
from mwe.metrics import TagLabels, query_by_tag, tagging
from mwe.open_model.bridge import JointWords
from mwe.open_model.hearing import Hearing
from mwe.tracks import TrackTags

MOST, LEAST = 3000, 5  # documents of a collection that are measured, and documents that a tag must have among them
TRUSTS = (0.0, 1.0)


@dataclass(frozen=True)
class LeftOutFigures:
    """Areas under the ROC curve, means over collections and over both readings of what is not stated.

    Args:
        classes: By tag, over tags that are a class of the towers.
        others: By tag, over the tags that documents of the training have, and that are no class.
        new: By tag, over tags that no document of the training has.
        clips: By document, over all tags.
    """

    classes: float
    others: float
    new: float
    clips: float

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of the figures."""
        return [field.name for field in fields(cls)]

    def mean(self) -> float:
        """Return the mean of those that could be computed."""
        return _mean(np.array([*vars(self).values()]))

    def to_dict(self) -> dict[str, float | None]:
        """Return what JSON holds: nothing for what could not be computed."""
        return {name: None if np.isnan(value) else value for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, float | None]) -> "LeftOutFigures":
        """Undo ``to_dict``."""
        return cls(**{name: float("nan") if value is None else value for name, value in values.items()})


def mean_figures(figures: Sequence[LeftOutFigures]) -> LeftOutFigures:
    """Return the mean of each figure over collections that have it."""
    columns = zip(*(vars(result).values() for result in figures), strict=True)
    return LeftOutFigures(*(_mean(np.array(column)) for column in columns))


def measure(
    documents: TrackTags,
    hearing: Hearing,
    rows: np.ndarray,
    bridge: TagBridge,
    joint: JointWords,
    classes: Sequence[str],
    new: Sequence[str],
    seed: int = 0,
) -> LeftOutFigures:
    """Measure a bridge on documents, by simulated hearing.

    Args:
        documents: Tag documents.
        hearing: What would be heard of them.
        rows: Documents of a collection that training had not.
        bridge: The bridge.
        joint: Words in its space.
        classes: Classes in the common spelling.
        new: Tags that training had not.
        seed: Seed of the noise.
    """
    tag_vectors = joint.space.words.of_tags(documents.tags)
    chosen = np.sort(np.random.default_rng(seed).permutation(rows)[:MOST])
    matrix = documents.matrix[chosen]
    tags = np.flatnonzero((np.asarray(matrix.sum(axis=0)).ravel() >= LEAST) & tag_vectors.known)
    names = [documents.tags[tag] for tag in tags]
    kind_T = np.where(np.isin(names, classes), 0, np.where(np.isin(names, new), 2, 1))
    tag_TD = normalize(torch.from_numpy(joint.vectors(names, tag_vectors.vectors[tags])), dim=1)
    labels = TagLabels(matrix[:, tags])
    parts: list[list[float]] = []
    for trust in TRUSTS:
        evidence = torch.from_numpy(hearing.evidence(chosen, np.random.default_rng(seed), trust))
        with torch.inference_mode():
            heard_ND = normalize(bridge.bridge(evidence), dim=1)
        by_tag = query_by_tag(heard_ND, tag_TD, labels).roc_R.numpy()
        by_clip = tagging(heard_ND, tag_TD, labels).roc_R.numpy()
        parts.append([*(_mean(by_tag[kind_T == kind]) for kind in range(3)), _mean(by_clip)])
    return LeftOutFigures(*(_mean(column) for column in np.array(parts).T))


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
