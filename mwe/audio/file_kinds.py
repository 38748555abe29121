"""Kinds of files by their first bytes."""

import os
from pathlib import Path

MP4, CAF = "MP4 or M4A", "CAF"
# offset, mark and name of formats that only FFmpeg reads
_KINDS = (
    (4, b"ftyp", MP4), (0, b"\x30\x26\xb2\x75", "WMA"), (0, b"wvpk", "WavPack"),
    (0, b"MAC ", "Monkey's Audio"), (0, b"TTA1", "True Audio"), (0, b"\x1a\x45\xdf\xa3", "Matroska or WebM"),
    (8, b"AVI ", "AVI"), (0, b"#!AMR", "AMR"), (0, b"\x0b\x77", "AC-3"), (0, b"DSD ", "DSD"),
    (0, b"FRM8", "DSD"), (0, b"MPCK", "Musepack"), (0, b"MP+", "Musepack"), (0, b"\xff\xf1", "AAC"),
    (0, b"\xff\xf9", "AAC"), (0, b"caff", CAF), (0, b"OggS", "Ogg"), (0, b"tBaK", "TAK"),
    (0, b"\x7f\xfe\x80\x01", "DTS"), (0, b"FLV", "Flash video"), (0, b".RMF", "RealAudio"),
    )  # fmt: skip


def kind_by_content(path: Path) -> str:
    """Return the kind of a file that FFmpeg may read, by its first bytes; empty if unknown.

    Examples:
        >>> Path("song").write_bytes(b"wvpk and samples")
        16
        >>> kind_by_content(Path("song"))
        'WavPack'
    """
    with open(path, "rb") as file:
        head = file.read(16)
    return next((kind for offset, mark, kind in _KINDS if head.startswith(mark, offset)), "")


def lacks_index(path: Path, kind: str) -> bool:
    """Return whether a file of a kind has no index, without which no player plays it: MP4 or CAF without its end.

    Examples:
        >>> Path("cut.mp4").write_bytes((16).to_bytes(4, "big") + b"ftyp" + 8 * b" ")
        16
        >>> lacks_index(Path("cut.mp4"), MP4)
        True
    """
    if kind == CAF:
        return _caf_ends_early(path)
    return kind == MP4 and not _mp4_has_index(path)


def _caf_ends_early(path: Path) -> bool:
    """Return whether a chunk of a CAF file reaches beyond its end; the table of packets stands behind the sound."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        file.seek(8)
        while len(head := file.read(12)) == 12:
            length = int.from_bytes(head[4:], "big", signed=True)
            if length < 0 or file.tell() + length > size:
                return True
            file.seek(length, os.SEEK_CUR)
    return bool(head)


def _mp4_has_index(path: Path) -> bool:
    """Return whether an MP4 file has an index among its boxes, or contains data that is not a box."""
    with open(path, "rb") as file:
        while len(head := file.read(8)) == 8:
            size = int.from_bytes(head[:4], "big")
            if head[4:] == b"moov" or not head[4:].isalnum():
                return True
            size = int.from_bytes(file.read(8), "big") - 8 if size == 1 else size
            if size < 8:
                return False
            file.seek(size - 8, os.SEEK_CUR)
    return False


def unknown_content(path: Path) -> str:
    """Describe a file that is not audio, since libsndfile reports many such files as missing.

    Examples:
        >>> Path("page.mp3").write_bytes(b"<html>")
        6
        >>> unknown_content(Path("page.mp3"))
        'a web page or XML, 6 bytes'
    """
    with open(path, "rb") as file:
        head = file.read(64).lstrip()
    looks = "a web page or XML" if head.startswith(b"<") else f"unknown content, first bytes {head[:8].hex(' ')}"
    return f"{looks}, {path.stat().st_size} bytes"
