"""The choice of a playlist's tracks: nearest to a query, or on a path, of a given length.

Shape suffixes: N tracks of the library, D dimensions, K candidates, M candidates of a path.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from mwe.core.errors import BadRequestError
from mwe.search.artist_spacing import artist_codes, spaced
from mwe.search.asked import Asked, ask
from mwe.search.filters import Filters
from mwe.search.grammar import Term
from mwe.search.library import Library
from mwe.search.playlist_request import LONGEST_PATH, PlaylistRequest
from mwe.search.sound_path import candidates, shortest_paths

CONSIDERED = 5000  # nearest tracks that a playlist is chosen from
SHORTFALL = 0.5  # share of a track's length by which whole tracks may miss the minutes, without a note


class ChosenTracks(NamedTuple):
    """Tracks of a playlist, in order.

    Attributes:
        rows: Their rows.
        scores: Cosine of each with the query, or with the track before it; None without.
        terms: What they were chosen by, with weights.
        notes: Notes about what was not reached.
    """

    rows: list[int]
    scores: list[float | None]
    terms: tuple[tuple[float, str], ...]
    notes: tuple[str, ...] = ()


def nearest_tracks(library: Library, request: PlaylistRequest, asked: Asked, allowed_N: np.ndarray) -> ChosenTracks:
    """Return the tracks nearest to a query, or those that meet its conditions, in the order of the library.

    Raises:
        BadRequestError: No track is left.
    """
    rows_K, score_K = _ranked(library, request, asked, allowed_N)
    reasons = [f"{int(allowed_N.sum()):,} may be in it"]
    if request.least is not None:
        if score_K is None:
            raise BadRequestError("--least compares with a query; a query of conditions alone has no likeness")
        rows_K, score_K = rows_K[score_K >= request.least], score_K[score_K >= request.least]
        reasons.append(f"{len(rows_K):,} have a likeness of {request.least:g} or more")
    codes_K, second_K = artist_codes(_artists(library, rows_K)), _seconds(library, rows_K)
    ranks = np.arange(len(rows_K))
    if request.per_artist is not None:
        ranks = np.array([*_limited(codes_K, request.per_artist)], dtype=np.int64)
        reasons.append(f"{len(ranks):,} are within --per_artist {request.per_artist}")
    ranks = ranks[_of_length(codes_K[ranks], second_K[ranks], request)]
    if not len(ranks):
        raise BadRequestError(f"no track is left: {', '.join(reasons)}. Loosen the query, its conditions or --least.")
    reasons += ["no artist may follow itself"] if request.artists_apart else []
    rows = rows_K[ranks].tolist()
    library.vectors(rows)  # checks the rows, since a damaged row can rank high
    scores = [None] * len(rows) if score_K is None else score_K[ranks].tolist()
    return ChosenTracks(rows, scores, asked.understood, tuple(_shorter(request, second_K[ranks], reasons)))


def path_tracks(library: Library, request: PlaylistRequest, asked: Asked, allowed_N: np.ndarray) -> ChosenTracks:
    """Return the tracks of a path; see ``shortest_paths``.

    Raises:
        BadRequestError: The query has terms, both ends are the same track, or there is no path.
    """
    if asked.terms:
        raise BadRequestError("a path takes conditions in its query, such as genre:jazz, and no other terms")
    assert request.start is not None
    assert request.end is not None
    first, begins = _end(library, request.start, allowed_N)
    if first >= 0:
        allowed_N[first] = False
    last, ends = _end(library, request.end, allowed_N)
    if first < 0 or last < 0:
        raise BadRequestError("no track is left for the ends of the path. Loosen the conditions.")
    if first == last:
        raise BadRequestError(f"the path begins and ends with the same track, {library.row(first)['track_id']!r}")
    allowed_N[last] = False
    end_2D = library.vectors([first, last])
    between = candidates(library.search_method, end_2D[0], end_2D[1], allowed_N)
    rows_M = np.array([first, last, *between.tolist()])
    second_M = _seconds(library, rows_M)
    vector_MD = library.vectors(rows_M)
    codes_M = artist_codes(_artists(library, rows_M)) if request.artists_apart else None
    paths = shortest_paths(vector_MD, codes_M, _longest(request, second_M), request.least)
    if not paths:
        least = "" if request.least is None else f" with steps of a likeness of {request.least:g} or more"
        raise BadRequestError(f"no path{least} from {begins!r} to {ends!r}. Lower --least, or loosen the conditions.")
    length = max(paths) if request.minutes is None else _nearest_length(paths, second_M, 60 * request.minutes)
    path = paths[length]
    steps = np.einsum("md,md->m", vector_MD[path[:-1]], vector_MD[path[1:]]).tolist()
    reasons = [f"{len(between):,} tracks may lie between, and every step leads on"]
    reasons += ["no artist may follow itself"] if request.artists_apart else []
    notes = tuple(_shorter(request, second_M[path], reasons))
    return ChosenTracks(rows_M[path].tolist(), [None, *steps], ((1.0, f"from {begins}"), (1.0, f"to {ends}")), notes)


def _ranked(
    library: Library, request: PlaylistRequest, asked: Asked, allowed_N: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return candidates, the best first, and their cosines with the query; None without a query to compare with."""
    possible, most = int(allowed_N.sum()), max(CONSIDERED, 4 * (request.most or 0))
    if asked.vector_D is None:
        return np.flatnonzero(allowed_N)[:most], None
    if not possible or not asked.vector_D.any():
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    nearest = library.search_method.nearest(asked.vector_D[None], min(most, possible), allowed_N)
    known_K = nearest.rows_QK[0] >= 0
    return nearest.rows_QK[0][known_K], nearest.scores_QK[0][known_K]


