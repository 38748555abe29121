"""One training file from several sources: counts, seeds, restarting, mixing, tags kept out."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import read_json
from mwe.core.tokens import artist_token, tag_token, tag_words, text_tokens, track_token
from mwe.corpora import (
    CorpusSettings,
    KeyedTexts,
    PlainText,
    held_out_path,
    hold_out,
    read_held_out,
    source_statistics,
    write_corpus,
)
from mwe.corpora.mixture import interleaved
from mwe.corpora.paragraphs import Paragraphs, kinds_path
from mwe.reproduce.corpus_statistics import published_counts, table_one
from mwe.tracks import tracks_of

TAGS_OF = {"t1": ["Deep House", "happy"], "t2": ["rock", "happy"], "t3": ["Deep House"]}
ARTIST_OF = {"t1": "Air", "t2": "Air", "t3": ""}


def collection(tags_of=TAGS_OF):
    return tracks_of("three", tags_of, ARTIST_OF)


@pytest.fixture
def sources(tmp_path):
    (tmp_path / "general.txt").write_text("Air is cold .\n\nDeep water\n")
    (tmp_path / "reviews.tsv").write_text("key\ttext\nt1\tgroovy house music\nt1\tagain\nt9\tunknown track\n")
    (tmp_path / "artists.tsv").write_text("key\ttext\nAir\tfrench\n")
    return {
        "texts": [PlainText(str(tmp_path / "general.txt"))],
        "reviews": [
            KeyedTexts(str(tmp_path / "reviews.tsv")),
            KeyedTexts(str(tmp_path / "artists.tsv"), about="artist"),
        ],
    }


def lines(path):
    return [line.split() for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_source_has_its_lines_and_counts(sources, tmp_path):
    counts = write_corpus(collection(), tmp_path / "c.txt", **sources)
    read = lines(tmp_path / "c.txt")
    bags = [Counter(line) for line in read]
    assert ["air", "is", "cold", "."] in read
    review = dict.fromkeys(["groovy", "music"], 4) | {"house": 5, "deep": 1, "deep_house": 1, "happy": 1}
    assert Counter({**review, "artist:air": 1, "track:t1": 1}) in bags
    assert Counter({"unknown": 4, "track": 4, "track:t9": 1}) in bags
    assert Counter({"french": 4, "artist:air": 1}) in bags
    assert Counter({"deep_house": 1, "deep": 1, "house": 1, "track:t3": 1}) in bags
    assert (counts.entities, counts.lines, counts.tokens) == (8, 9, sum(map(len, read)))
    assert (counts.tracks, counts.artists, counts.tags) == (4, 1, 3)
    assert counts.vocabulary == len({token for line in read for token in line})
    assert counts.words + counts.tags + counts.artists + counts.tracks == counts.vocabulary
    told = {name: own for name, _, own in source_statistics(tmp_path / "c.txt")}
    assert {name: own.entities for name, own in told.items()} == {
        "general.txt": 1, "reviews.tsv": 3, "artists.tsv": 1, "three": 3
    }  # fmt: skip
    assert sum(own.tokens for own in told.values()) == counts.tokens
    assert not (tmp_path / "c.parts").exists()


def test_a_corpus_without_a_source_or_with_a_missing_file_is_refused(tmp_path):
    with pytest.raises(MissingDataError, match="needs a source"):
        write_corpus(None, tmp_path / "c.txt")
    with pytest.raises(MissingDataError, match="neither a file nor a folder"):
        write_corpus(None, tmp_path / "c.txt", texts=[PlainText(str(tmp_path / "none"))])
    assert not (tmp_path / "c.txt").exists()


def test_a_killed_run_goes_on_behind_the_finished_sources(sources, tmp_path, monkeypatch):
    write_corpus(collection(), tmp_path / "whole.txt", **sources)
    of_collection = Paragraphs.of_collection

    def killed(self):
        yield next(of_collection(self))
        raise KeyboardInterrupt

    monkeypatch.setattr(Paragraphs, "of_collection", killed)
    with pytest.raises(KeyboardInterrupt):
        write_corpus(collection(), tmp_path / "c.txt", **sources)
    assert not (tmp_path / "c.txt").exists()
    monkeypatch.setattr(Paragraphs, "of_collection", of_collection)
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "c.parts").glob("*/part.json")}
    assert len(finished) == 3
    write_corpus(collection(), tmp_path / "c.txt", **sources, parts=tmp_path / "c.parts")
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    assert (tmp_path / "c.txt").read_bytes() == (tmp_path / "whole.txt").read_bytes()


def test_parts_are_shared_and_made_anew_when_source_or_settings_change(sources, tmp_path):
    parts = tmp_path / "parts"
    write_corpus(collection(), tmp_path / "a.txt", parts=parts, **sources)
    write_corpus(None, tmp_path / "b.txt", texts=sources["texts"], parts=parts)
    assert len(list(parts.iterdir())) == 4
    write_corpus(collection(), tmp_path / "c.txt", CorpusSettings(seed=1), parts=parts)
    assert len(list(parts.iterdir())) == 5
    (tmp_path / "general.txt").write_text("other\n")
    write_corpus(None, tmp_path / "b.txt", texts=sources["texts"], parts=parts)
    assert lines(tmp_path / "b.txt") == [["other"]]
    assert write_corpus(collection({"t1": ["rock"]}), tmp_path / "d.txt", parts=parts).tokens == 3


names = st.text("abcXY_ 12é", min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(
    tags=st.dictionaries(st.from_regex(r"t[0-9]{1,3}", fullmatch=True), st.lists(names, min_size=1, max_size=5),
                         min_size=1, max_size=6),
    text=st.lists(names, max_size=30).map(" ".join),
    seed=st.integers(0, 5),
    copies=st.integers(1, 3),
    shuffle=st.booleans(),
)  # fmt: skip
def test_a_paragraph_keeps_counts_four_repeats_and_ids(tags, text, seed, copies, shuffle):
    tracks = tracks_of("any", tags, dict.fromkeys(tags, "An Artist"))
    first = tracks.track_ids[0]
    tracks.reviews[first] = [text]
    given_settings = CorpusSettings(seed=seed, copies=copies, shuffle=shuffle)

    def made():
        return [[list(line) for line in lines] for lines in Paragraphs(given_settings, tracks, set()).of_collection()]

    paragraphs = made()
    assert paragraphs == made()
    assert len(paragraphs) == len(tracks.track_ids)
    for row, copies_made in enumerate(paragraphs):
        words = text_tokens(text) if tracks.track_ids[row] == first else []
        tokens = {tag_token(tag): tag_words(tag) for tag in tracks.of_track(row)}
        labels = [part for token, own in tokens.items() if token for part in ([token, *own] if own[1:] else [token])]
        expected = Counter(words * 4 + labels + [artist_token("An Artist"), track_token(tracks.track_ids[row])])
        assert [Counter(line) for line in copies_made] == [expected] * copies


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.text("ab", max_size=5), max_size=400), min_size=1, max_size=4))
def test_mixing_keeps_every_line_and_the_order_within_a_source(tmp_path_factory, sources):
    folder = tmp_path_factory.mktemp("mixed")
    paths = []
    for number, own in enumerate(sources):
        paths.append(folder / str(number))
        paths[-1].write_text("".join(f"{number}{line}\n" for line in own))
    mixed = b"".join(interleaved(paths)).decode().splitlines()
    for number, own in enumerate(sources):
        assert [line[1:] for line in mixed if line[0] == str(number)] == own


def test_mixing_is_even(tmp_path):
    (tmp_path / "a").write_text("aaaaaaa\n" * 40_000)
    (tmp_path / "b").write_text("bbbbbbb\n" * 10_000)
    mixed = b"".join(interleaved([tmp_path / "a", tmp_path / "b"])).decode().splitlines()
    shares = [
        part.count("bbbbbbb") / len(part) for part in (mixed[at : at + 10_000] for at in range(0, 50_000, 10_000))
    ]
    np.testing.assert_allclose(shares, 0.2, atol=0.06)


def many():
    rng = np.random.default_rng(0)
    return tracks_of(
        "many", {f"t{row}": [f"g{tag}" for tag in rng.choice(30, 1 + row % 9, False)] for row in range(900)}
    )


def test_a_fifth_of_the_tags_is_kept_out_and_no_track_loses_all():
    tracks = many()
    kept, held = hold_out(tracks, 0.2, seed=3)
    own, out = np.diff(tracks.matrix.indptr), np.diff(held.indptr)
    assert ((kept.matrix + held).toarray() == tracks.matrix.toarray()).all()
    assert kept.matrix.multiply(held).nnz == 0
    assert (np.diff(kept.matrix.indptr) >= 1).all()
    assert (abs(out - 0.2 * own) < 1).all()
    assert abs(held.nnz - 0.2 * own[own > 1].sum()) < 60
    assert (hold_out(tracks, 0.2, seed=3)[1] != held).nnz == 0
    assert (hold_out(tracks, 0.2, seed=4)[1] != held).nnz > 0
    assert hold_out(tracks, 0.0, seed=3)[1].nnz == 0
    with pytest.raises(ValueError, match="share"):
        hold_out(tracks, 1.0, 0)


def test_what_is_kept_out_is_listed_beside_the_corpus_and_not_in_it(tmp_path):
    tracks = many()
    write_corpus(tracks, tmp_path / "c.txt", CorpusSettings(hold_out=0.2, seed=3))
    held = read_held_out(held_out_path(tmp_path / "c.txt"), tracks)
    assert (held != hold_out(tracks, 0.2, 3)[1]).nnz == 0
    of_track = {
        next(token for token in line if token.startswith("track:")): set(line) for line in lines(tmp_path / "c.txt")
    }
    for row, track_id in enumerate(tracks.track_ids):
        out = {tracks.tags[column] for column in held.indices[held.indptr[row] : held.indptr[row + 1]]}
        assert of_track[f"track:{track_id}"] == {*tracks.of_track(row), f"track:{track_id}"} - out
    with pytest.raises(BadFileError, match=r"line 1: .* is no track and tag of three"):
        read_held_out(held_out_path(tmp_path / "c.txt"), collection())
    write_corpus(tracks, tmp_path / "c.txt")
    assert not held_out_path(tmp_path / "c.txt").exists()


def test_table_one_shows_every_source_beside_the_paper(sources, tmp_path):
    write_corpus(collection(), tmp_path / "c.txt", **sources)
    shown, path = table_one(tmp_path / "c.txt", tmp_path / "tables")
    assert shown.row_count == 4
    csv = path.with_suffix(".csv").read_text()
    assert "three,tracks,,3.000000" in csv
    assert published_counts("Wikipedia", "Wikipedia")["words"] == 9_868_901
    assert published_counts("Last.fm (MSD)", "collection")["vocabulary"] == 1_147 + 32_752 + 428_408
    assert published_counts("three", "collection") == {}
    with pytest.raises(MissingDataError, match="mwe words corpus"):
        table_one(tmp_path / "none.txt", tmp_path)
    kinds_path(tmp_path / "c.txt").write_text("{}")
    with pytest.raises(BadFileError, match="no counts of sources"):
        table_one(tmp_path / "c.txt", tmp_path)
    assert read_json(kinds_path(tmp_path / "c.txt")) == {}
