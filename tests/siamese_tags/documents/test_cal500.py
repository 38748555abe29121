import gzip
import json

import pytest

from mwe.core.errors import BadFileError, MissingDataError
from siamese_tags.documents import Cal500


def test_reads_by_number_and_leaves_genre_best_out(miniature):
    documents = Cal500(str(miniature)).read()
    assert documents.ids == tuple(str(number) for number in range(31))
    assert len(documents.tags) == 22
    assert not any(tag.startswith("Genre-Best") for tag in documents.tags)
    with gzip.open(miniature / "jams" / "10.jamz", "rt") as file:
        expected = {one["value"] for one in json.load(file)["annotations"][0]["data"]} - {"Genre-Best--_Rock"}
    row = documents.matrix_DT[10]
    assert {tag for tag, there in zip(documents.tags, row, strict=True) if there} == expected
    assert documents.artists[10] == "artist_5"
    assert "31 documents, 22 tags" in str(documents)


def test_all_tags_on_request(miniature):
    assert "Genre-Best--_Rock" in Cal500(str(miniature), drop_tags=()).read().tags


@pytest.fixture
def one_file(tmp_path):
    folder = tmp_path / "jams"
    folder.mkdir()
    return folder / "7.jamz"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "not a gzip-compressed JSON"),
        (b"no gzip", "not a gzip-compressed JSON"),
        (gzip.compress(b'{"annotations": [{"data": [{"value": "x"}]}]}', mtime=0)[:-12], "not a gzip-compressed JSON"),
        (gzip.compress(b"{broken", mtime=0), "not a gzip-compressed JSON"),
        (gzip.compress(b"\xff\xfe", mtime=0), "not a gzip-compressed JSON"),
        (gzip.compress(b'{"annotations": []}', mtime=0), "no annotations"),
        (gzip.compress(b"[]", mtime=0), "no annotations"),
        (gzip.compress(b'{"annotations": [{"data": []}], "file_metadata": "x"}', mtime=0), "no annotations"),
        (gzip.compress(b'{"annotations": [{"data": [{"value": 3}]}]}', mtime=0), "a tag is not text"),
    ],
)
def test_damaged_file_is_named(one_file, content, what):
    one_file.write_bytes(content)
    with pytest.raises(BadFileError, match=rf"7\.jamz: {what}.*mwe data fetch cal500"):
        Cal500(str(one_file.parents[1])).read()


def test_name_must_be_a_number(one_file):
    one_file.with_name("copy of 7.jamz").touch()
    with pytest.raises(BadFileError, match=r"copy of 7\.jamz.*not a number"):
        Cal500(str(one_file.parents[1])).read()


def test_empty_folder(one_file):
    with pytest.raises(BadFileError, match=r"no \*\.jamz"):
        Cal500(str(one_file.parents[1])).read()


def test_missing_folder_says_what_to_do(tmp_path):
    with pytest.raises(MissingDataError, match="mwe data show cal500"):
        Cal500(str(tmp_path)).read()


def test_incomplete_collection_under_the_data_root(miniature, tmp_path, monkeypatch):
    (tmp_path / "cal500").symlink_to(miniature)
    monkeypatch.setenv("MWE_DATA", str(tmp_path))
    with pytest.raises(MissingDataError, match="471 of 502 files not found"):
        Cal500().read()
