"""The folder of a run: its configuration, checkpoints and ``metrics.json``, the source of the tables."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mwe.core.errors import expecting
from mwe.core.files import read_json, write_json

if TYPE_CHECKING:
    from pytorch_lightning import Trainer

METRICS = "metrics.json"


@dataclass(frozen=True)
class RunMetrics:
    """Measurements of a run.

    Args:
        metrics: Values by name.
        collection: Name of the collection.
        seed: Seed of the run.
        notes: Counts and decisions of the run.
        made: Manifest of the run: see ``mwe.core.manifest``.
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
            BadFileError: The file is not a ``metrics.json``.
        """
        content = read_json(path)
        with expecting(path, "not a metrics.json", "Delete it and run the row again."):
            result = cls(**content)
            if not all(isinstance(value, int | float) for value in result.metrics.values()):
                raise TypeError("a metric is not a number")
            return result


def run_dir(trainer: "Trainer") -> Path | None:
    """Return the run's folder, which also holds its checkpoints. One process can call it alone."""
    log = trainer.logger
    if log is None or log.save_dir is None:
        return None
    version = log.version if isinstance(log.version, str) else f"version_{log.version}"
    return Path(log.save_dir, str(log.name), version)
