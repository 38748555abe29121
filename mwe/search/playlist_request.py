"""What a playlist should be."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mwe.core.errors import BadRequestError
from mwe.search.filters import Filters

TRACKS = 20  # without a length
LONGEST_PATH = 200  # tracks


@dataclass(frozen=True)
class PlaylistRequest:
    """What a playlist should be.

    Args:
        query: Query to rank tracks by, and conditions that they must meet, in the syntax of ``mwe.search.grammar``.
        start: Query for the first track of a path.
        end: Query for its last track.
        k: Number of tracks; 20 if there are no minutes either.
        minutes: Length; the total comes as near to it as whole tracks allow.
        artists_apart: Whether no two tracks of an artist may follow each other.
        per_artist: Largest number of tracks of an artist.
        least: Least cosine with the query; of a path, of neighbours.
        filters: Which tracks may be in it.
        without: Playlists whose tracks are left out.
        why: Whether to say why each track is in it.
    """

    query: str = ""
    start: str | None = None
    end: str | None = None
    k: int | None = None
    minutes: float | None = None
    artists_apart: bool = True
    per_artist: int | None = None
    least: float | None = None
    filters: Filters = Filters()  # noqa: RUF009 - frozen
    without: Sequence[Path] = ()
    why: bool = False

    def check(self) -> None:
        """Check that the parts of the request go together.

        Raises:
            BadRequestError: They do not.

        Examples:
            >>> PlaylistRequest("calm", start="track:a").check()
            Traceback (most recent call last):
                ...
            mwe.core.errors.BadRequestError: a path needs both ends: give --start and --end
        """
        if (self.start is None) != (self.end is None):
            raise BadRequestError("a path needs both ends: give --start and --end")
        if self.start is None and not self.query.strip():
            raise BadRequestError("nothing to choose tracks by: give a query, or --start and --end")
        if self.minutes is not None and not 0 < self.minutes < float("inf"):
            raise BadRequestError(f"{self.minutes:g} minutes; give a length above 0")
        if self.start is not None and self.per_artist is not None:
            raise BadRequestError("--per_artist is not for paths; they keep artists apart")
        if self.start is not None and self.k is not None and not 2 <= self.k <= LONGEST_PATH:
            raise BadRequestError(f"a path of {self.k:,} tracks; give 2 to {LONGEST_PATH}")

    @property
    def most(self) -> int | None:
        """Largest number of tracks; None if only the minutes count."""
        return TRACKS if self.k is None and self.minutes is None else self.k
