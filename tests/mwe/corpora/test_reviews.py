"""Reviews and captions in upstream's formats: what each is tied to, and the faults of their files."""

import json

import pytest

from mwe.core.errors import BadFileError, MissingDataError
from mwe.corpora import AlbumReviews, AmazonReviews, KeyedTexts, MusicCaps, SongDescriber
from mwe.corpora.reviews import Review

SONG_DESCRIBER = (
    "caption_id,track_id,caption,is_valid_subset,familiarity,artist_id,album_id,path,duration,genre,instrument,mood\n"
    '859,1004034,"Electronic music, on\ntwo lines",True,0,368880,118196,34/1004034.mp3,202.5,"[\'house\']",[],[]\n'
    "860,241,Rock,,0,5,33,41/241.mp3,340.1,[],[],[]\n"
)
MUSICCAPS = (
    "ytid,start_s,end_s,audioset_positive_labels,aspect_list,caption,author_id,is_balanced_subset,is_audioset_eval\n"
    '-0Gj8-vB1q4,30,40,"/m/0140xf","[\'low quality\', \'sustained strings\']","A ballad, sung.",4,False,True\n'
)
ALBUMS = (
    "album\tartist\tgenre\trelease_date\tcritic\tscore\tbody\n"
    'Don\'t Panic\tAll Time Low\tPop/Rock\t2012-10-09\tKerrang!\t74.0\t"A ""must"" hear\nalbum"\n'
    "X\tY\tR&B;\t2012-10-09\tZ\t74.0\tsmooth\n"
)
MAPPING = (
    "amazon_id,album_mbid,MSD_track_id,recording_mbid,artist_mbid,genres\n"
    "B1,a,TRA,r,artist-1,Rock\nB1,a,TRB,r,artist-1,Rock\nB2,a,TRC,r,artist-2,Jazz\n"
)


def write(folder, **files):
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8", newline="")
    return str(folder)


def mumu(folder, *reviews):
    lines = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in reviews)
    return write(folder, **{"amazon_reviews_MuMu.json": lines, "MuMu_dataset_multi-label.csv": MAPPING})


def test_song_describer_spells_ids_as_jamendo_does(tmp_path):
    found = list(SongDescriber(write(tmp_path, **{"song_describer.csv": SONG_DESCRIBER})).reviews())
    assert found == [
        Review("Electronic music, on\ntwo lines", ("track_1004034",), "artist_368880"),
        Review("Rock", ("track_0000241",), "artist_000005"),
    ]
    write(tmp_path, **{"song_describer.csv": SONG_DESCRIBER.replace(",241,", ",x,")})
    with pytest.raises(BadFileError, match=r"line 4: track or artist is not a number"):
        list(SongDescriber(str(tmp_path)).reviews())


def test_musiccaps_has_captions_and_aspects(tmp_path):
    root = write(tmp_path, **{"musiccaps-public.csv": MUSICCAPS})
    (found,) = MusicCaps(root).reviews()
    assert found == Review("A ballad, sung.", ("-0Gj8-vB1q4",), tags=("low quality", "sustained strings"))
    assert next(MusicCaps(root, aspects=False).reviews()).tags == ()
    for wrong in ("low quality", "{'a': 1}", "[1]", "__import__('os')"):
        write(tmp_path, **{"musiccaps-public.csv": MUSICCAPS.replace("['low quality', 'sustained strings']", wrong)})
        with pytest.raises(BadFileError, match="line 2: not a list"):
            list(MusicCaps(root).reviews())


def test_album_reviews_are_tab_separated_whatever_the_name(tmp_path):
    root = write(tmp_path, **{"BDHSI2016_music_reviews.csv": ALBUMS})
    assert list(AlbumReviews(root).reviews()) == [
        Review('A "must" hear\nalbum', artist_id="All Time Low", tags=("Pop/Rock",)),
        Review("smooth", artist_id="Y", tags=("R&B",)),
    ]
    assert next(AlbumReviews(root, genres=False).reviews()).tags == ()


def test_amazon_reviews_are_tied_to_the_albums_tracks(tmp_path):
    entries = [
        {"amazon_id": "B1", "summary": "Great", "reviewText": "so good"},
        {"asin": "B2", "reviewText": "jazz"},
        {"amazon_id": "B9", "reviewText": "of no track"},
    ]
    root = mumu(tmp_path, *entries)
    assert list(AmazonReviews(root).reviews()) == [
        Review("Great so good", ("TRA",), "artist-1"),
        Review("jazz", ("TRC",), "artist-2"),
    ]
    assert next(AmazonReviews(root, tracks="all").reviews()).track_ids == ("TRA", "TRB")


@pytest.mark.parametrize("wrong", ["not json", "[1]", '{"reviewText": "x"}', '{"asin": "B1"}', "7"])
def test_a_damaged_review_is_named_with_its_line(tmp_path, wrong):
    root = mumu(tmp_path, {"asin": "B1", "reviewText": "x"}, wrong)
    with pytest.raises(BadFileError, match=r"amazon_reviews_MuMu\.json, line 2: not a review.*jq"):
        list(AmazonReviews(root).reviews())


def test_a_table_of_ones_own(tmp_path):
    path = str(tmp_path / "own.tsv")
    write(tmp_path, **{"own.tsv": "key\ttext\nt1\tgood\nt2\tbad\n"})
    assert list(KeyedTexts(path).reviews()) == [Review("good", ("t1",)), Review("bad", ("t2",))]
    assert next(KeyedTexts(path, about="artist").reviews()) == Review("good", artist_id="t1")
    with pytest.raises(BadFileError, match="no column words"):
        list(KeyedTexts(path, text="words").reviews())
    write(tmp_path, **{"own.tsv": "key\ttext\n \tgood\n"})
    with pytest.raises(BadFileError, match="line 2: no track"):
        list(KeyedTexts(path).reviews())
    with pytest.raises(MissingDataError, match="columns key and text"):
        KeyedTexts(str(tmp_path / "none.tsv")).files()


@pytest.mark.parametrize("source", [AmazonReviews, SongDescriber, MusicCaps, AlbumReviews])
def test_a_collection_that_is_not_there_says_how_to_get_it(source, tmp_path):
    with pytest.raises(MissingDataError, match="`mwe data "):
        source(str(tmp_path)).files()


@pytest.mark.data
@pytest.mark.parametrize(
    ("source", "folder", "texts", "tracks", "artists"),
    [
        (SongDescriber, "song_describer", 1106, 706, 191),
        (MusicCaps, "musiccaps", 5521, 5521, 0),
        (AlbumReviews, "album_reviews", 5001, 0, 2607),
    ],
)
def test_the_real_reviews_have_their_known_sizes(source, folder, texts, tracks, artists, data_root):
    found = list(source(str(data_root / folder)).reviews())
    assert len(found) == texts
    assert len({track for one in found for track in one.track_ids}) == tracks
    assert len({one.artist_id for one in found} - {""}) == artists
