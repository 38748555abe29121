"""Files that need FFmpeg, and errors that explain them if FFmpeg is not installed or cannot read them either."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mwe.audio.file_kinds import kind_by_content, lacks_index
from mwe.audio.verdict import UnreadableAudio, Verdict


class NeedsFfmpegError(Exception):
    """libsndfile cannot read a file, or not completely.

    Args:
        kind: Kind of the file.
        refused: Error of libsndfile; None if it reads a part.
        seekable: Whether the positions of its packets are known without decoding them.
        damaged_at: Second at which libsndfile stops, if it does.
        lost_seconds: Seconds that its header states but the file does not have.
        large_loss: Sign that more than a twentieth is lost, where its seconds are unknown; else empty.
    """

    def __init__(
        self,
        kind: str,
        refused: UnreadableAudio | None = None,
        seekable: bool = True,
        damaged_at: float | None = None,
        lost_seconds: float = 0.0,
        large_loss: str = "",
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.refused = refused
        self.seekable = seekable
        self.damaged_at = damaged_at
        self.lost_seconds = lost_seconds
        self.large_loss = large_loss

    def completed(self, verdict: Verdict) -> Verdict:
        """Return FFmpeg's verdict with the damage that was seen before.

        Args:
            verdict: How FFmpeg read the file to its end.
        """
        damaged_at, large_loss = verdict.damaged_at, self.large_loss or verdict.large_loss
        lost_seconds = max(verdict.lost_seconds, self.lost_seconds)
        if self.damaged_at is not None and not damaged_at and not lost_seconds and not large_loss:
            damaged_at = (round(self.damaged_at, 1),)
        return replace(verdict, damaged_at=damaged_at, lost_seconds=lost_seconds, large_loss=large_loss)


def needs_extra(path: Path, refusal: NeedsFfmpegError) -> UnreadableAudio:
    """Return the error for a file that needs FFmpeg while it is not installed.

    Args:
        path: The file.
        refusal: Why libsndfile does not read it.

    Examples:
        >>> str(needs_extra(Path("song.opus"), NeedsFfmpegError("Opus")))
        "needs-extra: Opus: install its reader with `pip install 'mwe[formats]'`"
    """
    kind = refusal.kind or kind_by_content(path)
    if not kind:
        assert refusal.refused is not None
        return refusal.refused
    return UnreadableAudio("needs-extra", f"{kind}: install its reader with `pip install 'mwe[formats]'`")


@contextlib.contextmanager
def in_words_of(refusal: NeedsFfmpegError, path: Path) -> Iterator[None]:
    """If FFmpeg finds no audio either, report what the file looks like, which explains more than FFmpeg's message.

    Args:
        refusal: Why libsndfile does not read the file.
        path: The file.

    Raises:
        UnreadableAudio: The error from inside of the context, in other words.
    """
    try:
        yield
    except UnreadableAudio as error:
        if error.reason != "not-audio" or refusal.refused is None:
            raise
        if refusal.large_loss or refusal.lost_seconds:
            raise refusal.refused from error
        kind = kind_by_content(path)
        if lacks_index(path, kind):
            raise UnreadableAudio("truncated", f"{kind} without the index that stands at its end") from error
        if kind:
            raise UnreadableAudio("not-audio", f"begins as {kind}, but {error.detail}") from error
        raise refusal.refused from error
