"""Listening to whole files, to find those that are broken."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mwe.audio.decode import listen
from mwe.audio.decoder_pool import read_in_processes
from mwe.audio.decoder_process import DecoderProcess
from mwe.audio.verdict import UnreadableAudio, Verdict
from mwe.core.files import readable_name

LONGEST_SECONDS = 24 * 3600.0
"""Maximum length of sound that is read per file."""


@dataclass(frozen=True)
class CheckedFile:
    """A file that was listened to.

    Args:
        path: The file, as readable text.
        status: ``ok``; ``damaged`` if players skip the damage; ``truncated`` if more than a twentieth is missing or
            damaged; or the reason why it cannot be read.
        detail: One line on the problem; may be empty.
        verdict: How it was read; None if it cannot be read.
    """

    path: str
    status: str
    detail: str = ""
    verdict: Verdict | None = None

    def __str__(self) -> str:
        return self.detail if self.status == "damaged" else f"{self.status}{f': {self.detail}' if self.detail else ''}"

    @property
    def broken(self) -> bool:
        """Whether something is damaged, missing or unreadable."""
        return self.status != "ok"

    @property
    def seconds(self) -> float:
        """Seconds of sound that were read."""
        return self.verdict.seconds if self.verdict else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the file as JSON values."""
        content = {"path": self.path, "status": self.status, "detail": self.detail, "seconds": round(self.seconds, 3)}
        if self.verdict is None:
            return content
        return {
            **content,
            "reader": self.verdict.reader,
            "kind": self.verdict.kind,
            "damaged_at": list(self.verdict.damaged_at),
            "lost_seconds": round(self.verdict.lost_seconds, 3),
            "stream": self.verdict.stream,
        }


def check_file(path: Path, process: DecoderProcess) -> CheckedFile:
    """Listen to a file from beginning to end.

    Args:
        path: The file.
        process: Process that decodes it.
    """
    name = readable_name(path)
    try:
        verdict, silent = process.call(listen, path, max_seconds=LONGEST_SECONDS)
    except UnreadableAudio as outcome:
        return CheckedFile(name, outcome.reason, outcome.detail)
    except Exception as error:  # a single file must not end the check
        return CheckedFile(name, "error", str(error))
    if verdict.condition == "truncated":
        return CheckedFile(name, "truncated", verdict.details, verdict)
    if verdict.condition == "damaged":
        return CheckedFile(name, "damaged", str(verdict), verdict)
    return CheckedFile(name, "ok", "; ".join(filter(None, (verdict.stream, "silent" * silent))), verdict)


def check_files(paths: Sequence[Path], workers: int = 2) -> Iterator[CheckedFile]:
    """Listen to files, several at a time.

    Args:
        paths: The files.
        workers: Decoding processes.

    Returns:
        The result for each file, in order.
    """
    return read_in_processes(check_file, paths, workers)


def summary(checked: Sequence[CheckedFile]) -> str:
    """Summarise the number of files, their length and their statuses.

    Examples:
        >>> heard = Verdict(90, "libsndfile", "mp3")
        >>> print(summary([CheckedFile("a.mp3", "ok", "", heard), CheckedFile("b.mp3", "empty", "0 bytes")]))
        2 files, 1.5 minutes of sound: 1 ok, 1 empty
    """
    counts = Counter(file.status for file in checked)
    seconds = sum(file.seconds for file in checked)
    length = f"{seconds / 3600:,.1f} hours" if seconds >= 3600 else f"{seconds / 60:.1f} minutes"
    statuses = [f"{counts.pop('ok', 0):,} ok", *(f"{count:,} {status}" for status, count in sorted(counts.items()))]
    return f"{len(checked):,} files, {length} of sound: {', '.join(statuses)}"
