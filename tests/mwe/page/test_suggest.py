"""How a query that is being typed could go on."""

import pytest

from mwe.page.suggest import Suggester, quoted
from mwe.search.grammar import parse_query


@pytest.fixture
def suggester(library):
    return Suggester(library)


def names(found):
    return [(one.name, one.kind) for one in found]


def test_an_empty_query_is_offered_the_tags_of_max_tracks(suggester):
    # 12 pure and buzzing, 8 of each pitch
    assert names(suggester.complete("", 3)) == [("pure", "tag"), ("buzzing", "tag"), ("low", "tag")]
    assert [one.query for one in suggester.complete("low - ", 2)] == ["low - pure", "low - buzzing"]


def test_tags_come_before_artists_and_words_and_names_are_found_by_each_of_their_words(suggester):
    assert names(suggester.complete("b"))[:2] == [("buzzing", "tag"), ("bass drone", "tag")]
    assert names(suggester.complete("DRO")) == [("drone", "word"), ("bass drone", "tag")]  # whole names first
    assert ("tone", "word") in names(suggester.complete("to"))
    found = suggester.complete("artist", 9)
    assert names(found) == [(f"artist{number}", "artist") for number in range(6)]
    assert found[3].query == "artist:artist3"
    assert names(suggester.complete("artist:a", 2)) == [("artist0", "artist"), ("artist1", "artist")]
    assert suggester.complete("tag:artist") == []
    assert suggester.complete("zzz") == []


def test_only_the_last_words_are_replaced(suggester):
    found = suggester.complete("2*high + deep bass dr")
    assert [one.query for one in found] == ["2*high + deep bass drone"]
    # behind other words an artist cannot stand
    assert suggester.complete("deep artist") == []
    assert suggester.complete("low - 3*hi")[0].query == "low - 3*high"
    assert "low" not in [one.query for one in suggester.complete("low")]


def test_what_is_offered_is_understood(odd):
    suggester = Suggester(odd)
    (simon,) = suggester.complete("garf")
    assert simon.query == 'artist:"Simon + Garfunkel"'
    (edith,) = suggester.complete("low + edith")
    assert edith.query == "low + artist:Édith Piaf"
    (minus,) = suggester.complete("a -")[:1] or [None]
    assert minus is None or minus.kind == "tag"
    for one in (simon, edith, *suggester.complete("", 9)):
        assert odd.search(one.query).hits, one
    for name in ("a + b", "a", " a", "a  b", "-", "a year:1990"):
        (term,) = parse_query(f"artist:{quoted(name)}").terms
        assert term.name == name.strip()
