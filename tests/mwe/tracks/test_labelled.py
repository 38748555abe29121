"""Collections that come with tags: miniatures in upstream's formats, their faults, and the real files."""

import json
import sqlite3

import pytest

from mwe.core.errors import BadFileError, MissingDataError
from mwe.tracks import (
    AllMusicTracks,
    Cal10kTracks,
    ClsTracks,
    EcalsTracks,
    LastfmTracks,
    MagnaTagATuneTracks,
    Msd500Tracks,
    MsdTop50Tracks,
    TagtraumTracks,
)
from mwe.tracks.msd_artists import msd_artists
from mwe.tracks.track_tags import tracks_of


@pytest.fixture(autouse=True)
def _no_collections(tmp_path, monkeypatch):
    monkeypatch.setenv("MWE_DATA", str(tmp_path / "data"))


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8", newline="")
    return str(folder)


def tags(tracks):
    return {track: tracks.of_track(row) for row, track in enumerate(tracks.track_ids)}


def splits(tracks):
    return {part: [tracks.track_ids[row] for row in rows] for part, rows in tracks.splits.items()}


@pytest.fixture
def lastfm(tmp_path):
    """The three tables as upstream publishes them: rows are joined by ROWID."""
    database = sqlite3.connect(tmp_path / "lastfm_tags.db")
    database.execute("CREATE TABLE tags (tag TEXT)")
    database.execute("CREATE TABLE tids (tid TEXT)")
    database.execute("CREATE TABLE tid_tag (tid INT, tag INT, val FLOAT)")
    database.executemany("INSERT INTO tags VALUES (?)", [("rock",), ("Hip-Hop",), ("rare",)])
    database.executemany("INSERT INTO tids VALUES (?)", [("TRA",), ("TRB",), ("TRC",)])
    pairs = [(1, 1, 100.0), (1, 2, 50.0), (2, 1, 49.0), (2, 2, 80.0), (3, 3, 100.0), (3, 1, 60.0)]
    database.executemany("INSERT INTO tid_tag VALUES (?, ?, ?)", pairs)
    database.commit()
    database.close()
    return tmp_path


def test_lastfm_is_joined_by_row_number_and_cut_by_score_and_frequency(lastfm):
    write(lastfm, **{"unique_tracks.txt": "TRA<SEP>SO1<SEP>Air<SEP>Title; one\nTRB<SEP>SO2<SEP>Moby<SEP>T\n"})
    tracks = LastfmTracks(str(lastfm), min_tracks=2).read()
    assert tags(tracks) == {"TRA": ["hip-hop", "rock"], "TRB": ["hip-hop"], "TRC": ["rock"]}
    assert tracks.artist_ids == ("Air", "Moby", "")
    assert tags(LastfmTracks(str(lastfm), min_score=0, min_tracks=1).read())["TRB"] == ["hip-hop", "rock"]
    (lastfm / "lastfm_tags.db").write_text("no database at all, but long enough to be looked at" * 10)
    with pytest.raises(BadFileError, match=r"lastfm_tags\.db: not the database"):
        LastfmTracks(str(lastfm)).read()
    with pytest.raises(MissingDataError, match="mwe data show lastfm"):
        LastfmTracks().read()


def test_artists_of_msd_from_the_database_the_list_or_its_copy(tmp_path):
    assert msd_artists(tmp_path) == {}
    write(tmp_path, **{"unique_tracks.txt": "TRA;SO1;Air;Title; with more\n"})
    assert msd_artists(tmp_path / "none", tmp_path) == {"TRA": "Air"}
    database = sqlite3.connect(tmp_path / "track_metadata.db")
    database.execute("CREATE TABLE songs (track_id TEXT, title TEXT, artist_id TEXT)")
    database.execute("INSERT INTO songs VALUES ('TRA', 'Title', 'AR1')")
    database.commit()
    database.close()
    assert msd_artists(tmp_path) == {"TRA": "AR1"}
    with pytest.raises(BadFileError, match="line 1: expected track<SEP>song"):
        msd_artists(tmp_path / write(tmp_path / "bad", **{"unique_tracks.txt": "TRA,SO1\n"}))


