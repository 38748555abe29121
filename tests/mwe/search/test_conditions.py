"""Conditions on the tags in files, in queries and filters, on libraries of known tags."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from rich.cells import cell_len

from mwe.audio.file_tags import FileTags
from mwe.commands.answer_lines import answer_lines
from mwe.core.errors import MissingDataError
from mwe.core.files import read_json, write_json
from mwe.search import Filters, Library, QueryError
from mwe.search.answers import Answer, Hit
from mwe.search.conditions import Condition
from mwe.search.grammar import Term, parse_query
from mwe.search.layout import HAS_METADATA
from mwe.search.library_export import export_file
from mwe.search.metadata import Metadata, metadata_table
from mwe.search.musical_key import key_of

WORDS = {"calm": [1, 0, 0], "piano": [0, 1, 0], "drums": [0, 0, 1]}
TAGS = [
    FileTags(title="Rain", artist="Air", album="Moon Safari", year=1998, genre="Downtempo", bpm=119.6, key="Am"),
    FileTags(title="Rain again", artist="Airbourne", album="Runnin' Wild", year=2007, genre="Hard Rock", bpm=130.4),
    FileTags(title="Été", artist="Björk", album="Début", year=1993, genre="Acid Jazz", bpm=120.0, key="8A"),
    FileTags(title="Sun", artist="Guest", album_artist="Air", year=1990, genre="jazz; funk", bpm=135.0, key="C"),
    FileTags(title="!!!", artist="", year=None, bpm=None, key="A min"),
]


@pytest.fixture
def plain(library_of, rng):
    """A library without tags of files."""
    matrix_ND = rng.standard_normal((len(TAGS), 3))
    return library_of(
        matrix_ND / np.linalg.norm(matrix_ND, axis=1, keepdims=True), ["Air", "", "", "", ""], words=WORDS
    )


@pytest.fixture
def library(plain):
    rows = [Metadata("", tags) for tags in TAGS]
    content = read_json(plain.root / "library.json")
    pq.write_table(metadata_table(rows), plain.root / plain.store.declared.metadata_file)
    write_json(plain.root / "library.json", {**content, "notes": {HAS_METADATA: True}})
    return Library(plain.root)


def rows(answer):
    return sorted(int(hit.track_id[1:]) for hit in answer.hits)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("genre:jazz", [2, 3]),
        ("genre:JAZZ", [2, 3]),
        ('genre:"hard rock"', [1]),
        ("genre:roc", []),
        ("artist:air", [0, 3]),
        ("artist:bjork", [2]),
        ("artist:BJÖRK", [2]),
        ('album:"moon safari"', [0]),
        ("album:safari", [0]),
        ("title:rain", [0, 1]),
        ("title:ete", [2]),
        ("title:!!!", [4]),
        ("year:1998", [0]),
        ("year:1990..1999", [0, 2, 3]),
        ("year:..1993", [2, 3]),
        ("year:1998..", [0, 1]),
        ("bpm:120", [0, 2]),
        ("bpm:120..130", [0, 1, 2]),
        ("bpm:131..", [3]),
        ("key:Am", [0, 2, 4]),
        ("key:1m", [0, 2, 4]),
        ("key:C", [3]),
        ("YEAR:1998", [0]),
        ("year:1990..1999 genre:jazz bpm:..121", [2]),
    ],
)
def test_conditions_restrict_a_query_of_words(library, condition, expected):
    answer = library.search(f"calm {condition}")
    assert rows(answer) == expected
    ranked = [hit.track_id for hit in library.search("calm").hits]
    assert [hit.track_id for hit in answer.hits] == [name for name in ranked if int(name[1:]) in expected]
    if not condition.startswith("artist"):
        assert rows(library.search(f"{condition} calm + piano")) == expected


def test_a_minus_leaves_out_those_that_meet_it(library):
    assert rows(library.search("calm - genre:jazz")) == [0, 1, 4]
    assert rows(library.search("calm - year:1990..1999 - drums")) == [1, 4]
    assert library.search("calm - genre:jazz year:1998").filters == ("without genre jazz", "only year 1998")
    assert rows(library.search("calm + genre:jazz")) == [2, 3]


def test_conditions_alone_list_the_tracks(library):
    answer = library.search("genre:jazz")
    assert [hit.track_id for hit in answer.hits] == ["t2", "t3"]
    assert [hit.score for hit in answer.hits] == [None, None]
    assert (answer.terms, answer.filters) == ((), ("only genre jazz",))
    assert [hit.track_id for hit in library.search("year:1990..", k=2).hits] == ["t0", "t1"]
    assert [hit.file_tags.title for hit in library.search("title:sun").hits] == ["Sun"]


def test_an_artist_is_a_term_where_a_term_begins_and_a_condition_after_words(library):
    assert parse_query("artist:Air") == ([Term("artist", "Air")], ())
    assert parse_query("artist:Air year:1998") == ([Term("artist", "Air")], (Condition("year", "1998"),))
    assert parse_query('calm artist:"A + B"') == ([Term("words", "calm")], (Condition("artist", "A + B"),))
    assert parse_query("2*calm piano year:1998 drums").terms == [Term("words", "calm piano drums", 2.0)]
    assert parse_query('tag:deep house genre:"a - b"').terms == [Term("tag", "deep house")]
    assert rows(library.search("artist:Air year:1990..1999")) == [0, 2, 3]


def test_conditions_are_filters_too(library):
    filters = Filters(conditions=(Condition("genre", "jazz"),))
    assert filters
    assert library.allowed(filters).tolist() == [False, False, True, True, False]
    assert rows(library.search("calm year:1993", filters=filters)) == [2]
    assert rows(library.search([Term("words", "calm")], filters=filters)) == [2, 3]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (
            "calm mood:happy",
            r"unknown field 'mood' \(there are tag, artist, track, file, playlist, title, album, genre, year",
        ),
        ("calm tag:rock", "tag:rock begins a term of its own: put a sign before it"),
        ("calm year:199x", r"year:199x is not a number or a range; write year:1994, year:1990\.\.1999"),
        ("calm year:..", "is not a number or a range"),
        ("calm year:1990-1999", "is not a number or a range"),
        ("calm bpm:130..120", r"bpm:130\.\.120 ends before it begins"),
        ("calm bpm:fast", r"write bpm:120, bpm:120\.\.130 or bpm:120\.\."),
        ("calm key:H", "key:H is not a key; write key:Am"),
        ("calm genre: jazz", "genre: has no value; write it without a space, as genre:VALUE"),
        ('calm genre:""', "has no value"),
        ('calm genre:"jazz', "a quotation mark is not closed"),
        ("2*genre:jazz", "genre:jazz is a condition, which has no weight"),
        ("calm - genre:jazz piano", "words after 'genre:jazz': put a sign before them"),
    ],
)
def test_malformed_conditions_are_refused_with_the_reason(query, told):
    with pytest.raises(QueryError, match=told):
        parse_query(query)


def test_words_with_a_colon_are_words_in_quotation_marks():
    assert parse_query('"mood:happy" calm').terms == [Term("words", "mood:happy calm")]
    assert parse_query("at 3:45").terms == [Term("words", "at 3:45")]
    assert parse_query("track:Best of:two.mp3").terms == [Term("track", "Best of:two.mp3")]


def test_a_library_without_tags_says_so(plain):
    with pytest.raises(MissingDataError, match=r"has no tags of files, which year: asks for\. `mwe index` reads them"):
        plain.search("calm year:1998")
    assert rows(plain.search("calm artist:air")) == [0]  # known from a table of tracks


def test_keys_in_every_spelling():
    wheel = ["C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F"]
    minor = ["Am", "Em", "Bm", "F#m", "C#m", "G#m", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm"]
    for step in range(12):
        camelot, open_key = (7 + step) % 12 + 1, step + 1
        assert key_of(wheel[step]) == key_of(f"{camelot}B") == key_of(f"{open_key}d") is not None
        assert key_of(minor[step]) == key_of(f"{camelot}A") == key_of(f"{open_key}m") is not None
    assert key_of("A minor") == key_of("a min") == key_of("Am") != key_of("AM") == key_of("A")
    assert [key_of(text) for text in ("", "H", "13A", "0B", "Am/C", "o")] == [None] * 6


def test_answers_take_two_lines_of_a_terminal(library):
    answer = library.search("calm + piano year:1990..", k=4)
    for width in (40, 80, 120):
        lines = list(answer_lines(answer, width))
        assert lines[:3] == ["+1 calm", "+1 piano", "only year 1990.."]
        assert len(lines) == 3 + 2 * 4
        assert max(map(cell_len, lines)) <= width
    shown = "\n".join(answer_lines(answer, 80))
    assert "Rain - Air (Moon Safari, 1998)" in shown
    assert "/music/t0.ogg" in shown
    listed = list(answer_lines(library.search("title:!!!")))
    assert listed == ["only title !!!", "1 !!!", "  /music/t4.ogg"]


def test_long_and_wide_texts_are_cut_in_the_width_of_the_terminal():
    tags = FileTags(title="夜に駆ける" * 20, artist="YOASOBI", year=2019)
    path = "/music/" + "夜" * 100 + "/the end.flac"
    hit = Hit("t", "", path, -0.5, ("calm " * 30,), tags)
    for width in (30, 79, 80):
        _, first, second = answer_lines(Answer(((1.0, "calm"),), (), (hit,)), width)
        assert max(cell_len(first), cell_len(second)) <= width
        assert first.endswith(" -0.500")
        assert "…" in first
    assert second.endswith("夜/the end.flac")
    assert next(answer_lines(Answer((), (), (hit,)))).endswith("YOASOBI (2019)  -0.500")


def test_exports_have_the_tags_of_the_files(library, tmp_path):
    export_file(library, tmp_path / "library.parquet", "parquet")
    table = pq.read_table(tmp_path / "library.parquet")
    assert table["title"].to_pylist() == [tags.title for tags in TAGS]
    assert table["year"].to_pylist() == [tags.year for tags in TAGS]
