"""`mwe index` that also logs what it embeds: `python -m benchmarks.logged_index LOG FOLDER --out LIBRARY ...`.

A line `computed N` is a batch that went through the network; a line `kept ID` is a track whose vector is on disk.
"""

import os
import sys
from pathlib import Path
from typing import Any

from mwe.cli import main
from mwe.search.embedding_job import EmbeddingJob
from mwe.search.embedding_parts import PartWriter


def log_to(path: Path) -> None:
    """Log what is computed and kept from now on, in lines that a killed process leaves whole."""
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    compute, flush = EmbeddingJob.predict_step, PartWriter.flush

    def computing(job: EmbeddingJob, batch: Any, batch_idx: int) -> Any:
        vectors = compute(job, batch, batch_idx)
        os.write(log, f"computed {len(vectors)}\n".encode())
        return vectors

    def keeping(writer: PartWriter) -> None:
        kept = [outcome.row.track_id for outcome in writer._pending if outcome.embedding_D is not None]
        flush(writer)
        os.write(log, "".join(f"kept {track_id}\n" for track_id in kept).encode())

    EmbeddingJob.predict_step, PartWriter.flush = computing, keeping  # type: ignore[method-assign]


if __name__ == "__main__":
    log_to(Path(sys.argv[1]))
    main(["index", *sys.argv[2:]])
