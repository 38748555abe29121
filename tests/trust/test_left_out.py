"""Nothing is left out without a count, and nothing counts twice: what readers drop, and doubles that they refuse."""

import shutil

import pytest

from mwe.core.errors import BadFileError
from mwe.corpora import AmazonReviews
from mwe.tracks import (
    EcalsTracks,
    FolderTracks,
    JamendoTracks,
    MagnaTagATuneTracks,
    Msd500Tracks,
    MsdTop50Tracks,
    tracks_of,
)
from siamese_tags.documents import Cal500, MagnaSongs, TsvDocuments


@pytest.fixture
def written(tmp_path, write, miniatures):
    """A miniature with some of its files changed; its folder."""

    def write_changed(name, **changes):
        folder = tmp_path / name
        shutil.rmtree(folder, ignore_errors=True)
        write(folder, miniatures[name].files)
        for file in folder.rglob("*.*"):
            if (change := changes.get(file.name.partition(".")[0].replace("-", "_"))) is not None:
                file.write_bytes(change(file.read_bytes()) if callable(change) else change.encode())
        return str(folder)

    return write_changed


def test_a_collection_counts_what_it_leaves_out():
    tags_of = {"a": ["rock", "rare"], "b": ["rock"], "c": ["rare too"], "d": []}
    tracks = tracks_of("x", tags_of, splits={"train": ["a", "b"], "test": ["c", "nowhere"]}, min_tracks=2)
    assert tracks.skipped == {
        "tracks without a tag": 2,
        "tags of fewer than 2 tracks": 2,
        "tracks of the split that have no entry": 1,
    }
    assert tracks.summary().endswith("; left out: 1 tracks of the split that have no entry")
    assert "left out" not in tracks_of("x", {"a": ["rock"]}).summary()


def test_tags_and_reviews_without_a_place_are_counted(written):
    tracks = Msd500Tracks(written("msd500", track_tags="TRA\t1\trock\nTRA\t1\tother\nTRB\t2\tanother\n")).read()
    assert tracks.skipped == {"tags not selected": 2}
    tracks = FolderTracks(written("folder", reviews="track_id\ttext\na\tloud\nz\tlost\nz\tlost\n")).read()
    assert (tracks.skipped, dict(tracks.reviews)) == ({"reviews of tracks that are not listed": 2}, {"a": ["loud"]})


def test_reviews_of_unknown_albums_are_counted(written, capsys):
    root = written("amazon", MuMu_dataset_multi_label="amazon_id,MSD_track_id\nB1,TRA\n")
    assert len(list(AmazonReviews(root).reviews())) == 1
    assert "left out 1 reviews of albums that MuMu_dataset_multi-label.csv lacks" in capsys.readouterr().err
    root = written("amazon", MuMu_dataset_multi_label="amazon_id,MSD_track_id\nB9,TRA\n")
    with pytest.raises(BadFileError, match=r"none of 2 reviews is of an album"):
        list(AmazonReviews(root).reviews())


def test_documents_outside_a_split_are_counted(written):
    root = written("tsv documents", parts="1\ttrain\n3\ttest\n")
    documents = TsvDocuments(f"{root}/tags.tsv", splits=f"{root}/parts.tsv").read()
    assert documents.skipped == {"tracks in no part": 1, "tracks of the split that have no entry": 1}


def doubled(content):
    """The last line once more."""
    return content + content.rstrip(b"\n").rpartition(b"\n")[2] + b"\n"


@pytest.mark.parametrize(
    ("name", "file", "kind", "message"),
    [
        ("folder", "tracks", FolderTracks, r"tracks\.tsv, line 4: track 'b' is already listed in line 3"),
        ("folder", "tags", FolderTracks, r"tags\.tsv, line 4: tag 'pop' is listed twice"),
        (
            "jamendo",
            "autotagging_test",
            lambda at: JamendoTracks(root=at),
            r"test\.tsv, line 3: track 'track_4' occurs",
        ),
        ("magnatagatune", "valid", MagnaTagATuneTracks, r"valid\.csv, line 3: item .* occurs twice"),
        ("msd500", "selected_tags", Msd500Tracks, r"selected_tags\.tsv, line 3: tag 'dark' occurs twice"),
    ],
)
def test_what_is_listed_twice_is_refused_with_its_line(written, name, file, kind, message):
    root = written(name, **{file: doubled})
    with pytest.raises(BadFileError, match=message):
        kind(root).read()


def test_a_track_is_in_one_split_alone(written):
    """A track both learnt from and tested on would flatter every figure."""
    clip = "mp3_path,guitar,noVocals,fast\nb/moby-play-01-porcelain-0-29.mp3,1,0,0\n"
    for reader in (MagnaTagATuneTracks, MagnaSongs):
        with pytest.raises(BadFileError, match=r"test\.csv, line 2: .*porcelain-0-29\.mp3' occurs twice"):
            reader(written("magnatagatune", test=clip)).read()
    with pytest.raises(BadFileError, match="track 'TRA' is listed more than once in the splits"):
        MsdTop50Tracks(written("top 50 tables", valid=",rock,pop\nTRA,1,0\n"), form="tables").read()
    with pytest.raises(BadFileError, match="track 'TRA' is listed more than once in the splits"):
        EcalsTracks(written("ecals", ecals_track_split='{"train_track": ["TRA"], "test_track": ["TRA"]}')).read()


def test_songs_with_one_number_are_refused(written):
    root = written("cal500")
    shutil.copy(f"{root}/jams/1.jamz", f"{root}/jams/01.jamz")
    with pytest.raises(BadFileError, match=r"1\.jamz: has the number of 01\.jamz"):
        Cal500(root).read()
