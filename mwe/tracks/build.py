"""From what most collections give, tags by track, to ``TrackTags``; and who the artists of MSD's tracks are."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from mwe.core.errors import BadFileError
from mwe.core.lines import numbered_lines
from mwe.tracks.tags import SPLITS, TrackTags, tag_matrix

MSD_TRACKS = "unique_tracks.txt"
MSD_METADATA = "track_metadata.db"


def tracks_of(
    name: str,
    tags_of: Mapping[str, Iterable[str]],
    artist_of: Mapping[str, str] | None = None,
    group_of: Mapping[str, str] | None = None,
    splits: Mapping[str, Sequence[str]] | None = None,
    min_tracks: int = 1,
) -> TrackTags:
    """A collection from the tags of each track.

    Args:
        name: What it is called in results.
        tags_of: Tags by track, in the order of the tracks.
        artist_of: Artists by track; unknown ones are left empty.
        group_of: Group of each tag.
        splits: Tracks of ``train``, ``valid`` and ``test``; without them all are train.
        min_tracks: Tags of fewer tracks are left out, and tracks that have no tag left; both are counted.

    Raises:
        TypeError: A tag is no text.
        ValueError: A track is listed more than once in the splits.
    """
    counts = Counter(tag for own in tags_of.values() for tag in dict.fromkeys(own))
    if strange := [tag for tag in counts if not isinstance(tag, str)]:
        raise TypeError(f"the tag {strange[0]!r} is no text")
    listed = Counter(track for own in (splits or {}).values() for track in own)
    if listed and (twice := listed.most_common(1)[0])[1] > 1:
        raise ValueError(f"track {twice[0]!r} is listed more than once in the splits")
    tags = sorted(tag for tag, count in counts.items() if count >= min_tracks)
    known = set(tags)
    kept = {track: own for track, all_ in tags_of.items() if (own := [tag for tag in all_ if tag in known])}
    place = {track: row for row, track in enumerate(kept)}
    given = splits or {"train": list(kept)}
    rows = {part: [place[track] for track in given.get(part, ()) if track in place] for part in SPLITS}
    skipped = {
        "tracks without a tag": len(tags_of) - len(kept),
        f"tags of fewer than {min_tracks} tracks": len(counts) - len(tags),
        "tracks of the split that have no entry": sum(track not in tags_of for track in listed),
    }
    return TrackTags(
        name=name,
        track_ids=tuple(kept),
        artist_ids=tuple((artist_of or {}).get(track, "") for track in kept),
        tags=tuple(tags),
        matrix=tag_matrix(list(kept.values()), tags),
        groups=tuple((group_of or {}).get(tag, "") for tag in tags),
        unseen=np.zeros(len(tags), dtype=bool),
        splits={part: np.array(own, dtype=np.int64) for part, own in rows.items()},
        skipped={reason: count for reason, count in skipped.items() if count},
    )


def msd_artists(*folders: Path) -> dict[str, str]:
    """Artist by MSD track, from the first ``track_metadata.db`` or ``unique_tracks.txt`` in the folders; else none.

    The database gives MSD's artist IDs, the list the artists' names. The list has ``<SEP>`` between its fields, or
    ``;`` in copies; names that hold a ``;`` are then cut, titles do no harm.

    Raises:
        BadFileError: The file found is not as MSD publishes it.
    """
    for folder in folders:
        if (folder / MSD_METADATA).is_file():
            query = "SELECT track_id, artist_id FROM songs"
            return dict(sql_rows(folder / MSD_METADATA, query))  # type: ignore[arg-type]
        if (folder / MSD_TRACKS).is_file():
            return dict(_listed_artists(folder / MSD_TRACKS))
    return {}


def _listed_artists(path: Path) -> Iterable[tuple[str, str]]:
    remedy = "Fetch it anew from MSD's homepage."
    for number, line in numbered_lines(path, remedy):
        fields = line.split("<SEP>" if "<SEP>" in line else ";")
        if len(fields) < 4 or not fields[0]:
            raise BadFileError(path, "expected track<SEP>song<SEP>artist<SEP>title", remedy, number)
        yield fields[0], fields[2]


def sql_rows(path: Path, query: str) -> Iterable[tuple[str, ...]]:
    """Rows of texts that a query on an SQLite file gives.

    The file is opened for reading alone. Views and triggers, whose code a query would run, are refused.

    Raises:
        BadFileError: The file is no database, is damaged, lacks a table or column, or holds something else than texts.
    """
    remedy = "Fetch it anew."
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            database.execute("PRAGMA trusted_schema = OFF")
            for kind, name in database.execute("SELECT type, name FROM sqlite_master"):
                if kind not in ("table", "index"):
                    raise BadFileError(path, f"brings the {kind} {name!r}, which upstream's does not", remedy)
            for row in database.execute(query):
                if not all(isinstance(one, str) for one in row):
                    raise BadFileError(path, f"expected a row of texts, found {str(row)[:80]}", remedy)
                yield row
        finally:
            database.close()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise BadFileError(path, f"not the database that upstream publishes ({error})", remedy) from error
