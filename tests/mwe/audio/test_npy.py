"""Published spectrograms, one file a track: which are there, when files are opened, what is read of them."""

import pickle

import numpy as np
import pytest

from mwe.audio import npy
from mwe.audio.npy import NpyMels
from mwe.core.errors import BadFileError

BANDS = 96


@pytest.fixture
def paths(tmp_path):
    """Twelve files in three folders, and two tracks without one."""
    rng, found = np.random.default_rng(0), {}
    for number in range(12):
        path = tmp_path / f"{number % 3}/{number}.npy"
        path.parent.mkdir(exist_ok=True)
        np.save(path, rng.normal(size=(BANDS, 50 + number)).astype(np.float32))
        found[f"t{number}"] = path
    return {"lost": tmp_path / "0/lost.npy", **found, "nowhere": tmp_path / "none/1.npy"}


@pytest.fixture
def opened(monkeypatch):
    """Names of the files that were opened, in order."""
    names, load = [], np.load

    def noted(path, **settings):
        names.append(path.name)
        return load(path, **settings)

    monkeypatch.setattr(npy.np, "load", noted)
    return names


def test_no_file_is_opened_before_it_is_read(paths, opened):
    mels = NpyMels(paths)
    assert mels.track_ids == [f"t{number}" for number in range(12)]
    assert mels.has(["t3", "lost", "nowhere"]).tolist() == [True, False, False]
    rows = mels.rows_of(["t7", "t2", "t7"])
    assert not opened
    assert mels.lengths(rows).tolist() == [57, 52, 57]
    assert sorted(opened) == ["2.npy", "7.npy"]
    sent = pickle.loads(pickle.dumps(mels))  # to a worker of a loader
    assert sent.lengths(rows).tolist() == [57, 52, 57]
    assert len(opened) == 2
    np.testing.assert_array_equal(mels.frames(), np.arange(50, 62))
    assert len(opened) == 12


def test_crops_are_those_of_the_files(paths):
    mels = NpyMels(paths)
    crops = mels.crops([4, 4, 0], [3, 0, 0], 51)
    assert (crops.shape, crops.dtype) == ((3, 51, BANDS), np.float16)
    whole = np.load(paths["t4"]).T.astype(np.float16)
    np.testing.assert_array_equal(crops[:2], np.stack([whole[3:54], whole[:51]]))
    np.testing.assert_array_equal(crops[2, 50], np.load(paths["t0"]).T.astype(np.float16)[0])
    with pytest.raises(ValueError, match="no 51 frames from 4 in track 't4' of 54 frames"):
        mels.crops([4], [4], 51)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "not a readable array"),
        (np.zeros((BANDS, 0), np.float32), r"float32 of shape \(96, 0\), not numbers of shape \(96, frames\)"),
        (np.zeros((128, 9), np.float32), r"shape \(128, 9\)"),
        (np.zeros((BANDS, 9), np.int16), "int16"),
    ],
)
def test_a_damaged_file_is_named_when_it_is_read(paths, content, message):
    if content is None:
        paths["t5"].write_bytes(b"no array")
    else:
        np.save(paths["t5"], content)
    mels = NpyMels(paths)
    assert mels.crops([4], [0], 10).shape == (1, 10, BANDS)
    with pytest.raises(BadFileError, match=rf"5\.npy: .*{message}.*Download it again"):
        mels.crops([5], [0], 10)
