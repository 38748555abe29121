"""Writing of genre, mood and comment into audio files, which never touches their sound.

A changed copy is read back, and its packets of sound are compared with those of the file, before it takes the file's
place. mutagen, of the extra ``tags``, changes the tags where they are and leaves all others as they were.
"""

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mwe.audio.decoder_process import guarded
from mwe.audio.ffmpeg import choose_stream, load_pyav, open_container
from mwe.audio.verdict import UnreadableAudio
from mwe.core.errors import BadFileError
from mwe.core.extras import require_extra
from mwe.core.files import atomic_write

Fields = dict[str, tuple[str, ...]]
"""Values by field; a field without values is not in the file."""

FIELDS = ("genre", "mood", "comment")
WRITABLE = ("MP3", "MP4", "FLAC", "OggVorbis", "OggOpus")
"""Kinds of files that tags are written into, as mutagen names them."""

_ID3 = {"genre": "TCON", "mood": "TMOO", "comment": "COMM"}
_MP4 = {"genre": "\xa9gen", "mood": "----:com.apple.iTunes:MOOD", "comment": "\xa9cmt"}
_UNCHANGED = "The file is unchanged."


def read_fields(path: Path) -> Fields:
    """Return the genre, the mood and the comment in a file.

    Raises:
        BadFileError: Tags cannot be written into files of this kind, or the file is damaged.
        MissingDataError: The extra ``tags`` is not installed.
    """
    return _values(_opened(path))


def write_fields(path: Path, changes: Mapping[str, tuple[str, ...]]) -> None:
    """Write fields into a file; a field without values is removed.

    Args:
        path: The file.
        changes: New values of some of the fields.

    Raises:
        BadFileError: Tags cannot be written into the file, its sound would change, or what was written does not come
            back. The file is then unchanged.
        CannotWriteError: The folder cannot be written, or the disk is full; likewise.
        MissingDataError: An extra is not installed.
    """
    path = Path(os.path.realpath(path))  # the file itself, not a link to it
    wanted = {**read_fields(path), **changes}
    expected = {name: values for name, values in wanted.items() if values}
    before = sound_hash(path)
    with atomic_write(path) as temporary:
        shutil.copy2(path, temporary)
        os.utime(temporary)  # `mwe index` notices the change
        _change(temporary, changes)
        written = read_fields(temporary)
        if written != expected:
            raise BadFileError(path, f"tags come back as {written} instead of {expected}", _UNCHANGED)
        if sound_hash(temporary) != before:
            raise BadFileError(path, "writing tags would change the sound", _UNCHANGED)


def sound_hash(path: Path) -> str:
    """Return a hash of all packets of sound in a file.

    Raises:
        BadFileError: FFmpeg finds no sound in the file.
        MissingDataError: The extra ``formats`` is not installed.
    """
    load_pyav()
    try:
        return guarded(_packets_hash, path)
    except UnreadableAudio as outcome:
        raise BadFileError(path, str(outcome), _UNCHANGED) from outcome


def _packets_hash(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with open(path, "rb") as file, open_container(file) as container:
        for packet in container.demux(choose_stream(container, file).stream):
            digest.update(packet.size.to_bytes(8, "little") + bytes(packet))
    return digest.hexdigest()


def _opened(path: Path) -> Any:
    """Open a file by mutagen."""
    mutagen = require_extra("mutagen", "tags", "writing tags into files needs mutagen")
    try:
        audio = mutagen.File(path)
    except Exception as error:  # damaged files raise errors of its parsers
        raise BadFileError(path, f"its tags cannot be read ({type(error).__name__}: {error})", _UNCHANGED) from error
    kind = type(audio).__name__
    if kind not in WRITABLE:
        what = f"tags are not written into {kind} files" if audio is not None else "not a kind of file with tags"
        raise BadFileError(path, what, "Written are MP3, M4A, FLAC, Ogg Vorbis and Opus.")
    return audio


def _values(audio: Any) -> Fields:
    """Return the fields of an open file."""
    tags, kind = audio.tags, type(audio).__name__
    if tags is None:
        return {}
    if kind == "MP3":
        texts = {name: [text for frame in tags.getall(key) for text in frame.text] for name, key in _ID3.items()}
        # only the comment proper: others hold data of programs
        texts["comment"] = [text for frame in tags.getall("COMM") if not frame.desc for text in frame.text]
        texts["genre"] = [text for frame in tags.getall("TCON") for text in frame.genres]
    elif kind == "MP4":
        texts = {name: [_text(value) for value in tags.get(key, ())] for name, key in _MP4.items()}
    else:
        texts = {name: list(tags.get(name, ())) for name in FIELDS}
    return {name: tuple(values) for name, values in texts.items() if values}


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _change(path: Path, changes: Mapping[str, tuple[str, ...]]) -> None:
    """Write fields into a file by mutagen."""
    audio = _opened(path)
    try:
        if audio.tags is None:
            audio.add_tags()
        for name, values in changes.items():
            _set(audio, name, list(values))
        audio.save()
    except Exception as error:
        raise BadFileError(path, f"tags cannot be written ({type(error).__name__}: {error})", _UNCHANGED) from error


def _set(audio: Any, name: str, values: list[str]) -> None:
    """Set or remove a field of an open file."""
    tags, kind = audio.tags, type(audio).__name__
    if kind == "MP3":
        frames = require_extra("mutagen.id3", "tags", "writing tags into files needs mutagen")
        others = [frame for frame in tags.getall("COMM") if frame.desc] if name == "comment" else []
        of_language = {"lang": "eng", "desc": ""} if name == "comment" else {}
        frame = getattr(frames, _ID3[name])
        tags.setall(_ID3[name], [*others, *([frame(encoding=3, text=values, **of_language)] if values else [])])
        return
    key = _MP4[name] if kind == "MP4" else name
    if not values:
        if key in tags:
            del tags[key]
    elif key.startswith("----"):
        tags[key] = [value.encode() for value in values]
    else:
        tags[key] = values
