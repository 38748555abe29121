"""The tables of the published musical word embedding: rows of token, content and vector, as Parquet or JSON."""

import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from mwe.core.errors import BadFileError

ROWS = 8192
REMEDY = "Fetch the table anew; it needs the columns token and vector."


def published_rows(path: Path) -> Iterator[tuple[list[str], np.ndarray]]:
    """Blocks of tokens and their vectors, float32 (N, dimensions).

    The column ``content`` (the name behind an ID) is not needed: IDs are spelt by ``token``.

    Raises:
        BadFileError: The table is damaged, or a row lacks token or vector or has another number of dimensions.
    """
    name = path.name.removesuffix(".gz")
    blocks = _parquet(path) if name.endswith(".parquet") else _json(path, lines=name.endswith(".jsonl"))
    dim, seen = -1, 0
    for rows in blocks:
        for place, row in enumerate(rows):
            fault = _fault(row, dim)
            if fault:
                raise BadFileError(path, fault, REMEDY, seen + place + 1)
            dim = len(row["vector"])
        seen += len(rows)
        if rows:
            yield [str(row["token"]) for row in rows], np.array([row["vector"] for row in rows], dtype=np.float32)


def _parquet(path: Path) -> Iterator[list[dict[str, Any]]]:
    try:
        with parquet.ParquetFile(path) as table:
            for batch in table.iter_batches(ROWS, columns=["token", "vector"]):
                yield batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise BadFileError(path, f"not the table expected ({error})", REMEDY) from error


def _json(path: Path, lines: bool) -> Iterator[list[dict[str, Any]]]:
    """Rows of a JSON file: one object a line, or (``.json``) maybe one array."""
    with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
        number = 0
        try:
            if not lines and file.read(1) == b"[":
                file.seek(0)
                yield json.load(file)
                return
            file.seek(0)
            while block := list(islice(file, ROWS)):
                rows = []
                for line in block:
                    number += 1
                    rows.append(json.loads(line))
                yield rows
        except (json.JSONDecodeError, UnicodeDecodeError, OSError, EOFError) as error:
            raise BadFileError(path, f"not JSON ({error})", REMEDY, number or None) from error


def _fault(row: Any, dim: int) -> str | None:
    if not isinstance(row, dict) or not isinstance(row.get("token"), str) or not isinstance(row.get("vector"), list):
        return "expected a token and a vector"
    vector = row["vector"]
    if not vector or (dim >= 0 and len(vector) != dim):
        return f"a vector of {len(vector)} numbers among others of {dim}" if dim >= 0 else "an empty vector"
    if not all(isinstance(number, int | float) and np.isfinite(number) for number in vector):
        return "a vector with something that is no finite number"
    return None
