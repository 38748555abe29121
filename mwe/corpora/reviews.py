"""Texts about tracks and artists: Amazon reviews, captions, album reviews, your own table."""

import html
from abc import abstractmethod
from ast import literal_eval
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from rich.console import Console

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError, MissingDataError, expecting
from mwe.core.files import parsed_json
from mwe.core.lines import numbered_lines
from mwe.corpora.source import Source
from mwe.tracks.folder import read_rows


class Review(NamedTuple):
    """A text about tracks or an artist.

    Attributes:
        text: The text.
        track_ids: Tracks that it describes; several for an album.
        artist_id: Their artist; empty if unknown.
        tags: Tags that come with the text.
    """

    text: str
    track_ids: tuple[str, ...] = ()
    artist_id: str = ""
    tags: tuple[str, ...] = ()


class ReviewSource(Source):
    """A source of texts about tracks or artists. Configurations name its sub-classes by class path."""

    @abstractmethod
    def reviews(self) -> Iterator[Review]:
        """Yield every text.

        Raises:
            BadFileError: A file is damaged.
        """


class AmazonReviews(ReviewSource):
    """MuMu: Amazon's customer reviews of albums, with the MSD tracks of each album (Oramas et al., 2017).

    Args:
        root: Folder of the collection; by default ``mumu`` under the data root.
        texts: Reviews, one JSON object per line, with ``amazon_id`` (or ``asin``), ``reviewText`` and optionally
            ``summary``.
        mapping: Table with the columns ``amazon_id``, ``MSD_track_id`` and optionally ``artist_mbid``.
        tracks: Tracks that a review belongs to: ``first``, only the album's first track (Table I counts one track per
            album), or ``all`` of them.
    """

    def __init__(
        self,
        root: str | None = None,
        texts: str = "amazon_reviews_MuMu.json",
        mapping: str = "MuMu_dataset_multi-label.csv",
        tracks: Literal["first", "all"] = "first",
    ) -> None:
        self.root = Path(root) if root else declared("mumu").root
        self.texts, self.mapping, self.tracks = texts, mapping, tracks

    def files(self) -> Sequence[Path]:
        """Return the reviews and the mapping."""
        declared("mumu").require(self.texts, self.mapping, root=self.root)
        return [self.root / self.texts, self.root / self.mapping]

    def reviews(self) -> Iterator[Review]:
        """Yield every review of an album that the mapping knows; print the number of skipped reviews at the end.

        Raises:
            BadFileError: A file is damaged, or no review is of an album that the mapping knows.
        """
        path, mapping = self.files()
        tracks, artists = self._albums(mapping)
        known = skipped = 0
        remedy = "Write one JSON object per line (for an array: `jq -c '.[]'`), or download the file again."
        for number, line in numbered_lines(path, remedy):
            with expecting(path, "not a review", remedy, number):
                entry = parsed_json(line)
                album = str(entry.get("amazon_id") or entry.get("amazon-id") or entry["asin"])
                text = " ".join(part for part in (entry.get("summary"), entry["reviewText"]) if part)
            if album in tracks:
                known += 1
                yield Review(text, tuple(tracks[album]), artists.get(album, ""))
            else:
                skipped += 1
        if not known:
            raise BadFileError(path, f"none of {skipped:,} reviews is of an album that {mapping.name} knows", remedy)
        if skipped:
            message = f"{path}: left out {skipped:,} reviews of albums that {mapping.name} lacks"
            Console(stderr=True).print(message, highlight=False, markup=False, soft_wrap=True)

    def _albums(self, mapping: Path) -> tuple[dict[str, list[str]], dict[str, str]]:
        tracks: dict[str, list[str]] = {}
        artists: dict[str, str] = {}
        for _, row in read_rows(mapping, ("amazon_id", "MSD_track_id"), remedy="Download MuMu again."):
            album_tracks = tracks.setdefault(row["amazon_id"], [])
            if self.tracks == "all" or not album_tracks:
                album_tracks.append(row["MSD_track_id"])
            artists.setdefault(row["amazon_id"], row.get("artist_mbid", ""))
        return tracks, artists


class SongDescriber(ReviewSource):
    """Song Describer: captions of MTG-Jamendo tracks, all of them test tracks of its split 0.

    Args:
        root: Folder of the collection; by default ``song_describer`` under the data root.
    """

    def __init__(self, root: str | None = None) -> None:
        self.root = Path(root) if root else declared("song_describer").root

    def files(self) -> Sequence[Path]:
        """Return the table of captions."""
        return [declared("song_describer").require("song_describer.csv", root=self.root) / "song_describer.csv"]

    def reviews(self) -> Iterator[Review]:
        """Yield every caption, with track and artist IDs in the spelling of MTG-Jamendo."""
        (path,) = self.files()
        remedy = "Fetch it again: `mwe data fetch song_describer`."
        for line, row in read_rows(path, ("caption", "track_id", "artist_id"), remedy=remedy):
            try:
                track_id, artist_id = f"track_{int(row['track_id']):07}", f"artist_{int(row['artist_id']):06}"
            except ValueError as error:
                raise BadFileError(path, f"track or artist is not a number ({error})", remedy, line) from error
            yield Review(row["caption"], (track_id,), artist_id)


