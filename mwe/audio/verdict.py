"""Verdict on the sound in a file: read completely, with damage, or not at all with a reason."""

from dataclasses import dataclass, replace
from typing import Literal

Reason = Literal[
    "missing",
    "empty",
    "not-audio",
    "truncated",
    "non-finite",
    "silent",
    "too-short",
    "needs-extra",
    "encrypted",
    "crashed",
]

TOLERATED_SHARE = 0.05
"""A file that lacks more of its sound is truncated."""

NAMED_SHARE = 0.01
"""A verdict states the missing sound if it is more than this share."""

_NAMED_DAMAGES = 3


class UnreadableAudio(Exception):
    """An audio file has no usable samples.

    Args:
        reason: Class of the outcome, for counts.
        detail: One line about the cause.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason: Reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


@dataclass(frozen=True)
class Verdict:
    """How much of a file's sound was read.

    Args:
        seconds: Length of the sound.
        reader: Library that decoded it.
        kind: Container and codec.
        damaged_at: Seconds at which data was skipped.
        lost_seconds: Seconds that the container states but does not have.
        stream: Description of the stream read, if there are several; else empty.
        whole_because: Reason why the whole file was decoded for excerpts; empty if it was not.
    """

    seconds: float
    reader: Literal["libsndfile", "FFmpeg"]
    kind: str
    damaged_at: tuple[float, ...] = ()
    lost_seconds: float = 0.0
    stream: str = ""
    whole_because: str = ""

    @property
    def ok(self) -> bool:
        """Whether the sound is undamaged and complete."""
        return not self.damaged_at and not self.lost_seconds

    def __str__(self) -> str:
        """Return one line.

        >>> str(Verdict(30.0, "FFmpeg", "mp3", damaged_at=(12.3,)))
        'ok: damaged at 12.3 s'
        """
        parts = []
        if self.damaged_at:
            seconds = ", ".join(f"{second:.1f}" for second in self.damaged_at[:_NAMED_DAMAGES])
            more = len(self.damaged_at) - _NAMED_DAMAGES
            parts.append(f"damaged at {seconds} s{f' and {more} more places' if more > 0 else ''}")
        if self.lost_seconds:
            parts.append(f"{self.seconds:.1f} s of the {self.seconds + self.lost_seconds:.1f} s it states")
        if self.stream:
            parts.append(self.stream)
        return f"ok: {'; '.join(parts)}" if parts else "ok"

    def decoded_whole(self, reason: str) -> "Verdict":
        """Return the verdict with the reason why excerpts were not read by seeking."""
        return replace(self, whole_because=reason)
