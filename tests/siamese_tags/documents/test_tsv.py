import numpy as np
import pytest

from mwe.core.errors import BadFileError, MissingDataError
from siamese_tags.documents import TagDocuments, TsvDocuments


@pytest.fixture
def tsv(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "songs.tsv"
        path.write_bytes(text.encode(encoding))
        return str(path)

    return write


@pytest.mark.parametrize("start", ["", "id\ttag\n", "\ufeffTrack\tTag\r\n"])
def test_reads_pairs_with_or_without_header(tsv, start):
    documents = TsvDocuments(tsv(start + "b\trock\nb\tcalm\n\na\trock\nb\trock\n")).read()
    assert documents.name == "songs"
    assert documents.ids == ("b", "a")
    assert documents.tags == ("calm", "rock")
    assert documents.matrix_DT.tolist() == [[True, True], [False, True]]


def test_documents_without_tags_are_counted(tsv):
    documents = TsvDocuments(tsv("a\tbest rock\nb\tcalm\n"), drop_tags=("best",)).read()
    assert documents.ids == ("b",)
    assert "left out: 1 tracks without a tag" in str(documents)


@pytest.mark.parametrize("line", ["a rock", "a\t", "a\trock\tcalm", "\trock"])
def test_bad_line_is_named(tsv, line):
    with pytest.raises(BadFileError, match=r"songs\.tsv, line 2: expected `id<TAB>tag`"):
        TsvDocuments(tsv(f"a\trock\n{line}\n")).read()


def test_not_utf8(tsv):
    with pytest.raises(BadFileError, match="not UTF-8"):
        TsvDocuments(tsv("a\tmúsica\n", "latin-1")).read()


def test_no_track(tsv):
    with pytest.raises(BadFileError, match="no track"):
        TsvDocuments(tsv("id\ttag\n")).read()


def test_missing_file(tmp_path):
    with pytest.raises(MissingDataError, match=r"nowhere\.tsv"):
        TsvDocuments(str(tmp_path / "nowhere.tsv")).read()


@pytest.mark.parametrize(
    ("ids", "tags", "matrix", "what"),
    [
        (("a",), ("x", "y"), [[True]], "matrix"),
        (("a", "a"), ("x",), [[True], [True]], "document 'a' occurs more than once"),
        (("a", "b"), ("x",), [[True], [False]], "document 'b' has no tag"),
    ],
)
def test_inconsistent_documents(ids, tags, matrix, what):
    with pytest.raises(ValueError, match=what):
        TagDocuments("test", ids, tags, np.array(matrix))
