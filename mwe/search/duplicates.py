"""Copies of one recording in a library: other formats, masters, lengths and names.

Near vectors give the pairs to look at, and fingerprints of the whole sound decide on each pair.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mwe.audio.cue_sheet import WHOLE
from mwe.audio.same_recording import Match, match
from mwe.audio.verdict import Verdict
from mwe.core.progress import track
from mwe.search.exact import ExactSearch, Search
from mwe.search.fingerprints import Fingerprints, TrackSound, Unread
from mwe.search.library import Library
from mwe.search.near_pairs import Links, near_pairs

NEIGHBOURS = 20
"""Nearest tracks of each track that are looked at."""

LEAST_COSINE = 0.7
"""Least cosine of two tracks that are looked at; copies that begin with other sound can lie below."""

LENGTH_RATIO = 1 / 3
"""A sound shorter than this share of another is a part of it, such as of a mix, and no copy."""

_WHOLE = 0.9  # of the longest copy; a shorter one is an edit
_LOSSLESS = ("pcm", "flac", "alac", "wavpack", "ape", "tta", "tak", "mlp", "truehd", "dsd", "wmalossless", "shorten")


class Copy(NamedTuple):
    """A copy of a recording.

    Attributes:
        track_id: The track.
        path: Its file.
        seconds: Length.
        kind: Container and codec.
        lossless: Whether the codec is lossless.
        kbit_per_s: Bit rate of the file.
        size: Bytes of the file; 0 for a part of a file.
        share: Share of the shorter of this and the best copy that they have in common; 1 for the best copy.
        agreement: Mean agreement of their fingerprints there, 0 to 1.
        offset: Seconds by which this copy begins later in the sound of the best copy.
        condition: Whether the file is ``ok``, ``damaged`` or ``truncated``.
    """

    track_id: str
    path: str
    seconds: float
    kind: str
    lossless: bool
    kbit_per_s: int
    size: int
    share: float = 1.0
    agreement: float = 1.0
    offset: float = 0.0
    condition: str = "ok"


class Duplicates(NamedTuple):
    """Duplicates of a library.

    Attributes:
        groups: Copies of each recording, the best first.
        tracks: Number of tracks of the library.
        pairs: Number of pairs of tracks that were compared by their sound.
        unread: Files that could not be compared.
    """

    groups: list[list[Copy]]
    tracks: int
    pairs: int
    unread: list[Unread]

    def to_dict(self) -> dict[str, Any]:
        """Return the content for JSON."""
        groups = [[copy._asdict() for copy in group] for group in self.groups]
        unread = [file._asdict() for file in self.unread]
        return {"groups": groups, "tracks": self.tracks, "pairs": self.pairs, "unread": unread}


def find_duplicates(library: Library, neighbours: int = NEIGHBOURS, workers: int = 2) -> Duplicates:
    """Find the copies of one recording in a library. Only files of near tracks are decoded.

    Args:
        library: The library.
        neighbours: Nearest tracks of each track that are looked at.
        workers: Decoding processes.

    Examples:
        >>> from mwe import Library
        >>> find_duplicates(Library.open("outputs/library")).groups
        []
    """
    column = library.store.column
    seconds_N = column("seconds").to_numpy(zero_copy_only=False)
    pairs = candidates(library.matrix_ND, seconds_N, neighbours, library.search_method)
    paths, ids = column("path"), column("track_id")
    sounds = {
        row: TrackSound(Path(paths[row].as_py()), float(seconds_N[row]), library.store.span(row))
        for row in sorted({row for pair in pairs for row in pair})
    }
    with Fingerprints(sounds, workers) as fingerprints:
        groups = same_recordings(pairs, fingerprints)

        def described(row: int, common: Match | None) -> Copy:
            return copy_of(ids[row].as_py(), sounds[row], fingerprints.verdicts[row], common)

        copies = [_best_first(group, fingerprints, described) for group in groups]
        return Duplicates(copies, len(library), len(pairs), fingerprints.unread)


def candidates(
    matrix_ND: np.ndarray, seconds_N: np.ndarray, neighbours: int = NEIGHBOURS, search: Search | None = None
) -> list[tuple[int, int]]:
    """Return the pairs of tracks to compare by sound: near ones, neither much shorter than the other.

    Args:
        matrix_ND: Unit vectors of the tracks.
        seconds_N: Lengths of the tracks.
        neighbours: Nearest tracks of each track that are looked at.
        search: Search in the vectors; by default an exact one.

    Examples:
        >>> candidates(np.array([[1, 0], [1, 0], [0, 1]], np.float32), np.array([60, 59, 61]))
        [(0, 1)]
    """
    pairs = near_pairs(matrix_ND, search or ExactSearch(matrix_ND), neighbours, LEAST_COSINE)
    return [
        (row, other)
        for row, other in pairs
        if min(seconds_N[row], seconds_N[other]) >= LENGTH_RATIO * max(seconds_N[row], seconds_N[other])
    ]


def same_recordings(pairs: Sequence[tuple[int, int]], fingerprints: Fingerprints) -> list[list[int]]:
    """Return groups of rows whose sounds are copies of one recording.

    Args:
        pairs: Pairs to compare.
        fingerprints: Fingerprints of their rows.
    """
    links = Links()
    for row, other in track(pairs, "comparing sounds", len(pairs)):
        if row not in fingerprints or other not in fingerprints or links.linked(row, other):
            continue
        if match(fingerprints.spectrum(row), fingerprints.spectrum(other)).same:
            links.link(row, other)
    return links.groups()


def copy_of(track_id: str, sound: TrackSound, verdict: Verdict, common: Match | None = None) -> Copy:
    """Return a description of a track as a copy of a recording.

    Args:
        track_id: The track.
        sound: Where its sound is.
        verdict: How its file was read.
        common: What it has in common with the best copy; None if it is the best.

    Examples:
        >>> copy_of("a", TrackSound(Path("a.flac"), 60.0), Verdict(60.0, "libsndfile", "flac (pcm_16)")).lossless
        True
    """
    size = sound.path.stat().st_size if sound.path.exists() else 0
    codec = verdict.kind.partition("(")[2]
    kbit_per_s = round(8 * size / verdict.seconds / 1000)
    copy = Copy(
        track_id,
        str(sound.path),
        round(sound.seconds, 2),
        verdict.kind,
        codec.startswith(_LOSSLESS),
        kbit_per_s,
        size if sound.span == WHOLE else 0,
        condition=verdict.condition,
    )
    if common is None:
        return copy
    return copy._replace(
        share=round(common.share, 3), agreement=round(common.agreement, 3), offset=round(common.offset, 2)
    )


def _best_first(
    group: Sequence[int], fingerprints: Fingerprints, described: Callable[[int, Match | None], Copy]
) -> list[Copy]:
    """Return the copies, the best first: whole before cut and shortened, lossless, then of the highest bit rate."""
    copies = {row: described(row, None) for row in group}
    heard = {row: fingerprints.spectrum(row).heard for row in group}  # silence at the ends makes no copy longer
    whole = _WHOLE * max(heard.values())

    def worth(row: int) -> tuple[Any, ...]:
        copy = copies[row]
        return copy.condition == "truncated", heard[row] < whole, not copy.lossless, -copy.kbit_per_s, -heard[row], row

    best, *others = sorted(group, key=worth)
    best_spectrum = fingerprints.spectrum(best)
    matched = [described(row, match(best_spectrum, fingerprints.spectrum(row))) for row in others]
    return [copies[best], *matched]
