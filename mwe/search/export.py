"""A library for other programs: one Parquet or Arrow file, or a collection of the vector database Qdrant.

Qdrant, since it is kept well, distributes a collection over machines, and its client has a local mode with the same
calls, in memory or in a folder, for which tests and small libraries need no server.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mwe.core.errors import MissingDataError, StaleArtefactError
from mwe.core.extras import require_extra
from mwe.core.files import atomic_write
from mwe.core.progress import track
from mwe.search.exact import Found, checked_queries
from mwe.search.stored import Stored

ROWS = 16_384
UPLOAD = 1_024
SPACE_KEY = "embedding_space"
QDRANT = ("qdrant_client", "qdrant", "Qdrant needs its client")
_NAMES = uuid.UUID("5a4d2f0e-8a35-4d0b-9f0e-6d7765000001")  # Qdrant takes numbers and UUIDs as names of points


def tables(library: Stored) -> Iterator[pa.Table]:
    """The library in blocks: its tracks with the names of their tags and their unit vectors, float32."""
    tracks = library.tracks
    for at in range(0, max(len(library), 1), ROWS):
        block = tracks.slice(at, ROWS)
        vectors = np.asarray(library.matrix_ND[at : at + ROWS], dtype=np.float32)
        tags = pa.array([library.tags_of(row) for row in range(at, at + len(block))], pa.list_(pa.string()))
        embedding = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), library.dim)
        named = block.set_column(block.schema.get_field_index("tags"), "tags", tags)
        yield named.append_column("embedding", embedding).replace_schema_metadata({SPACE_KEY: library.space})


def export_file(library: Stored, out: Path, form: Literal["parquet", "arrow"]) -> None:
    """Write the library as one Parquet file, or as one Arrow IPC file that other programs map into memory."""
    blocks = tables(library)
    first = next(blocks)
    with atomic_write(out) as temporary:
        opened: Any = pq.ParquetWriter if form == "parquet" else pa.ipc.new_file
        with opened(str(temporary), first.schema) as writer:
            writer.write_table(first)
            for block in blocks:
                writer.write_table(block)


class QdrantSearch:
    """The vectors of a library in a collection of Qdrant, searched through the same call as on disk.

    Args:
        client: A ``qdrant_client.QdrantClient``: of a server, of a folder or in memory.
        library: The library whose rows the answers are.
        collection: Name of the collection.

    Raises:
        MissingDataError: There is no such collection.
        StaleArtefactError: It is of another embedding space or another edition of the library.
    """

    def __init__(self, client: Any, library: Stored, collection: str) -> None:
        if not client.collection_exists(collection):
            raise MissingDataError(f"Qdrant has no collection {collection!r}. Make it with `mwe library-export`.")
        self.client, self.library, self.collection = client, library, collection
        first, _ = client.scroll(collection, limit=1, with_payload=[SPACE_KEY])
        found = first[0].payload[SPACE_KEY] if first else library.space
        count = client.count(collection).count
        if found != library.space or count != len(library):
            raise StaleArtefactError(
                f"Qdrant's collection {collection!r} holds {count:,} vectors of embedding space {found}, the library "
                f"{len(library):,} of {library.space}. Export the library anew."
            )

    def nearest(self, query_QD: np.ndarray, k: int, allowed_N: np.ndarray | None = None) -> Found:
        """See ``Search``; allowed rows are handed to Qdrant as a filter on the row."""
        models = require_extra(*QDRANT).models
        query_QD = checked_queries(query_QD, self.library.dim, k)
        condition = None
        if allowed_N is not None:
            rows = np.flatnonzero(allowed_N).tolist()
            condition = models.Filter(must=[models.FieldCondition(key="row", match=models.MatchAny(any=rows))])
        rows_QK = np.full((len(query_QD), k), -1, dtype=np.int64)
        scores_QK = np.full((len(query_QD), k), -np.inf, dtype=np.float32)
        asked = [
            models.QueryRequest(query=query_D.tolist(), limit=k, filter=condition, with_payload=["row"])
            for query_D in query_QD
        ]
        for place, answer in enumerate(self.client.query_batch_points(self.collection, asked)):
            for rank, point in enumerate(answer.points):
                rows_QK[place, rank], scores_QK[place, rank] = point.payload["row"], point.score
        return Found(rows_QK, scores_QK)


def export_qdrant(library: Stored, client: Any, collection: str) -> None:
    """Fill a collection of Qdrant with a library; one of that name is replaced.

    Every point carries the track's row, ID, artist, path, tags and the embedding space.
    """
    models = require_extra(*QDRANT).models
    if client.collection_exists(collection):
        client.delete_collection(collection)
    # vectors have length 1, so their product is the cosine
    given = models.VectorParams(size=library.dim, distance=models.Distance.DOT)
    client.create_collection(collection, vectors_config=given)
    starts = range(0, len(library), UPLOAD)
    for at in track(starts, "filling Qdrant", len(starts)):
        points = [_point(models, library, row) for row in range(at, min(at + UPLOAD, len(library)))]
        client.upsert(collection, points)


def _point(models: Any, library: Stored, row: int) -> Any:
    track_id, artist_id, path = (library.column(name)[row].as_py() for name in ("track_id", "artist_id", "path"))
    return models.PointStruct(
        id=str(uuid.uuid5(_NAMES, track_id)),
        vector=np.asarray(library.matrix_ND[row], dtype=np.float32).tolist(),
        payload={
            "row": row,
            "track_id": track_id,
            "artist_id": artist_id,
            "path": path,
            "tags": library.tags_of(row),
            SPACE_KEY: library.space,
        },
    )
