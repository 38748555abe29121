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

Condition = Literal["ok", "damaged", "truncated"]
"""State of a file that was read: as a whole, with small damage, or with more than a twentieth missing or damaged."""

TOLERATED_SHARE = 0.05
"""A file that lacks more of its sound is truncated."""

NAMED_SHARE = 0.01
"""A verdict states the missing sound if it is more than this share."""

NO_END_MARK = "the stream stops without its end mark"
"""Sign of a cut Ogg stream, which does not state its length."""

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
        large_loss: Sign that more than a twentieth is lost, where its seconds are unknown; else empty.
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
    large_loss: str = ""

    @property
    def condition(self) -> Condition:
        """Whether the sound is complete, damaged in small parts, or truncated."""
        if self.large_loss or self.lost_seconds > TOLERATED_SHARE * (self.seconds + self.lost_seconds):
            return "truncated"
        return "damaged" if self.damaged_at or self.lost_seconds else "ok"

    @property
    def ok(self) -> bool:
        """Whether the sound is undamaged and complete."""
        return self.condition == "ok"

    def __str__(self) -> str:
        """Return one line.

        >>> str(Verdict(30.0, "FFmpeg", "mp3", damaged_at=(12.3,)))
        'ok: damaged at 12.3 s'
        >>> str(Verdict(61.2, "FFmpeg", "flac", lost_seconds=58.8))
        'truncated: 61.2 s of the 120.0 s it states'
        """
        grade = "truncated" if self.condition == "truncated" else "ok"
        return f"{grade}: {self.details}" if self.details else grade

    @property
    def details(self) -> str:
        """What is damaged or missing, and which stream was read; empty if there is nothing to say."""
        parts = []
        if self.large_loss:
            parts.append(f"{self.seconds:.1f} s; {self.large_loss}")
        if self.damaged_at:
            seconds = ", ".join(f"{second:.1f}" for second in self.damaged_at[:_NAMED_DAMAGES])
            more = len(self.damaged_at) - _NAMED_DAMAGES
            parts.append(f"damaged at {seconds} s{f' and {more} more places' if more > 0 else ''}")
        if self.lost_seconds:
            parts.append(f"{self.seconds:.1f} s of the {self.seconds + self.lost_seconds:.1f} s it states")
        if self.stream:
            parts.append(self.stream)
        return "; ".join(parts)

    def decoded_whole(self, reason: str) -> "Verdict":
        """Return the verdict with the reason why excerpts were not read by seeking."""
        return replace(self, whole_because=reason)


def condition_in(text: str) -> Condition:
    """Return the condition of a file from the text of its verdict; an empty text is of a complete file.

    Examples:
        >>> condition_in("ok: damaged at 12.3 s"), condition_in("truncated: 61.2 s of the 120.0 s it states")
        ('damaged', 'truncated')
    """
    if not text:
        return "ok"
    return "truncated" if text.startswith("truncated") else "damaged"