class MusicCaps(ReviewSource):
    """MusicCaps: captions and aspect lists of ten-second clips; the YouTube ID of a clip is its track ID.

    Args:
        root: Folder of the collection; by default ``musiccaps`` under the data root.
        aspects: Whether to use a clip's aspects as tags.
    """

    def __init__(self, root: str | None = None, aspects: bool = True) -> None:
        self.root = Path(root) if root else declared("musiccaps").root
        self.aspects = aspects

    def files(self) -> Sequence[Path]:
        """Return the table of captions."""
        return [declared("musiccaps").require("musiccaps-public.csv", root=self.root) / "musiccaps-public.csv"]

    def reviews(self) -> Iterator[Review]:
        """Yield every caption."""
        (path,) = self.files()
        remedy = "Fetch it again: `mwe data fetch musiccaps`."
        for line, row in read_rows(path, ("ytid", "aspect_list", "caption"), remedy=remedy):
            tags = literal_strings(path, line, row["aspect_list"], remedy) if self.aspects else ()
            yield Review(row["caption"], (row["ytid"],), tags=tags)


class AlbumReviews(ReviewSource):
    """Critics' album reviews with artist and genre; the artist's name is the artist ID, the genre a tag.

    Args:
        root: Folder of the collection; by default ``album_reviews`` under the data root.
        genres: Whether to use an album's genre as a tag.
    """

    FILE = "BDHSI2016_music_reviews.csv"

    def __init__(self, root: str | None = None, genres: bool = True) -> None:
        self.root = Path(root) if root else declared("album_reviews").root
        self.genres = genres

    def files(self) -> Sequence[Path]:
        """Return the table of reviews, which is tab-separated despite its name."""
        return [declared("album_reviews").require(self.FILE, root=self.root) / self.FILE]

    def reviews(self) -> Iterator[Review]:
        """Yield every review."""
        (path,) = self.files()
        rows = read_rows(path, ("artist", "genre", "body"), delimiter="\t", remedy="See `mwe data show album_reviews`.")
        for _, row in rows:
            genre = html.unescape(row["genre"]).strip(";")  # the file has "R&B;"
            yield Review(row["body"], artist_id=row["artist"], tags=(genre,) if self.genres and genre else ())


class KeyedTexts(ReviewSource):
    """Your own table with a header, and a key and a text in every row (CSV if the file name ends so, else TSV).

    Args:
        path: The table.
        about: Whether keys are track or artist IDs.
        key: Column of the keys.
        text: Column of the texts.
    """

    def __init__(
        self, path: str, about: Literal["track", "artist"] = "track", key: str = "key", text: str = "text"
    ) -> None:
        self.path, self.about, self.key, self.text = Path(path), about, key, text

    @property
    def name(self) -> str:
        """Name of the source in statistics."""
        return self.path.name

    def files(self) -> Sequence[Path]:
        """Return the table.

        Raises:
            MissingDataError: It does not exist.
        """
        if not self.path.is_file():
            raise MissingDataError(
                f"{self.path} not found. It must be a table with the columns {self.key} and {self.text}."
            )
        return [self.path]

    def reviews(self) -> Iterator[Review]:
        """Yield every row."""
        remedy = "It needs a header and the columns named by `key` and `text`."
        for line, row in read_rows(self.path, (self.key, self.text), remedy=remedy):
            if not row[self.key].strip():
                raise BadFileError(self.path, f"no {self.about} in the column {self.key}", remedy, line)
            key = row[self.key]
            yield Review(row[self.text], (key,)) if self.about == "track" else Review(row[self.text], artist_id=key)


def literal_strings(path: Path, line: int, text: str, remedy: str) -> tuple[str, ...]:
    """Parse the Python list literal of strings that some tables hold.

    Raises:
        BadFileError: The text is not a list of strings.
    """
    try:
        strings = literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise BadFileError(path, f"not a list: {text[:60]!r}", remedy, line) from error
    if not isinstance(strings, list) or not all(isinstance(string, str) for string in strings):
        raise BadFileError(path, f"not a list of strings: {text[:60]!r}", remedy, line)
    return tuple(strings)
