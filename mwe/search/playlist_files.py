"""Playlists as text: M3U8, XSPF and CSV, with paths that players understand."""

import csv
import io
import math
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import quote
from xml.etree import ElementTree

from mwe.audio.cue_sheet import WHOLE
from mwe.search.playlist_track import PlaylistTrack

PlaylistForm = Literal["m3u8", "xspf", "csv"]
FORMS: tuple[PlaylistForm, ...] = get_args(PlaylistForm)
XSPF = "http://xspf.org/ns/0/"
VLC = "http://www.videolan.org/vlc/playlist/0"
COLUMNS = ("position", "title", "artist", "album", "year", "genre", "seconds", "score", "start", "path", "track_id")

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


def playlist_text(form: PlaylistForm, tracks: Sequence[PlaylistTrack], folder: Path | None = None) -> str:
    r"""Return a playlist as the text of a file.

    Args:
        form: ``m3u8``, ``xspf`` or ``csv``.
        tracks: Its tracks.
        folder: Folder that paths are relative to; by default they are absolute.

    Examples:
        >>> from mwe.search.answers import Hit
        >>> track = PlaylistTrack(Hit("rain", "Ana Lee", "/music/rain.ogg", None, ()), "/music/rain.ogg", 61.4)
        >>> playlist_text("m3u8", [track], Path("/music/lists"))
        '#EXTM3U\n#EXTINF:61,Ana Lee - rain\n../rain.ogg\n'
    """
    writers: dict[PlaylistForm, Callable[[Sequence[PlaylistTrack], Path | None], str]]
    writers = {"m3u8": _m3u8, "xspf": _xspf, "csv": _csv}
    return writers[form](tracks, folder)


def placed(path: str, folder: Path | None) -> str:
    """Return a path as it is written: absolute, or relative to a folder unless it is on another drive.

    Examples:
        >>> placed("/music/rain.ogg", None), placed("/music/rain.ogg", Path("/music"))
        ('/music/rain.ogg', 'rain.ogg')
    """
    absolute = os.path.abspath(path)
    if folder is None:
        return absolute
    try:
        return os.path.relpath(absolute, os.path.abspath(folder))
    except ValueError:  # another drive of Windows
        return absolute


def _m3u8(tracks: Sequence[PlaylistTrack], folder: Path | None) -> str:
    lines = ["#EXTM3U"]
    for track in tracks:
        lines.append(f"#EXTINF:{round(track.seconds)},{_text(track.name)}")
        lines += [f"#EXTVLCOPT:{option}" for option in _part(track)]
        lines.append(_line(track.path, folder))
    return "\n".join(lines) + "\n"


def _line(path: str, folder: Path | None) -> str:
    """Return the line of a path. What a line cannot hold, such as a line break, takes the form of an address."""
    written = placed(path, folder)
    unwritable = written != written.strip() or "\n" in written or "\r" in written
    if unwritable or _text(written) != written:
        return _address(path)
    # what is no comment, and no address of another kind
    return (
        f"./{written}"
        if written.startswith("#") or (_SCHEME.match(written) and not os.path.isabs(written))
        else written
    )


def _xspf(tracks: Sequence[PlaylistTrack], folder: Path | None) -> str:
    root = ElementTree.Element("playlist", {"version": "1", "xmlns": XSPF, "xmlns:vlc": VLC})
    listed = ElementTree.SubElement(root, "trackList")
    for track in tracks:
        written, file_tags = placed(track.path, folder), track.hit.file_tags
        values = {
            "location": _address(track.path)
            if os.path.isabs(written)
            else quote(os.fsencode(written.replace(os.sep, "/"))),
            "title": track.hit.title,
            "creator": track.hit.artist,
            "album": file_tags.album,
            "trackNum": file_tags.track or "",
            "duration": round(track.seconds * 1000),
        }
        element = ElementTree.SubElement(listed, "track")
        for name, value in values.items():
            if value != "":
                ElementTree.SubElement(element, name).text = _NOT_IN_XML.sub(" ", _text(str(value)))
        if options := _part(track):
            extension = ElementTree.SubElement(element, "extension", {"application": VLC})
            for option in options:
                ElementTree.SubElement(extension, "vlc:option").text = option
    ElementTree.indent(root)
    # written by hand, since line breaks in texts are otherwise lost at reading
    text = ElementTree.tostring(root, encoding="unicode").replace("\r", "&#13;")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _csv(tracks: Sequence[PlaylistTrack], folder: Path | None) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for position, track in enumerate(tracks, 1):
        hit = track.hit
        numbers: list[Any] = [f"{track.seconds:.2f}", "" if hit.score is None else f"{hit.score:.4f}"]
        start = "" if track.span == WHOLE else f"{track.span[0]:.3f}"
        named = [hit.title, hit.artist, hit.file_tags.album, hit.file_tags.year or "", hit.file_tags.genre]
        row = [position, *named, *numbers, start, placed(track.path, folder), hit.track_id]
        writer.writerow([_text(str(value)) for value in row])
    return file.getvalue()


def _part(track: PlaylistTrack) -> list[str]:
    """Return the options by which VLC plays a part of a file; none for a whole file."""
    start, end = track.span
    if track.span == WHOLE:
        return []
    return [f"start-time={start:.3f}", *([f"stop-time={end:.3f}"] if math.isfinite(end) else [])]


def _address(path: str) -> str:
    """Return a path as an address, ``file:///...``, whatever its bytes are."""
    return Path(os.path.abspath(path)).as_uri()


def _text(text: str) -> str:
    """Return a text that is Unicode: bytes of a path that are none become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
