"""Tags of a library: names, groups, whether they were in training, and the calibration of their scores.

Shape suffixes: N tracks, T tags.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mwe.search.layout import TAGS
from mwe.words import WordVectors

OWN, POOLED, NONE = "its own validation tracks", "validation tracks of all tags", ""
_POOLED = b"pooled"


@dataclass(frozen=True)
class TagTable:
    """Tags, and the calibration of cosines to probabilities: ``1 / (1 + exp(-(slope * cosine + intercept)))``.

    Args:
        tags: Names, T of them.
        groups: Group of each tag, such as ``genre``; empty if unknown.
        seen: Whether each tag was in training; None if unknown.
        slope: Slopes, float32 (T,); NaN without calibration.
        intercept: Intercepts, float32 (T,); NaN without calibration.
        calibrated_on: Data of the calibration of each tag; empty without calibration.
        pooled: Slope and intercept over all tags, for tags without a separate calibration; NaN if there is none.

    Examples:
        >>> on, off = np.float32([4.0, np.nan]), np.float32([0.0, np.nan])
        >>> table = TagTable(("calm", "live"), ("mood", ""), (True, False), on, off, (OWN, NONE))
        >>> table.probabilities(np.array([[0.0, 0.5]])).tolist()
        [[0.5, nan]]
    """

    tags: tuple[str, ...]
    groups: tuple[str, ...]
    seen: tuple[bool | None, ...]
    slope: np.ndarray
    intercept: np.ndarray
    calibrated_on: tuple[str, ...]
    pooled: tuple[float, float] = (float("nan"), float("nan"))

    def __len__(self) -> int:
        return len(self.tags)

    def probabilities(self, cosine_NT: np.ndarray) -> np.ndarray:
        """Return the calibrated scores of cosines, (N, T); NaN for tags without calibration."""
        from scipy.special import expit  # here, since searching needs nothing of SciPy

        return np.asarray(expit(self.slope * cosine_NT + self.intercept))

    def with_tags(self, tags: Sequence[str], groups: dict[str, str]) -> "TagTable":
        """Return the table with additional tags at its end, not in training, or unknown as the others are."""
        known = set(self.tags)
        seen = False if any(value is not None for value in self.seen) else None
        new = [tag for tag in dict.fromkeys(tags) if tag not in known]
        slope, intercept = (np.full(len(new), value, np.float32) for value in self.pooled)
        return TagTable(
            (*self.tags, *new),
            (*self.groups, *(groups.get(tag, "") for tag in new)),
            (*self.seen, *(seen for _ in new)),
            np.append(self.slope, slope),
            np.append(self.intercept, intercept),
            (*self.calibrated_on, *(NONE if np.isnan(self.pooled[0]) else POOLED for _ in new)),
            self.pooled,
        )

    def to_table(self) -> pa.Table:
        """Return the content as an Arrow table."""
        columns = [self.tags, self.groups, self.seen, self.slope, self.intercept, self.calibrated_on]
        arrays = [pa.array(column, item.type) for column, item in zip(columns, TAGS, strict=True)]
        return pa.table(arrays, schema=TAGS.with_metadata({_POOLED: json.dumps(self.pooled)}))

    @classmethod
    def of_table(cls, table: pa.Table) -> "TagTable":
        """Return the tags of an Arrow table from ``to_table``."""
        tags, groups, seen, slope, intercept, on = (table[name] for name in TAGS.names)
        pooled = json.loads((table.schema.metadata or {}).get(_POOLED, b"[NaN, NaN]"))
        return cls(
            tuple(tags.to_pylist()),
            tuple(groups.to_pylist()),
            tuple(seen.to_pylist()),
            # not `to_numpy` of Arrow, which imports pandas where it is installed
            np.array(slope.to_pylist(), dtype=np.float32),
            np.array(intercept.to_pylist(), dtype=np.float32),
            tuple(on.to_pylist()),
            (float(pooled[0]), float(pooled[1])),
        )


def library_prototypes(tags: Sequence[str], words: WordVectors) -> tuple[np.ndarray, np.ndarray]:
    """Return the unit vectors of tags, (T, D), and which tags have one, from word vectors in the joint space."""
    vectors = words.of_tags(tags)
    return unit_rows(vectors.vectors), vectors.known


def unit_rows(row_TD: np.ndarray) -> np.ndarray:
    """Return the rows scaled to length 1; rows of zeros stay.

    Examples:
        >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
        [[0.6, 0.8], [0.0, 0.0]]
    """
    length_T1 = np.linalg.norm(row_TD.astype(np.float64), axis=1, keepdims=True)  # squares of float32 can overflow
    unit_TD: np.ndarray = (row_TD / np.where(length_T1 > 0, length_T1, 1)).astype(row_TD.dtype)
    return unit_TD
