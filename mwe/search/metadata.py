"""Metadata of a library's tracks from the tags in their files: its columns, and its conversion to and from them.

It is for display, filters and recognition only. No model is trained or measured on it: the genre in a file is anybody's
opinion, and may be the very answer that a model is asked for.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, get_type_hints

import pyarrow as pa

from mwe.audio.cue_sheet import WHOLE
from mwe.audio.file_tags import FileTags

_TYPES = {str: pa.string(), int: pa.int64(), int | None: pa.int32(), float | None: pa.float32()}
METADATA = pa.schema(
    [
        pa.field("sound", pa.string(), nullable=False),  # hash of the excerpts; empty if unknown
        pa.field("start", pa.float64(), nullable=False),  # seconds in the file
        pa.field("end", pa.float64(), nullable=False),  # infinity for the end of the file
        pa.field("read", pa.bool_(), nullable=False),  # whether the tags of the file have been read
        *(
            pa.field(name, _TYPES[kind], nullable="None" in str(kind))
            for name, kind in get_type_hints(FileTags).items()
        ),
    ]
)


class Metadata(NamedTuple):
    """What is known of a track beside its sound.

    Attributes:
        sound: Hash of its excerpts, equal for equal vectors; empty if unknown.
        tags: Tags of its file; None if they have not been read.
        span: Begin and end in its file in seconds.
    """

    sound: str = ""
    tags: FileTags | None = None
    span: tuple[float, float] = WHOLE


def metadata_row(metadata: Metadata) -> dict[str, Any]:
    """Return a row of the table."""
    tags = metadata.tags
    start, end = metadata.span
    about = {"sound": metadata.sound, "start": start, "end": end, "read": tags is not None}
    return {**about, **(tags or FileTags())._asdict()}


def metadata_table(rows: Sequence[Metadata]) -> pa.Table:
    """Return the table of some tracks.

    Examples:
        >>> table = metadata_table([Metadata("", FileTags(title="Rain", year=1994)), Metadata()])
        >>> table["title"].to_pylist(), table["read"].to_pylist()
        (['Rain', ''], [True, False])
    """
    return pa.Table.from_pylist([metadata_row(row) for row in rows], schema=METADATA)


def metadata_of(row: dict[str, Any]) -> Metadata:
    """Return the metadata in a row of the table."""
    tags = FileTags(**{name: row[name] for name in FileTags._fields}) if row["read"] else None
    return Metadata(row["sound"], tags, (row["start"], row["end"]))


def artists_of(table: pa.Table) -> list[str]:
    """Return the artist whom each track counts for: its own, or that of its album.

    Examples:
        >>> artists_of(metadata_table([Metadata("", FileTags(album_artist="Ana Lee")), Metadata()]))
        ['Ana Lee', '']
    """
    artists, album_artists = table["artist"].to_pylist(), table["album_artist"].to_pylist()
    return [artist or other for artist, other in zip(artists, album_artists, strict=True)]
