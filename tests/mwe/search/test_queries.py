"""What queries mean and find, on libraries of known vectors."""

import subprocess
import sys

import numpy as np
import pytest

from mwe.core.errors import UnknownNameError
from mwe.search import Filters
from mwe.search.grammar import Term
from mwe.search.query_meaning import near_spellings

WORDS = {
    "calm": [1, 0, 0, 0],
    "piano": [0, 1, 0, 0],
    "drums": [0, 0, 1, 0],
    "deep": [0, 0, 0, 1],
    "house": [0, 0, 0, -1],
    "deep_house": [1, 1, 0, 0],
    "in": [0, 0, 1, 1],
    "track:far": [0, 0, 1, 0],
}


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.fixture
def library(library_of, rng):
    artists = [f"a{row % 7}" if row % 5 else "" for row in range(60)]
    tags = [[tag for tag, every in (("rock", 2), ("live", 3)) if row % every == 0] for row in range(60)]
    # tracks in a cone, far from the words, and spread unevenly
    matrix_ND = unit(np.array([3, 3, 3, 3]) + rng.standard_normal((60, 4)) * [1.0, 0.2, 0.5, 1.0])
    return library_of(matrix_ND, artists, tags, WORDS)


def ids(answer):
    return [hit.track_id for hit in answer.hits]


def test_one_term_ranks_by_cosine(library):
    for query, vector in (("piano", [0, 1, 0, 0]), ("calm piano", [1, 1, 0, 0]), ("deep house", [1, 1, 0, 0])):
        cosine_N = library.matrix_ND @ unit(np.array(vector, np.float32))
        answer = library.search(query, k=60)
        assert ids(answer) == [f"t{row}" for row in np.argsort(-cosine_N, kind="stable")]
        np.testing.assert_allclose([hit.score for hit in answer.hits], np.sort(cosine_N)[::-1], atol=1e-6)


def test_terms_of_one_kind_are_summed_as_they_are(library):
    total_N = library.matrix_ND.astype(np.float64) @ (np.array(WORDS["calm"]) + 2 * np.array(WORDS["piano"]))
    total_N -= library.matrix_ND @ np.array(WORDS["drums"])
    assert ids(library.search("calm + 2*piano - drums", k=60)) == [f"t{row}" for row in np.argsort(-total_N)]
    terms = [("calm", 1.0), ("piano", 2.0), ("drums", -1.0)]
    same = library.search([Term("words", word, weight) for word, weight in terms], k=60)
    assert ids(same) == ids(library.search("calm + 2*piano - drums", k=60))
    like_N = library.matrix_ND.astype(np.float64) @ (library.matrix_ND[3] + library.matrix_ND[5])
    expected = [f"t{row}" for row in np.argsort(-like_N) if row not in (3, 5)]
    assert ids(library.search("track:t3 + track:t5", k=60)) == expected


@pytest.mark.parametrize("with_tags", [True, False])
def test_words_and_sound_are_measured_by_what_is_typical_of_either(library_of, rng, with_tags):
    matrix_ND = unit(np.array([3, 3, 3, 3]) + rng.standard_normal((60, 4)) * [1.0, 0.2, 0.5, 1.0])
    tags = [["calm", "deep house"]] * 60 if with_tags else None
    library = library_of(matrix_ND, ["a"] * 60, tags, WORDS)
    matrix_ND = np.asarray(library.matrix_ND, dtype=np.float64)
    texts = [WORDS["calm"], WORDS["deep_house"]] if with_tags else [WORDS["piano"], WORDS["drums"]]
    of_text = np.sqrt(np.mean([(matrix_ND @ unit(np.array(text))).var() for text in texts]))
    of_sound = np.sqrt(np.mean([(matrix_ND @ row).var() for row in matrix_ND]))
    total_N = matrix_ND @ matrix_ND[7] / of_sound
    for word, weight in (("piano", 2.0), ("drums", -1.0)):
        total_N += weight * (matrix_ND @ np.array(WORDS[word])) / of_text
    expected = [f"t{row}" for row in np.argsort(-total_N) if row != 7]
    assert ids(library.search("track:t7 + 2*piano - drums", k=60)) == expected


def test_less_of_something_turns_the_ranking_round(library):
    assert ids(library.search("- drums", k=60)) == ids(library.search("drums", k=60))[::-1]


def test_stop_words_are_left_out_unless_there_is_nothing_else(library):
    answer = library.search("piano in the house", k=3)
    assert ids(answer) == ids(library.search("piano house", k=3))
    assert answer.terms == ((1.0, "piano, house"),)
    assert answer.notes == ("left out as stop words: in, the",)
    assert library.search("in", k=3).terms == ((1.0, "in"),)
    assert "without is not understood" in library.search("calm without drums").notes[1]


def test_unknown_words_are_named_with_their_nearest(library):
    answer = library.search("calm, pianno!", k=3)
    assert answer.terms == ((1.0, "calm"),)
    assert answer.notes == ("unknown: 'pianno' (nearest: piano)",)
    with pytest.raises(UnknownNameError, match=r"no word of the query 'drumz the' .* 'drumz' \(nearest: drums\)"):
        library.search("drumz the")
    assert near_spellings("kalm", library.words) == ["calm"]


