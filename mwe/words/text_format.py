"""Reader of text formats of word vectors: a token and its numbers on each line, parsed by Arrow in blocks."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from mwe.core.errors import BadFileError
from mwe.core.lines import DAMAGED, LONGEST_COUNT, OPENERS, opened

BLOCK = 1 << 21  # bytes parsed at once; larger blocks do not fit the processor's cache and are slower
REMEDY = "The file is damaged, truncated, or in another format: download it again, or set --format."


def text_blocks(path: Path, header: bool) -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield blocks of tokens and their vectors, float32 (N, dimensions).

    Args:
        path: The file, possibly compressed.
        header: Whether the first line holds the numbers of tokens and dimensions, as in word2vec's text format.

    Raises:
        BadFileError: A line has another number of fields or a value that is not a finite number, or the number of
            lines differs from the header.
    """
    count, dim, trailing = _shape(path, header)
    count_read = 0
    try:
        for tokens, vectors in _parsed(path, dim, header, trailing):
            if not np.isfinite(vectors).all():
                raise pa.ArrowInvalid("a number is not finite")
            count_read += len(tokens)
            yield tokens, vectors
    except (pa.ArrowException, ValueError, *DAMAGED) as error:
        line, problem = _first_bad_line(path, dim, header) or (None, f"cannot be read ({str(error).strip()[:200]})")
        raise BadFileError(path, problem, REMEDY, line) from error
    if count is not None and count_read != count:
        raise BadFileError(path, f"has {count_read:,} vectors, its first line says {count:,}", REMEDY, count_read + 2)


def _shape(path: Path, header: bool) -> tuple[int | None, int, bool]:
    """Return the number of tokens (None without a header), the dimensions, and whether lines end with a space."""
    with opened(path) as lines:
        try:
            counts = lines.readline().split() if header else []
            first = lines.readline().rstrip(b"\r\n")
        except DAMAGED as error:
            raise BadFileError(path, f"cannot be decompressed ({error})", REMEDY, 1) from error
    if header and (len(counts) != 2 or not all(field.isdigit() and len(field) < LONGEST_COUNT for field in counts)):
        raise BadFileError(path, "the first line is not a number of tokens and of dimensions", REMEDY, 1)
    fields = first.rstrip(b" ").split(b" ")
    dim = int(counts[1]) if header else len(fields) - 1
    if dim < 1 or len(fields) != dim + 1:
        line = 2 if header else 1
        raise BadFileError(
            path, f"expected a token and {max(dim, 1)} numbers, found {len(fields)} fields", REMEDY, line
        )
    return (int(counts[0]) if header else None), dim, first.endswith(b" ")


def _parsed(path: Path, dim: int, header: bool, trailing: bool) -> Iterator[tuple[list[str], np.ndarray]]:
    spaced = _Spaced(dim)
    with spaced.quiet(), _stream(path) as stream, _reader(stream, dim, header, trailing, spaced) as reader:
        for batch in reader:
            vectors = np.empty((batch.num_rows, dim), dtype=np.float32)
            for column in range(dim):
                vectors[:, column] = batch.column(column + 1).to_numpy()
            yield [token.decode("utf-8", errors="replace") for token in batch.column(0).to_pylist()], vectors
    yield from spaced.blocks()


def _stream(path: Path) -> pa.NativeFile:
    return pa.PythonFile(opened(path), mode="r") if path.suffix in OPENERS else pa.OSFile(str(path), "rb")


class _Spaced:
    """Lines with more fields than others: GloVe's largest file has tokens with spaces, such as ``. . .``."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.lines: list[bytes] = []

    def __call__(self, row: csv.InvalidRow) -> str:
        """Keep a valid line; report an error for any other."""
        line = row.text.encode()
        if _fault(line, self.dim):
            return "error"
        self.lines.append(line)
        return "skip"

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Suppress the traceback that Arrow prints for a line that is not UTF-8; Arrow also rejects the file."""
        usual = sys.unraisablehook
        sys.unraisablehook = lambda raised: None if raised.object is self else usual(raised)
        try:
            yield
        finally:
            sys.unraisablehook = usual

    def blocks(self) -> Iterator[tuple[list[str], np.ndarray]]:
        """Yield the tokens and vectors of the lines kept, if any."""
        if self.lines:
            split = [line.rstrip(b"\r\n ").split(b" ") for line in self.lines]
            tokens = [b" ".join(fields[: -self.dim]).decode() for fields in split]
            yield tokens, np.array([fields[-self.dim :] for fields in split]).astype(np.float32)


def _reader(stream: pa.NativeFile, dim: int, header: bool, trailing: bool, spaced: "_Spaced") -> csv.CSVStreamingReader:
    names = ["token", *map(str, range(dim)), *(["end"] if trailing else [])]
    types = {"token": pa.binary(), **{str(number): pa.float32() for number in range(dim)}, "end": pa.binary()}
    return csv.open_csv(
        stream,
        read_options=csv.ReadOptions(use_threads=True, block_size=BLOCK, skip_rows=int(header), column_names=names),
        parse_options=csv.ParseOptions(delimiter=" ", quote_char=False, escape_char=False, invalid_row_handler=spaced),
        convert_options=csv.ConvertOptions(column_types=types, check_utf8=False, null_values=[]),
    )


def _first_bad_line(path: Path, dim: int, header: bool) -> tuple[int, str] | None:
    """Find the first invalid line, after reading has failed; return its number and what is wrong."""
    with opened(path) as lines:
        number = 0
        try:
            for number, line in enumerate(lines, 1):
                fault = None if header and number == 1 else _fault(line, dim)
                if fault:
                    return number, fault
        except DAMAGED as error:
            return number + 1, f"cannot be decompressed ({error})"
    return None


def _fault(line: bytes, dim: int) -> str | None:
    """Return what is wrong with a line, or None. A number inside the token means two lines run together."""
    fields = line.rstrip(b"\r\n ").split(b" ")
    if fields == [b""]:
        return None  # Arrow skips empty lines
    named = fields[: max(0, len(fields) - dim)]
    if not named or any(_number(field) is not None for field in named[1:]):
        return f"expected a token and {dim} numbers, found {len(fields)} fields"
    if len(named) > 1 and b"\xef\xbf\xbd" in b" ".join(named).decode(errors="replace").encode():
        return "a token of several words that is not UTF-8"
    for field in fields[len(named) :]:
        number = _number(field)
        if number is None or not np.isfinite(number):
            return f"{field.decode(errors='replace')[:40]!r} is not a finite number"
    return None


def _number(field: bytes) -> float | None:
    try:
        return float(field)
    except ValueError:
        return None
