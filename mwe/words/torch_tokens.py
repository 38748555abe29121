"""A training file as a memory-mapped array of token numbers, read in chunks, each process its own."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mwe.core.arrays import read_array
from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError, expecting
from mwe.core.files import atomic_write, read_json, sha256, write_json
from mwe.core.lines import numbered_lines
from mwe.core.progress import track
from mwe.core.sampler import every_item_once, world_of
from mwe.corpora.paragraphs import CORPUS, FILES, kinds_path

LINE_END = -1
REMEDY = "Delete it: it is made anew from the training file."


class Vocabulary(NamedTuple):
    """Tokens of a training file.

    Args:
        tokens: V tokens, the most frequent first; equal counts in the order of the file.
        count_V: How often each occurs, int64.
    """

    tokens: list[str]
    count_V: np.ndarray


class TokenChunk(NamedTuple):
    """A stretch of the training file.

    Args:
        number: Its place among the chunks, which seeds its random numbers on whatever device reads it.
        token: Rows of the vocabulary, ``LINE_END`` behind every line, int64.
    """

    number: int
    token: Tensor


class TokenFile:
    """The numbers of all tokens of a training file, and its vocabulary.

    Args:
        vocabulary: The tokens.
        numbers: int32, memory-mapped; ``LINE_END`` behind every line.
        corpus_sha256: Of the training file.
    """

    def __init__(self, vocabulary: Vocabulary, numbers: np.ndarray, corpus_sha256: str) -> None:
        self.vocabulary, self.numbers, self.corpus_sha256 = vocabulary, numbers, corpus_sha256

    @classmethod
    def of(cls, corpus: Path, min_count: int = 1) -> "TokenFile":
        """Map the array beside a training file; number the tokens first where that was not done or is outdated.

        The file is read line by line, twice; memory grows with the vocabulary only.

        Raises:
            MissingDataError: The corpus is not there.
            BadFileError: It holds no token, or none often enough.
        """
        if not corpus.is_file():
            raise MissingDataError(f"{corpus} not found. Write it with `mwe corpus --out {corpus}`.")
        digest = sha256(corpus)
        made_of = {"corpus_sha256": digest, "min_count": min_count}
        array, listing = corpus.with_suffix(".tokens.npy"), corpus.with_suffix(".tokens.json")
        listed = read_json(listing) if listing.is_file() and array.is_file() else {}
        listed = listed if isinstance(listed, dict) else {}
        if {name: listed.get(name) for name in made_of} != made_of:
            listing.unlink(missing_ok=True)  # written last, so that an array with a listing is whole
            vocabulary = _count(corpus, min_count)
            _write_numbers(corpus, vocabulary, array)
            listed = {"tokens": vocabulary.tokens, "counts": vocabulary.count_V.tolist(), **made_of}
            write_json(listing, listed)
        with expecting(listing, "no tokens and counts", REMEDY):
            vocabulary = Vocabulary([str(token) for token in listed["tokens"]], np.array(listed["counts"], np.int64))
        return cls(vocabulary, _mapped(array, len(vocabulary.tokens)), digest)


def _mapped(array: Path, tokens: int) -> np.ndarray:
    numbers = read_array(array, REMEDY, mapped=True)
    if numbers.dtype != np.dtype("<i4") or numbers.ndim != 1 or not len(numbers):
        raise BadFileError(array, f"{numbers.dtype} of shape {numbers.shape}, not a row of int32", REMEDY)
    if not LINE_END <= int(numbers.min()) <= int(numbers.max()) < tokens:
        raise BadFileError(array, f"a number is none of {tokens:,} tokens", REMEDY)
    return numbers


def _lines(corpus: Path) -> Iterator[list[str]]:
    with open(corpus, encoding="utf-8") as file:
        try:
            yield from (line.split() for line in file)
        except UnicodeDecodeError as error:
            remedy = "Write it anew with `mwe corpus`."
            for _ in numbered_lines(corpus, remedy):  # says in which line
                pass
            raise BadFileError(corpus, f"not UTF-8 text ({error})", remedy) from error


def _count(corpus: Path, min_count: int) -> Vocabulary:
    counts: Counter[str] = Counter()
    for tokens in track(_lines(corpus), "counting tokens"):
        counts.update(tokens)
    kept = [(token, count) for token, count in counts.most_common() if count >= min_count]
    if not kept:
        what = f"holds no token that occurs {min_count:,} times or more" if counts else "holds no token"
        raise BadFileError(corpus, what, "Check which parts the corpus was made of.")
    return Vocabulary([token for token, _ in kept], np.array([count for _, count in kept], dtype=np.int64))


def _write_numbers(corpus: Path, vocabulary: Vocabulary, array: Path) -> None:
    """Write the array next to its listing; a token that is too rare leaves no gap, as in word2vec."""
    row = {token: number for number, token in enumerate(vocabulary.tokens)}
    header = {"descr": "<i4", "fortran_order": False}
    with atomic_write(array) as temporary, open(temporary, "wb") as file:
        size = 0
        np.lib.format.write_array_header_1_0(file, {**header, "shape": (2**60,)})  # holds the place
        for tokens in track(_lines(corpus), "numbering tokens"):
            numbers = [row[token] for token in tokens if token in row]
            if numbers:
                file.write(np.array([*numbers, LINE_END], dtype="<i4").data)
                size += len(numbers) + 1
        file.seek(0)
        np.lib.format.write_array_header_1_0(file, {**header, "shape": (size,)})


class _Chunks(Dataset[TokenChunk]):
    """Stretches of about ``size`` numbers that end with a line where one ends in time, padded with empty ones."""

    def __init__(self, numbers: np.ndarray, size: int, world: int) -> None:
        self.numbers, self.size = numbers, size
        self.filled = -(-len(numbers) // size)
        self.padded = -(-self.filled // world) * world  # all processes take equally many steps

    def __len__(self) -> int:
        return self.padded

    def __getitems__(self, items: list[int]) -> TokenChunk:
        (number,) = items
        token = self.numbers[self._start(number) : self._start(number + 1)]
        return TokenChunk(number, torch.from_numpy(token.astype(np.int64)))

    def _start(self, number: int) -> int:
        """Where a chunk starts: behind the first line end from its even share on, so that lines stay whole."""
        if number == 0 or number >= self.filled:
            return 0 if number == 0 else len(self.numbers)
        even = number * self.size
        ends = np.flatnonzero(self.numbers[even - 1 : even - 1 + self.size] == LINE_END)
        return even + int(ends[0]) if len(ends) else even


class TokenDataModule(LightningDataModule):
    """The chunks of a training file, in order, each read by one process.

    Args:
        corpus: The training file, as ``mwe corpus`` writes it.
        min_count: Tokens that occur less often are dropped; 1 keeps IDs that occur once.
        chunk: Tokens that a training step works through.
    """

    tokens: TokenFile

    def __init__(self, corpus: str, min_count: int = 1, chunk: int = 16384) -> None:
        super().__init__()
        if chunk < 1:
            raise ValueError(f"chunk must be 1 or more, not {chunk}")
        self.corpus, self.min_count, self.chunk = Path(corpus), min_count, chunk

    def prepare_data(self) -> None:
        """Number the tokens, on one process."""
        TokenFile.of(self.corpus, self.min_count)

    def setup(self, stage: str) -> None:
        """Map the numbers into memory."""
        self.tokens = TokenFile.of(self.corpus, self.min_count)

    def train_dataloader(self) -> DataLoader[Any]:
        """Every chunk once over all processes."""
        return every_item_once(self, _Chunks(self.tokens.numbers, self.chunk, world_of(self)[0]), batch_size=1)


def token_kinds(corpus: Path, tokens: list[str], corpus_sha256: str) -> list[str]:
    """Kind of each token of a training file; all are words without its ``.vocabulary.json``.

    Raises:
        BadFileError: That file is damaged.
        StaleArtefactError: It was written for another training file.
    """
    listing = kinds_path(corpus)
    remedy = "Write the corpus anew with `mwe corpus`."
    kinds = read_json(listing) if listing.is_file() else {"kinds": {}}
    with expecting(listing, "no kinds of tokens", remedy):
        if kinds.get(FILES, {}).get(CORPUS, corpus_sha256) != corpus_sha256:
            raise StaleArtefactError(f"{listing}: was not written for {corpus.name} as it is. {remedy}")
        return [kinds["kinds"].get(token, "word") for token in tokens]
