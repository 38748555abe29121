import pytest

from mwe.core.errors import BadFileError, MissingDataError
from siamese_tags.documents import Jamendo

HEADER = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"


def line(number, artist, *tags):
    return "\t".join([f"track_{number}", artist, "album", f"{number}.mp3", "1.0", *tags])


@pytest.fixture
def write(tmp_path):
    def to_files(train, validation, test):
        folder = tmp_path / "data" / "splits" / "split-0"
        folder.mkdir(parents=True)
        for part, lines in (("train", train), ("validation", validation), ("test", test)):
            (folder / f"autotagging-{part}.tsv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
        return Jamendo(str(tmp_path))

    return to_files


def test_tags_spill_over_and_the_official_split_is_kept(write):
    collection = write(
        [line(1, "a", "genre---rock", "mood/theme---calm"), line(2, "b", "genre---rock")],
        [line(3, "c", "genre---rock", "genre---pop")],
        [line(4, "d", "genre---pop"), line(5, "d", "genre---pop", "mood/theme---calm", "genre---rock")],
    )
    documents = collection.read()
    assert documents.tags == ("genre---pop", "genre---rock", "mood/theme---calm")
    assert documents.matrix_DT.sum(axis=1).tolist() == [2, 1, 2, 1, 3]
    assert documents.artists == ("a", "b", "c", "d", "d")
    assert {part: rows.tolist() for part, rows in documents.parts.items()} == {
        "train": [0, 1],
        "valid": [2],
        "test": [3, 4],
    }
    several = documents.with_at_least(2)
    assert several.ids == ("track_1", "track_3", "track_5")
    assert {part: rows.tolist() for part, rows in several.parts.items()} == {
        "train": [0],
        "valid": [1],
        "test": [2],
    }
    assert several.skipped == {"with fewer than 2 tags": 2}


def test_damage_is_named(write):
    with pytest.raises(BadFileError, match=r"autotagging-test\.tsv, line 2: expected 6 or more filled fields, found 5"):
        write([line(1, "a", "x")], [line(2, "b", "x")], [line(3, "c")]).read()


def test_a_track_in_two_parts(write):
    with pytest.raises(BadFileError, match=r"autotagging-test\.tsv, line 2: track 'track_1' occurs twice"):
        write([line(1, "a", "x")], [line(2, "b", "x")], [line(1, "a", "x")]).read()


def test_header(write, tmp_path):
    collection = write([], [], [])
    (tmp_path / "data/splits/split-0/autotagging-train.tsv").write_text("a\tb\n", encoding="utf-8")
    with pytest.raises(BadFileError, match="line 1: expected the header TRACK_ID"):
        collection.read()


def test_missing_and_unknown_split(tmp_path):
    with pytest.raises(MissingDataError, match="autotagging-train"):
        Jamendo(str(tmp_path)).read()
    with pytest.raises(ValueError, match="splits 0 to 4"):
        Jamendo(split=5)


@pytest.mark.data
def test_real_counts(data_root):
    documents = Jamendo(str(data_root / "mtg_jamendo")).read().with_at_least(2)
    assert {part: len(rows) for part, rows in documents.parts.items()}["train"] == 28_678
    assert len(documents.parts["test"]) == 10_359
    assert len(documents.tags) == 183
    artists = {part: {documents.artists[row] for row in rows} for part, rows in documents.parts.items()}
    assert not artists["train"] & artists["test"]
