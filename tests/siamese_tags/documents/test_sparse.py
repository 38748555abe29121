"""MagTag5K's matrix, the songs of MagnaTagATune, and the reservation of tags, on miniatures and on the real files."""

from dataclasses import replace

import numpy as np
import pytest

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError, MissingDataError
from mwe.tracks import tracks_of
from mwe.tracks.merge_clips import MergeRules
from siamese_tags.documents import Cal10k, Collection, MagnaSongs, MagTag5k, Reserved, TagDocuments

TAGS = ["guitar", "vocal", "singing", "noVocals", "slow", "fast", "man"]


@pytest.fixture
def magtag(tmp_path):
    def write(text):
        (tmp_path / "annotations.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        return MagTag5k(str(tmp_path))

    return write


@pytest.mark.parametrize("separator", [",", "\t"])
def test_a_matrix_is_read_and_songs_without_tags_are_counted(magtag, separator):
    lines = ['song,rock,hard rock,"calm"', "b,1,0,1", "a,0,0,0", "c,0,1.0,0"]
    documents = magtag("\ufeff" + "\r\n".join(line.replace(",", separator) for line in lines)).read()
    assert documents.name == "MagTag5K"
    assert documents.ids == ("b", "c")
    assert documents.tags == ("calm", "hard rock", "rock")
    assert documents.matrix_DT.tolist() == [[True, False, True], [False, True, False]]
    assert documents.skipped == {"tracks without a tag": 1}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("song\n", "line 1: expected a header of different tag names"),
        ("song,x,x\n", "line 1: expected a header of different tag names"),
        ("", "line 1: expected a header"),
        ("song,x,y\na,1\n", "line 2: expected a name and 2 values, found 2 fields"),
        ("song,x\na,2\n", "line 2: expected 0 or 1 for tag 'x', found '2'"),
        ("song,x\na,1\nb,0\na,1\n", "line 4: item 'a' occurs twice"),
        ("song,x\na,0\n", "no song with a tag"),
        (b"song,x\na\xff,1\n", "not UTF-8"),
    ],
)
def test_a_bad_matrix_is_named(magtag, text, what):
    with pytest.raises(BadFileError, match=rf"annotations\.csv.*{what}.*mwe data show magtag5k"):
        magtag(text).read()


def test_missing_collections_say_how_to_get_them(tmp_path):
    with pytest.raises(MissingDataError, match=r"annotations\.csv.*Get the archive from its authors"):
        MagTag5k(str(tmp_path)).read()
    with pytest.raises(MissingDataError, match=r"MTAT_split/train\.csv.*music_downstream_task"):
        MagnaSongs(str(tmp_path)).read()


