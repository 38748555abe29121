"""Tags of the Million Song Dataset's tracks for word vectors: Last.fm, AllMusic, tagtraum, MSD500."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from mwe.tracks.delimited import read_fields
from mwe.tracks.msd_artists import msd_artists, sql_rows
from mwe.tracks.track_tags import TrackReader, TrackTags, tracks_of


class LastfmTracks(TrackReader):
    """Last.fm tags as MSD publishes them, an SQLite file with the tables ``tids``, ``tags`` and ``tid_tag``.

    Args:
        root: Folder of ``lastfm_tags.db``; by default ``lastfm`` under the data root.
        min_score: Lowest score (0 to 100) at which a track has a tag.
        min_tracks: Leave out tags of fewer tracks. The paper's own choice of 1,147 tags is not published.
    """

    def __init__(self, root: str | None = None, min_score: float = 50.0, min_tracks: int = 100) -> None:
        self.root = Path(root) if root else declared("lastfm").root
        self.min_score, self.min_tracks = min_score, min_tracks

    def read(self) -> TrackTags:
        """Read the database.

        Raises:
            BadFileError: The file is not Last.fm's database.
        """
        path = declared("lastfm").require("lastfm_tags.db", root=self.root) / "lastfm_tags.db"
        query = (
            "SELECT tids.tid, tags.tag FROM tid_tag JOIN tids ON tid_tag.tid = tids.ROWID "
            f"JOIN tags ON tid_tag.tag = tags.ROWID WHERE tid_tag.val >= {float(self.min_score)} ORDER BY tid_tag.ROWID"
        )
        tags_of: dict[str, list[str]] = {}
        for track, tag in sql_rows(path, query):
            tags_of.setdefault(track, []).append(tag.lower())
        artists = msd_artists(self.root, declared("msd").root)
        return tracks_of("Last.fm (MSD)", tags_of, artists, min_tracks=self.min_tracks)


class ClsTracks(TrackReader):
    r"""Genres or styles in ``.cls`` files, ``track <TAB> genre [<TAB> genre]`` per line: AllMusic's, tagtraum's.

    Args:
        files: Files, relative to the folder; tags of all of them are joined.
        groups: Group of the tags of each file; by default no groups.
        root: Folder of the files.
        name: Name of the collection in results.

    Examples:
        >>> _ = Path("genres.cls").write_text("# MSD track, genres\nTRA\tRock\nTRB\tJazz\tVocal\n")
        >>> tracks = ClsTracks(["genres.cls"], ".", ["genre"]).read()
        >>> tracks.tags, tracks.of_track(1)
        (('Jazz', 'Rock', 'Vocal'), ['Jazz', 'Vocal'])
    """

    def __init__(self, files: Sequence[str], root: str, groups: Sequence[str] = (), name: str = "MSD genres") -> None:
        if groups and len(groups) != len(files):
            raise ValueError(f"{len(groups)} groups do not fit {len(files)} files")
        self.paths = [Path(root) / file for file in files]
        self.groups, self.root, self.name = tuple(groups), Path(root), name

    def read(self) -> TrackTags:
        """Read the files; lines that begin with ``#`` are comments.

        Raises:
            MissingDataError: A file is missing.
            BadFileError: A line is not a track and its genres.
        """
        tags_of: dict[str, list[str]] = {}
        group_of: dict[str, str] = {}
        for index, path in enumerate(self.paths):
            for number, fields in read_fields(path, "\t"):
                if not fields[0].startswith("#"):
                    if len(fields) < 2 or not all(fields):
                        raise BadFileError(path, "expected a track and its genres", "Fetch it again.", number)
                    tags_of.setdefault(fields[0], []).extend(fields[1:])
                    group_of.update(dict.fromkeys(fields[1:], self.groups[index] if self.groups else ""))
        return tracks_of(self.name, tags_of, msd_artists(self.root, declared("msd").root), group_of)


class AllMusicTracks(ClsTracks):
    """AllMusic's genres and styles of MSD tracks; ``AllMusicLabelTracks`` also has moods and themes.

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
        """Read the two files; the third column is the tag. Tags that are not selected are left out and counted.

        Raises:
            BadFileError: A line has too few fields, or a tag is selected twice.
        """
        declared("msd500").require("selected_tags.tsv", "track_tags.tsv", root=self.root)
        selected = self.root / "selected_tags.tsv"
        group_of: dict[str, str] = {}
        for number, fields in read_fields(selected, "\t", 2):
            if fields[0] in group_of:
                raise BadFileError(selected, f"tag {fields[0]!r} occurs twice", "Fetch it again.", number)
            group_of[fields[0]] = fields[1]
        tags_of: dict[str, list[str]] = {}
        unselected = 0
        for _, fields in read_fields(self.root / "track_tags.tsv", "\t", 3):
            if fields[2] in group_of:
                tags_of.setdefault(fields[0], []).append(fields[2])
            else:
                unselected += 1
        tracks = tracks_of("MSD500", tags_of, msd_artists(self.root, declared("msd").root), group_of)
        return replace(tracks, skipped={**tracks.skipped, "tags not selected": unselected}) if unselected else tracks
