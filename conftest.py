"""What the examples in docstrings find: an empty folder of their own, the same draws, and a toy library."""

from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _prepared_examples(request: pytest.FixtureRequest) -> None:
    """Applies to examples only; tests have fixtures of their own."""
    if not isinstance(request.node, pytest.DoctestItem):
        return
    import torch

    request.getfixturevalue("monkeypatch").chdir(request.getfixturevalue("tmp_path"))
    torch.manual_seed(0)
    if any("outputs/library" in example.source for example in request.node.dtest.examples):
        write_toy_library(Path("outputs/library"))


def write_toy_library(root: Path) -> None:
    """Three tracks of two artists in a plane; the tags *calm*, *piano* and *drums* point in three directions."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from mwe.search.layout import TRACKS, Declaration
    from mwe.search.tag_table import NONE, TagTable
    from mwe.words import WordVectors

    tags = ("calm", "drums", "piano")
    direction_TD = np.array([[1, 0], [0, 1], [0.8, 0.6]], dtype=np.float32)
    unknown_T = np.full(len(tags), np.nan, np.float32)
    root.mkdir(parents=True)
    WordVectors(tags, direction_TD, ["tag"] * len(tags)).save(root / "words-toy")
    declared = Declaration("toy", "outputs/toy", 1, 3, 2, "words-toy", "toy", {})
    np.save(root / declared.matrix_file, np.array([[1, 0], [0.6, 0.8], [0, 1]], dtype=np.float32))
    columns = {
        "track_id": ["lullaby", "sonata", "march"],
        "artist_id": ["nina", "nina", "gene"],
        "path": ["lullaby.ogg", "sonata.ogg", "march.ogg"],
        "size": [1] * 3,
        "mtime_ns": [1] * 3,
        "seconds": [30.0] * 3,
        "loudness_db": [-10.0] * 3,
        "tags": [[0, 2], [0, 2], [1]],
    }
    pq.write_table(pa.table(columns, schema=TRACKS), root / declared.tracks_file)
    table = TagTable(tags, ("",) * 3, (True,) * 3, unknown_T, unknown_T, (NONE,) * 3)
    pq.write_table(table.to_table(), root / declared.tags_file)
    declared.write(root)
