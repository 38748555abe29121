"""Files of a library that are broken: not indexed at all, or read in part."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from threading import Lock
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mwe.core.errors import BadFileError
from mwe.page.media import HEADERS, PREFIX
from mwe.search import Library
from mwe.search.conditions import folded
from mwe.search.partly_read import partly_read_file, read_partly_read
from mwe.search.skipped_tracks import read_skipped, skipped_file

SHOWN = 100  # files in an answer
LONGEST_SEARCH = 200  # letters


class BrokenFile(NamedTuple):
    """A file that is not in the library, or of which a part could be read.

    Attributes:
        track_id: Its track.
        reason: Class of the problem, such as ``truncated``.
        detail: One line on the problem.
        seconds: How much of it was read; None if nothing.
        row: Row of the library; None if it is not there.
    """

    track_id: str
    reason: str
    detail: str
    seconds: float | None = None
    row: int | None = None


class Problems:
    """Answers requests for the broken files of a library, from the reports of ``mwe index``.

    Args:
        library: The library.
        lock: Held while the library is read, since it is not thread-safe.
    """

    def __init__(self, library: Library, lock: Lock) -> None:
        self.library, self._lock = library, lock

    @property
    def routes(self) -> list[Route]:
        """The route."""
        return [Route(f"/{PREFIX}/problems.json", self.answer)]

    def exist(self) -> bool:
        """Return whether there are any, without reading them all."""
        skipped = skipped_file(self.library.root)
        if partly_read_file(self.library.root).is_file():
            return True
        if not skipped.is_file():
            return False
        with skipped.open("rb") as lines:
            return len(lines.readlines(64 * 1024)) > 1  # a heading, and a track

    def answer(self, request: Request) -> Response:
        """Return the broken files that have all words of ``q``, the first of them in full."""
        words = folded(request.query_params.get("q", "")[:LONGEST_SEARCH]).split()
        try:
            with self._lock:
                files = [file for file, text in self._files if all(word in text for word in words)]
                total = len(self._files)
        except BadFileError as error:
            return JSONResponse({"error": str(error)}, 500, headers=HEADERS)
        return JSONResponse(_told(files, total), headers=HEADERS)

    @cached_property
    def _files(self) -> list[tuple[BrokenFile, str]]:
        """All files in the order of the reports, with the text that is searched."""
        root, column = self.library.root, self.library.store.column("seconds")
        files = [BrokenFile(name, track.reason, track.detail) for name, track in read_skipped(root).items()]
        for name, part in read_partly_read(root).items():
            row = self.library.row_of(name)
            seconds = None if row is None else float(column[row].as_py())
            files.append(
                BrokenFile(name, part.condition, part.verdict.partition(": ")[2] or part.verdict, seconds, row)
            )
        return [(file, folded(f"{file.track_id} {file.reason} {file.detail}")) for file in files]


def _told(files: Sequence[BrokenFile], total: int) -> dict[str, Any]:
    reasons = Counter(file.reason for file in files)
    counts = [{"reason": reason, "count": count} for reason, count in reasons.most_common()]
    return {"total": total, "matching": len(files), "reasons": counts, "files": [f._asdict() for f in files[:SHOWN]]}
