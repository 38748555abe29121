"""A direction of the joint space from a few example tracks: ridge regression with the word of the tag as its prior.

Shape suffixes: N tracks, D dimensions, E examples.
"""

import numpy as np
import numpy.typing as npt
import scipy.linalg

from mwe.search.tag_table import unit_rows

Vectors = npt.NDArray[np.float64]

WORD_COUNTS = 1.0
"""Examples that the word of a tag counts for."""

RIDGE = 10.0
"""Penalty, in units of the mean variance of the tracks."""


class ExampleLearner:
    """Learns directions from examples among the tracks of a library.

    The targets of the regression are 1 for examples, -1 for counter-examples and 0 for all other tracks, which have no
    label: few of them have the tag, and all of them tell how tracks vary. Its solution is ``inv(C + r I) m``: ``C`` is
    the covariance of the tracks, ``r`` the penalty and ``m`` the sum of the examples less the mean track. Without
    examples the word of the tag is the solution, and it weighs as much as some examples do.

    Args:
        track_ND: Unit vectors of the library's tracks, or of a sample of them.
        ridge: Penalty, in units of the mean variance of the tracks.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> track_ND = unit_rows(rng.standard_normal((200, 8)) + 1)
        >>> learner = ExampleLearner(track_ND)
        >>> learnt_D = learner.direction(track_ND[:3])
        >>> round(float(np.linalg.norm(learnt_D)), 6), bool((track_ND[:3] @ learnt_D).min() > 0)
        (1.0, True)
    """

    def __init__(self, track_ND: np.ndarray, ridge: float = RIDGE) -> None:
        sample_ND = np.asarray(track_ND, dtype=np.float64)
        self.mean_D: Vectors = sample_ND.mean(axis=0)
        centred_ND = sample_ND - self.mean_D
        self._covariance_DD: Vectors = centred_ND.T @ centred_ND / len(sample_ND)
        variance = float(np.trace(self._covariance_DD)) / sample_ND.shape[1]
        penalty = ridge * max(variance, np.finfo(np.float64).tiny)
        self._penalised = scipy.linalg.cho_factor(self._covariance_DD + penalty * np.eye(sample_ND.shape[1]))

    def direction(
        self,
        example_ED: np.ndarray,
        counter_ED: np.ndarray | None = None,
        word_D: np.ndarray | None = None,
        word_counts: float = WORD_COUNTS,
    ) -> npt.NDArray[np.float32]:
        """Return the unit vector of a tag, (D,).

        Args:
            example_ED: Unit vectors of tracks that have the tag.
            counter_ED: Unit vectors of tracks that do not have it, though they may seem to.
            word_D: Vector of the word; None if it is not known.
            word_counts: Examples that the word counts for.
        """
        learnt_D = self.of_examples(example_ED, counter_ED)
        if word_D is not None:
            examples = len(example_ED) + (0 if counter_ED is None else len(counter_ED))
            learnt_D = examples * learnt_D + word_counts * self.scaled(word_D)
        direction_D: npt.NDArray[np.float32] = unit_rows(learnt_D[None])[0].astype(np.float32)
        return direction_D

    def of_examples(self, example_ED: np.ndarray, counter_ED: np.ndarray | None = None) -> Vectors:
        """Return the solution without a word, (D,); the scores of the tracks have a standard deviation of 1."""
        signed_D = (example_ED - self.mean_D).sum(axis=0)
        if counter_ED is not None:
            signed_D = signed_D - (counter_ED - self.mean_D).sum(axis=0)
        return self.scaled(scipy.linalg.cho_solve(self._penalised, signed_D))

    def scaled(self, direction_D: np.ndarray) -> Vectors:
        """Return a direction by which the scores of the tracks have a standard deviation of 1."""
        direction_D = np.asarray(direction_D, dtype=np.float64)
        variance = float(direction_D @ self._covariance_DD @ direction_D)
        deviation = variance**0.5 if variance > 0 else 0.0
        return direction_D / deviation if deviation > 0 else direction_D
