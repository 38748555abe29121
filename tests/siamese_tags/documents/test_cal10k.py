import pytest

from mwe.core.errors import BadFileError, MissingDataError
from siamese_tags.documents import Cal10k

HEADER = "id\tartist\ttitle\tduration\ttags"


@pytest.fixture
def write(tmp_path):
    def to_file(*lines):
        (tmp_path / "cal10k_tags.tsv").write_text("\n".join(lines), encoding="utf-8")
        return Cal10k(str(tmp_path), min_songs=2)

    return to_file


def test_reads_tags_and_artists_and_leaves_rare_tags_out(write):
    lines = ["1\tAir\tA\u2028b\t1.0\tx y|z", "2\tBeck\tC\t2.0\tx y|rare|w", "3\tCan\tD\t3.0\t", "5\tAir\tE\t4.0\tz|w|w"]
    documents = write(HEADER, *lines).read()
    assert documents.ids == ("1", "2", "5")
    assert documents.artists == ("Air", "Beck", "Air")
    assert documents.tags == ("w", "x y", "z")
    assert documents.matrix_DT.tolist() == [[False, True, True], [True, True, False], [True, False, True]]
    assert documents.skipped == {"tracks without a tag": 1, "tags of fewer than 2 tracks": 1}


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (["id\ttags"], "line 1: expected the header"),
        ([HEADER, "1\ta\tb\tc"], "line 2: expected 5 fields, found 4"),
        ([HEADER, "1\ta\tb\tc\tx", "1\ta\tb\tc\tx"], "line 3: song '1' occurs twice"),
        ([HEADER, "1\ta\tb\tc\tx"], "no tag of 2 or more songs"),
    ],
)
def test_a_bad_file_is_named(write, lines, what):
    with pytest.raises(BadFileError, match=what):
        write(*lines).read()


def test_not_utf8(write, tmp_path):
    collection = write(HEADER)
    (tmp_path / "cal10k_tags.tsv").write_bytes(b"\xff\xfe")
    with pytest.raises(BadFileError, match="not UTF-8"):
        collection.read()


def test_missing(tmp_path):
    with pytest.raises(MissingDataError, match=r"cal10k_tags\.tsv"):
        Cal10k(str(tmp_path)).read()


@pytest.mark.data
def test_real_counts(data_root):
    documents = Cal10k(str(data_root / "cal10k")).read().with_at_least(2)
    assert documents.matrix_DT.shape == (9544, 763)
    assert documents.matrix_DT.sum(axis=1).mean() == pytest.approx(10.80, abs=0.005)
    assert documents.matrix_DT.sum(axis=0).min() == 10
