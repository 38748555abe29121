"""A training file as a memory-mapped array of token numbers, read in chunks that are divided among processes."""

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
REMEDY = "Delete it: it is made again from the training file."


class Vocabulary(NamedTuple):
    """Tokens of a training file.

    Attributes:
        tokens: V tokens, most frequent first; ties in the order of the file.
        count_V: Number of occurrences of each, int64.
    """

    tokens: list[str]
    count_V: np.ndarray


class TokenChunk(NamedTuple):
    """A chunk of the training file.

    Attributes:
        number: Index of the chunk, which seeds its random numbers on whatever device reads it.
        token: Rows of the vocabulary, ``LINE_END`` after every line, int64.
    """

    number: int
    token: Tensor


class TokenFile:
    """The numbers of all tokens of a training file, and its vocabulary.

    Args:
        vocabulary: The tokens.
        numbers: Token numbers, int32, memory-mapped; ``LINE_END`` after every line.
        corpus_sha256: Hash of the training file.
    """

    def __init__(self, vocabulary: Vocabulary, numbers: np.ndarray, corpus_sha256: str) -> None:
        self.vocabulary, self.numbers, self.corpus_sha256 = vocabulary, numbers, corpus_sha256

    @classmethod
    def of(cls, corpus: Path, min_count: int = 1) -> "TokenFile":
        """Map the array beside a training file; number the tokens first if that was not done or is outdated.

        Reads the file line by line, twice. Memory grows only with the vocabulary.

        Raises:
            MissingDataError: The corpus does not exist.
            BadFileError: No token occurs often enough.
        """
        if not corpus.is_file():
            raise MissingDataError(f"{corpus} not found. Write it with `mwe words corpus --out {corpus}`.")
        digest = sha256(corpus)
        made_of = {"corpus_sha256": digest, "min_count": min_count}
        array, listing = corpus.with_suffix(".tokens.npy"), corpus.with_suffix(".tokens.json")
        listed = read_json(listing) if listing.is_file() and array.is_file() else {}
        listed = listed if isinstance(listed, dict) else {}
        if {name: listed.get(name) for name in made_of} != made_of:
            listing.unlink(missing_ok=True)  # written last, so that an array with a listing is complete
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
        raise BadFileError(array, f"a number is outside the {tokens:,} tokens", REMEDY)
    return numbers


def _lines(corpus: Path) -> Iterator[list[str]]:
    with open(corpus, encoding="utf-8") as file:
        try:
            yield from (line.split() for line in file)
        except UnicodeDecodeError as error:
            remedy = "Write it again with `mwe words corpus`."
            for _ in numbered_lines(corpus, remedy):  # raises an error that names the line
                pass
            raise BadFileError(corpus, f"not UTF-8 text ({error})", remedy) from error


def _count(corpus: Path, min_count: int) -> Vocabulary:
    counts: Counter[str] = Counter()
    for tokens in track(_lines(corpus), "counting tokens"):
        counts.update(tokens)
    frequent = [(token, count) for token, count in counts.most_common() if count >= min_count]
    if not frequent:
        problem = f"holds no token that occurs {min_count:,} times or more" if counts else "holds no token"
        raise BadFileError(corpus, problem, "Check the sources of the corpus.")
    return Vocabulary([token for token, _ in frequent], np.array([count for _, count in frequent], dtype=np.int64))


def _write_numbers(corpus: Path, vocabulary: Vocabulary, array: Path) -> None:
    """Write the array. Rare tokens are left out without a gap, as in word2vec."""
    row = {token: number for number, token in enumerate(vocabulary.tokens)}
    header = {"descr": "<i4", "fortran_order": False}
    with atomic_write(array) as temporary, open(temporary, "wb") as file:
        size = 0
        np.lib.format.write_array_header_1_0(file, {**header, "shape": (2**60,)})  # placeholder
        for tokens in track(_lines(corpus), "numbering tokens"):
            numbers = [row[token] for token in tokens if token in row]
            if numbers:
                file.write(np.array([*numbers, LINE_END], dtype="<i4").data)
                size += len(numbers) + 1
        file.seek(0)
        np.lib.format.write_array_header_1_0(file, {**header, "shape": (size,)})


class _Chunks(Dataset[TokenChunk]):
    """Chunks of about ``size`` numbers that end at a line end if one is near, padded with empty chunks."""

    def __init__(self, numbers: np.ndarray, size: int, world: int) -> None:
        self.numbers, self.size = numbers, size
        self.filled = -(-len(numbers) // size)
        self.padded = -(-self.filled // world) * world  # all processes take the same number of steps

    def __len__(self) -> int:
        return self.padded

    def __getitems__(self, items: list[int]) -> TokenChunk:
        (number,) = items
        token = self.numbers[self._start(number) : self._start(number + 1)]
        return TokenChunk(number, torch.from_numpy(token.astype(np.int64)))

    def _start(self, number: int) -> int:
        """Return where a chunk starts: after the first line end from its even share on, so that lines stay whole."""
        if number == 0 or number >= self.filled:
            return 0 if number == 0 else len(self.numbers)
        even = number * self.size
        ends = np.flatnonzero(self.numbers[even - 1 : even - 1 + self.size] == LINE_END)
        return even + int(ends[0]) if len(ends) else even


class TokenDataModule(LightningDataModule):
    """The chunks of a training file, in order, each read by one process.

    Args:
        corpus: The training file, as ``mwe words corpus`` writes it.
        min_count: Tokens that occur less often are dropped; 1 keeps IDs that occur once.
        chunk: Tokens per training step.
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
        """Load every chunk once over all processes."""
        return every_item_once(self, _Chunks(self.tokens.numbers, self.chunk, world_of(self)[0]), batch_size=1)


def token_kinds(corpus: Path, tokens: list[str], corpus_sha256: str) -> list[str]:
    """Return the kind of each token of a training file; without its ``.vocabulary.json`` all are words.

    Raises:
        BadFileError: The ``.vocabulary.json`` is damaged.
        StaleArtefactError: The ``.vocabulary.json`` was written for another training file.
    """
    listing = kinds_path(corpus)
    remedy = "Write the corpus again with `mwe words corpus`."
    kinds = read_json(listing) if listing.is_file() else {"kinds": {}}
    with expecting(listing, "no kinds of tokens", remedy):
        if kinds.get(FILES, {}).get(CORPUS, corpus_sha256) != corpus_sha256:
            raise StaleArtefactError(f"{listing}: was written for another version of {corpus.name}. {remedy}")
        return [kinds["kinds"].get(token, "word") for token in tokens]
