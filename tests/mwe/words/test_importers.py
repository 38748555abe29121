"""Published word vectors: every format, compressed or not, whole, damaged and hostile; look-up of what is nearest."""

import gzip
import json
import pickle

import numpy as np
import pyarrow as pa
import pytest
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyarrow import parquet

from mwe.core.errors import BadFileError, MissingDataError, UnknownNameError
from mwe.core.files import sha256
from mwe.words import WordVectors, nearest
from mwe.words.importers import form_of, import_vectors

TOKENS = ["the", '"', "null", "naïve", "nan", "of"]
VECTORS = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)


def lines(tokens=TOKENS, vectors=VECTORS, end=""):
    rows = zip(tokens, vectors, strict=True)
    return "".join(f"{token} {' '.join(map(repr, map(float, vector)))}{end}\n" for token, vector in rows)


def gensim_file(path, binary):
    keyed = KeyedVectors(4)
    keyed.add_vectors(TOKENS, VECTORS)
    keyed.save_word2vec_format(str(path), binary=binary)
    return path.read_bytes()


def made(form, tmp_path):
    if form.startswith("word2vec"):
        return gensim_file(tmp_path / "gensim", form.endswith("binary"))
    return {"glove": lines(), "lexvec": f"6 4\n{lines(end=' ')}", "crlf": lines(end="\r")}[form].encode()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("form", ["glove", "crlf", "lexvec", "word2vec", "word2vec-binary"])
def test_every_format_gives_the_same_vectors(form, packed, tmp_path):
    data = made(form, tmp_path)
    path = tmp_path / ("v.gz" if packed else "v.txt")
    path.write_bytes(gzip.compress(data) if packed else data)
    read = import_vectors(path, tmp_path / "out")
    assert (read.tokens, set(read.kinds)) == (TOKENS, {"word"})
    np.testing.assert_array_equal(read.vectors, VECTORS)
    assert isinstance(read.vectors, np.memmap)
    assert form_of(path) == {"crlf": "glove", "lexvec": "word2vec"}.get(form, form)


def test_repeated_tokens_and_words_spelt_like_ids_are_skipped_and_counted(tmp_path):
    path = tmp_path / "g.txt"
    path.write_text(lines(["a", "track:1", "a", "artist:air", "b", "c"]))
    read = import_vectors(path, tmp_path / "out")
    assert read.tokens == ["a", "b", "c"]
    np.testing.assert_array_equal(read.vectors, VECTORS[[0, 4, 5]])
    assert read.made["inputs"] == {"g.txt": sha256(path)}
    assert read.made["settings"] == {"format": "glove", "kind": "auto"}
    assert read.made["counts"] == {"tokens": 3, "skipped_repeated": 1, "skipped_like_an_id": 2}
    assert not read.of_tracks(["1"]).known.any()


def test_tokens_that_hold_spaces_are_kept(tmp_path):
    path = tmp_path / "g.txt"
    path.write_text("the 1 2 3\n. . . 4 5 6\nof 7 8 9\n")
    read = import_vectors(path, tmp_path / "out")
    assert dict(zip(read.tokens, read.vectors.tolist(), strict=True)) == {
        "the": [1, 2, 3], ". . .": [4, 5, 6], "of": [7, 8, 9]
    }  # fmt: skip


def rows(tokens, vectors):
    return [
        {"token": token, "content": "x", "vector": vector.tolist()}
        for token, vector in zip(tokens, vectors, strict=True)
    ]


@pytest.mark.parametrize("ending", ["parquet", "json", "jsonl", "json.gz", "jsonl.gz"])
def test_published_tables_know_tracks_artists_and_tags_by_their_name(ending, tmp_path):
    folder = tmp_path / "mwe"
    folder.mkdir()
    for place, (name, token) in enumerate(
        [("tag", "Deep House"), ("track", "TRA"), ("artist", "AR1"), ("general", "air")]
    ):
        own = rows([token], VECTORS[place : place + 1])
        path = folder / f"{name}-0000.{ending}"
        if ending == "parquet":
            parquet.write_table(pa.Table.from_pylist(own), path)
        else:
            text = (json.dumps(own) if "jsonl" not in ending else json.dumps(own[0]) + "\n").encode()
            path.write_bytes(gzip.compress(text) if ending.endswith(".gz") else text)
    read = import_vectors(folder, tmp_path / "out")
    assert dict(zip(read.tokens, read.kinds, strict=True)) == {
        "artist:ar1": "artist", "air": "word", "deep_house": "tag", "track:tra": "track"
    }  # fmt: skip
    np.testing.assert_array_equal(read.of_tags(["deep house"]).vectors, VECTORS[:1])
    np.testing.assert_array_equal(read.of_tracks(["TRA"]).vectors, VECTORS[1:2])


