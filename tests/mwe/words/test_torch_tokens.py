"""A training file as numbers: every token once over all processes, numbered once, bad files refused."""

import numpy as np
import pytest

from mwe.core.errors import BadFileError, MissingDataError
from mwe.words.torch_tokens import LINE_END, TokenDataModule, TokenFile


@pytest.mark.parametrize("chunk", [1, 7, 50, 10_000])
@pytest.mark.parametrize("world", [1, 2, 3])
def test_the_processes_read_every_token_once_and_lines_stay_whole(tmp_path, chunk, world):
    corpus = tmp_path / "corpus.txt"
    rng = np.random.default_rng(0)
    lengths = [*rng.integers(0, 9, 30), 60, 3]
    lines = [[str(token) for token in rng.integers(0, 12, length)] for length in lengths]
    corpus.write_text("\n".join(" ".join(line) for line in lines) + "\n")
    data = TokenDataModule(str(corpus), chunk=chunk)
    data.setup("fit")
    names = data.tokens.vocabulary.tokens
    read = {}
    counts = set()
    for rank in range(world):
        data.trainer = type("Where", (), {"world_size": world, "global_rank": rank})()
        chunks = list(data.train_dataloader())
        counts.add(len(chunks))
        read |= {chunk.number: chunk.token.tolist() for chunk in chunks}
    assert len(counts) == 1
    whole = [row for number in sorted(read) for row in read[number]]
    expected = [part for line in lines if line for part in [*line, LINE_END]]
    assert [names[row] if row != LINE_END else LINE_END for row in whole] == expected
    longest = max(len(line) for line in lines) + 1
    assert max(len(rows) for rows in read.values()) <= chunk + min(chunk, longest)
    if chunk == 50:
        ends = [rows[-1] for rows in read.values() if rows]
        assert ends.count(LINE_END) >= len(ends) - 1  # only the line of 60 is cut


def test_numbering_counts_drops_what_is_rare_and_is_done_once(tmp_path):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("b a b\n\nc a\nrare\n")
    tokens = TokenFile.of(corpus, min_count=2)
    assert tokens.vocabulary.tokens == ["b", "a"]
    assert tokens.vocabulary.count_V.tolist() == [2, 2]
    assert tokens.numbers.tolist() == [0, 1, 0, LINE_END, 1, LINE_END]
    assert isinstance(tokens.numbers, np.memmap)
    written = (tmp_path / "corpus.tokens.npy").stat().st_mtime_ns
    TokenFile.of(corpus, min_count=2)
    assert (tmp_path / "corpus.tokens.npy").stat().st_mtime_ns == written
    corpus.write_text("b b\n")
    assert TokenFile.of(corpus, min_count=2).numbers.tolist() == [0, 0, LINE_END]


def test_bad_corpora_are_refused(tmp_path):
    corpus = tmp_path / "corpus.txt"
    with pytest.raises(MissingDataError, match="mwe words corpus"):
        TokenFile.of(corpus)
    corpus.write_text("\n \n")
    with pytest.raises(BadFileError, match="holds no token"):
        TokenFile.of(corpus)
    corpus.write_text("a b\n")
    with pytest.raises(BadFileError, match="no token that occurs 2 times"):
        TokenFile.of(corpus, min_count=2)
    corpus.write_bytes(b"a \xff\n")
    with pytest.raises(BadFileError, match="not UTF-8"):
        TokenFile.of(corpus)


@pytest.mark.parametrize("number", [-3, 1])
def test_numbers_of_no_token_are_refused(tmp_path, number):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("a b\n")
    np.save(tmp_path / "corpus.tokens.npy", TokenFile.of(corpus).numbers + np.array([0, number, 0], np.int32))
    with pytest.raises(BadFileError, match="a number is outside the 2 tokens"):
        TokenFile.of(corpus)


def test_a_killed_numbering_leaves_nothing(tmp_path, monkeypatch):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("a b\n")

    def killed(vocabulary):
        raise KeyboardInterrupt

    monkeypatch.setattr("mwe.words.torch_tokens.np.array", lambda *_, **__: killed(None))
    with pytest.raises(KeyboardInterrupt):
        TokenFile.of(corpus)
    assert [path.name for path in tmp_path.iterdir() if "tokens" in path.name] == []
