"""A folder of one's own: the miniature, optional columns, and faults."""

import pytest

from mwe.core.errors import BadFileError, MissingDataError
from mwe.tracks import DemoTracks, FolderTracks


def test_the_miniature_is_read_whole(miniature):
    tracks = FolderTracks(str(miniature)).read()
    assert tracks.name == "miniature"
    assert tracks.tags == ("low", "middle", "high", "pure", "buzzing", "bass drone")
    assert tracks.unseen.tolist() == [False] * 5 + [True]
    assert tracks.of_track(0) == ["low", "pure", "bass drone"]
    assert {name: len(rows) for name, rows in tracks.splits.items()} == {"train": 14, "valid": 4, "test": 6}
    assert tracks.reviews["t00"] == ["A low tone , rather pure and deep"]
    assert all(path.is_file() for path in tracks.audio)


def test_unseen_tags_can_be_trained_on(miniature):
    assert not FolderTracks(str(miniature), hold_out_unseen=False).read().unseen.any()


def test_csv_with_the_two_required_columns_is_enough(tmp_path):
    rows = "".join(f"song {number}.wav,rock| soul \n" for number in range(200))
    (tmp_path / "mine.csv").write_text("path,tags\n" + rows)
    tracks = FolderTracks(str(tmp_path), table="mine.csv").read()
    assert tracks.track_ids[3] == "song 3.wav"
    assert tracks.tags == ("rock", "soul")
    assert {name: len(rows) for name, rows in tracks.splits.items()} == {"train": 138, "valid": 24, "test": 38}


def test_without_a_split_an_artist_falls_to_one_split_only(tmp_path):
    rows = "".join(f"{number}.wav\tx\tartist {number % 20}\n" for number in range(200))
    (tmp_path / "tracks.tsv").write_text("path\ttags\tartist_id\n" + rows)
    tracks = FolderTracks(str(tmp_path)).read()
    artists = [{tracks.artist_ids[row] for row in rows} for rows in tracks.splits.values()]
    assert sum(map(len, artists)) == 20
    assert all(artists)


@pytest.mark.parametrize(
    ("table", "tags", "message"),
    [
        ("path\tlabel\na.wav\tx\n", None, r"tracks.tsv, line 1: no column tags in the header \['path', 'label'\]"),
        ("path\ttags\na.wav\n", None, "line 2: more or fewer fields"),
        ("path\ttags\na.wav\tx\ty\n", None, "line 2: more or fewer fields"),
        ("path\ttags\tsplit\na.wav\tx\tdev\n", None, "line 2: split is 'dev', not one of train, valid, test"),
        ("path\ttags\na.wav\tx|y\n", "tag\tgroup\tseen\nx\tgenre\t1\n", "line 2: tag 'y' is not in tags.tsv"),
        ("path\ttags\na.wav\tx\na.wav\tx\n", None, "line 3: track 'a.wav' is already listed in line 2"),
        (b"path\ttags\na.wav\t\xff\n", None, "line 2: not UTF-8"),
    ],
)
def test_faults_are_named_with_file_and_line(tmp_path, table, tags, message):
    (tmp_path / "tracks.tsv").write_bytes(table if isinstance(table, bytes) else table.encode())
    if tags:
        (tmp_path / "tags.tsv").write_text(tags)
    with pytest.raises(ValueError, match=message):
        FolderTracks(str(tmp_path)).read()


def test_a_missing_folder_or_collection_says_what_to_do(tmp_path):
    with pytest.raises(MissingDataError, match=r"tracks\.tsv not found. See `mwe data show --help`"):
        FolderTracks(str(tmp_path)).read()
    with pytest.raises(MissingDataError, match="Build it with `mwe demo`"):
        DemoTracks(root=str(tmp_path)).read()


def test_a_column_that_is_not_there_is_refused(miniature):
    with pytest.raises(BadFileError, match="no column fold"):
        FolderTracks(str(miniature), split="fold").read()
