"""Calibration of cosines to probabilities, by Platt's fit on the validation tracks of a run.

Shape suffixes: N tracks, T tags, M scores.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError
from mwe.joint.pretrained import TAGS as TAGS_FILE
from mwe.search.embedding_job import embed_split
from mwe.search.layout import TAGS, read_table
from mwe.search.model import TrainedModel
from mwe.search.tag_table import NONE, OWN, POOLED, TagTable, unit_rows
from mwe.tracks import TrackTags
from mwe.tracks.folder import read_rows

MIN_TRACKS = 3  # tracks with and without a tag that its own calibration needs


def tags_of_run(trained: TrainedModel) -> tuple[TagTable, str]:
    """Return the training tags of a run, calibrated on its validation tracks, and a note about the calibration.

    An export contains both. Without the collection, the tags are those of the run's ``tags.csv``, which a test writes,
    without calibration.
    """
    if trained.exported:
        return _exported(trained)
    try:
        tracks = trained.data.tracks
    except (MissingDataError, BadFileError) as error:
        return _listed(trained), f"the run's collection cannot be read, so scores are plain cosines ({error})"
    blank = np.full(len(tracks.tags), np.nan, np.float32)
    seen = tuple((~tracks.unseen).tolist())
    plain = TagTable(tracks.tags, tracks.groups, seen, blank, blank, (NONE,) * len(tracks.tags))
    try:
        trained.data.setup("validate")
    except (MissingDataError, StaleArtefactError) as error:
        return plain, f"no validation track has audio, so scores are plain cosines ({error})"
    return _calibrated(plain, tracks, trained)


def _exported(trained: TrainedModel) -> tuple[TagTable, str]:
    table = TagTable.of_table(read_table(trained.run / TAGS_FILE, TAGS))
    separate, pooled = (table.calibrated_on.count(kind) for kind in (OWN, POOLED))
    others = Counter(kind for kind in table.calibrated_on if kind not in (OWN, POOLED, NONE))
    if others:
        kinds = ", ".join(f"{kind} ({count:,} tags)" for kind, count in others.items())
        return table, f"scores calibrated before the export, on {kinds}"
    if not separate + pooled:
        return table, "the exported model has no calibration, so scores are plain cosines"
    return (
        table,
        f"scores calibrated before the export: {separate} tags on their own validation tracks, {pooled} pooled",
    )


def _listed(trained: TrainedModel) -> TagTable:
    path = trained.run / "tags.csv"
    rows = [row for _, row in read_rows(path, ("tag", "group", "seen"))] if path.is_file() else []
    blank = np.full(len(rows), np.nan, np.float32)
    return TagTable(
        tuple(row["tag"] for row in rows),
        tuple(row["group"] for row in rows),
        tuple(row["seen"] == "1" for row in rows),
        blank,
        blank,
        (NONE,) * len(rows),
    )


def _calibrated(plain: TagTable, tracks: TrackTags, trained: TrainedModel) -> tuple[TagTable, str]:
    positions = trained.data.positions("valid")
    label_NT = tracks.matrix[positions].toarray()
    prototype_TD, known_T = tag_prototypes(plain.tags, trained)
    cosine_NT = embed_split(trained, "valid") @ prototype_TD.T
    seen_T = known_T & ~tracks.unseen  # held-out tags are not calibrated either
    if not (label_NT[:, seen_T].any() and not label_NT[:, seen_T].all()):
        return plain, "the validation tracks have no tag to calibrate on, so scores are plain cosines"
    pooled = platt(cosine_NT[:, seen_T].ravel(), label_NT[:, seen_T].ravel())
    slope, intercept = (np.full(len(plain), value, np.float32) for value in pooled)
    calibrated_on = [POOLED] * len(plain)
    for tag in np.flatnonzero(seen_T):
        label_N = label_NT[:, tag]
        if MIN_TRACKS <= label_N.sum() <= len(label_N) - MIN_TRACKS:
            slope[tag], intercept[tag] = platt(cosine_NT[:, tag], label_N)
            calibrated_on[tag] = OWN
    separate = calibrated_on.count(OWN)
    note = f"scores calibrated on {len(positions):,} validation tracks: {separate} tags on their own, the others pooled"
    return TagTable(plain.tags, plain.groups, plain.seen, slope, intercept, tuple(calibrated_on), pooled), note


def tag_prototypes(tags: Sequence[str], trained: TrainedModel) -> tuple[np.ndarray, np.ndarray]:
    """Return the unit vectors of tags in the joint space, (T, D), and which tags have one; the others are zero."""
    vectors = trained.words.of_tags(tags)
    unit_TD = unit_rows(trained.encode_words(vectors.vectors)) * vectors.known[:, None]
    return unit_TD.astype(np.float32), vectors.known


def platt(cosine_M: np.ndarray, label_M: np.ndarray) -> tuple[float, float]:
    """Return slope and intercept from cosines to probabilities, by Platt's logistic fit with smoothed targets.

    A tag that ranks worse than chance gets slope 0: the probability is its share of positives for every cosine.

    Examples:
        >>> cosine = np.array([-0.5, -0.2, 0.1, 0.3, 0.6, 0.8])
        >>> slope, intercept = platt(cosine, cosine > 0)
        >>> slope > 0, bool(1 / (1 + np.exp(-(slope * 0.8 + intercept))) > 0.5)
        (True, True)
    """
    positives, negatives = int(label_M.sum()), int((~label_M).sum())
    high, low = (positives + 1) / (positives + 2), 1 / (negatives + 2)
    target_M = np.where(label_M, high, low)
    # a soft target is a positive and a negative example, weighted by their shares
    fit = LogisticRegression(C=1e6).fit(
        np.tile(cosine_M, 2)[:, None],
        np.repeat([1, 0], len(cosine_M)),
        np.concatenate([target_M, 1 - target_M]),
    )
    slope, intercept = float(fit.coef_[0, 0]), float(fit.intercept_[0])
    if slope > 0:
        return slope, intercept
    share = float(target_M.mean())
    return 0.0, float(np.log(share / (1 - share)))
