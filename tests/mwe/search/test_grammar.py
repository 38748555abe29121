import pytest
from hypothesis import given
from hypothesis import strategies as some

from mwe.search.grammar import KINDS, QueryError, Term, parse_query

NAMES = some.text(some.characters(codec="ascii", exclude_characters='"', min_codepoint=32), min_size=1).filter(
    lambda name: name.strip()
)


def test_terms_signs_and_weights():
    assert parse_query("calm + 2*piano - 0.5 * tag:deep house").terms == [
        Term("words", "calm", 1.0),
        Term("words", "piano", 2.0),
        Term("tag", "deep house", -0.5),
    ]
    assert parse_query("- drums").terms == [Term("words", "drums", -1.0)]
    assert parse_query("hip-hop and r+b").terms == [Term("words", "hip-hop and r+b")]
    assert parse_query("Artist:air + TRACK:tr1").terms == [Term("artist", "air"), Term("track", "tr1")]
    assert parse_query("file:/my music/a - b.ogg").terms[0].kind == "file"


def test_quotation_marks_keep_signs_and_colons():
    assert parse_query('artist:"Simon + Garfunkel" - "a - b"').terms == [
        Term("artist", "Simon + Garfunkel"),
        Term("words", "a - b", -1.0),
    ]
    assert parse_query("live: at the bbc").terms == [Term("words", "live: at the bbc")]


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("", "it is empty"),
        ("  ", "it is empty"),
        ("calm +", "nothing follows the last sign"),
        ("calm + - drums", "two signs"),
        ("+ - drums", "two signs"),
        ("tag:", "a term is empty"),
        ('""', "a term is empty"),
        ("0*calm", "a weight of 0"),
        ('artist:"Air', "a quotation mark is not closed"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(query, what):
    with pytest.raises(QueryError, match=what):
        parse_query(query)


@given(some.lists(some.tuples(some.sampled_from(KINDS), NAMES, some.sampled_from([1.0, 2.0, 0.25]), some.booleans())))
def test_what_is_written_is_read(parts):
    if not parts:
        return
    terms = [Term(kind, name.strip(), -weight if less else weight) for kind, name, weight, less in parts]
    written = " ".join(f'{"-" if one.weight < 0 else "+"} {abs(one.weight)}*{one.kind}:"{one.name}"' for one in terms)
    assert parse_query(written).terms == terms