def _limited(codes_K: np.ndarray, per_artist: int) -> Iterator[int]:
    """Return the ranks that remain with the limit of tracks per artist."""
    counts = Counter[int]()
    for rank, artist in enumerate(codes_K.tolist()):
        counts[artist] += 1
        if counts[artist] <= per_artist:
            yield rank


def _of_length(codes_K: np.ndarray, second_K: np.ndarray, request: PlaylistRequest) -> list[int]:
    """Return ranks in order, as many as asked for, or as many as come nearest to the minutes."""
    most = len(codes_K) if request.most is None else min(request.most, len(codes_K))
    if request.minutes is None:
        return spaced(codes_K, most) if request.artists_apart else list(range(most))
    asked_for, count = 60 * request.minutes, 16
    while True:  # until there are tracks enough
        order = spaced(codes_K, min(count, most)) if request.artists_apart else list(range(min(count, most)))
        total_K = np.cumsum(second_K[order])
        if not len(order) or total_K[-1] >= asked_for or count >= most:
            break
        count *= 2
    return order[: int(np.abs(total_K - asked_for).argmin()) + 1] if order else []


def _end(library: Library, text: str, allowed_N: np.ndarray) -> tuple[int, str]:
    """Return the track at an end of a path, -1 if there is none, and its ID.

    The text is the ID or file name of a track, an audio file, or a query, whose nearest track is taken.
    """
    row, path = library.row_of(text), Path(text).expanduser()
    if row is None:
        of_file = [Term("file", str(path))] if path.is_file() else text
        asked = ask(library.store, of_file, Filters())
        if asked.vector_D is None:
            raise BadRequestError(f"{text!r} has only conditions; the end of a path needs a track, a file or words")
        rows = [row for meaning in asked.meanings for row in meaning.rows]
        if len(rows) == 1 and len(asked.terms) == 1 and asked.terms[0].kind == "track":
            row = rows[0]
        else:
            allowed_N = allowed_N if asked.allowed_N is None else allowed_N & asked.allowed_N
            row = _nearest(library, asked.vector_D, allowed_N)
    return row, "" if row < 0 else str(library.row(row)["track_id"])


def _nearest(library: Library, vector_D: np.ndarray, allowed_N: np.ndarray) -> int:
    """Return the row nearest to a vector, -1 if none may be or the vector has no direction."""
    if not allowed_N.any() or not vector_D.any():
        return -1
    return int(library.search_method.nearest(vector_D[None], 1, allowed_N).rows_QK[0][0])


def _longest(request: PlaylistRequest, second_M: np.ndarray) -> int:
    """Return the largest number of tracks of a path."""
    if request.most is not None:
        return request.most
    assert request.minutes is not None
    return min(LONGEST_PATH, math.ceil(120 * request.minutes / max(float(second_M.mean()), 1.0)) + 2)


def _nearest_length(paths: dict[int, list[int]], second_M: np.ndarray, seconds: float) -> int:
    return min(paths, key=lambda length: (abs(float(second_M[paths[length]].sum()) - seconds), length))


def _shorter(request: PlaylistRequest, seconds: np.ndarray, reasons: Sequence[str]) -> Iterator[str]:
    """Yield a note if there is less than asked for."""
    because = ", ".join(reasons)
    if request.minutes is None and request.most is not None and len(seconds) < request.most:
        yield f"{len(seconds):,} instead of {request.most:,} tracks: {because}"
    reached, most = float(seconds.sum()), request.most
    missed = 60 * (request.minutes or 0) - reached > SHORTFALL * float(seconds.max())
    if request.minutes is not None and missed and (most is None or len(seconds) < most):
        yield f"{reached / 60:.1f} instead of {request.minutes:g} minutes: {because}"


def _artists(library: Library, rows: np.ndarray) -> list[str]:
    return [artist or "" for artist in library.store.artists.take(pa.array(rows)).to_pylist()]


def _seconds(library: Library, rows: np.ndarray) -> np.ndarray:
    second: np.ndarray = library.store.column("seconds").take(pa.array(rows)).to_numpy(zero_copy_only=False)
    return second.astype(np.float64)
