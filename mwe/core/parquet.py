"""Errors of pyarrow for damaged files, for readers of tables."""

import pyarrow as pa

# ValueError: names and texts that are not UTF-8, raised when a table is opened or its rows are read
PARQUET_ERRORS = (pa.ArrowException, OSError, ValueError)