def test_cls_files_have_a_track_and_its_genres(tmp_path):
    genres = "# remark\nTRA\tPop_Rock\nTRB\tJazz\tVocal\n"
    root = write(tmp_path, **{"g.cls": genres, "s.cls": "TRA\tGrunge\nTRC\tBebop\n"})
    tracks = ClsTracks(["g.cls", "s.cls"], root, ["genre", "style"]).read()
    assert tags(tracks) == {"TRA": ["Grunge", "Pop_Rock"], "TRB": ["Jazz", "Vocal"], "TRC": ["Bebop"]}
    assert dict(zip(tracks.tags, tracks.groups, strict=True))["Grunge"] == "style"
    with pytest.raises(BadFileError, match=r"s\.cls, line 2: expected a track and its genres"):
        ClsTracks(["s.cls"], write(tmp_path, **{"s.cls": "TRA\tGrunge\nTRC\n"})).read()
    with pytest.raises(ValueError, match="1 groups do not fit 2 files"):
        ClsTracks(["g.cls", "s.cls"], root, ["genre"])
    (tmp_path / "s.cls").write_bytes(b"TRA\tGrunge\nTRB\t\xff\n")
    with pytest.raises(BadFileError, match=r"s\.cls, line \d: not UTF-8"):
        ClsTracks(["s.cls"], root).read()


def test_allmusic_and_tagtraum_find_their_files(tmp_path):
    names = ("msd-MAGD-genreAssignment.cls", "msd-MASD-styleAssignment.cls")
    write(tmp_path / "data/allmusic", **dict.fromkeys(names, "TRA\tRock\n"))
    assert AllMusicTracks().read().tags == ("Rock",)
    write(tmp_path / "data/msd/tagtraum", **{"msd_tagtraum_cd1.cls": "TRA\tRap\n"})
    assert tags(TagtraumTracks().read()) == {"TRA": ["Rap"]}
    with pytest.raises(MissingDataError, match="cd2"):
        TagtraumTracks(file="msd_tagtraum_cd2.cls")


def test_msd500_takes_the_selected_tags_of_the_third_column(tmp_path):
    root = write(
        tmp_path,
        **{"selected_tags.tsv": "rock\tgenre\ndark\tmood/character\n",
           "track_tags.tsv": "TRA\t12\trock\nTRA\t80\tdark\nTRB\t5\tother\nTRC\t5\trock\n"},
    )  # fmt: skip
    tracks = Msd500Tracks(root).read()
    assert tags(tracks) == {"TRA": ["dark", "rock"], "TRC": ["rock"]}
    assert tracks.groups == ("mood/character", "genre")
    write(tmp_path, **{"track_tags.tsv": "TRA\t12\n"})
    with pytest.raises(BadFileError, match=r"track_tags\.tsv, line 1: expected 3 fields, found 2"):
        Msd500Tracks(root).read()


def test_ecals_has_artists_and_extra_tracks(tmp_path):
    entry = {"tag": ["punk", "angry"], "artist_name": "Youth Brigade", "year": 1984}
    told = {track: {**entry, "track_id": track} for track in ("TRA", "TRB", "TRC", "TRD", "TRE")}
    given = {"train_track": ["TRA"], "valid_track": ["TRB"], "test_track": ["TRC"], "extra_track": ["TRD"]}
    given |= {"extra_valid_track": ["TRE"]}
    root = write(tmp_path, **{"annotation.json": json.dumps(told), "ecals_track_split.json": json.dumps(given)})
    tracks = EcalsTracks(root).read()
    assert splits(tracks) == {"train": ["TRA", "TRD"], "valid": ["TRB", "TRE"], "test": ["TRC"]}
    assert tracks.artist_ids[0] == "Youth Brigade"
    for wrong in ("[]", '{"TRA": {"tags": []}}'):
        write(tmp_path, **{"annotation.json": wrong})
        with pytest.raises(BadFileError, match="not ECALS's annotation"):
            EcalsTracks(root).read()


