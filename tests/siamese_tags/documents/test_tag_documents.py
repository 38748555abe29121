"""The view of tracks as tag documents, and that views of the real collections stay as they were, bit for bit."""

import hashlib

import numpy as np
import pytest

from mwe.tracks import Cal500JamsTracks, TrackTags, tag_matrix
from mwe.tracks.cal500_features import FILE, read_feature_table
from siamese_tags.documents import Cal10k, Cal500, Jamendo, MagnaSongs, Reserved, TagDocuments
from siamese_tags.documents.folds import folds


def tracks(splits, artists=("", "", "")):
    lists, tags = [["b"], [], ["b", "a"]], ["b", "unused", "a"]
    rows = {part: np.array(splits.get(part, []), dtype=np.int64) for part in ("train", "valid", "test")}
    return TrackTags(
        name="mine",
        track_ids=("x", "y", "z"),
        artist_ids=artists,
        tags=tuple(tags),
        matrix=tag_matrix(lists, tags),
        groups=("", "", ""),
        unseen=np.zeros(3, dtype=bool),
        splits=rows,
        skipped={"broken lines": 2},
    )


def test_tracks_without_a_tag_and_tags_without_a_track_are_left_out():
    documents = TagDocuments.of(tracks({"train": [0, 1, 2]}, ("Air", "Beck", "")), "named")
    assert (documents.name, documents.ids, documents.tags) == ("named", ("x", "z"), ("b", "a"))
    assert documents.artists == ("Air", "")
    assert documents.matrix_DT.tolist() == [[True, False], [True, True]]
    assert documents.skipped == {"broken lines": 2, "tracks without a tag": 1}


def test_a_split_is_official_where_something_is_tested_on():
    assert TagDocuments.of(tracks({"train": [0, 1, 2]})).parts == {}
    parts = TagDocuments.of(tracks({"train": [2], "test": [1, 0]})).parts
    assert {part: rows.tolist() for part, rows in parts.items()} == {"train": [1], "test": [0]}


def test_no_artists_where_none_is_told():
    assert TagDocuments.of(tracks({})).artists == ()


def digest(*arrays):
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()[:16]


# matrix, vocabulary and folds
REAL = {
    "cal500": (Cal500, "90e5381300fbe7c4"),
    "cal10k": (Cal10k, "46ba56cd73bf2485"),
    "jamendo": (Jamendo, "280ec1de4aeac139"),
    "magnatagatune": (MagnaSongs, "b0024f884aaf3f5f"),
}


@pytest.mark.data
@pytest.mark.parametrize("name", REAL)
def test_real_documents_are_the_same_bit_for_bit(name, data_root, monkeypatch):
    monkeypatch.setenv("MWE_DATA", str(data_root))
    build, expected = REAL[name]
    documents = build().read()
    rows = [part for fold in folds(len(documents)) for part in (fold.train, fold.test)]
    tags = np.frombuffer("\n".join(documents.tags).encode(), dtype=np.uint8)
    assert documents.matrix_DT.flags.c_contiguous
    assert digest(documents.matrix_DT, tags, *rows) == expected


@pytest.mark.data
def test_real_documents_set_aside_are_the_same_bit_for_bit(data_root, monkeypatch):
    monkeypatch.setenv("MWE_DATA", str(data_root))
    documents = Reserved(MagnaSongs(), n_tags=6, most_documents=500).read()
    assert documents.matrix_DT.shape == (3581, 30)
    assert digest(documents.matrix_DT, documents.oov.known_DT, documents.oov.unseen_DU) == "1ace3fe35628b5e6"


@pytest.mark.data
def test_both_files_of_cal500_have_the_same_tags(data_root):
    """JAMS names the songs, the feature table their features; tags and their order are the same."""
    jams = Cal500JamsTracks(str(data_root / "cal500"), drop_tags=()).read()
    table = read_feature_table(data_root / "cal500" / FILE)
    assert len(jams.track_ids) == len(table.label_NL) == 502
    counts = [np.sort(jams.matrix.toarray().sum(axis=0)), np.sort(table.label_NL.sum(axis=0))]
    assert np.array_equal(*counts)
    assert np.array_equal(jams.matrix.toarray().sum(axis=1), table.label_NL.sum(axis=1))
