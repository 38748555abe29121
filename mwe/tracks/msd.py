"""Tags of the Million Song Dataset's tracks: Last.fm, AllMusic, tagtraum, MSD500, ECALS, the 50 of the benchmark."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from mwe.core.files import read_json
from mwe.core.matrix import read_matrix
from mwe.tracks.build import msd_artists, sql_rows, tracks_of
from mwe.tracks.tables import read_fields
from mwe.tracks.tags import SPLITS, TrackReader, TrackTags


class LastfmTracks(TrackReader):
    """Last.fm tags as MSD publishes them, an SQLite file with the tables ``tids``, ``tags`` and ``tid_tag``.

    Args:
        root: Folder of ``lastfm_tags.db``; by default ``lastfm`` under the data root.
        min_score: Scores (0 to 100) below which a track does not have a tag.
        min_tracks: Tags of fewer tracks are left out; the paper's 1,147 tags are a choice of its own, not published.
    """

    def __init__(self, root: str | None = None, min_score: float = 50.0, min_tracks: int = 100) -> None:
        self.root = Path(root) if root else declared("lastfm").root
        self.min_score, self.min_tracks = min_score, min_tracks

    def read(self) -> TrackTags:
        """Read the database.

        Raises:
            BadFileError: The file is no such database.
        """
        path = declared("lastfm").require("lastfm_tags.db", root=self.root) / "lastfm_tags.db"
        query = (
            "SELECT tids.tid, tags.tag FROM tid_tag JOIN tids ON tid_tag.tid = tids.ROWID "
            f"JOIN tags ON tid_tag.tag = tags.ROWID WHERE tid_tag.val >= {float(self.min_score)} ORDER BY tid_tag.ROWID"
        )
        tags_of: dict[str, list[str]] = {}
        for track, tag in sql_rows(path, query):
            tags_of.setdefault(str(track), []).append(str(tag).lower())
        artists = msd_artists(self.root, declared("msd").root)
        return tracks_of("Last.fm (MSD)", tags_of, artists, min_tracks=self.min_tracks)


class ClsTracks(TrackReader):
    """Genres or styles in ``.cls`` files, ``track <TAB> genre [<TAB> genre]`` a line: AllMusic's, tagtraum's.

    Args:
        files: Files, relative to the folder; tags of all of them are joined.
        groups: Group of the tags of each file; by default none.
        root: Folder of the files.
        name: What the collection is called in results.
    """

    def __init__(self, files: Sequence[str], root: str, groups: Sequence[str] = (), name: str = "MSD genres") -> None:
        if groups and len(groups) != len(files):
            raise ValueError(f"{len(groups)} groups do not fit {len(files)} files")
        self.paths = [Path(root) / file for file in files]
        self.groups, self.root, self.name = tuple(groups), Path(root), name

    def read(self) -> TrackTags:
        """Read the files; lines that begin with ``#`` are remarks.

        Raises:
            MissingDataError: A file is not there.
            BadFileError: A line is not a track and its genres.
        """
        tags_of: dict[str, list[str]] = {}
        group_of: dict[str, str] = {}
        for place, path in enumerate(self.paths):
            for number, fields in read_fields(path, "\t"):
                if not fields[0].startswith("#"):
                    if len(fields) < 2 or not all(fields):
                        raise BadFileError(path, "expected a track and its genres", "Fetch it anew.", number)
                    tags_of.setdefault(fields[0], []).extend(fields[1:])
                    group_of.update(dict.fromkeys(fields[1:], self.groups[place] if self.groups else ""))
        return tracks_of(self.name, tags_of, msd_artists(self.root, declared("msd").root), group_of)


class AllMusicTracks(ClsTracks):
    """AllMusic's genres and styles of MSD tracks; its moods and themes are in ``EcalsTracks``.

    Args:
        root: Folder of the collection; by default ``allmusic`` under the data root.
        files: Its files.
        groups: Group of the tags of each file.
    """

    def __init__(
        self,
        root: str | None = None,
        files: Sequence[str] = ("msd-MAGD-genreAssignment.cls", "msd-MASD-styleAssignment.cls"),
        groups: Sequence[str] = ("genre", "style"),
    ) -> None:
        super().__init__(files, root or str(declared("allmusic").require(*files)), groups, "AllMusic (MSD)")


class TagtraumTracks(ClsTracks):
    """tagtraum's genres of MSD tracks.

    Args:
        root: Folder of the file; by default ``msd/tagtraum`` under the data root.
        file: Which of the three ground truths: ``msd_tagtraum_cd1.cls``, ``_cd2.cls`` or ``_cd2c.cls``.
    """

    def __init__(self, root: str | None = None, file: str = "msd_tagtraum_cd1.cls") -> None:
        folder = root or str(declared("msd").require(f"tagtraum/{file}") / "tagtraum")
        super().__init__([file], folder, ["genre"], "tagtraum (MSD)")


class Msd500Tracks(TrackReader):
    """MSD500: 500 Last.fm tags in seven categories.

    Args:
        root: Folder of ``selected_tags.tsv`` and ``track_tags.tsv``; by default ``msd500`` under the data root.
    """

    def __init__(self, root: str | None = None) -> None:
        self.root = Path(root) if root else declared("msd500").root

    def read(self) -> TrackTags:
        """Read the two files; the tag stands in the third column, tags that are not selected are left out.

        Raises:
            BadFileError: A line has too few fields.
        """
        declared("msd500").require("selected_tags.tsv", "track_tags.tsv", root=self.root)
        group_of = {fields[0]: fields[1] for _, fields in read_fields(self.root / "selected_tags.tsv", "\t", 2)}
        tags_of: dict[str, list[str]] = {}
        for _, fields in read_fields(self.root / "track_tags.tsv", "\t", 3):
            if fields[2] in group_of:
                tags_of.setdefault(fields[0], []).append(fields[2])
        return tracks_of("MSD500", tags_of, msd_artists(self.root, declared("msd").root), group_of)


class EcalsTracks(TrackReader):
    """ECALS: 1,054 tags of AllMusic and Last.fm with an artist-stratified split (Doh et al., 2023).

    Args:
        root: Folder of ``annotation.json`` and ``ecals_track_split.json``; by default ``ecals`` under the data root.
    """

    def __init__(self, root: str | None = None) -> None:
        self.root = Path(root) if root else declared("ecals").root

    def read(self) -> TrackTags:
        """Read both files; the tracks called extra belong to the part they are named after, else to train.

        Raises:
            BadFileError: A file is not as upstream publishes it.
        """
        declared("ecals").require("annotation.json", "ecals_track_split.json", root=self.root)
        path = self.root / "annotation.json"
        told, given = read_json(path), read_json(self.root / "ecals_track_split.json")
        try:
            tags_of = {track: list(entry["tag"]) for track, entry in told.items()}
            artist_of = {track: str(entry["artist_name"]) for track, entry in told.items()}
            splits = _ecals_splits(given)
        except (KeyError, TypeError, AttributeError) as error:
            raise BadFileError(path, f"not ECALS's annotation ({error!r})", "Fetch it anew.") from error
        return tracks_of("ECALS", tags_of, artist_of, splits=splits)


def _ecals_splits(given: dict[str, Any]) -> dict[str, list[str]]:
    splits: dict[str, list[str]] = {part: [] for part in SPLITS}
    for name, tracks in given.items():
        splits[next((part for part in SPLITS if part in name), "train")] += tracks
    return splits


class MsdTop50Tracks(TrackReader):
    """The 50 most frequent Last.fm tags and the conventional split of 201,680, 11,774 and 28,435 tracks.

    Args:
        root: Folder with ``MSD_split``; by default ``msd`` under the data root.
        parts: Which of the files ``train.csv``, ``valid.csv`` and ``test.csv`` to read.
    """

    def __init__(self, root: str | None = None, parts: Sequence[str] = SPLITS) -> None:
        self.root = Path(root) if root else declared("msd").root
        self.parts = tuple(parts)

    def read(self) -> TrackTags:
        """Read the tables."""
        declared("msd").require(*(f"MSD_split/{part}.csv" for part in self.parts), root=self.root)
        tags_of, splits = _split_tables(self.root / "MSD_split", self.parts)
        return tracks_of("MSD top 50", tags_of, msd_artists(self.root), splits=splits)


def _split_tables(folder: Path, parts: Sequence[str]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    tags_of: dict[str, list[str]] = {}
    splits: dict[str, list[str]] = {}
    for part in parts:
        rows = dict(_rows(folder / f"{part}.csv"))
        splits[part] = list(rows)
        tags_of.update(rows)
    return tags_of, splits


def _rows(path: Path) -> Iterator[tuple[str, list[str]]]:
    for _, track, tags in read_matrix(path, "Copy MSD_split anew; `mwe data msd` says from where."):
        yield track, tags
