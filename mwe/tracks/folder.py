"""Your own folder: audio files and a table of tags. The embedded demonstration collection has the same form.

``tracks.tsv`` (or ``.csv``) has a header and these columns:

* ``path``: audio file, relative to the folder (required);
* ``tags``: tag names joined by ``|`` (required);
* ``track_id``: default is the path; ``artist_id``: default unknown; ``split``: ``train``, ``valid`` or ``test``.

Optional files beside it: ``tags.tsv`` (``tag``, ``group``, ``seen`` = 1 or 0), ``reviews.tsv`` (``track_id``,
``text``).
"""

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.lines import numbered_lines
from mwe.core.paths import cache_root
from mwe.tracks.track_tags import SPLITS, TrackReader, TrackTags, tag_matrix

REMEDY = "See `mwe data show --help` for the format."


def read_rows(
    path: Path, required: tuple[str, ...], delimiter: str | None = None, remedy: str = REMEDY
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line number and named fields of each row of a TSV file (or CSV, by its suffix) with a header.

    Args:
        path: The file.
        required: Columns that it must have.
        delimiter: Delimiter of fields; by default chosen by the suffix of the file.
        remedy: What to do about a missing or damaged file.

    Raises:
        MissingDataError: The file is missing.
        BadFileError: A required column is missing, a column is named twice, or a row has more or fewer fields than the
            header.
    """
    if not path.is_file():
        raise MissingDataError(f"{path} not found. {remedy}")
    lines = (line for _, line in numbered_lines(path, remedy, ends=True))
    reader = csv.DictReader(lines, delimiter=delimiter or ("," if path.suffix == ".csv" else "\t"), strict=True)
    try:
        header = reader.fieldnames or ()
        missing = [name for name in required if name not in header]
        if missing:
            message = f"no column {', '.join(missing)} in the header {str(reader.fieldnames)[:200]}"
            raise BadFileError(path, message, remedy, 1)
        if len(set(header)) != len(header):
            raise BadFileError(path, f"a column of the header {str(header)[:200]} is named twice", remedy, 1)
        for row in reader:
            if None in row or None in row.values():
                raise BadFileError(path, "more or fewer fields than the header has", remedy, reader.line_num)
            yield reader.line_num, row
    except csv.Error as error:
        raise BadFileError(path, f"cannot be read ({error})", remedy, reader.line_num) from error


class FolderTracks(TrackReader):
    r"""A folder of audio files with a table of tags.

    Args:
        root: The folder.
        table: File name of the table in it.
        split: Column of the split. If the table has no column ``split``, a hash of the artist's name (or of the track
            ID, if the artist is unknown) assigns 70, 10 and 20 % to train, valid and test.
        hold_out_unseen: Whether to hold out tags marked ``seen`` = 0 in ``tags.tsv`` from training on audio.

    Examples:
        >>> lines = ["path\ttags\tartist_id", "air/sexy.mp3\tcalm|pop\tAir", "can/vitamin.mp3\trock\tCan"]
        >>> _ = Path("tracks.tsv").write_text("\n".join(lines))
        >>> tracks = FolderTracks(".").read()
        >>> tracks.track_ids, tracks.tags
        (('air/sexy.mp3', 'can/vitamin.mp3'), ('calm', 'pop', 'rock'))
    """

    def __init__(
        self, root: str, table: str = "tracks.tsv", split: str = "split", hold_out_unseen: bool = True
    ) -> None:
        self.root, self.table, self.split, self.hold_out_unseen = Path(root), table, split, hold_out_unseen

    @property
    def name(self) -> str:
        """Name of the collection in results."""
        return self.root.name

    def read(self) -> TrackTags:
        """Read the folder's tables."""
        rows = list(read_rows(self.root / self.table, ("path", "tags")))
        track_ids = self._track_ids(rows)
        reviews = self._reviews()
        known = set(track_ids)
        unknown_reviews = sum(len(texts) for track, texts in reviews.items() if track not in known)
        tag_lists = [tuple(tag.strip() for tag in row["tags"].split("|") if tag.strip()) for _, row in rows]
        listed = self._listed_tags()
        tags = tuple(listed) or tuple(sorted({tag for tags in tag_lists for tag in tags}))
        for (line, _), tags_of_row in zip(rows, tag_lists, strict=True):
            unknown = next((tag for tag in tags_of_row if listed and tag not in listed), None)
            if unknown:
                raise BadFileError(self.root / self.table, f"tag {unknown!r} is not in tags.tsv", "Add it there.", line)
        return TrackTags(
            name=self.name,
            track_ids=track_ids,
            artist_ids=tuple(row.get("artist_id") or "" for _, row in rows),
            tags=tags,
            matrix=tag_matrix(tag_lists, tags),
            groups=tuple(listed[tag][0] if listed else "" for tag in tags),
            unseen=np.array([bool(listed) and self.hold_out_unseen and not listed[tag][1] for tag in tags], dtype=bool),
            splits=self._splits(rows),
            audio=tuple(self.root / row["path"] for _, row in rows),
            reviews={track: texts for track, texts in reviews.items() if track in known},
            skipped={"reviews of tracks that are not listed": unknown_reviews} if unknown_reviews else {},
        )

    def _track_ids(self, rows: list[tuple[int, dict[str, str]]]) -> tuple[str, ...]:
        line_of: dict[str, int] = {}
        for line, row in rows:
            track = row.get("track_id") or row["path"]
            if not row["path"]:
                raise BadFileError(self.root / self.table, "no path", "Name the audio file.", line)
            if track in line_of:
                message = f"track {track!r} is already listed in line {line_of[track]}"
                raise BadFileError(self.root / self.table, message, "List every track once.", line)
            line_of[track] = line
        return tuple(line_of)

    def _listed_tags(self) -> dict[str, tuple[str, bool]]:
        path = self.root / "tags.tsv"
        if not path.is_file():
            return {}
        listed: dict[str, tuple[str, bool]] = {}
        for line, row in read_rows(path, ("tag", "group", "seen")):
            if row["tag"] in listed or row["seen"] not in ("0", "1"):
                message = f"tag {row['tag']!r} is listed twice" if row["tag"] in listed else f"seen is {row['seen']!r}"
                raise BadFileError(path, message, "List every tag once, with 1 or 0 for `seen`.", line)
            listed[row["tag"]] = (row["group"], row["seen"] == "1")
        return listed

    def _reviews(self) -> dict[str, list[str]]:
        path = self.root / "reviews.tsv"
        texts: dict[str, list[str]] = {}
        if path.is_file():
            for _, row in read_rows(path, ("track_id", "text")):
                texts.setdefault(row["track_id"], []).append(row["text"])
        return texts

    def _splits(self, rows: list[tuple[int, dict[str, str]]]) -> dict[str, np.ndarray]:
        if rows and self.split in rows[0][1]:
            part_of_row = [row[self.split] for _, row in rows]
            invalid = next((row for row, name in enumerate(part_of_row) if name not in SPLITS), None)
            if invalid is not None:
                raise BadFileError(
                    self.root / self.table,
                    f"{self.split} is {part_of_row[invalid]!r}, not one of {', '.join(SPLITS)}",
                    REMEDY,
                    rows[invalid][0],
                )
        elif self.split != "split":
            raise BadFileError(self.root / self.table, f"no column {self.split}", "Name a column of the table.", 1)
        else:
            part_of_row = [_hashed_split(row.get("artist_id") or row.get("track_id") or row["path"]) for _, row in rows]
        return {name: np.flatnonzero(np.array(part_of_row) == name) for name in SPLITS}


