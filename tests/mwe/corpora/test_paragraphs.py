"""Track paragraphs: what they hold, how they are shuffled, and their length."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mwe.core.files import read_json
from mwe.core.tokens import artist_token, tag_of_token, tag_token, tag_words, text_tokens, track_token
from mwe.corpora import CorpusSettings, write_corpus
from mwe.corpora.paragraphs import LONGEST_LINE, general_lines, kinds_path
from mwe.tracks import FolderTracks, TrackTags, tag_matrix


def lines(path):
    return [line.split() for line in path.read_text(encoding="utf-8").splitlines()]


def one_track(text="", tags=("Deep House",)):
    return TrackTags(
        "one", ("T 1",), ("Air",), tags, tag_matrix([tags], tags), ("",) * len(tags), np.zeros(len(tags), bool),
        {"train": np.array([0])}, reviews={"T 1": [text]},
    )  # fmt: skip


def test_tokens():
    assert text_tokens("Deep HOUSE,  in\tMiami") == ["deep", "house,", "in", "miami"]
    assert tag_token("Deep House") == "deep_house"
    assert (artist_token("Air"), track_token("TR A")) == ("artist:air", "track:tr_a")
    assert (tag_token(" Pop_Rock "), tag_words("Pop_Rock"), tag_token("_")) == ("pop_rock", ["pop", "rock"], "")


@given(st.text())
def test_a_tags_token_leads_back_to_the_tag(tag):
    token = tag_token(tag)
    assert tag_token(tag_of_token(token)) == token
    assert tag_of_token(token) == " ".join(tag_words(tag))


@given(st.lists(st.sampled_from(["artist:", "track:", "Track:artist:x", "soundtrack:", "air", ":"])).map(" ".join))
def test_no_word_is_spelt_like_an_id(text):
    assert not any(word.startswith(("artist:", "track:")) for word in text_tokens(text))


def test_a_paragraph_holds_four_times_the_review_and_once_tags_and_ids(tmp_path):
    write_corpus(one_track("Such a DEEP groove"), tmp_path / "c.txt")
    (line,) = lines(tmp_path / "c.txt")
    assert Counter(line) == {
        **dict.fromkeys(["such", "a", "groove"], 4),
        "deep": 5,  # of the review, and of the tag
        "house": 1,
        "deep_house": 1,
        "artist:air": 1,
        "track:t_1": 1,
    }


def test_parts_can_be_left_out(tmp_path):
    write_corpus(one_track("words"), tmp_path / "c.txt", CorpusSettings(reviews=False, ids=False, tag_words=False))
    assert lines(tmp_path / "c.txt") == [["deep_house"]]
    write_corpus(one_track("words"), tmp_path / "c.txt", CorpusSettings(tags=False, ids=False, review_repeats=1))
    assert lines(tmp_path / "c.txt") == [["words"]]
    counts = write_corpus(one_track(""), tmp_path / "c.txt", CorpusSettings(tags=False, ids=False))
    assert (counts.entities, counts.lines, counts.tokens) == (0, 0, 0)


def test_augmentation_gives_each_copy_an_order_of_its_own(miniature, tmp_path):
    tracks = FolderTracks(str(miniature)).read()
    counts = write_corpus(tracks, tmp_path / "c.txt", CorpusSettings(copies=3, seed=1))
    read = lines(tmp_path / "c.txt")
    assert (counts.entities, counts.lines) == (24, 72)
    assert Counter(read[0]) == Counter(read[1]) == Counter(read[2])
    assert len({tuple(line) for line in read[:3]}) == 3
    assert counts.tokens == sum(map(len, read))
    assert (counts.tracks, counts.artists, counts.tags) == (24, 6, 6)
    assert counts.vocabulary == len({token for line in read for token in line})


def test_tags_and_ids_stand_anywhere_among_the_words_of_the_reviews(tmp_path):
    write_corpus(one_track("a b c d e f g h"), tmp_path / "c.txt", CorpusSettings(copies=400, review_repeats=1))
    read = lines(tmp_path / "c.txt")
    for token in ("a", "deep_house", "artist:air", "track:t_1"):
        shares = [line.index(token) / (len(line) - 1) for line in read]
        assert abs(np.mean(shares) - 0.5) < 0.05, token
        assert (min(shares), max(shares)) == (0, 1)


def test_equal_seeds_give_equal_files_and_others_do_not(miniature, tmp_path):
    tracks = FolderTracks(str(miniature)).read()
    written = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_corpus(tracks, tmp_path / name, CorpusSettings(seed=seed))
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1] != written[2]


def test_without_shuffling_the_order_is_review_tags_ids(tmp_path):
    write_corpus(one_track("a b"), tmp_path / "c.txt", CorpusSettings(shuffle=False, review_repeats=1))
    assert lines(tmp_path / "c.txt") == [["a", "b", "deep_house", "deep", "house", "artist:air", "track:t_1"]]


def test_kinds_are_kept_beside_the_corpus_and_a_tag_stays_a_tag(tmp_path):
    write_corpus(one_track("soul music", tags=("soul",)), tmp_path / "c.txt")
    kinds = read_json(kinds_path(tmp_path / "c.txt"))["kinds"]
    assert kinds == {"soul": "tag", "artist:air": "artist", "track:t_1": "track"}  # all others are words


@pytest.mark.parametrize("words", [9_000, 30_000])
def test_no_line_is_longer_than_gensim_reads_and_each_piece_has_the_ids(tmp_path, words):
    write_corpus(one_track("word " * words), tmp_path / "c.txt", CorpusSettings(review_repeats=1))
    read = lines(tmp_path / "c.txt")
    assert all(len(line) <= LONGEST_LINE and "track:t_1" in line and "deep_house" in line for line in read)
    assert sum(line.count("word") for line in read) == words


def test_lines_of_general_text_are_split_where_gensim_would_drop_words():
    text = " ".join(str(number) for number in range(2 * LONGEST_LINE + 7))
    ((*pieces, short),) = [list(lines) for lines in general_lines([[text, "a short line"]])]
    assert short == ["a", "short", "line"]
    assert [len(piece) for piece in pieces] == [LONGEST_LINE, LONGEST_LINE, 7]
    assert [token for piece in pieces for token in piece] == text.split()
