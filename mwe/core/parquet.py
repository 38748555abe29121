"""What pyarrow says of a damaged file, for those who read tables."""

import pyarrow as pa

# ValueError: names and texts that are no UTF-8, found when a table is opened or when its rows are taken out
PARQUET_ERRORS = (pa.ArrowException, OSError, ValueError)
