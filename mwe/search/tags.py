"""Tags of a library: what they are called, whether the model heard them in training, what their scores mean.

Shape suffixes: N tracks, T tags.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.special import expit

from mwe.search.layout import TAGS
from mwe.words import WordVectors

OWN, POOLED, NONE = "its own validation tracks", "validation tracks of all tags", ""
_POOLED = b"pooled"


@dataclass(frozen=True)
class TagTable:
    """Tags and how their cosines become probabilities: ``1 / (1 + exp(-(slope * cosine + intercept)))``.

    Args:
        tags: Names, T of them.
        groups: Group of each, such as ``genre``; empty where unknown.
        seen: Whether it was among the tags of training; None where that is not known.
        slope: float32 (T,); NaN where there is no calibration.
        intercept: float32 (T,); NaN where there is none.
        calibrated_on: What each was calibrated on; empty for nothing.
        pooled: Slope and intercept of all tags together, for tags without a calibration of their own; NaN for none.
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
        """Calibrated scores of cosines, (N, T); NaN where a tag has no calibration."""
        return np.asarray(expit(self.slope * cosine_NT + self.intercept))

    def with_tags(self, tags: Sequence[str], groups: dict[str, str]) -> "TagTable":
        """The table with further tags at its end, which training did not have."""
        known = set(self.tags)
        new = [tag for tag in dict.fromkeys(tags) if tag not in known]
        slope, intercept = (np.full(len(new), value, np.float32) for value in self.pooled)
        return TagTable(
            (*self.tags, *new),
            (*self.groups, *(groups.get(tag, "") for tag in new)),
            (*self.seen, *(False if self.tags else None for _ in new)),
            np.append(self.slope, slope),
            np.append(self.intercept, intercept),
            (*self.calibrated_on, *(NONE if np.isnan(self.pooled[0]) else POOLED for _ in new)),
            self.pooled,
        )

    def to_table(self) -> pa.Table:
        """As a table of Arrow."""
        columns = [self.tags, self.groups, self.seen, self.slope, self.intercept, self.calibrated_on]
        arrays = [pa.array(column, one.type) for column, one in zip(columns, TAGS, strict=True)]
        return pa.table(arrays, schema=TAGS.with_metadata({_POOLED: json.dumps(self.pooled)}))

    @classmethod
    def of_table(cls, table: pa.Table) -> "TagTable":
        """Undoes ``to_table``."""
        tags, groups, seen, slope, intercept, on = (table[name] for name in TAGS.names)
        pooled = json.loads((table.schema.metadata or {}).get(_POOLED, b"[NaN, NaN]"))
        return cls(
            tuple(tags.to_pylist()),
            tuple(groups.to_pylist()),
            tuple(seen.to_pylist()),
            slope.to_numpy().astype(np.float32),
            intercept.to_numpy().astype(np.float32),
            tuple(on.to_pylist()),
            (float(pooled[0]), float(pooled[1])),
        )


def library_prototypes(tags: Sequence[str], words: WordVectors) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors of tags, (T, D), and which have one, from word vectors that are in the joint space already."""
    found = words.of_tags(tags)
    return unit_rows(found.vectors), found.known


def unit_rows(row_TD: np.ndarray) -> np.ndarray:
    """Rows at length 1; a row of zeros stays one."""
    length_T1 = np.linalg.norm(row_TD.astype(np.float64), axis=1, keepdims=True)  # squares of float32 can overflow
    unit_TD: np.ndarray = (row_TD / np.where(length_T1 > 0, length_T1, 1)).astype(row_TD.dtype)
    return unit_TD
