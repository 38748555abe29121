"""The folder of a run: its configuration, checkpoints and ``metrics.json``, from which the tables are built."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pytorch_lightning import Trainer

from mwe.core.errors import expecting
from mwe.core.files import read_json, write_json

METRICS = "metrics.json"


@dataclass(frozen=True)
class RunMetrics:
    """What a run measured.

    Args:
        metrics: Name to value.
        collection: What it was measured on.
        seed: Seed of the run.
        notes: What was counted and decided on the way.
        made: What it was made of: see ``mwe.core.manifest``.
    """

    metrics: dict[str, float]
    collection: str = ""
    seed: int | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)

    def write(self, run: Path) -> Path:
        """Write ``metrics.json`` into the run folder."""
        write_json(run / METRICS, asdict(self))
        return run / METRICS

    @classmethod
    def read(cls, path: Path) -> "RunMetrics":
        """Read a ``metrics.json``.

        Raises:
            BadFileError: The file is not one.
        """
        content = read_json(path)
        with expecting(path, "not a metrics.json", "Delete it and run the row again."):
            found = cls(**content)
            if not all(isinstance(value, int | float) for value in found.metrics.values()):
                raise TypeError("a metric is no number")
            return found


def run_dir(trainer: Trainer) -> Path | None:
    """The run's own folder, where its checkpoints go too. No collective call, safe on one process."""
    log = trainer.logger
    if log is None or log.save_dir is None:
        return None
    version = log.version if isinstance(log.version, str) else f"version_{log.version}"
    return Path(log.save_dir, str(log.name), version)
