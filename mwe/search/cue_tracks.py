"""Albums in one file with a cue sheet beside or inside it, which become their tracks."""

from collections.abc import Sequence
from pathlib import Path

from mwe.audio.cue_sheet import CueTrack, Span, cue_spans, read_cue
from mwe.audio.file_tags import FileTags
from mwe.audio.inner_sheet import may_have_sheet, read_inner_tracks
from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import readable_name

SHEET = ".cue"
_NAMED = 5


class CueSheets:
    """The cue sheets beside and inside audio files, each read once.

    Attributes:
        broken: Message about each sheet that cannot be used; its audio file is indexed whole.
    """

    def __init__(self) -> None:
        self.broken: list[str] = []
        self._of_folder: dict[Path, list[tuple[Path, tuple[CueTrack, ...]]]] = {}

    def spans(self, audio: Path) -> tuple[Span, ...]:
        """Return the tracks of an audio file; none if no sheet beside or inside it, and no chapter, divides it."""
        if audio.parent not in self._of_folder:
            self._of_folder[audio.parent] = self._read(audio.parent)
        for sheet, tracks in self._of_folder[audio.parent]:
            names = {_stem(track.file) for track in tracks}
            # the sheet may have been written before the file was compressed and renamed
            own_names = (audio.stem.casefold(), audio.name.casefold())
            if (len(names) == 1 and sheet.stem.casefold() in own_names) or audio.stem.casefold() in names:
                spans = cue_spans(tracks, audio)
                if len(spans) > 1:
                    return spans
        spans = cue_spans(self._inside(audio), audio)
        return spans if len(spans) > 1 else ()

    def _inside(self, audio: Path) -> tuple[CueTrack, ...]:
        """Return the tracks of the sheet or the chapters in an audio file."""
        if not may_have_sheet(audio):
            return ()
        try:
            return read_inner_tracks(audio)
        except ValueError as error:
            self.broken.append(f"{readable_name(audio)}: the cue sheet inside is none ({error}). Correct or remove it.")
        except MissingDataError:
            if audio.suffix.lower() not in (".m4b", ".mka"):  # which cannot be read at all, and are named for it
                remedy = "pip install 'mwe[formats]'"
                self.broken.append(f"{readable_name(audio)}: the cue sheet inside is not read. Type {remedy}.")
        return ()

    def _read(self, folder: Path) -> list[tuple[Path, tuple[CueTrack, ...]]]:
        sheets = []
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() != SHEET or path.name.startswith("."):
                continue
            try:
                sheets.append((path, read_cue(path)))
            except BadFileError as error:
                self.broken.append(str(error))
        return sheets


def broken_note(messages: Sequence[str]) -> str:
    """Return lines with the number of cue sheets that cannot be used, and the first of them; empty if there are none.

    Examples:
        >>> print(broken_note(["a.cue: not a cue sheet (no audio track). Correct or remove it."]))
        1 cue sheet cannot be used; its audio is indexed whole:
        a.cue: not a cue sheet (no audio track). Correct or remove it.
    """
    if not messages:
        return ""
    count = len(messages)
    head = f"{count:,} cue sheets cannot be used; their" if count > 1 else "1 cue sheet cannot be used; its"
    more = [f"and {count - _NAMED:,} more"] if count > _NAMED else []
    return "\n".join([f"{head} audio is indexed whole:", *messages[:_NAMED], *more])


def tags_of_part(span: Span, file_tags: FileTags) -> FileTags:
    """Return the tags of a track in a file: those of its sheet, else those of the file that hold for all its tracks.

    Examples:
        >>> span = Span(CueTrack("album.wav", 2, "Sun", "Ana Lee", 200.0), 400.0)
        >>> tags = tags_of_part(span, FileTags(title="Weather", album="Weather", year=1994, bpm=120.0))
        >>> tags.title, tags.album, tags.year, tags.bpm
        ('Sun', 'Weather', 1994, None)
    """
    of_whole = file_tags._replace(title="", bpm=None, key="", musicbrainz_track="", replaygain_track=None)
    return of_whole._replace(**{name: value for name, value in span.track.tags._asdict().items() if value})


def _stem(name: str) -> str:
    """Return the stem of a file's name in a sheet, which may be a path of another system."""
    return Path(name.replace("\\", "/")).stem.casefold()