def test_tables_of_two_embeddings_are_not_mixed_and_tags_go_before_words(tmp_path):
    folder = tmp_path / "mwe"
    folder.mkdir()
    (folder / "general.jsonl").write_text(json.dumps({"token": "rock", "vector": [1]}))
    (folder / "tag.jsonl").write_text(json.dumps({"token": "rock", "vector": [2]}))
    read = import_vectors(folder, tmp_path / "out")
    assert (read.tokens, read.kinds, read.vectors.tolist()) == (["rock"], ["tag"], [[2]])
    (folder / "track.jsonl").write_text(json.dumps({"token": "t", "vector": [2, 3]}))
    with pytest.raises(BadFileError, match=r"track\.jsonl: has vectors of 2 dimensions, earlier files have 1"):
        import_vectors(folder, tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("g.txt", "a 1 2\nb 1\n", r"g\.txt, line 2: expected a token and 2 numbers, found 2 fields"),
        ("g.txt", "a 1 2\nb 1 2 c 1 2\n", "line 2: expected a token and 2 numbers, found 6"),
        ("g.txt", "a 1 2\nb 1 x\n", "line 2: 'x' is not a finite number"),
        ("g.txt", "a 1 2\nb 1 nan\n", "line 2: 'nan' is not a finite"),
        ("g.txt", "a 1 2\nb 1 2\n\nc 1 2 3 4\n", "line 4: expected a token"),
        ("g.txt", "", "is empty"),
        ("g.txt", "word\n", "line 1: expected a token and 1 numbers"),
        ("w.txt", "3 2\na 1 2\nb 1 2\n", "line 4: has 2 vectors, its first line says 3"),
        ("w.txt", "1 2\na 1 2\nb 1 2\n", "line 4: has 2 vectors, its first line says 1"),
        ("w.txt", "2 2\na 1 2\nb 1\n", "line 3: expected a token and 2 numbers"),
        ("w.txt", "2 3\na 1 2\n", "line 2: expected a token and 3 numbers"),
        ("t.jsonl", '{"token": "a", "vector": [1]}\n{"token": "b"}\n', "line 2: expected a token and a vector"),
        ("t.jsonl", '{"token": "a", "vector": [1]}\n{"token": "b", "vector": [1, 2]}\n', "line 2: a vector of 2"),
        ("t.jsonl", '{"token": "a", "vector": [1]}\n{"token": "b", "vector": [NaN]}\n', "line 2: .*not a finite"),
        ("t.jsonl", '{"token": "a", "vector": [1]}\n{"tok', "line 2: not JSON"),
        ("t.json", "[]", "holds no vector"),
        ("t.parquet", "PAR1", "not the table expected"),
    ],
)
def test_damaged_files_are_refused_with_their_line(name, content, message, tmp_path):
    (tmp_path / name).write_text(content)
    with pytest.raises(BadFileError, match=message):
        import_vectors(tmp_path / name, tmp_path / "out")
    with pytest.raises(MissingDataError, match="words import"):
        WordVectors.load(tmp_path / "out")


@pytest.mark.parametrize("form", ["glove", "word2vec", "word2vec-binary"])
def test_files_cut_off_are_refused(form, tmp_path):
    data = made(form, tmp_path)
    (tmp_path / "v.txt").write_bytes(data[:-20])
    with pytest.raises(BadFileError, match=r"v\.txt.*(line|entry) \d"):
        import_vectors(tmp_path / "v.txt", tmp_path / "out")
    (tmp_path / "v.gz").write_bytes(gzip.compress(data)[:-12])
    with pytest.raises(BadFileError, match=r"v\.gz.*(decompressed|cannot be read)"):
        import_vectors(tmp_path / "v.gz", tmp_path / "out", "word2vec-binary" if "binary" in form else form)
    assert not list((tmp_path / "out").iterdir())


def test_binary_files_with_wrong_counts_or_numbers_are_refused(tmp_path):
    data = made("word2vec-binary", tmp_path)
    path = tmp_path / "v.bin"
    infinite = np.array([np.inf], "<f4").tobytes()
    for wrong, message in (
        (data + b"more 1234", "continues after the 6 entries"),
        (data[:-4] + infinite, "a number of entry 6 is not finite"),
        (b"x y\n" + data, "line 1: the first line is not a number"),
    ):
        path.write_bytes(wrong)
        with pytest.raises(BadFileError, match=message):
            import_vectors(path, tmp_path / "out", "word2vec-binary")


