"""The default logger: a CSV file in the run folder that later runs do not delete."""

import os
import warnings
from pathlib import Path
from typing import Any

from lightning_fabric.loggers.logger import rank_zero_experiment
from pytorch_lightning.loggers import CSVLogger
from pytorch_lightning.loggers.csv_logs import ExperimentWriter


class RunLogger(CSVLogger):
    """CSV logger for run folders that ``fit``, a resumed ``fit`` and ``test`` share.

    Lightning's own logger deletes an existing ``metrics.csv``; this one renames it to ``metrics-1.csv`` and so on.

    Args:
        save_dir: Folder of all runs.
        name: Table and row, such as ``table6/cnn1d_tag``.
        version: Seed or fold; the run folder is ``save_dir/name/version``.
    """

    def __init__(self, save_dir: str = "outputs", name: str = "run", version: str = "seed0") -> None:
        super().__init__(save_dir, name=name, version=version)

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """The writer of the CSV file."""
        if self._experiment is None:
            earlier = Path(self.log_dir, "metrics.csv")
            if earlier.is_file():
                number = len(list(earlier.parent.glob("metrics-*.csv"))) + 1
                os.replace(earlier, earlier.with_name(f"metrics-{number}.csv"))
            with warnings.catch_warnings():  # the folder may hold files of earlier runs
                warnings.filterwarnings("ignore", message="Experiment logs directory")
                self._experiment = ExperimentWriter(log_dir=self.log_dir)
        return self._experiment
