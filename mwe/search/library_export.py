"""Export of a library for other programs: one Parquet or Arrow file, or a collection of the vector database Qdrant.

Qdrant is well maintained and can distribute a collection over machines. Its client has a local mode with the same
calls, in memory or in a folder, so tests and small libraries need no server.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mwe.audio.file_tags import FileTags
from mwe.core.errors import MissingDataError, StaleArtefactError
from mwe.core.extras import require_extra
from mwe.core.files import atomic_write
from mwe.core.progress import track
from mwe.search.exact import NearestRows, checked_queries
from mwe.search.library import Library

ROWS = 16_384
UPLOAD = 1_024
SPACE_KEY = "embedding_space"
QDRANT = ("qdrant_client", "qdrant", "Qdrant needs its client")
_NAMES = uuid.UUID("5a4d2f0e-8a35-4d0b-9f0e-6d7765000001")  # Qdrant accepts numbers and UUIDs as IDs of points


def tables(library: Library) -> Iterator[pa.Table]:
    """Yield the library in blocks: its tracks with tag names, the tags in their files and unit vectors, float32."""
    tracks, metadata = library.tracks, library.store.metadata
    file_tags = metadata.read().select(FileTags._fields) if metadata else pa.table({})
    for start in range(0, max(len(library), 1), ROWS):
        block = tracks.slice(start, ROWS)
        vectors = np.asarray(library.matrix_ND[start : start + ROWS], dtype=np.float32)
        tags = pa.array([library.store.tags_of(row) for row in range(start, start + len(block))], pa.list_(pa.string()))
        embedding = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), library.dim)
        named = block.set_column(block.schema.get_field_index("tags"), "tags", tags)
        for name in file_tags.column_names:
            named = named.append_column(name, file_tags[name].slice(start, ROWS))
        yield named.append_column("embedding", embedding).replace_schema_metadata({SPACE_KEY: library.space})


def export_file(library: Library, out: Path, form: Literal["parquet", "arrow"]) -> None:
    """Write the library as one Parquet file, or as one Arrow IPC file that other programs map into memory."""
    blocks = tables(library)
    first = next(blocks)
    with atomic_write(out) as temporary:
        open_writer: Any = pq.ParquetWriter if form == "parquet" else pa.ipc.new_file
        with open_writer(str(temporary), first.schema) as writer:
            writer.write_table(first)
            for block in blocks:
                writer.write_table(block)


class QdrantSearch:
    """Searches the vectors of a library in a collection of Qdrant, with the same interface as on disk.

    Args:
        client: A ``qdrant_client.QdrantClient`` for a server, for a folder or in memory.
        library: The library; answers are its rows.
        collection: Name of the collection.

    Raises:
        MissingDataError: There is no such collection.
        StaleArtefactError: The collection is of another embedding space or another edition of the library.
    """

    def __init__(self, client: Any, library: Library, collection: str) -> None:
        if not client.collection_exists(collection):
            raise MissingDataError(f"Qdrant has no collection {collection!r}. Make it with `mwe library export`.")
        self.client, self.library, self.collection = client, library, collection
        first, _ = client.scroll(collection, limit=1, with_payload=[SPACE_KEY])
        space = first[0].payload[SPACE_KEY] if first else library.space
        count = client.count(collection).count
        if space != library.space or count != len(library):
            raise StaleArtefactError(
                f"Qdrant's collection {collection!r} holds {count:,} vectors of embedding space {space}, the library "
                f"{len(library):,} of {library.space}. Export the library again."
            )

    def nearest(self, query_QD: np.ndarray, k: int, allowed_N: np.ndarray | None = None) -> NearestRows:
        """See ``Search``. Allowed rows are passed to Qdrant as a filter on the row."""
        models = require_extra(*QDRANT).models
        query_QD = checked_queries(query_QD, self.library.dim, k)
        condition = None
        if allowed_N is not None:
            rows = np.flatnonzero(allowed_N).tolist()
            condition = models.Filter(must=[models.FieldCondition(key="row", match=models.MatchAny(any=rows))])
        rows_QK = np.full((len(query_QD), k), -1, dtype=np.int64)
        scores_QK = np.full((len(query_QD), k), -np.inf, dtype=np.float32)
        requests = [
            models.QueryRequest(query=query_D.tolist(), limit=k, filter=condition, with_payload=["row"])
            for query_D in query_QD
        ]
        for query, answer in enumerate(self.client.query_batch_points(self.collection, requests)):
            for rank, point in enumerate(answer.points):
                rows_QK[query, rank], scores_QK[query, rank] = point.payload["row"], point.score
        return NearestRows(rows_QK, scores_QK)


def export_qdrant(library: Library, client: Any, collection: str) -> None:
    """Fill a collection of Qdrant with a library; replace an existing collection of that name.

    Every point has the track's row, ID, artist, path, tags, the embedding space, and what the tags in its file say.
    """
    models = require_extra(*QDRANT).models
    if client.collection_exists(collection):
        client.delete_collection(collection)
    # vectors have length 1, so their product is the cosine
    parameters = models.VectorParams(size=library.dim, distance=models.Distance.DOT)
    client.create_collection(collection, vectors_config=parameters)
    starts = range(0, len(library), UPLOAD)
    for start in track(starts, "filling Qdrant", len(starts)):
        points = [_point(models, library, row) for row in range(start, min(start + UPLOAD, len(library)))]
        client.upsert(collection, points)


def _point(models: Any, library: Library, row: int) -> Any:
    track_id, artist_id, path = (library.store.column(name)[row].as_py() for name in ("track_id", "artist_id", "path"))
    return models.PointStruct(
        id=str(uuid.uuid5(_NAMES, track_id)),
        vector=np.asarray(library.matrix_ND[row], dtype=np.float32).tolist(),
        payload={
            "row": row,
            "track_id": track_id,
            "artist_id": artist_id,
            "path": path,
            "tags": library.store.tags_of(row),
            SPACE_KEY: library.space,
            **{name: value for name, value in library.store.file_tags(row)._asdict().items() if value},
        },
    )
