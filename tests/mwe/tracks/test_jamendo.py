"""MTG-Jamendo's TSV: a miniature in upstream's format, its faults, and the real files."""

import pytest

from mwe.core.errors import BadFileError, MissingDataError
from mwe.tracks import JamendoTracks
from mwe.tracks.jamendo import UPSTREAM_SPLITS, read_jamendo_tsv

HEADER = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
LINES = {
    "train": "track_1\tartist_1\talbum_1\t01/1.mp3\t340.1\tgenre---rock\n"
    "track_2\tartist_1\talbum_1\t02/2.mp3\t12.5\tgenre---rock\tinstrument---guitar\tmood/theme---happy\n",
    "valid": "track_3\tartist_2\talbum_2\t03/3.mp3\t1.0\tmood/theme---happy\n",
    "test": "track_4\tartist_3\talbum_3\t04/4.mp3\t1.0\tinstrument---guitar\tgenre---house\n",
}


@pytest.fixture
def jamendo(tmp_path):
    folder = tmp_path / "data/splits/split-0"
    folder.mkdir(parents=True)
    for name, end in UPSTREAM_SPLITS.items():
        (folder / f"autotagging-{end}.tsv").write_text(HEADER + LINES[name], encoding="utf-8")
    return tmp_path


def test_tags_spill_over_columns_and_keep_their_category(jamendo):
    tracks = JamendoTracks(root=str(jamendo)).read()
    assert tracks.tags == ("house", "rock", "guitar", "happy")
    assert tracks.groups == ("genre", "genre", "instrument", "mood/theme")
    assert [tracks.of_track(row) for row in range(4)] == [
        ["rock"],
        ["rock", "guitar", "happy"],
        ["happy"],
        ["house", "guitar"],
    ]
    assert {name: rows.tolist() for name, rows in tracks.splits.items()} == {"train": [0, 1], "valid": [2], "test": [3]}
    assert tracks.audio[1] == jamendo / "audio/02/2.mp3"
    assert "4 tracks, 3 artists, 4 tags (0 unseen), 1.75 tags a track; train 2, valid 1, test 1" in tracks.summary()


def test_the_collections_own_spectrograms_stand_in_for_audio(jamendo):
    tracks = JamendoTracks(root=str(jamendo), audio="melspecs", ending=".npy").read()
    assert tracks.audio[1] == jamendo / "melspecs/02/2.npy"


def test_one_file_alone_is_a_test_split(jamendo):
    (jamendo / "own.tsv").write_text(
        "\ufeff" + HEADER + LINES["train"].replace("\n", "\r\n"), encoding="utf-8", newline=""
    )
    tracks = JamendoTracks(root=str(jamendo), file="own.tsv").read()
    assert tracks.splits["test"].tolist() == [0, 1]
    assert tracks.tags == ("rock", "guitar", "happy")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("TRACK_ID,ARTIST_ID\n", r"line 1: expected the header"),
        ("", r"line 1: expected the header"),
        (HEADER + "track_1\tartist_1\n", r"line 2: expected 6 or more filled fields, found 2"),
        (HEADER + LINES["valid"] + "\n", r"line 3: expected 6 or more"),
        (HEADER + "track_1\ta\tb\tc\t1\t\n", r"line 2: expected 6 or more filled"),
        (HEADER.encode() + b"\xff\xfe\n", "not UTF-8"),
    ],
)
def test_a_damaged_file_is_named_with_line_and_remedy(tmp_path, content, message):
    path = tmp_path / "autotagging.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadFileError, match=message) as failure:
        list(read_jamendo_tsv(path))
    assert "mwe data fetch mtg_jamendo" in str(failure.value)


def test_a_missing_split_says_how_to_get_it(jamendo):
    with pytest.raises(MissingDataError, match=r"split-3/autotagging_genre-train.tsv.*mtg_jamendo"):
        JamendoTracks(split=3, subset="genre", root=str(jamendo)).read()
    with pytest.raises(ValueError, match="split is 5; MTG-Jamendo has the splits 0 to 4"):
        JamendoTracks(split=5)
    with pytest.raises(MissingDataError, match="Check `root` and `file`"):
        JamendoTracks(root=str(jamendo), file="none.tsv").read()


@pytest.mark.data
@pytest.mark.parametrize(
    ("subset", "sizes", "tags"),
    [
        ("all", (32859, 11101, 11565), 183),
        ("genre", (32572, 11043, 11479), 87),
        ("instrument", (14395, 5466, 5115), 40),
        ("moodtheme", (9949, 3802, 4231), 56),
        ("top50tags", (32136, 10888, 11356), 50),
    ],
)
def test_the_real_splits_have_the_published_sizes(data_root, subset, sizes, tags):
    tracks = JamendoTracks(subset=subset, root=str(data_root / "mtg_jamendo")).read()
    assert tuple(len(tracks.splits[name]) for name in ("train", "valid", "test")) == sizes
    assert len(tracks.tags) == tags
    artists = [{tracks.artist_ids[row] for row in rows} for rows in tracks.splits.values()]
    assert not artists[0] & artists[1] | artists[0] & artists[2] | artists[1] & artists[2]