def _hashed_split(name: str) -> str:
    """Return the split of an artist by a hash of the name: the same on every machine and in every order."""
    share = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32
    return "train" if share < 0.7 else "valid" if share < 0.8 else "test"


class DemoTracks(FolderTracks):
    """The embedded demonstration collection, as built by ``mwe demo``.

    Args:
        split_by: ``artist``: no performer is in two splits; ``random``: tracks are assigned without regard to
            performers.
        root: Its folder; by default ``demo`` in the cache.
        hold_out_unseen: Whether to hold out its unseen tags from training on audio.
    """

    def __init__(
        self, split_by: Literal["artist", "random"] = "artist", root: str | None = None, hold_out_unseen: bool = True
    ) -> None:
        folder = Path(root) if root else cache_root() / "demo"
        super().__init__(
            str(folder), "tracks.tsv", "split" if split_by == "artist" else "split_random", hold_out_unseen
        )
        self.split_by = split_by

    @property
    def name(self) -> str:
        """Name of the collection in results."""
        return f"demo ({'artist-disjoint' if self.split_by == 'artist' else 'random'} split)"

    def read(self) -> TrackTags:
        """Read the collection.

        Raises:
            MissingDataError: It has not been built yet.
        """
        if not (self.root / "MANIFEST.json").is_file():
            raise MissingDataError(f"the demonstration collection is not in {self.root}. Build it with `mwe demo`.")
        return super().read()