def test_tables_of_zeros_and_ones(tmp_path):
    table = ",rock,no Vocals\nTRA,1,0\nTRB,0.0,1.0\n"
    root = tmp_path / "MSD_split"
    write(root, **{"valid.csv": table, "test.csv": ",rock,no Vocals\nTRC,1,1\n"})
    tracks = MsdTop50Tracks(str(tmp_path), parts=("valid", "test")).read()
    assert splits(tracks) == {"train": [], "valid": ["TRA", "TRB"], "test": ["TRC"]}
    assert tags(tracks)["TRC"] == ["no Vocals", "rock"]
    with pytest.raises(MissingDataError, match=r"train\.csv"):
        MsdTop50Tracks(str(tmp_path)).read()
    wrong = ("rock\nTRA,1\n", "", ",rock\nTRA,2\n", ",rock\nTRA\n", ",rock\n,1\n")
    for content in wrong:
        write(root, **{"test.csv": content})
        with pytest.raises(BadFileError, match=r"test\.csv, line \d: expected"):
            MsdTop50Tracks(str(tmp_path), parts=("test",)).read()


def test_magnatagatune_reads_artists_from_paths_and_splits_its_tags(tmp_path):
    clip = "f/american_bach_soloists-j_s__bach_solo_cantatas-01-bwv54__i_aria-30-59.mp3"
    write(tmp_path / "MTAT_split", **{"test.csv": f",noVocals,rock\n{clip},1.0,0.0\n"})
    tracks = MagnaTagATuneTracks(str(tmp_path), parts=("test",)).read()
    assert (tags(tracks), tracks.artist_ids) == ({clip: ["no vocals"]}, ("american_bach_soloists",))
    assert tracks.audio == (tmp_path / "audio" / clip,)
    write(tmp_path / "MTAT_split", **{"test.csv": ",rock\nclip.mp3,1.0\n"})
    with pytest.raises(BadFileError, match=r"expected a path folder/artist-album.*found 'clip.mp3'"):
        MagnaTagATuneTracks(str(tmp_path), parts=("test",)).read()


def test_cal10k_has_tags_joined_by_bars(tmp_path):
    root = write(
        tmp_path, **{"cal10k_tags.tsv": "id\tartist\ttitle\tduration\ttags\n2\tAir\tT\t1.0\ta b|c\n3\tX\tT\t1.0\t\n"}
    )
    tracks = Cal10kTracks(root).read()
    assert (tags(tracks), tracks.artist_ids) == ({"cal10k_2": ["a b", "c"]}, ("Air",))


def test_rare_tags_and_tracks_left_without_any_are_left_out():
    tracks = tracks_of("x", {"a": ["r", "r", "q"], "b": ["q"], "c": ["r"], "d": ["s"]}, min_tracks=2,
                       splits={"test": ["d", "c", "a"]})  # fmt: skip
    assert tags(tracks) == {"a": ["q", "r"], "b": ["q"], "c": ["r"]}
    assert splits(tracks) == {"train": [], "valid": [], "test": ["c", "a"]}


@pytest.mark.data
def test_the_real_files_have_their_known_sizes(data_root, monkeypatch):
    monkeypatch.setenv("MWE_DATA", str(data_root))
    tagtraum = TagtraumTracks().read()
    assert (len(tagtraum.track_ids), len(tagtraum.tags)) == (133_676, 13)
    assert int((tagtraum.matrix.sum(axis=1) == 2).sum()) == 35_527
    clips = MagnaTagATuneTracks().read()
    assert [len(clips.splits[part]) for part in ("train", "valid", "test")] == [15_244, 1_529, 4_332]
    assert (len(clips.tags), len(set(clips.artist_ids))) == (50, 230)
    top50 = MsdTop50Tracks(parts=("valid", "test")).read()
    assert [len(top50.splits[part]) for part in ("valid", "test")] == [11_774, 28_435]
    songs = Cal10kTracks(min_tracks=10).read()
    assert len(songs.tags) == 763
    assert len(Cal10kTracks().read().track_ids) == 9_547 - 3
