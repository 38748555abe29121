"""AllMusic's labels in the HDF5 that pandas writes: read without running what is pickled in it."""

import gzip
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from mwe.core.errors import BadFileError, MissingDataError
from mwe.tracks import AllMusicLabelTracks
from mwe.tracks.allmusic import LABELS

h5py = pytest.importorskip("h5py")
# three tracks in the form of upstream, written by pandas.DataFrame.to_hdf
MINIATURE = Path(__file__).with_name("msd_amglabels_all.h5.gz")


@pytest.fixture
def root(tmp_path):
    path = tmp_path / LABELS
    path.parent.mkdir()
    path.write_bytes(gzip.decompress(MINIATURE.read_bytes()))
    return tmp_path


class Command:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


def store(root, content):
    """Put another pickle in the place of the lists."""
    with h5py.File(root / LABELS, "r+") as file:
        del file["df/block0_values"]
        kind = h5py.vlen_dtype(np.uint8)
        values = file["df"].create_dataset("block0_values", (1,), dtype=kind)
        values[0] = np.frombuffer(pickle.dumps(content), dtype=np.uint8)
        values.attrs["PSEUDOATOM"] = np.bytes_(b"object")


def test_the_labels_of_all_kinds_are_read_lowercase_and_missing_ones_are_none(root):
    tracks = AllMusicLabelTracks(str(root)).read()
    assert tracks.track_ids == ("TRAAAAK128F9318786", "TRAAAAW128F429D538", "TRAAABD128F429CF47")
    assert [sorted(tracks.of_track(row)) for row in range(3)] == [
        ["adult alternative", "late night", "pop/rock"],
        ["calm", "jazz", "late night"],
        ["electronic", "energetic", "house", "pop/rock"],
    ]
    group = dict(zip(tracks.tags, tracks.groups, strict=True))
    assert group["house"] == "style"
    assert group["late night"] == "mood"  # a theme too: of several kinds the first


def test_kinds_and_rare_tags_can_be_left_out(root):
    moods = AllMusicLabelTracks(str(root), kinds=["moods", "themes"]).read()
    assert moods.tags == ("calm", "energetic", "late night")
    assert AllMusicLabelTracks(str(root), min_tracks=2).read().tags == ("late night", "pop/rock")
    with pytest.raises(BadFileError, match="no column 'eras'"):
        AllMusicLabelTracks(str(root), kinds=["eras"]).read()


def test_a_payload_in_the_place_of_the_lists_is_refused_and_not_run(root, tmp_path):
    target = tmp_path / "made"
    cells = np.empty((3, 4), dtype=object)
    cells[:] = float("nan")
    cells[0, 0] = [Command(target)]
    store(root, cells)
    with pytest.raises(BadFileError, match=r"msd_amglabels_all\.h5: not a pickle of plain values"):
        AllMusicLabelTracks(str(root)).read()
    assert not target.exists()


def test_what_is_no_list_of_texts_is_named(root):
    cells = np.empty((3, 4), dtype=object)
    cells[:] = "rock"
    store(root, cells)
    with pytest.raises(BadFileError, match="genres of TRAAAAK128F9318786 are not a list of texts"):
        AllMusicLabelTracks(str(root)).read()


@pytest.mark.parametrize("stored", [np.zeros((2, 4), dtype=object), [["rock"]], 1])
def test_a_table_of_another_shape_is_refused(root, stored):
    store(root, stored)
    with pytest.raises(BadFileError, match=r"not a table as pandas writes it|no column"):
        AllMusicLabelTracks(str(root)).read()


def test_a_file_that_is_cut_or_missing_is_named(root):
    path = root / LABELS
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(BadFileError, match="not a table as pandas writes it"):
        AllMusicLabelTracks(str(root)).read()
    path.unlink()
    with pytest.raises(MissingDataError, match="msd_amglabels_all"):
        AllMusicLabelTracks(str(root)).read()
