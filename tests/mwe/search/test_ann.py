"""The approximate index; without FAISS only what is said then."""

import shutil
import sys

import numpy as np
import pytest

from mwe.audio.predict import Hardware
from mwe.core.errors import BadFileError, MissingDataError
from mwe.search import Filters, Library
from mwe.search.ann import AnnReport, build_ann
from mwe.search.exact import ExactSearch
from mwe.search.index import index_library


@pytest.fixture
def clustered(rng):
    """3,000 unit vectors around 30 centres."""
    rows = rng.standard_normal((30, 16))[rng.integers(0, 30, 3000)] + 0.3 * rng.standard_normal((3000, 16))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


WORDS = {"calm": [1.0] * 16, "drums": [-1.0, 1.0] * 8}
NO_WORDS = np.zeros((0, 16), np.float32)


@pytest.fixture
def library(library_of, clustered):
    tags = [["rare"] if row % 100 == 0 else [] for row in range(len(clustered))]
    return library_of(clustered, [f"a{row % 50}" for row in range(len(clustered))], tags, WORDS)


def test_without_faiss_it_says_what_to_install(library, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingDataError, match=r"approximate search needs faiss\. Install it with `pip install"):
        build_ann(library.root, NO_WORDS)
    with pytest.raises(MissingDataError, match="needs faiss"):
        Library(library.root, approximate=True)


class TestWithFaiss:
    """What needs FAISS."""

    @pytest.fixture(autouse=True)
    def _needs_faiss(self):
        pytest.importorskip("faiss", reason="FAISS is not installed (extra `ann`)")

    def test_the_recall_that_is_wanted_is_reached_and_told(self, library, clustered, rng):
        asked = rng.standard_normal((20, 16)).astype(np.float32)
        low = build_ann(library.root, asked, recall=0.5)
        high = build_ann(library.root, asked, recall=0.99)
        assert low.probes <= high.probes < high.cells
        assert min(high.recall_tracks, high.recall_words) >= 0.99
        approximate = Library(library.root, approximate=True).search_method
        exact = ExactSearch(clustered).nearest(asked, 10).rows_QK
        found = approximate.nearest(asked, 10)
        shares = [len(set(a) & set(b)) / 10 for a, b in zip(exact.tolist(), found.rows_QK.tolist(), strict=True)]
        assert np.mean(shares) == pytest.approx(high.recall_words)
        rows = found.rows_QK[0]
        np.testing.assert_allclose(found.scores_QK[0], clustered[rows] @ asked[0], rtol=1e-4)

    def test_queries_and_filters_are_those_of_the_exact_library(self, library):
        build_ann(library.root, NO_WORDS, recall=1.0)
        approximate = Library(library.root, approximate=True)
        for filters in (Filters(), Filters(tags=("rare",)), Filters(artists=("a3",), without_tags=("rare",))):
            for per_artist in (None, 1):
                exact = library.search("calm - drums", 10, filters, per_artist)
                found = approximate.search("calm - drums", 10, filters, per_artist)
                assert len(found.hits) == len(exact.hits) > 0
                assert len({one.track_id for one in found.hits} & {one.track_id for one in exact.hits}) >= 0.9 * len(
                    exact.hits
                )
        assert approximate.search("track:t5", 3).hits[0].track_id != "t5"

    def test_a_small_library_is_one_cell(self, library_of, clustered, tmp_path):
        small = library_of(clustered[:20], words=WORDS, root=tmp_path / "small")
        report = build_ann(small.root, NO_WORDS)
        assert (report.cells, report.recall_tracks) == (1, 1.0)
        assert len(Library(small.root, approximate=True).search("calm", 50).hits) == 20

    def test_it_is_made_anew_when_the_library_changes(self, music, run, tmp_path, monkeypatch):
        out, here = tmp_path / "lib", Hardware(workers=0, devices=1, accelerator="cpu")
        assert "approximate" not in index_library([music], run, out, hardware=here).note
        before = Library(out)
        prototype_TD, known_T = before.prototypes
        build_ann(out, prototype_TD[known_T], recall=0.9, cells=2)
        made = (out / before.store.declared.ann_file).stat().st_mtime_ns
        assert "approximate" not in index_library([music], run, out, hardware=here).note
        assert (out / before.store.declared.ann_file).stat().st_mtime_ns == made
        shutil.copy(music / "0.flac", music / "new.flac")
        assert "approximate index made again: 1 cells" in index_library([music], run, out, hardware=here).note
        library = Library(out, approximate=True)
        assert len(library.search("low", 100).hits) == 9
        report = AnnReport.read(out, library.store.declared)
        assert (report.wanted, report.cells_wanted, report.track_queries) == (0.9, 2, 9)
        (music / "new.flac").unlink()
        monkeypatch.setitem(sys.modules, "faiss", None)
        assert "of the former edition was removed: approximate search needs faiss" in (
            index_library([music], run, out, hardware=here).note
        )
        assert AnnReport.read(out, Library(out).store.declared) is None

    def test_what_is_missing_or_damaged_is_said(self, library):
        with pytest.raises(MissingDataError, match=r"no approximate index\. Make it with `mwe library ann --library"):
            Library(library.root, approximate=True)
        build_ann(library.root, NO_WORDS)
        (library.root / library.store.declared.ann_file).write_bytes(b"nothing")
        with pytest.raises(BadFileError, match=r"ann-00001\.faiss: not an index of FAISS"):
            Library(library.root, approximate=True)
        (library.root / library.store.declared.ann_report_file).write_text('{"cells": 1}')
        with pytest.raises(BadFileError, match=r"ann-00001\.json: not in the format of this version"):
            Library(library.root, approximate=True)
