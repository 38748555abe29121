"""From cosines to probabilities of tags without a recording: Platt's fit on simulated hearing.

Shape suffixes: N documents, T tags, D dimensions.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.functional import normalize

from mwe.core.progress import track
from mwe.encoders import TagBridge
from mwe.open_model.bridge import JointWords
from mwe.open_model.hearing import Hearing
from mwe.search.calibrate import platt
from mwe.search.tag_table import TagTable
from mwe.tracks import TrackTags

SIMULATED = "simulated hearing of tag documents"
MOST = 4000  # documents of a collection


def calibrated(
    documents: TrackTags,
    hearing: Hearing,
    bridge: TagBridge,
    joint: JointWords,
    tags: Sequence[str],
    classes: Sequence[str],
    seed: int,
) -> TagTable:
    """Return the tags with slope and intercept of each.

    A tag is calibrated on the collection that uses it most: what another does not say means nothing.

    Args:
        documents: Tag documents.
        hearing: What would be heard of them.
        bridge: The bridge.
        joint: Words in its space.
        tags: Tags to name, in the common spelling.
        classes: Classes of the towers, which alone were heard in training.
        seed: Seed of choice and noise.
    """
    rng = np.random.default_rng(seed)
    prefix = np.array([name.partition("/")[0] for name in documents.track_ids])
    column_of = {tag: column for column, tag in enumerate(documents.tags)}
    columns = np.array([column_of[tag] for tag in tags])
    lookup = joint.space.words.of_tags(tags)
    tag_TD = normalize(torch.from_numpy(joint.vectors(tags, lookup.vectors)), dim=1)
    collections = {}
    for name in np.unique(prefix):
        rows = np.flatnonzero(prefix == name)
        rows = np.sort(rng.permutation(rows)[:MOST])
        evidence = torch.from_numpy(hearing.evidence(rows, rng, trust=0.5))
        with torch.inference_mode():
            cosine_NT = (normalize(bridge.bridge(evidence), dim=1) @ tag_TD.T).numpy()
        collections[name] = cosine_NT, documents.matrix[rows][:, columns].toarray()
    fitted = []
    for column in track(range(len(tags)), "calibrating tags"):
        name = max(collections, key=lambda name: int(collections[name][1][:, column].sum()))
        cosine_NT, stated_NT = collections[name]
        fitted.append(platt(cosine_NT[:, column].astype(float), stated_NT[:, column]))
    slope, intercept = np.array(fitted, dtype=np.float32).T
    pooled = (float(np.median(slope)), float(np.median(intercept)))
    blank = ("",) * len(tags)
    seen = tuple(tag in classes for tag in tags)
    return TagTable(tuple(tags), blank, seen, slope, intercept, (SIMULATED,) * len(tags), pooled)
