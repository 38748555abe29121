"""Popularity: tags by their number of training documents, independent of the revealed tags."""

import numpy as np

from siamese_tags.masked.rules.rule import Bools, Floats


class Popularity:
    """Row "Popularity"."""

    query_only = False
    frequency_T: Floats

    def fit(self, train_DT: Bools) -> None:
        """Count the documents of each tag."""
        self.frequency_T = train_DT.sum(axis=0).astype(np.float64)

    def score(self, revealed_DT: Bools) -> Floats:
        """Return the same frequencies for every document."""
        return np.tile(self.frequency_T, (len(revealed_DT), 1))
