"""The default logger: a CSV file in the run folder that no later run deletes."""

import os
from pathlib import Path

from pytorch_lightning.loggers import CSVLogger


class RunLogger(CSVLogger):
    """CSV logger for run folders that ``fit``, a resumed ``fit`` and ``test`` share.

    Lightning's own logger deletes the ``metrics.csv`` it finds; here it is moved aside to ``metrics-1.csv`` and so on.

    Args:
        save_dir: Folder of all runs.
        name: Table and row, such as ``table6/cnn1d_tag``.
        version: Seed or fold; the run folder is ``save_dir/name/version``.
    """

    def __init__(self, save_dir: str = "outputs", name: str = "run", version: str = "seed0") -> None:
        super().__init__(save_dir, name=name, version=version)
        earlier = Path(self.log_dir, "metrics.csv")
        if int(os.environ.get("LOCAL_RANK", "0")) == 0 and earlier.is_file():
            number = len(list(earlier.parent.glob("metrics-*.csv"))) + 1
            earlier.rename(earlier.with_name(f"metrics-{number}.csv"))