@pytest.fixture
def magna(tmp_path):
    """Clips of songs, as path to tags, in upstream's format; all in the file of the test part."""

    def write(clips, share=0.2):
        folder = tmp_path / "MTAT_split"
        folder.mkdir(exist_ok=True)
        for part in ("train", "valid", "test"):
            lines = ["," + ",".join(TAGS)]
            for path, tags in clips.items() if part == "test" else ():
                lines.append(",".join([path, *("1.0" if tag in tags else "0.0" for tag in TAGS)]))
            (folder / f"{part}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return MagnaSongs(str(tmp_path), share)

    return write


def song(name, *clips):
    return {f"f/band-album-01-{name}-{29 * n}-{29 * n + 29}.mp3": tags for n, tags in enumerate(clips)}


def tags_of(documents):
    return [{documents.tags[tag] for tag in np.flatnonzero(row)} for row in documents.matrix_DT]


def test_clips_become_songs_and_synonyms_one_tag(magna):
    clips = song("two-2", {"vocal", "guitar"}, {"singing"}) | song("one", {"man"}) | song("none", set())
    documents = magna(clips).read()
    assert documents.name == "MagnaTagATune songs (stand-in for MagTag5K)"
    assert documents.ids == ("f/band-album-01-one", "f/band-album-01-two-2")
    assert documents.artists == ("band", "band")
    assert tags_of(documents) == [{"male vocals"}, {"guitar", "vocals"}]
    assert documents.skipped == {"tracks without a tag": 1}


@pytest.mark.parametrize(("share", "kept"), [(0.3, {"guitar", "slow"}), (0.34, {"guitar"}), (1.0, set())])
def test_a_tag_needs_its_share_of_the_clips(magna, share, kept):
    documents = magna(song("x", {"guitar", "slow"}, {"guitar"}, set()) | song("y", {"man"}), share).read()
    assert tags_of(documents)[:-1] == ([kept] if kept else [])


@pytest.mark.parametrize(
    ("clips", "kept"),
    [
        (({"noVocals", "guitar"}, {"vocal"}), {"guitar"}),
        (({"noVocals", "guitar"}, {"vocal"}, {"singing"}), {"guitar", "vocals"}),
        # two kinds of vocals in one clip are one clip against two without
        (({"noVocals"}, {"noVocals"}, {"vocal", "man"}), {"no vocals"}),
        (({"slow", "vocal"}, {"slow", "man"}, {"fast"}), {"slow", "vocals", "male vocals"}),
    ],
)
def test_of_contradicting_sides_the_one_of_more_clips_stays(magna, clips, kept):
    documents = magna(song("x", *clips)).read()
    assert tags_of(documents) == [kept]
    assert documents.skipped == {"contradictions within a song": 1}


def test_bad_clips_and_shares(magna):
    with pytest.raises(BadFileError, match=r"test\.csv, line 2: expected a path folder/artist-album.*found 'x\.mp3'"):
        magna({"x.mp3": {"man"}}).read()
    with pytest.raises(ValueError, match="share is 0"):
        MagnaSongs(share=0)


def test_shipped_rules_name_each_tag_once():
    rules = MergeRules.shipped()
    assert len(rules.merged) == 22
    assert not any(one & other for one, other in rules.contradictions)


class Given(Collection):
    def __init__(self, documents: TagDocuments) -> None:
        self.given = documents

    def read(self) -> TagDocuments:
        return self.given


def documents_of(name, lists):
    return TagDocuments.of(tracks_of(name, lists))


@pytest.fixture
def whole():
    draw = np.random.default_rng(1)
    drawn = [draw.choice(40, draw.integers(1, 5), replace=False) for _ in range(200)]
    lists = {f"d{n:03}": {f"t{tag:02}" for tag in tags} for n, tags in enumerate(drawn)}
    return replace(documents_of("all", lists), artists=tuple(f"a{n}" for n in range(200)))


def test_reserved_tags_leave_with_all_their_documents(whole):
    kept = Reserved(Given(whole), n_tags=5, seed=3).read()
    assert kept.oov is not None
    assert len(kept.oov.tags) == 5
    assert not set(kept.oov.tags) & set(kept.tags)
    assert not set(kept.oov.ids) & set(kept.ids)
    own = dict(zip(whole.ids, tags_of(whole), strict=True))
    assert set(kept.ids) == {name for name, tags in own.items() if not tags & set(kept.oov.tags)}
    alone = [name for name, tags in own.items() if tags <= set(kept.oov.tags)]
    assert kept.skipped["set aside without a known tag"] == len(alone) > 0
    assert len(kept) + len(kept.oov) + len(alone) == len(whole)
    for row, name in enumerate(kept.ids):
        assert {kept.tags[tag] for tag in np.flatnonzero(kept.matrix_DT[row])} == own[name]
    for row, name in enumerate(kept.oov.ids):
        known = {kept.tags[tag] for tag in np.flatnonzero(kept.oov.known_DT[row])}
        assert known | {kept.oov.tags[tag] for tag in np.flatnonzero(kept.oov.unseen_DU[row])} == own[name]
    assert [whole.artists[whole.ids.index(name)] for name in kept.ids] == list(kept.artists)
    assert "5 tags out of vocabulary" in str(kept)
    shared = sum(kept.oov.unseen_DU[row, 2] & kept.oov.known_DT[row, 7] for row in range(len(kept.oov)))
    assert kept.oov.counts_UT[2, 7] == shared


def test_the_draw_is_a_function_of_its_seed_and_keeps_to_the_limits(whole):
    drawn = [Reserved(Given(whole), 5, seed).read().oov.tags for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    frequency = dict(zip(whole.tags, whole.matrix_DT.sum(axis=0), strict=True))
    for seed in range(5):
        oov = Reserved(Given(whole), 5, seed, least_documents=10, most_documents=13).read().oov
        assert all(10 <= frequency[tag] <= 13 for tag in oov.tags)


def test_tags_of_reserved_documents_only_are_left_out():
    lists = {"a": {"x", "only"}, "b": {"y", "z"}, "c": {"y", "z"}, "d": {"y", "z"}, "e": {"x", "y"}}
    kept = Reserved(Given(documents_of("all", lists)), 1, least_documents=2, most_documents=2).read()
    assert kept.oov.tags == ("x",)
    assert kept.tags == ("y", "z")
    assert kept.oov.ids == ("e",)
    assert kept.skipped == {"set aside without a known tag": 1, "tags of reserved documents only": 1}


def test_too_few_tags_or_documents_is_one_clear_message(whole):
    with pytest.raises(ValueError, match=r"n_tags=5, but 0 of 40 tags have 90 to 95 documents"):
        Reserved(Given(whole), 5, least_documents=90, most_documents=95).read()
    with pytest.raises(ValueError, match=r"documents have none of the 20 reserved tags, but 190 must remain"):
        Reserved(Given(whole), 20, least_left=190).read()


@pytest.mark.data
def test_real_counts(data_root):
    songs = MagnaSongs(str(data_root / "magnatagatune")).read()
    assert songs.matrix_DT.shape == (5286, 36)
    assert songs.matrix_DT.sum(axis=1).mean() == pytest.approx(5.04, abs=0.005)
    assert songs.skipped == {"tracks without a tag": 1, "contradictions within a song": 365}
    assert len(set(songs.artists)) == 230
    kept = Reserved(Cal10k(str(data_root / "cal10k")), most_documents=800).read()
    assert (len(kept), len(kept.tags), len(kept.oov)) == (6423, 739, 3121)
    assert declared("magnatagatune").verify(data_root / "magnatagatune").complete
