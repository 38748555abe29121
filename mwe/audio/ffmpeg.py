"""Open files with FFmpeg through PyAV, and choose their audio stream."""

import os
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, BinaryIO, NamedTuple

from mwe.audio.verdict import UnreadableAudio
from mwe.core.errors import MissingDataError
from mwe.core.extras import require_extra

_DRM_MARKS = (b"drms", b"enca", b"sinf")
_DRM_CODECS = ("drms", "enca")
_DRM = "copy-protected (DRM): only the shop's own player opens it"
_HEAD_BYTES = 1 << 16
_MAX_RATE = 10_000_000


class _NamelessFile:
    """Binary file without a name: FFmpeg then judges by content, and a name may have any length and any bytes.

    Args:
        file: The open file.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.read, self.tell = file.read, file.tell

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Seek; return -1, which FFmpeg takes for an error, if a damaged header gives an impossible offset."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return -1


class AudioStream(NamedTuple):
    """Audio stream of an open container.

    Attributes:
        stream: PyAV's stream.
        codec: PyAV's decoder of the stream.
        kind: Container and codec, such as ``mov (aac)``.
        rate: Sample rate in Hz.
        samples_per_tick: Samples per unit of the timestamps.
        choice: Number of the stream, such as ``audio stream 1 of 2``; empty if it is the only one.
    """

    stream: Any
    codec: Any
    kind: str
    rate: int
    samples_per_tick: Fraction
    choice: str


def is_installed() -> bool:
    """Return whether PyAV is installed."""
    try:
        load_pyav()
    except MissingDataError:
        return False
    return True


def load_pyav() -> Any:
    """Import PyAV and silence the messages of its decoders.

    Raises:
        MissingDataError: The extra ``formats`` is not installed.
    """
    av = require_extra("av", "formats", "FFmpeg reads this file")
    av.logging.set_level(None)
    return av


def open_container(file: BinaryIO) -> Any:
    """Open a binary file as a PyAV container.

    Args:
        file: The open file. It stays open when the container is closed.

    Raises:
        UnreadableAudio: FFmpeg does not know the container.
        MissingDataError: The extra ``formats`` is not installed.

    Examples:
        >>> import numpy as np, soundfile
        >>> soundfile.write("tone.wav", np.full(800, 0.5), 8000)
        >>> with open("tone.wav", "rb") as file, open_container(file) as container:
        ...     choose_stream(container, file).kind
        'wav (pcm_s16le)'
    """
    av = load_pyav()
    try:
        # a disguised playlist must not open the files that it names
        options = {"protocol_whitelist": "none"}
        return av.open(_NamelessFile(file), mode="r", metadata_errors="replace", options=options)
    except (av.FFmpegError, ValueError, OverflowError, MemoryError, LookupError) as error:
        raise UnreadableAudio("not-audio", f"FFmpeg finds no audio in it ({type(error).__name__})") from error


def default_stream(streams: Sequence[Any]) -> Any:
    """Return the stream that is marked as default; of none or several, the first.

    Args:
        streams: Audio streams of a container, at least one.
    """
    return next((stream for stream in streams if stream.disposition.value & 1), streams[0])


def choose_stream(container: Any, file: BinaryIO) -> AudioStream:
    """Choose the default audio stream of a container, or the first, and discard the packets of all others.

    Args:
        container: The container, from ``open_container``.
        file: Its file.

    Raises:
        UnreadableAudio: There is no audio stream that FFmpeg can decode, or it is encrypted.
    """
    name = container.format.name.split(",")[0]
    streams = container.streams.audio
    if not streams:
        head = os.pread(file.fileno(), _HEAD_BYTES, 0) if hasattr(os, "pread") else b""
        if any(mark in head for mark in _DRM_MARKS):
            raise UnreadableAudio("encrypted", _DRM)
        raise UnreadableAudio("not-audio", f"{name} has no audio stream that FFmpeg can decode")
    stream = default_stream(streams)
    discard = load_pyav().stream.Discard.all
    for other in container.streams:
        if other.index != stream.index:
            other.discard = discard
    codec = stream.codec_context
    if codec is None:
        raise UnreadableAudio("not-audio", f"{name} has a codec that FFmpeg does not know")
    keys = " ".join((*container.metadata, *stream.metadata)).lower()
    if stream.codec_tag in _DRM_CODECS or "drm" in keys or "enc_key" in keys:
        raise UnreadableAudio("encrypted", _DRM)
    kind = f"{name} ({codec.name})"
    codec.thread_count = 1
    rate = int(codec.sample_rate or 0)
    if not 0 < rate <= _MAX_RATE:
        raise UnreadableAudio("not-audio", f"{kind} has a sample rate of {rate} Hz")
    number = [other.index for other in streams].index(stream.index) + 1
    choice = f"audio stream {number} of {len(streams)}" if len(streams) > 1 else ""
    samples_per_tick = (stream.time_base or Fraction(1, rate)) * rate
    return AudioStream(stream, codec, kind, rate, samples_per_tick, choice)
