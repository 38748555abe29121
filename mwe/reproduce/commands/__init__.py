"""The functions behind ``mwe reproduce``, by the rule of ``mwe.commands``: nothing heavy at the top."""

from pathlib import Path

RUNS = Path("outputs")
TABLES = RUNS / "tables"
FIGURES = RUNS / "figures"
