"""A table of a library with one row per track, read by column or by row."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mwe.core.errors import BadFileError
from mwe.search.layout import REMEDY, open_table, reading


class RowTable:
    """A Parquet file of a library. It stays open, so that it can be read after a new edition has deleted it.

    Args:
        path: The file.
        schema: Its schema.
        rows: Number of rows of the matrix beside it.

    Raises:
        BadFileError: The file is missing, damaged, or has another number of rows.
    """

    def __init__(self, path: Path, schema: pa.Schema, rows: int) -> None:
        self.path, self.schema = path, schema
        self._file = open_table(path, schema)
        if self._file.metadata.num_rows != rows:
            message = f"{self._file.metadata.num_rows:,} tracks beside a matrix of {rows:,} rows"
            raise BadFileError(path, message, REMEDY)
        groups = range(self._file.metadata.num_row_groups)
        self._ends = np.cumsum([self._file.metadata.row_group(group).num_rows for group in groups])
        self._columns: dict[str, pa.Array] = {}

    def read(self) -> pa.Table:
        """Return the whole table, read on every call."""
        with reading(self.path):
            return _checked(self._file.read())

    def column(self, name: str) -> pa.Array:
        """Return one column, read at the first use; most queries need none."""
        if name not in self._columns:
            with reading(self.path):
                chunks = _checked(self._file.read(columns=[name]))[name].chunks
            self._columns[name] = pa.concat_arrays(chunks) if chunks else pa.array([], self.schema.field(name).type)
        return self._columns[name]

    def row(self, row: int, columns: Sequence[str] | None = None) -> dict[str, Any]:
        """Return some or all columns of one row; only its part of the table is read."""
        group = int(np.searchsorted(self._ends, row, side="right"))
        offset = row - (int(self._ends[group - 1]) if group else 0)
        with reading(self.path):
            table = self._file.read_row_group(group, columns=columns, use_threads=False)
            values: dict[str, Any] = table.slice(offset, 1).to_pylist()[0]
            return values


def _checked(table: pa.Table) -> pa.Table:
    """Return a table whose texts are UTF-8 and whose offsets lie within it; others are errors of Arrow."""
    table.validate(full=True)
    return table
