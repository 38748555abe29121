"""Reader of word2vec's binary format: a line of counts, then for each token its name, a space and float32 numbers."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mwe.core.errors import BadFileError
from mwe.core.lines import DAMAGED, LONGEST_COUNT

CHUNK = 1 << 24
REMEDY = "The file is damaged or truncated: download it again."


def word2vec_binary(path: Path) -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield blocks of tokens and their vectors, float32 (N, dimensions); a block is about 16 MB of the file.

    Raises:
        BadFileError: The counts are not valid, a number is not finite, or the file is shorter or longer than it says.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            count, dim = _counts(path, file.readline(1000))
            count_read, rest = 0, b""
            while count_read < count:
                chunk = file.read(CHUNK)
                tokens, vectors, rest = _entries(rest + chunk, dim, count - count_read)
                if tokens:
                    if not np.isfinite(vectors).all():
                        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
                        raise BadFileError(path, f"a number of entry {count_read + row + 1} is not finite", REMEDY)
                    yield tokens, vectors
                count_read += len(tokens)
                if not chunk and count_read < count:
                    raise BadFileError(path, f"ends in entry {count_read + 1} of {count:,}", REMEDY)
            if (rest + file.read(1000)).strip():
                raise BadFileError(path, f"continues after the {count:,} entries that its first line announces", REMEDY)
    except DAMAGED as error:
        raise BadFileError(path, f"cannot be decompressed ({error})", REMEDY) from error


def _counts(path: Path, line: bytes) -> tuple[int, int]:
    fields = line.split()
    counts = len(fields) == 2 and all(field.isdigit() and len(field) < LONGEST_COUNT for field in fields)
    if not counts or not int(fields[1]):
        raise BadFileError(path, "the first line is not a number of tokens and of dimensions", REMEDY, 1)
    return int(fields[0]), int(fields[1])


def _entries(data: bytes, dim: int, most: int) -> tuple[list[str], np.ndarray, bytes]:
    """Split off the complete entries at the start of some bytes; return tokens, vectors and the remaining bytes."""
    tokens: list[str] = []
    starts: list[int] = []
    position, size = 0, 4 * dim
    while len(tokens) < most:
        space = data.find(b" ", position)
        if space < 0 or space + 1 + size > len(data):
            break
        tokens.append(data[position:space].lstrip(b"\n").decode("utf-8", errors="replace"))
        starts.append(space + 1)
        position = space + 1 + size
    raw = np.frombuffer(data, dtype=np.uint8)
    rows = np.lib.stride_tricks.sliding_window_view(raw, size)[starts] if starts else np.empty((0, size), np.uint8)
    return tokens, np.ascontiguousarray(rows).view("<f4").reshape(len(tokens), dim), data[position:]
