"""Libraries in the hands of other programs."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mwe.core.errors import MissingDataError, StaleArtefactError
from mwe.search import Filters
from mwe.search import library_export as export
from mwe.search.library_export import QdrantSearch, export_file, export_qdrant

WORDS = {"calm": [1, 0, 0, 0], "drums": [0, 1, 0, 0]}


@pytest.fixture
def library(library_of, rng):
    rows = rng.standard_normal((25, 4))
    tags = [["rock"] if row % 2 else [] for row in range(25)]
    return library_of(
        rows / np.linalg.norm(rows, axis=1, keepdims=True), [f"a{row % 3}" for row in range(25)], tags, WORDS
    )


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_a_file_holds_everything_in_blocks(library, tmp_path, form, monkeypatch):
    monkeypatch.setattr(export, "ROWS", 7)
    path = tmp_path / f"library.{form}"
    export_file(library, path, form)
    if form == "parquet":
        table = pq.read_table(path)
    else:
        with pa.memory_map(str(path)) as mapped:
            table = pa.ipc.open_file(mapped).read_all()
    assert table.schema.metadata[b"embedding_space"] == b"made"
    assert table["track_id"].to_pylist() == [f"t{row}" for row in range(25)]
    assert table["tags"].to_pylist() == [["rock"] if row % 2 else [] for row in range(25)]
    vectors = table["embedding"].combine_chunks().flatten().to_numpy().reshape(25, 4)
    np.testing.assert_array_equal(vectors, library.matrix_ND)


def test_without_the_client_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "qdrant_client", None)
    with pytest.raises(
        MissingDataError, match=r"Qdrant needs its client\. Install it with `pip install 'mwe\[qdrant\]'`"
    ):
        export.export_qdrant(None, None, "tracks")


class TestWithQdrant:
    """What needs the client of Qdrant; its local mode stands for a server."""

    @pytest.fixture
    def client(self):
        qdrant = pytest.importorskip("qdrant_client", reason="Qdrant's client is not installed (extra `qdrant`)")
        client = qdrant.QdrantClient(":memory:")
        yield client
        client.close()

    def test_it_answers_as_the_library_does(self, library, client, monkeypatch):
        monkeypatch.setattr(export, "UPLOAD", 10)
        export_qdrant(library, client, "tracks")
        expected = [library.search(query, 5, filters) for query, filters in self.asked()]
        library.search_method = QdrantSearch(client, library, "tracks")
        for (query, filters), exact in zip(self.asked(), expected, strict=True):
            found = library.search(query, 5, filters)
            assert [hit.track_id for hit in found.hits] == [hit.track_id for hit in exact.hits]
            np.testing.assert_allclose([hit.score for hit in found.hits], [hit.score for hit in exact.hits], atol=1e-5)

    def asked(self):
        filters = (Filters(), Filters(tags=("rock",)), Filters(artists=("a1",), without_tags=("rock",)))
        return [(query, one) for query in ("calm", "calm - drums", "track:t3") for one in filters]

    def test_a_collection_carries_what_a_track_is(self, library, client):
        for _ in range(2):  # the second takes the place of the first
            export_qdrant(library, client, "tracks")
        assert client.count("tracks").count == 25
        payloads = {one.payload["track_id"]: one.payload for one in client.scroll("tracks", limit=100)[0]}
        assert payloads["t5"] == {
            **{"row": 5, "track_id": "t5", "artist_id": "a2", "path": "/music/t5.ogg"},
            **{"tags": ["rock"], "embedding_space": "made"},
        }

    def test_other_spaces_and_missing_collections_are_refused(self, library, library_of, client, tmp_path):
        with pytest.raises(MissingDataError, match="Qdrant has no collection 'tracks'"):
            QdrantSearch(client, library, "tracks")
        fewer = library_of(np.eye(4), words=WORDS, root=tmp_path / "fewer")
        export_qdrant(fewer, client, "tracks")
        with pytest.raises(StaleArtefactError, match=r"holds 4 vectors .* Export the library again"):
            QdrantSearch(client, library, "tracks")
