"""What the towers would hear of a document: evidence of their classes, simulated at their published error rates.

Nothing here has heard anything. A document says which tags a track has; a tower that ranks tracks by a class with an
area A under the ROC curve is as good as a Gaussian observer, whose evidence of tracks with the class lies
d' = √2 Φ⁻¹(A) standard deviations above that of others (Green & Swets, 1966).

Shape suffixes: N documents, T tags, C classes of the towers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from mwe.encoders.weights import published_tags
from mwe.open_model.spelling import TagSpelling
from mwe.tracks import TrackTags

COLLECTIONS = ("msd", "mtt")
# mean ROC-AUC of musicnn on the test tracks (Pons & Serra, 2019, table 1)
PUBLISHED_AUC = {"msd": 0.8801, "mtt": 0.9069}
# classes that mean the same: whoever has one of a row sounds like all of it
SAME = (
    ("female", "woman", "female vocal", "female voice", "female vocalists", "female vocalist", "female singer"),
    ("male", "man", "male vocal", "male voice", "male vocalists", "male singer"),
    ("beat", "beats"),
    ("classic", "classical"),
    ("chill", "chill out", "chillout"),
)
SUNG = ("vocal", "vocals", "voice", "singing")
ABSENCES = ("no vocals", "no vocal", "no voice")
COUNTED, RANGE, TEMPER = 5, (-1.5, 3.0), 0.5  # of the naive Bayes estimate: prior counts, bounds of a tag's log-odds
LEAST_SHARE = 0.02


@dataclass(frozen=True)
class Hearing:
    """The classes of the towers, and what they would hear of documents.

    Args:
        classes: Names of the classes, C of them.
        prior_C: Log-odds of the frequency of each in the towers' training data.
        used_C: Whether it is used: what tells of an absence is not.
        strength_C: d' of each.
        stated_NC: Whether the documents state it, or a tag that means the same; 0 or 1.
        expected_NC: How probable it is by the other tags of the documents; people do not tag all that they hear.
    """

    classes: tuple[str, ...]
    prior_C: np.ndarray
    used_C: np.ndarray
    strength_C: np.ndarray
    stated_NC: np.ndarray
    expected_NC: np.ndarray

    def evidence(self, rows: np.ndarray, rng: np.random.Generator, trust: float) -> np.ndarray:
        """Draw the evidence of some documents, float32 (rows, C): log-odds after listening less those before.

        Args:
            rows: The documents.
            rng: Where the noise comes from.
            trust: Share of the expected classes that count as heard, from 0 (only what is stated) to 1.
        """
        present = np.maximum(self.stated_NC[rows], trust * self.expected_NC[rows])
        signal = self.strength_C * present + rng.standard_normal(present.shape, dtype=np.float32)
        evidence = (self.strength_C * signal - self.strength_C**2 / 2) * self.used_C
        return np.asarray(evidence, dtype=np.float32)


def hearing_of(documents: TrackTags, shares: Mapping[str, Mapping[str, float]], spelling: TagSpelling) -> Hearing:
    """Prepare the simulation for documents.

    Args:
        documents: Tag documents.
        shares: By collection of towers, the share of its tracks that each class has.
        spelling: Spelling of the tags.
    """
    named = [(collection, tag) for collection in COLLECTIONS for tag in published_tags(collection)]
    classes = tuple(tag for _, tag in named)
    spelt = tuple(spelling(tag) for tag in classes)
    share_C = np.array([shares[collection][spelling(tag)] for collection, tag in named])
    strength_C = np.array([np.sqrt(2) * norm.ppf(PUBLISHED_AUC[collection]) for collection, _ in named])
    return Hearing(
        classes,
        logit(share_C).astype(np.float32),
        np.array([tag not in ABSENCES for tag in spelt]),
        strength_C.astype(np.float32),
        _stated(documents, spelt),
        _expected(documents, spelt),
    )


def _stated(documents: TrackTags, classes: Sequence[str]) -> np.ndarray:
    column_of = {tag: column for column, tag in enumerate(documents.tags)}
    stated_NC = np.zeros((len(documents.track_ids), len(classes)), dtype=np.float32)
    for index, tag in enumerate(classes):
        meant = {tag, *(other for row in SAME if tag in row for other in row)}
        if tag in SUNG:  # who tells that a woman sings tells of a voice
            meant |= {*SUNG, *SAME[0], *SAME[1]}
        columns = [column_of[name] for name in sorted(meant) if name in column_of]
        stated_NC[:, index] = np.asarray(documents.matrix[:, columns].sum(axis=1)).ravel() > 0
    return stated_NC


def _expected(documents: TrackTags, classes: Sequence[str]) -> np.ndarray:
    """Probability of each class by naive Bayes on the tags of a document, tempered because tags are not independent."""
    stated_NT = documents.matrix.astype(np.float64)
    count = len(documents.track_ids)
    count_T = np.asarray(stated_NT.sum(axis=0)).ravel()
    share_T = np.maximum(count_T, 0.5) / count
    column_of = {tag: column for column, tag in enumerate(documents.tags)}
    expected_NC = np.zeros((count, len(classes)), dtype=np.float32)
    for index, tag in enumerate(classes):
        if tag not in column_of:
            continue
        column = column_of[tag]
        with_T = np.asarray(stated_NT[stated_NT[:, [column]].nonzero()[0]].sum(axis=0)).ravel()
        ratio_T = np.log((with_T + COUNTED * share_T) / (count_T[column] + COUNTED) / share_T).clip(*RANGE)
        start = logit(max(count_T[column] / count, LEAST_SHARE))
        expected_NC[:, index] = expit(start + TEMPER * (stated_NT @ ratio_T))
    return expected_NC
