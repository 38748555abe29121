"""Sounds of a library that have a vector, so that a file with other tags, or in another place, is not embedded anew.

Shape suffixes: D dimensions.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mwe.search.store import LibraryStore


class KnownSounds(NamedTuple):
    """Rows of a library by the hash of what their vectors were made of. Processes open the matrix themselves.

    Attributes:
        row_of: Row of each hash.
        matrix_file: Matrix of the library; None if there is none.
    """

    row_of: Mapping[str, int]
    matrix_file: Path | None = None

    @classmethod
    def of(cls, library: LibraryStore | None) -> "KnownSounds":
        """Return the sounds of a library."""
        if library is None or library.metadata is None:
            return NO_SOUNDS
        hashes = library.metadata.column("sound").to_pylist()
        rows = {sound: row for row, sound in enumerate(hashes) if sound}
        return cls(rows, library.root / library.declared.matrix_file)

    def vector(self, sound: str) -> np.ndarray:
        """Return the unit vector of a sound, (D,) float32."""
        assert self.matrix_file is not None
        matrix_ND = np.load(self.matrix_file, mmap_mode="r", allow_pickle=False)
        return np.asarray(matrix_ND[self.row_of[sound]], dtype=np.float32)


NO_SOUNDS = KnownSounds({})
