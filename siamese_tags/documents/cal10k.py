"""CAL10K (Tingle et al., 2010): about ten thousand songs with tags of musicologists, one line a song."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from siamese_tags.documents.base import Collection, TagDocuments, from_tag_lists

HEADER = ("id", "artist", "title", "duration", "tags")
FILE = "cal10k_tags.tsv"
REMEDY = "Make the file anew from the JAMS files; `mwe data cal10k` says how."


class Cal10k(Collection):
    """The CAL10K tag documents with their artists: 763 tags of 10 songs or more.

    Args:
        root: Folder that holds ``cal10k_tags.tsv``; by default ``cal10k`` under the data root (``MWE_DATA``).
        min_songs: Tags of fewer songs are left out.
    """

    def __init__(self, root: str | None = None, min_songs: int = 10) -> None:
        self.root = root
        self.min_songs = min_songs

    def read(self) -> TagDocuments:
        """Read ``cal10k_tags.tsv``.

        Raises:
            MissingDataError: The file is not there.
            BadFileError: The header or a line is not as expected, an id occurs twice, or the file holds no document.
        """
        path = declared("cal10k").require(FILE, root=Path(self.root) if self.root else None) / FILE
        artist_of, tags_of = _read_lines(path)
        songs_of = Counter(tag for tags in tags_of.values() for tag in tags)
        kept = {song: {tag for tag in tags if songs_of[tag] >= self.min_songs} for song, tags in tags_of.items()}
        if not any(kept.values()):
            raise BadFileError(path, f"no tag of {self.min_songs} or more songs in this file", REMEDY)
        documents = from_tag_lists("CAL10K", kept)
        return replace(documents, artists=tuple(artist_of[song] for song in documents.ids))


def _read_lines(path: Path) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Artist and tags of every song."""
    artist_of: dict[str, str] = {}
    tags_of: dict[str, set[str]] = {}
    try:
        # by line feeds alone: titles may hold other characters that splitlines() takes for the end of a line
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise BadFileError(path, f"not UTF-8 ({error.reason})", REMEDY) from error
    for number, line in enumerate(lines, 1):
        fields = line.rstrip("\r").split("\t")
        if number == 1 and tuple(fields) != HEADER:
            raise BadFileError(path, f"expected the header {' '.join(HEADER)}, found {line[:80]!r}", REMEDY, 1)
        if number == 1 or not line.strip():
            continue
        if len(fields) != len(HEADER) or not fields[0]:
            raise BadFileError(path, f"expected {len(HEADER)} fields, found {len(fields)}", REMEDY, number)
        if fields[0] in tags_of:
            raise BadFileError(path, f"song {fields[0]!r} occurs twice", REMEDY, number)
        artist_of[fields[0]] = fields[1]
        tags_of[fields[0]] = {tag for tag in fields[4].split("|") if tag}
    return artist_of, tags_of
