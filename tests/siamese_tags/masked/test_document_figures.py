import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from mwe.core.errors import BadFileError, MissingDataError
from siamese_tags.documents import TagDocuments
from siamese_tags.masked.document_figures import FILE, load_documents, save_documents
from siamese_tags.masked.mask import reveal_seeded
from siamese_tags.masked.metrics import FIGURES, MaskedPrimingMetric


@pytest.fixture
def documents():
    matrix = np.random.default_rng(0).random((20, 12)) < 0.5
    matrix[:, :2] = True
    ids, tags = (tuple(f"{kind}{number}" for number in range(size)) for kind, size in (("d", 20), ("t", 12)))
    return TagDocuments("x", ids, tags, matrix, artists=tuple(f"a{number // 3}" for number in range(20)))


def filled(documents, rows, seed=0):
    membership = torch.tensor(documents.matrix_DT)
    revealed = reveal_seeded(membership, 0)
    metric = MaskedPrimingMetric()
    scores = torch.rand(membership.shape, generator=torch.Generator().manual_seed(seed))
    rows = torch.tensor(rows)
    metric.add_documents(rows, scores[rows], revealed[rows], (membership & ~revealed)[rows])
    return metric


def test_documents_add_up_to_the_figures_of_the_run(documents, tmp_path):
    rows = [17, 3, 4, 11, 9]
    metrics = {"": filled(documents, rows), "prediction_": filled(documents, rows, seed=1)}
    save_documents(tmp_path, documents, metrics)
    read = load_documents(tmp_path)
    assert read.ids == ("d3", "d4", "d9", "d11", "d17")
    assert read.artists == ("a1", "a1", "a3", "a3", "a5")
    assert read.queries_D.tolist() == [documents.matrix_DT[row].sum() // 2 for row in sorted(rows)]
    assert set(read.figures) == {prefix + name for prefix in metrics for name in FIGURES}
    for prefix, metric in metrics.items():
        for name, value in metric.compute().items():
            mean = np.average(read.figures[prefix + name], weights=read.queries_D)
            assert mean == pytest.approx(value.item(), abs=1e-4)


def test_different_documents_are_not_one_run(documents, tmp_path):
    metrics = {"": filled(documents, [1, 2]), "prediction_": filled(documents, [1, 3])}
    with pytest.raises(ValueError, match="different documents"):
        save_documents(tmp_path, documents, metrics)


def test_no_folder_no_file_and_no_artists(documents, tmp_path):
    save_documents(None, documents, {"": filled(documents, [1])})
    unknown = TagDocuments("x", documents.ids, documents.tags, documents.matrix_DT)
    save_documents(tmp_path, unknown, {"": filled(documents, [1])})
    assert load_documents(tmp_path).artists == ("",)


def test_what_is_missing_or_damaged_is_named(tmp_path):
    with pytest.raises(MissingDataError, match=r"documents\.parquet not found\. Delete .*metrics\.json"):
        load_documents(tmp_path)
    (tmp_path / FILE).write_bytes(b"PAR1 no")
    with pytest.raises(BadFileError, match="not a Parquet file"):
        load_documents(tmp_path)
    pq.write_table(pa.table({"document": ["d"], "artist": ["a"], "queries": [1.0], "map": [2.0]}), tmp_path / FILE)
    with pytest.raises(BadFileError, match="no column ap, p@1, p@10, p@2, p@5"):
        load_documents(tmp_path)


def _save(rank, world, folder):
    matrix = np.ones((7, 6), dtype=bool)
    documents = TagDocuments("x", tuple("abcdefg"), tuple("uvwxyz"), matrix, artists=tuple("ABCDEFG"))
    rows = torch.arange(7)[rank::world]
    revealed = reveal_seeded(torch.tensor(matrix), 1)
    metric = MaskedPrimingMetric()
    metric.add_documents(rows, torch.arange(6.0).expand(len(rows), 6), revealed[rows], ~revealed[rows])
    save_documents(folder / f"of{rank}", documents, {"": metric})


def test_one_of_two_processes_writes_the_documents_of_both(in_processes, tmp_path):
    _save(0, 1, tmp_path / "one")
    in_processes(_save, 2, tmp_path / "two")
    one, two = (load_documents(tmp_path / name / "of0") for name in ("one", "two"))
    assert not (tmp_path / "two" / "of1").exists()
    assert one.ids == two.ids == tuple("abcdefg")
    for name, values in one.figures.items():
        np.testing.assert_allclose(two.figures[name], values, rtol=1e-6)
