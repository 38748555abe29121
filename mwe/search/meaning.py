"""A term of a query as a vector of the joint space."""

from typing import NamedTuple

import numpy as np


class Meaning(NamedTuple):
    """A term in the joint space.

    Attributes:
        vector_D: Unit vector, float32.
        rows: Rows of the library that are the query itself, and therefore not answers.
        understood: Description of how the term was understood.
        notes: Notes about what was left out, and why.
        sound: Whether the vector is of audio instead of text.
        approximated: Words with an approximate vector.
    """

    vector_D: np.ndarray
    rows: tuple[int, ...]
    understood: str
    notes: tuple[str, ...] = ()
    sound: bool = False
    approximated: tuple[str, ...] = ()
