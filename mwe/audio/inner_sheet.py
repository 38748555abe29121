"""Cue sheets and chapters inside audio files, which divide an album or a book in one file into its tracks."""

import contextlib
import os
import re
from pathlib import Path
from typing import BinaryIO

from mwe.audio import ffmpeg
from mwe.audio.cue_sheet import CueTrack, cue_tracks_of_chapters, parse_cue
from mwe.audio.decoder_process import guarded
from mwe.audio.verdict import UnreadableAudio

_BOOKS = frozenset({".m4b", ".mka"})  # films have chapters too, but are no albums
_SHEET = re.compile(rb"cuesheet", re.IGNORECASE)
_FLAC_COMMENT, _FLAC_CUESHEET, _FLAC_LAST = 4, 5, 0x80
_APE_MARK, _APE_FOOTER, _ID3_BYTES = b"APETAGEX", 32, 128
_MAX_BYTES = 1 << 24

Chapter = tuple[float, str]
"""Start in seconds, and title."""


def may_have_sheet(path: str | Path) -> bool:
    """Return whether a file may have a cue sheet or chapters, by its name and a few of its bytes.

    FLAC files and files with an APE tag (WavPack, Monkey's Audio and others) are looked into. Books (``.m4b``) and
    ``.mka`` files always may.

    Args:
        path: The file.

    Examples:
        >>> Path("album.wv").write_bytes(b"wvpk and no tag")
        15
        >>> may_have_sheet("album.wv"), may_have_sheet("book.m4b")
        (False, True)
    """
    path = Path(path)
    if path.suffix.lower() in _BOOKS:
        return True
    try:
        with open(path, "rb") as file:
            return _flac_has_sheet(file) or _ape_tag_has_sheet(file)
    except OSError:
        return False


def read_inner_tracks(path: str | Path) -> tuple[CueTrack, ...]:
    """Return the tracks that a cue sheet in a file declares, or else its chapters; none if it has neither.

    Args:
        path: The file.

    Raises:
        MissingDataError: The extra ``formats`` is not installed.
        ValueError: The cue sheet is none.
    """
    ffmpeg.load_pyav()
    try:
        sheet, chapters = guarded(_read, path)
    except (UnreadableAudio, RuntimeError):  # its own reader reports the file
        return ()
    name = Path(path).name
    if sheet.strip():
        return parse_cue(sheet, file=name)
    return cue_tracks_of_chapters(chapters, name)


def _read(path: str | Path) -> tuple[str, list[Chapter]]:
    """Return the text of the cue sheet in a file, and its chapters."""
    with open(path, "rb") as file, ffmpeg.open_container(file) as container:
        audio = container.streams.audio
        both = {**(ffmpeg.default_stream(audio).metadata if audio else {}), **container.metadata}
        sheet = next((value for name, value in both.items() if name.lower() == "cuesheet"), "")
        chapters = [
            (float(chapter["start"] * chapter["time_base"]), chapter["metadata"].get("title", ""))
            for chapter in container.chapters()
        ]
        return sheet, chapters


def _flac_has_sheet(file: BinaryIO) -> bool:
    """Return whether a FLAC file has a block of cue points, or a comment with a sheet."""
    if file.read(4) != b"fLaC":
        return False
    while len(head := file.read(4)) == 4:
        kind, size = head[0] & ~_FLAC_LAST, int.from_bytes(head[1:], "big")
        if kind == _FLAC_CUESHEET or (kind == _FLAC_COMMENT and _SHEET.search(file.read(size))):
            return True
        if head[0] & _FLAC_LAST:
            return False
        if kind != _FLAC_COMMENT:
            file.seek(size, os.SEEK_CUR)
    return False


def _ape_tag_has_sheet(file: BinaryIO) -> bool:
    """Return whether a file ends with an APE tag that has a sheet."""
    for behind in (0, _ID3_BYTES):
        with contextlib.suppress(OSError):  # a file shorter than that
            file.seek(-_APE_FOOTER - behind, os.SEEK_END)
            footer = file.read(_APE_FOOTER)
            if footer.startswith(_APE_MARK):
                size = min(int.from_bytes(footer[12:16], "little"), _MAX_BYTES)
                file.seek(-size - behind, os.SEEK_END)
                return bool(_SHEET.search(file.read(size)))
    return False
