"""Cue sheets, which divide an album in one file into its tracks."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mwe.audio.file_tags import FileTags, tags_of
from mwe.core.errors import BadFileError

WHOLE = (0.0, math.inf)
"""Begin and end of a file that is one track, in seconds."""

_LINE = re.compile(r"^\s*(\w+)\s+(.*?)\s*$")
_FIELD = re.compile(r'"([^"]*)"|(\S+)')
_TIME = re.compile(r"^(\d{1,4}):(\d{1,2}):(\d{1,2})$")
_RECORDING_CODE = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
_FRAMES_A_SECOND = 75
_ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")
_MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class CueTrack:
    """A track of a cue sheet.

    Args:
        file: Name of the audio file in the sheet.
        number: Number of the track.
        title: Its title; empty if there is none.
        performer: Its performer, or that of the album.
        start: Start in the file in seconds.
        album: Title of the album.
        album_performer: Performer of the album.
        date: Date of the album.
        genre: Its genre.
    """

    file: str
    number: int
    title: str
    performer: str
    start: float
    album: str = ""
    album_performer: str = ""
    date: str = ""
    genre: str = ""

    @property
    def tags(self) -> FileTags:
        """What the sheet says, as tags of a file."""
        names = {"title": self.title, "artist": self.performer, "album": self.album, "genre": self.genre}
        more = {"track": str(self.number), "albumartist": self.album_performer, "date": self.date}
        return tags_of({**names, **more})


@dataclass(frozen=True)
class Span:
    """A part of an audio file.

    Args:
        track: The track.
        end: End in seconds; infinity for the end of the file.
    """

    track: CueTrack
    end: float

    @property
    def seconds(self) -> tuple[float, float]:
        """Begin and end in seconds."""
        return self.track.start, self.end


def parse_cue(text: str, file: str = "") -> tuple[CueTrack, ...]:
    """Parse the tracks of a cue sheet; unknown lines are ignored.

    Args:
        text: The sheet.
        file: Name of the audio file that the sheet is in, whatever it says; by default the sheet names its files.

    Raises:
        ValueError: The sheet has no track, or an invalid time.

    Examples:
        >>> sheet = '''PERFORMER "Ana"
        ... FILE "album.flac" WAVE
        ...   TRACK 01 AUDIO
        ...     TITLE "Rain"
        ...     INDEX 01 00:00:00
        ...   TRACK 02 AUDIO
        ...     TITLE "Sun"
        ...     INDEX 01 03:20:15'''
        >>> [(track.title, track.performer, track.start) for track in parse_cue(sheet)]
        [('Rain', 'Ana', 0.0), ('Sun', 'Ana', 200.2)]
    """
    album: dict[str, str] = {}
    rows: list[dict[str, str]] = []
    inside = file
    for number, line in enumerate(text.splitlines(), 1):
        matched = _LINE.match(line)
        if not matched:
            continue
        command = matched[1].upper()
        fields = [quoted or bare for quoted, bare in _FIELD.findall(matched[2])]
        if command == "FILE" and inside:
            continue
        if command == "FILE":
            # a name without quotation marks may contain spaces; the last word is the type
            file = fields[0] if '"' in matched[2] else matched[2].rpartition(" ")[0] or matched[2]
        elif command == "TRACK" and fields:
            rows.append({"file": file, "number": fields[0], "kind": fields[-1].upper()})
        elif command in ("TITLE", "PERFORMER"):
            value = fields[0] if '"' in matched[2] and fields else matched[2]
            (rows[-1] if rows else album)[command.lower()] = value
        elif command == "REM" and len(fields) > 1 and fields[0].upper() in ("DATE", "GENRE") and not rows:
            album[fields[0].lower()] = " ".join(fields[1:])
        elif command == "INDEX" and len(fields) > 1 and rows:
            rows[-1].setdefault("first", str(_seconds(fields[1], number)))
            if fields[0].isdigit() and int(fields[0]) == 1:
                rows[-1]["start"] = str(_seconds(fields[1], number))
                rows[-1]["file"] = file  # a gap may be at the end of the previous file
    tracks = tuple(
        CueTrack(
            row["file"],
            int(row["number"]) if row["number"].isdigit() else position,
            row.get("title", ""),
            row.get("performer", album.get("performer", "")),
            float(row.get("start", row.get("first", "0"))),
            album.get("title", ""),
            album.get("performer", ""),
            album.get("date", ""),
            album.get("genre", ""),
        )
        for position, row in enumerate(rows, 1)
        if row["kind"] == "AUDIO"
    )
    if not tracks:
        raise ValueError("no audio track")
    return tracks


def cue_tracks_of_chapters(chapters: Sequence[tuple[float, str]], file: str) -> tuple[CueTrack, ...]:
    """Return the chapters of a file as tracks.

    Args:
        chapters: Start in seconds, and title. Codes of recordings (ISRC), which FLAC has, are no titles.
        file: Name of the file.

    Examples:
        >>> [(track.number, track.title) for track in cue_tracks_of_chapters([(0.0, "Rain"), (200.2, "")], "a.m4b")]
        [(1, 'Rain'), (2, '')]
    """
    return tuple(
        CueTrack(file, number, "" if _RECORDING_CODE.fullmatch(title) else title, "", start)
        for number, (start, title) in enumerate(chapters, 1)
    )


def _seconds(text: str, line: int) -> float:
    """Convert minutes, seconds and frames to seconds."""
    matched = _TIME.match(text)
    if not matched or int(matched[2]) > 59 or int(matched[3]) >= _FRAMES_A_SECOND:
        raise ValueError(f"line {line}: {text!r} is not a time; write minutes:seconds:frames")
    return round(int(matched[1]) * 60 + int(matched[2]) + int(matched[3]) / _FRAMES_A_SECOND, 6)


def read_cue(path: str | Path) -> tuple[CueTrack, ...]:
    """Read the tracks of a cue sheet in UTF-8 or a Western European encoding.

    Args:
        path: The sheet.

    Raises:
        BadFileError: The file is not a cue sheet.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise BadFileError(path, f"cannot be opened ({error.strerror})", "Correct or remove it.") from error
    if len(content) > _MAX_BYTES:
        raise BadFileError(path, f"more than {_MAX_BYTES:,} bytes, not a cue sheet", "Remove or replace it.")
    for encoding in _ENCODINGS:
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    try:
        return parse_cue(text)
    except ValueError as error:
        raise BadFileError(path, f"not a cue sheet ({error})", "Correct or remove it.") from error


def cue_spans(tracks: tuple[CueTrack, ...], audio: str | Path, seconds: float = math.inf) -> tuple[Span, ...]:
    """Return the parts of an audio file that a cue sheet declares.

    Args:
        tracks: Tracks of the sheet.
        audio: The audio file. If the sheet names only one file, its name may differ, since albums may be compressed
            after their sheets were written.
        seconds: Length of the audio file, if known.

    Returns:
        The tracks in order, without those that start after the end.
    """
    names = {track.file for track in tracks}
    stem = Path(audio).stem.casefold()
    own_tracks = [
        track for track in tracks if len(names) == 1 or Path(track.file.replace("\\", "/")).stem.casefold() == stem
    ]
    own_tracks = sorted((track for track in own_tracks if track.start < seconds), key=lambda track: track.start)
    ends = [*(track.start for track in own_tracks[1:]), seconds]
    return tuple(Span(track, end) for track, end in zip(own_tracks, ends, strict=False) if end > track.start)
