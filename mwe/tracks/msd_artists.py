"""Artists of the tracks of the Million Song Dataset, read safely from its SQLite files."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from mwe.core.errors import BadFileError
from mwe.core.lines import numbered_lines

MSD_TRACKS = "unique_tracks.txt"
MSD_METADATA = "track_metadata.db"


def msd_artists(*folders: Path) -> dict[str, str]:
    """Return the artist of each MSD track, by the first ``track_metadata.db`` or ``unique_tracks.txt`` in the folders.

    Returns an empty dictionary if there is neither. The database gives MSD's artist IDs, the list gives the artists'
    names. The list separates its fields by ``<SEP>``, in some copies by ``;``, which cuts names that contain a ``;``.

    Raises:
        BadFileError: The file is not as MSD publishes it.
    """
    for folder in folders:
        if (folder / MSD_METADATA).is_file():
            query = "SELECT track_id, artist_id FROM songs"
            return dict(sql_rows(folder / MSD_METADATA, query))  # type: ignore[arg-type]
        if (folder / MSD_TRACKS).is_file():
            return dict(_listed_artists(folder / MSD_TRACKS))
    return {}


def _listed_artists(path: Path) -> Iterable[tuple[str, str]]:
    remedy = "Fetch it again from MSD's homepage."
    for number, line in numbered_lines(path, remedy):
        fields = line.split("<SEP>" if "<SEP>" in line else ";")
        if len(fields) < 4 or not fields[0]:
            raise BadFileError(path, "expected track<SEP>song<SEP>artist<SEP>title", remedy, number)
        yield fields[0], fields[2]


def sql_rows(path: Path, query: str) -> Iterable[tuple[str, ...]]:
    """Yield the rows of texts that a query on an SQLite file returns.

    The file is opened read-only. Views and triggers are refused, because a query would run their code.

    Raises:
        BadFileError: The file is not a database, is damaged, lacks a table or column, or a row is not all text.
    """
    remedy = "Fetch it again."
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            database.execute("PRAGMA trusted_schema = OFF")
            for kind, name in database.execute("SELECT type, name FROM sqlite_master"):
                if kind not in ("table", "index"):
                    raise BadFileError(path, f"contains the {kind} {name!r}, which upstream's file does not", remedy)
            for row in database.execute(query):
                if not all(isinstance(field, str) for field in row):
                    raise BadFileError(path, f"expected a row of texts, found {str(row)[:80]}", remedy)
                yield row
        finally:
            database.close()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise BadFileError(path, f"not the database that upstream publishes ({error})", remedy) from error