def test_binary_blocks_may_end_anywhere(tmp_path, monkeypatch):
    (tmp_path / "v.bin").write_bytes(made("word2vec-binary", tmp_path))
    for size in (1, 7, 30, 64):
        monkeypatch.setattr("mwe.words.binary_format.CHUNK", size)
        read = import_vectors(tmp_path / "v.bin", tmp_path / "out")
        assert read.tokens == TOKENS
        np.testing.assert_array_equal(read.vectors, VECTORS)


def test_pickles_are_refused_unopened(tmp_path):
    marker = tmp_path / "marker"

    class Payload:
        def __reduce__(self):
            return (open, (str(marker), "w"))

    (tmp_path / "v.kv").write_bytes(pickle.dumps(Payload()))
    with pytest.raises(BadFileError, match=r"v\.kv: is a Python pickle.*save_word2vec_format"):
        import_vectors(tmp_path / "v.kv", tmp_path / "out")
    keyed = KeyedVectors(4)
    keyed.add_vectors(TOKENS, VECTORS)
    keyed.save(str(tmp_path / "gensim.kv"))
    with pytest.raises(BadFileError, match="is a Python pickle"):
        import_vectors(tmp_path / "gensim.kv", tmp_path / "out")
    assert not marker.exists()
    with pytest.raises(MissingDataError, match="not found"):
        import_vectors(tmp_path / "none", tmp_path / "out")


floats = hnp.arrays(np.float32, st.tuples(st.integers(1, 40), st.just(3)), elements=st.integers(-3, 3).map(float))


@settings(max_examples=60, deadline=None)
@given(floats, hnp.arrays(np.float32, (2, 3), elements=st.integers(-3, 3).map(float)), st.integers(1, 50), st.data())
def test_the_nearest_are_those_of_a_slow_loop(vectors, queries, k, data):
    kinds = data.draw(st.lists(st.sampled_from(["word", "tag"]), min_size=len(vectors), max_size=len(vectors)))
    words = WordVectors([f"w{row}" for row in range(len(vectors))], vectors, kinds)

    def cosine(a, b):
        lengths = np.linalg.norm(a) * np.linalg.norm(b)
        return float(a @ b / lengths) if lengths else 0.0

    before, nearest.ROWS = nearest.ROWS, 7
    try:
        found = words.nearest(queries, k, "tag", leave_out=["w0", "unknown"])
    finally:
        nearest.ROWS = before
    for query, own in zip(queries, found, strict=True):
        among = {f"w{row}": cosine(query, vectors[row]) for row in range(1, len(vectors)) if kinds[row] == "tag"}
        assert [one.similarity for one in own] == pytest.approx(sorted(among.values(), reverse=True)[:k], abs=1e-5)
        assert all(one.similarity == pytest.approx(among[one.token], abs=1e-5) and one.kind == "tag" for one in own)
        assert len({one.token for one in own}) == len(own)


def test_a_query_is_the_mean_of_its_known_words():
    words = WordVectors(
        ["deep", "house", "in", "track:t"], np.eye(4, dtype=np.float32), ["word", "word", "word", "track"]
    )
    asked = words.of_query("Deep HOUSE in Miami")
    assert (asked.known, asked.unknown) == (("deep", "house", "in"), ("miami",))
    np.testing.assert_allclose(asked.vector, [1 / 3, 1 / 3, 1 / 3, 0])
    assert words.nearest(asked.vector[None], 3, "tag") == [[]]
    with pytest.raises(UnknownNameError, match="unknown query 'miami'"):
        words.of_query("miami")
    with pytest.raises(ValueError, match="do not fit 4 dimensions"):
        words.nearest(np.zeros((1, 3)), 1)
    with pytest.raises(ValueError, match="k is 0"):
        words.nearest(np.zeros((1, 4)), 0)
    with pytest.raises(ValueError, match="1 kinds do not fit"):
        WordVectors(["a", "b"], np.eye(2, dtype=np.float32), ["word"])


@pytest.mark.data
def test_the_real_glove_file(data_root, tmp_path):
    read = import_vectors(data_root / "glove/glove.6B.50d.music_subset.txt", tmp_path / "out")
    assert (len(read), read.dim) == (6_936, 50)
    assert [one.token for one in read.nearest(read["jazz"][None], 2, leave_out=["jazz"])[0]] == ["blues", "music"]


def test_vectors_of_one_dimension_are_vectors(tmp_path):
    (tmp_path / "line.txt").write_text("2 1\nhigh 0.5\nlow -0.5\n", encoding="utf-8")
    import_vectors(tmp_path / "line.txt", tmp_path / "out")
    imported = WordVectors.load(tmp_path / "out")
    assert (imported.dim, float(imported["high"][0]), float(imported["low"][0])) == (1, 0.5, -0.5)
