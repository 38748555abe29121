"""Reader of the tables of the published musical word embedding: token, content and vector, as Parquet or JSON."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from pyarrow import parquet

from mwe.core.errors import BadFileError, expecting
from mwe.core.files import parsed_json
from mwe.core.lines import DAMAGED, numbered_lines, opened
from mwe.core.parquet import PARQUET_ERRORS

ROWS = 8192
LARGEST = float(np.finfo(np.float32).max)
REMEDY = "Download the table again; it needs the columns token and vector."


def published_rows(path: Path) -> Iterator[tuple[list[str], np.ndarray, list[str]]]:
    """Yield blocks of tokens, their vectors, float32 (N, dimensions), and their display names.

    The column ``content`` (the name behind an ID) may be missing or empty.

    Raises:
        BadFileError: The table is damaged, or a row lacks token or vector or has another number of dimensions.
    """
    name = path.name.removesuffix(".gz")
    blocks = _parquet(path) if name.endswith(".parquet") else _json(path, lines=name.endswith(".jsonl"))
    dim, rows_read = -1, 0
    for rows in blocks:
        for index, row in enumerate(rows):
            fault = _fault(row, dim)
            if fault:
                raise BadFileError(path, fault, REMEDY, rows_read + index + 1)
            dim = len(row["vector"])
        rows_read += len(rows)
        if rows:
            vectors = np.array([row["vector"] for row in rows], dtype=np.float64).astype(np.float32)
            yield [str(row["token"]) for row in rows], vectors, [_name(row.get("content")) for row in rows]


def _parquet(path: Path) -> Iterator[list[dict[str, Any]]]:
    try:
        with parquet.ParquetFile(path) as table:
            columns = [name for name in ("token", "vector", "content") if name in table.schema_arrow.names]
            for batch in table.iter_batches(ROWS, columns=columns):
                yield batch.to_pylist()
    except PARQUET_ERRORS as error:
        raise BadFileError(path, f"not the table expected ({error})", REMEDY) from error


def _json(path: Path, lines: bool) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a JSON file: one object per line or, in a ``.json`` file, possibly one array."""
    if not lines and (content := _array(path)) is not None:
        yield content
        return
    numbered = numbered_lines(path, REMEDY)
    while block := list(islice(numbered, ROWS)):
        rows = []
        for number, line in block:
            with expecting(path, "not JSON", REMEDY, number):
                rows.append(parsed_json(line))
        yield rows


def _array(path: Path) -> list[Any] | None:
    """Return the contents of a JSON file that begins like an array; None for any other file."""
    try:
        with opened(path) as file:
            if file.read(1) != b"[":
                return None
            file.seek(0)
            content: list[Any] = parsed_json(file.read().decode("utf-8"))
            return content
    except (ValueError, *DAMAGED) as error:
        raise BadFileError(path, f"not JSON ({error})", REMEDY) from error


def _name(content: Any) -> str:
    return " ".join(content.split()) if isinstance(content, str) else ""


def _fault(row: Any, dim: int) -> str | None:
    if not isinstance(row, dict) or not isinstance(row.get("token"), str) or not isinstance(row.get("vector"), list):
        return "expected a token and a vector"
    vector = row["vector"]
    if not vector or (dim >= 0 and len(vector) != dim):
        return f"a vector of {len(vector)} numbers, earlier ones have {dim}" if dim >= 0 else "an empty vector"
    if not all(isinstance(number, int | float) and abs(number) <= LARGEST for number in vector):
        return "a vector with a value that is not a finite number"
    return None
