"""Map of the tracks and tags of a library, computed once and stored in the library's folder.

Shape suffixes: N tracks, P tracks on the plane, S tags on the plane, D dimensions.
"""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mwe.core.files import atomic_write
from mwe.core.plane import method, projected
from mwe.page.tag_order import ranked_tags
from mwe.search import Library
from mwe.search.tag_table import unit_rows

FILE = "map.npz"
MAX_TRACKS, MAX_TAGS = 2000, 300
SEED = 0
MIN_POINTS = 4  # fewer points are not projected


class Plane(NamedTuple):
    """A map.

    Attributes:
        rows_P: Rows of the library.
        track_P2: Positions of the tracks, -1 to 1.
        tags_S: Rows of the library's table of tags.
        tag_S2: Positions of the tags.
        method: Method of the projection.
    """

    rows_P: np.ndarray
    track_P2: np.ndarray
    tags_S: np.ndarray
    tag_S2: np.ndarray
    method: str

    def to_dict(self, library: Library) -> dict[str, Any]:
        """Return the content for JSON, with names."""
        track_ids, artists = library.store.column("track_id"), library.store.artists
        metadata = library.store.metadata
        titles, names = (metadata.column(name) if metadata else None for name in ("title", "artist"))
        tracks = [
            {
                "row": row,
                "name": (titles[row].as_py() if titles else "") or track_ids[row].as_py(),
                "artist": (names[row].as_py() if names else "") or artists[row].as_py(),
                "x": x,
                "y": y,
            }
            for row, (x, y) in zip(self.rows_P.tolist(), self.track_P2.astype(float).round(4).tolist(), strict=True)
        ]
        tags = [
            {"name": library.tags.tags[tag], "group": library.tags.groups[tag], "x": x, "y": y}
            for tag, (x, y) in zip(self.tags_S.tolist(), self.tag_S2.astype(float).round(4).tolist(), strict=True)
        ]
        return {"tracks": tracks, "tags": tags, "method": self.method, "of": len(library)}


def plane_of(library: Library, max_tracks: int = MAX_TRACKS) -> Plane:
    """Return the map of a library, from its folder if the same points were projected before.

    A large library is shown by an evenly spaced sample of its tracks and its most frequent tags.

    Args:
        library: The library.
        max_tracks: Maximum number of tracks.
    """
    rows_P = np.linspace(0, len(library) - 1, min(len(library), max_tracks)).astype(np.int64)
    prototype_TD, known_T = library.prototypes
    ranked = ranked_tags(library)
    tags_S = np.sort(ranked[known_T[ranked]][:MAX_TAGS])
    track_PD = np.asarray(library.matrix_ND[rows_P], dtype=np.float32)
    tag_SD = prototype_TD[tags_S].astype(np.float32)
    digest = hashlib.sha256(repr((method(), SEED, track_PD.shape, tag_SD.shape)).encode())
    for part in (rows_P, tags_S, track_PD, tag_SD):
        digest.update(np.ascontiguousarray(part).tobytes())
    path, key = library.root / FILE, digest.hexdigest()
    positions = _stored(path, key, len(rows_P) + len(tags_S))
    if positions is None:
        print(
            f"computing the map of {len(rows_P):,} tracks and {len(tags_S):,} tags by {method()}, once for the library"
        )
        # tracks and tags are apart in the joint space, so both are centred
        positions = spread(np.concatenate([_centred(track_PD), _centred(tag_SD)]))
        _store(path, key, positions)
    return Plane(rows_P, positions[: len(rows_P)], tags_S, positions[len(rows_P) :], method())


def spread(point_ND: np.ndarray) -> np.ndarray:
    """Return positions on the plane, float32 (N, 2), each coordinate from -1 to 1.

    Args:
        point_ND: Points, projected by their cosines.
    """
    count = len(point_ND)
    if count < MIN_POINTS:
        turn_N = np.arange(count) * 2 * np.pi / max(count, 1)
        return np.stack([np.cos(turn_N), np.sin(turn_N)], axis=1).astype(np.float32)
    # noise separates equal points
    point_ND = point_ND + np.random.default_rng(SEED).normal(0, 1e-3, point_ND.shape).astype(np.float32)
    position_N2 = projected(point_ND, SEED)
    low_2, high_2 = position_N2.min(axis=0), position_N2.max(axis=0)
    return np.asarray(2 * (position_N2 - low_2) / np.maximum(high_2 - low_2, 1e-9) - 1, dtype=np.float32)


def _centred(row_ND: np.ndarray) -> np.ndarray:
    return unit_rows(row_ND - row_ND.mean(axis=0)) if len(row_ND) else row_ND


def _stored(path: Path, key: str, count: int) -> np.ndarray | None:
    """Return positions stored for the same points, or None."""
    try:
        with np.load(path, allow_pickle=False) as file:
            positions: np.ndarray = file["places"]
            same = str(file["key"]) == key and positions.shape == (count, 2)
    except Exception:  # no map or a damaged one, which can raise any error: compute it again
        return None
    return positions if same else None


def _store(path: Path, key: str, positions: np.ndarray) -> None:
    try:
        with atomic_write(path) as temporary:
            np.savez(temporary, key=np.array(key), places=positions)
    except OSError as error:
        print(f"the map cannot be stored and is computed every time: {error}")
