"""Covers of tracks: the picture embedded in a file, or else one that lies beside it.

Only pixels leave this module: a picture is decoded, made small, and encoded as JPEG.
"""

import io
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from mwe.audio import ffmpeg
from mwe.audio.decoder_process import guarded
from mwe.audio.shards import FileStamp
from mwe.audio.verdict import UnreadableAudio

NAMES = ("cover", "folder", "front")
"""Names of pictures beside the tracks of an album, in any case, the first one preferred."""

LONGEST_SIDE = 1024
"""Pixels of the longer side of a cover at most."""

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_MAX_BYTES = 25_000_000
_MAX_PIXELS = 50_000_000
_QUALITY = 85


class CoverCache:
    """Covers of files, the latest ones kept in memory until their files change.

    Args:
        most: Number of covers that are kept.

    Examples:
        >>> CoverCache(most=8).cover("none.mp3", 100) is None
        True
    """

    def __init__(self, most: int = 256) -> None:
        self._read: Callable[..., bytes | None] = lru_cache(most)(_cover_of)

    def cover(self, path: str | Path, side: int) -> bytes | None:
        """Return the cover of a file as JPEG; None if there is none that can be read.

        Args:
            path: The audio file.
            side: Pixels of its longer side.
        """
        stamps = tuple((source, FileStamp.of(source)) for source in (Path(path), picture_beside(path)) if source)
        return self._read(stamps, min(max(side, 1), LONGEST_SIDE))


def _cover_of(stamps: tuple[tuple[Path, FileStamp], ...], side: int) -> bytes | None:
    """Read the cover of the first file, which lies beside the second, in the decoding process."""
    path = stamps[0][0]
    try:
        return guarded(read_cover, path, side=side)
    except (UnreadableAudio, RuntimeError):  # missing, damaged, or a picture that crashes its decoder
        return None


def read_cover(path: str | Path, side: int) -> bytes | None:
    """Read the cover of an audio file: the picture in it, else one of ``NAMES`` beside it.

    Args:
        path: The file.
        side: Pixels of the longer side; smaller pictures keep their size.

    Returns:
        JPEG; None if there is no picture that can be read.

    Raises:
        UnreadableAudio: The file is missing.

    Examples:
        >>> from PIL import Image
        >>> Image.new("RGB", (600, 300), "teal").save("folder.jpg")
        >>> Path("rain.mp3").touch()
        >>> Image.open(io.BytesIO(read_cover("rain.mp3", side=100))).size
        (100, 50)
    """
    try:
        with open(path, "rb") as file:
            embedded = _embedded(file)
    except OSError as error:
        raise UnreadableAudio("missing", f"cannot be opened ({error.strerror})") from error
    cover = None if embedded is None else _scaled(embedded, side)
    beside = picture_beside(path) if cover is None else None
    if beside is None:
        return cover
    with open(beside, "rb") as file:
        return _scaled(file.read(_MAX_BYTES + 1), side)


def picture_beside(path: str | Path) -> Path | None:
    """Return the picture of an album beside a file; None if there is none.

    A link that leads out of the folder does not count.

    Examples:
        >>> Path("Folder.JPG").touch()
        >>> picture_beside("rain.mp3").name, picture_beside("elsewhere/rain.mp3")
        ('Folder.JPG', None)
    """
    folder = os.path.dirname(path)
    for name in NAMES:
        for stem in (name, name.capitalize(), name.upper()):
            for suffix in _SUFFIXES:
                for ending in (suffix, suffix.upper()):
                    picture = os.path.join(folder, stem + ending)
                    if os.path.isfile(picture) and _inside(picture, folder):
                        return Path(picture)
    return None


def attached_picture(container: Any) -> bytes | None:
    """Return the picture attached to an open container: the front cover, else the first; None without any.

    Args:
        container: The container, as ``mwe.audio.ffmpeg`` opens it.
    """
    streams = [stream for stream in container.streams.video if "attached_pic" in _disposition(stream)]
    front = [stream for stream in streams if "front" in stream.metadata.get("comment", "").lower()]
    for stream in (*front, *streams):
        for packet in container.demux(stream):
            return bytes(packet)
    return None


def _disposition(stream: Any) -> str:
    return getattr(stream.disposition, "name", None) or ""


def _embedded(file: Any) -> bytes | None:
    """Return the picture in an open audio file."""
    if not ffmpeg.is_installed():
        return None
    try:
        with ffmpeg.open_container(file) as container:
            return attached_picture(container)
    except UnreadableAudio:
        return None


def _scaled(content: bytes, side: int) -> bytes | None:
    """Return a picture as JPEG, no longer on a side than so many pixels; None if it is damaged or too large."""
    from PIL import Image, ImageOps  # most files are read for their sound or tags alone

    if len(content) > _MAX_BYTES:
        return None
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            if opened.width * opened.height > _MAX_PIXELS:
                return None
            opened.draft("RGB", (side, side))  # has JPEG decoded no larger than needed
            picture = ImageOps.exif_transpose(opened).convert("RGB")
        picture.thumbnail((side, side))
        scaled = io.BytesIO()
        picture.save(scaled, "JPEG", quality=_QUALITY)
    except Exception:  # damaged pictures raise any error
        return None
    return scaled.getvalue()


def _inside(path: str, folder: str) -> bool:
    return os.path.dirname(os.path.realpath(path)) == os.path.realpath(folder)