def test_other_spellings_and_inflections_are_read_as_the_known_word(library):
    answer = library.search("pianos and a drumming deephouse, calm-piano", k=3)
    assert answer.terms == ((1.0, "piano, drums, deep house, calm, piano"),)
    assert answer.notes[:3] == (
        "'pianos' is read as 'piano'",
        "'drumming' is read as 'drums'",
        "'deephouse' is read as 'deep house'",
    )
    assert answer.approximated == ()


def test_nonsense_is_refused_with_what_to_do(library):
    with pytest.raises(UnknownNameError, match=r"no word of the query 'xqzvt blorf' .*'blorf'\. Describe a mood, an"):
        library.search("xqzvt blorf")


def test_a_tag_of_several_words_is_found_in_running_text(library):
    assert library.search("calm deep house piano").terms == ((1.0, "calm, deep house, piano"),)
    assert library.search("house deep").terms == ((1.0, "house, deep"),)
    answer = library.search("tag:calm piano")
    assert answer.notes == ("the tag 'calm piano' has no vector; the mean of its words is used",)
    with pytest.raises(UnknownNameError, match=r"unknown tag 'rok' .*nearest: 'rock'"):
        library.search("tag:rok")
    with pytest.raises(UnknownNameError, match=r"unknown vector of the tag 'rock' \(0 known"):
        library.search("tag:rock")


def test_an_artist_is_the_mean_of_the_tracks(library):
    rows = [row for row in range(60) if row % 5 and row % 7 == 3]
    cosine_N = library.matrix_ND @ unit(library.matrix_ND[rows].mean(axis=0))
    answer = library.search("artist:a3", k=60)
    assert ids(answer) == [f"t{row}" for row in np.argsort(-cosine_N, kind="stable")]
    assert answer.terms == ((1.0, f"artist a3 (the sound of {len(rows)} tracks)"),)
    with pytest.raises(UnknownNameError, match=r"unknown artist 'a33' \(7 known; nearest: 'a3'"):
        library.search("artist:a33")


def test_a_track_is_no_answer_to_itself(library):
    cosine_N = library.matrix_ND @ library.matrix_ND[8]
    expected = [f"t{row}" for row in np.argsort(-cosine_N, kind="stable") if row != 8]
    assert ids(library.search("track:t8", k=60)) == expected
    assert ids(library.search("track:t8.ogg", k=60)) == expected
    assert "from texts" in library.search("track:far").terms[0][1]
    with pytest.raises(UnknownNameError, match="unknown track 't88'"):
        library.search("track:t88")


def test_filters_hold_for_every_answer(library):
    rock, live = ({f"t{row}" for row in range(0, 60, every)} for every in (2, 3))
    assert set(ids(library.search("calm", 60, Filters(tags=("rock", "live"))))) == rock & live
    assert set(ids(library.search("calm", 60, Filters(tags=("rock",), without_tags=("live",))))) == rock - live
    by = {
        name: {hit.track_id for hit in library.search("calm", 60).hits if hit.artist_id == name}
        for name in ("a1", "a2")
    }
    assert set(ids(library.search("calm", 60, Filters(artists=("a1", "a2"))))) == by["a1"] | by["a2"]
    without = library.search("calm", 60, Filters(without_artists=("a1",)))
    assert len(without.hits) == 60 - len(by["a1"])
    both = Filters(tags=("rock",), without_tags=("rock",))
    assert library.search("calm", 60, both).hits == ()
    with pytest.raises(UnknownNameError, match="unknown tag 'roc'"):
        library.search("calm", filters=Filters(tags=("roc",)))


@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize("k", [3, 10, 60])
def test_no_artist_has_more_than_so_many_places(library, most, k):
    counts, expected = {}, []
    for hit in library.search("calm", 60).hits:
        counts[hit.artist_id] = counts.get(hit.artist_id, 0) + 1
        if not hit.artist_id or counts[hit.artist_id] <= most:
            expected.append(hit)
    assert library.search("calm", k, per_artist=most).hits == tuple(expected[:k])


def test_hits_carry_what_is_known_of_a_track(library):
    hit = next(hit for hit in library.search("calm", 60).hits if hit.track_id == "t6")
    assert (hit.artist_id, hit.path, set(hit.tags)) == ("a6", "/music/t6.ogg", {"rock", "live"})
    assert library.search("calm", 2).to_dict()["hits"][0]["track_id"] == ids(library.search("calm", 1))[0]


def test_half_precision_and_tracks_all_alike(library_of, tmp_path):
    matrix_ND = np.tile(unit(np.ones(4)), (5, 1))
    alike = library_of(matrix_ND, words=WORDS, dtype=np.float16, root=tmp_path / "alike")
    answer = alike.search("calm + piano - drums", k=3)
    assert ids(answer) == ["t0", "t1", "t2"]
    np.testing.assert_allclose([hit.score for hit in alike.search("calm").hits], 0.5, atol=1e-3)


def test_words_are_searched_without_pytorch(library):
    program = (
        "import sys; from mwe import Library; assert Library.open(sys.argv[1]).search('calm + piano').hits; "
        "assert not {'torch', 'pytorch_lightning', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, library.root], check=True, timeout=100)


def test_an_empty_library_answers_nothing(library_of, tmp_path):
    empty = library_of(np.zeros((0, 4)), words=WORDS, root=tmp_path / "empty")
    assert empty.search("calm").hits == ()
    assert empty.search("calm - drums").hits == ()
