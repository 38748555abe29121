"""The map of a library."""

import shutil

import numpy as np
import pytest

from mwe.page import plane
from mwe.page.plane import FILE, plane_of, spread
from mwe.search import Library


@pytest.fixture
def own(folder, tmp_path):
    """A library of one's own, without a map."""
    shutil.copytree(folder, tmp_path / "own")
    (tmp_path / "own" / FILE).unlink(missing_ok=True)
    return Library(tmp_path / "own")


def test_alike_points_lie_together():
    rng = np.random.default_rng(0)
    centre = np.repeat(np.eye(3, 8), 30, axis=0)
    points = (centre + 0.05 * rng.standard_normal(centre.shape)).astype(np.float32)
    places = spread(points)
    assert places.shape == (90, 2)
    assert np.abs(places).max() == pytest.approx(1)
    away = np.linalg.norm(places[:, None] - places[None], axis=-1) + 9 * np.eye(90)
    assert (away.argmin(axis=1) // 30 == np.arange(90) // 30).all()
    np.testing.assert_array_equal(spread(points), places)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 40])
def test_few_and_equal_points_are_laid_out(count):
    places = spread(np.ones((count, 8), np.float32))
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()
    assert len(np.unique(places.round(6), axis=0)) == count


def test_a_map_is_made_once_for_the_same_points(own, monkeypatch):
    first = plane_of(own)
    assert (len(first.rows_P), len(first.tags_S), first.method in ("UMAP", "t-SNE")) == (24, 6, True)
    assert (own.root / FILE).is_file()

    def never(*_):
        raise AssertionError("laid out again")

    with monkeypatch.context() as patched:
        patched.setattr(plane, "spread", never)
        again = plane_of(own)
        np.testing.assert_array_equal(again.track_P2, first.track_P2)
        with pytest.raises(AssertionError, match="laid out again"):
            plane_of(own, max_tracks=5)
    for content in (b"", b"PK\x03\x04 cut", b"no map"):
        (own.root / FILE).write_bytes(content)
        np.testing.assert_array_equal(plane_of(own).track_P2, first.track_P2)


def test_a_sample_says_what_it_is_of(own):
    told = plane_of(own, max_tracks=5).to_dict(own)
    assert ([one["row"] for one in told["tracks"]], told["of"]) == ([0, 5, 11, 17, 23], 24)
    assert told["tracks"][1] | {"x": 0, "y": 0} == {"row": 5, "name": "t05", "artist": "artist1", "x": 0, "y": 0}
    assert {one["name"]: one["group"] for one in told["tags"]}["bass drone"] == "pitch"


def test_a_library_that_cannot_be_written_has_a_map_all_the_same(own, monkeypatch, capsys):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(plane, "atomic_write", refuse)
    assert len(plane_of(own).rows_P) == 24
    assert "cannot be stored" in capsys.readouterr().out
