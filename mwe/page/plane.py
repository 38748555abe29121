"""Tracks and tags of a library on one plane, laid out once and kept in the library's folder.

Shape suffixes: N tracks, P tracks on the plane, S tags on the plane, D dimensions.
"""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mwe.core.files import atomic_write
from mwe.core.plane import laid_out, method
from mwe.search import Library
from mwe.search.tags import unit_rows

FILE = "map.npz"
MOST_TRACKS, MOST_TAGS = 2000, 300
SEED = 0
LEAST = 4  # points below which there is nothing to lay out


class Plane(NamedTuple):
    """A map.

    Attributes:
        rows_P: Rows of the library.
        track_P2: Their places, -1 to 1.
        tags_S: Places of the tags in the library's table of tags.
        tag_S2: Their places on the map.
        method: How it was laid out.
    """

    rows_P: np.ndarray
    track_P2: np.ndarray
    tags_S: np.ndarray
    tag_S2: np.ndarray
    method: str

    def to_dict(self, library: Library) -> dict[str, Any]:
        """As JSON holds it, with the names."""
        track_ids, artists = library.column("track_id"), library.artists
        tracks = [
            {"row": row, "name": track_ids[row].as_py(), "artist": artists[row].as_py(), "x": x, "y": y}
            for row, (x, y) in zip(self.rows_P.tolist(), self.track_P2.astype(float).round(4).tolist(), strict=True)
        ]
        tags = [
            {"name": library.tags.tags[tag], "group": library.tags.groups[tag], "x": x, "y": y}
            for tag, (x, y) in zip(self.tags_S.tolist(), self.tag_S2.astype(float).round(4).tolist(), strict=True)
        ]
        return {"tracks": tracks, "tags": tags, "method": self.method, "of": len(library)}


def plane_of(library: Library, most_tracks: int = MOST_TRACKS) -> Plane:
    """The map of a library, from its folder where the same points have been laid out before.

    A large library shows an evenly spaced sample of its tracks, and the tags that most tracks have.

    Args:
        library: The library.
        most_tracks: At most so many tracks.
    """
    rows_P = np.linspace(0, len(library) - 1, min(len(library), most_tracks)).astype(np.int64)
    prototype_TD, known_T = library.prototypes
    counts_T = np.bincount(library.column("tags").values.to_numpy(), minlength=len(library.tags))
    ranked = np.argsort(-counts_T, kind="stable")
    tags_S = np.sort(ranked[known_T[ranked]][:MOST_TAGS])
    track_PD = np.asarray(library.matrix_ND[rows_P], dtype=np.float32)
    tag_SD = prototype_TD[tags_S].astype(np.float32)
    digest = hashlib.sha256(repr((method(), SEED, track_PD.shape, tag_SD.shape)).encode())
    for part in (rows_P, tags_S, track_PD, tag_SD):
        digest.update(np.ascontiguousarray(part).tobytes())
    path, key = library.root / FILE, digest.hexdigest()
    places = _kept(path, key, len(rows_P) + len(tags_S))
    if places is None:
        print(
            f"laying out the map of {len(rows_P):,} tracks and {len(tags_S):,} tags by {method()}, once for the library"
        )
        # tracks and tags lie on two shells of the joint space, so both clouds are centred
        places = spread(np.concatenate([_centred(track_PD), _centred(tag_SD)]))
        _keep(path, key, places)
    return Plane(rows_P, places[: len(rows_P)], tags_S, places[len(rows_P) :], method())


def spread(point_ND: np.ndarray) -> np.ndarray:
    """Places on the plane, float32 (N, 2), each coordinate from -1 to 1.

    Args:
        point_ND: Points whose cosines are to be kept.
    """
    count = len(point_ND)
    if count < LEAST:
        turn_N = np.arange(count) * 2 * np.pi / max(count, 1)
        return np.stack([np.cos(turn_N), np.sin(turn_N)], axis=1).astype(np.float32)
    # equal points have no direction to part in
    point_ND = point_ND + np.random.default_rng(SEED).normal(0, 1e-3, point_ND.shape).astype(np.float32)
    place_N2 = laid_out(point_ND, SEED)
    low_2, high_2 = place_N2.min(axis=0), place_N2.max(axis=0)
    return np.asarray(2 * (place_N2 - low_2) / np.maximum(high_2 - low_2, 1e-9) - 1, dtype=np.float32)


def _centred(row_ND: np.ndarray) -> np.ndarray:
    return unit_rows(row_ND - row_ND.mean(axis=0)) if len(row_ND) else row_ND


def _kept(path: Path, key: str, count: int) -> np.ndarray | None:
    """Places that were laid out before for the same points; nothing where there are none."""
    try:
        with np.load(path, allow_pickle=False) as file:
            places: np.ndarray = file["places"]
            same = str(file["key"]) == key and places.shape == (count, 2)
    except Exception:  # no map, or a damaged one, which raises anything: it is made anew
        return None
    return places if same else None


def _keep(path: Path, key: str, places: np.ndarray) -> None:
    try:
        with atomic_write(path) as temporary:
            np.savez(temporary, key=np.array(key), places=places)
    except OSError as error:
        print(f"the map cannot be kept, it is laid out anew each time: {error}")
