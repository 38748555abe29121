"""Every benchmark, one after the other, and what changed since the figures that are committed.

Compared are ratios, shares and recalls, which mean the same on every machine; seconds and bytes are kept beside them.
A change beyond ``--noise`` is flagged and makes the command end with 1. `make bench` runs it; after a change that is
meant, `--accept true` keeps the new figures in ``benchmarks/results.json``.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from jsonargparse import auto_cli
from rich.console import Console
from rich.table import Table

from mwe.core.files import read_json, write_json

KEPT = Path(__file__).with_name("results.json")
COMPARED = ("ratio", "share", "recall", "times_faster", "real_time")
# by name: module and options; the peers they are measured against stand in the modules' own texts
BENCHMARKS: dict[str, tuple[str, ...]] = {
    "corpora": ("benchmarks.corpora",),
    "skipgram_text": ("benchmarks.skipgram", "speed", "--seeds", "[0]"),
    "siamese_stages": ("benchmarks.siamese_stages",),
    "joint_input": ("benchmarks.joint_input",),
    "joint_mel": ("benchmarks.joint_mel",),
    "joint_metrics": ("benchmarks.joint_metrics",),
    "joint_steps": ("benchmarks.joint_steps",),
    "search": ("benchmarks.search",),
}


def main(only: Sequence[str] = tuple(BENCHMARKS), noise: float = 0.25, accept: bool = False, kept: Path = KEPT) -> None:
    """Run benchmarks and compare.

    Args:
        only: Names of those to run.
        noise: Largest change of a ratio, as a share of the kept one, that is taken for noise.
        accept: Whether to keep the new figures.
        kept: File of the kept figures.
    """
    former: dict[str, Any] = read_json(kept) if kept.is_file() else {}
    found = {name: {"machine": machine(), "figures": run(BENCHMARKS[name])} for name in only}
    table = Table("benchmark", "figure", "kept", "now", "", title="Benchmarks, ratios against the named peers")
    flagged = 0
    for name, one in found.items():
        before = dict(numbers(former.get(name, {}).get("figures", {})))
        for path, value in numbers(one["figures"]):
            if any(word in path for word in COMPARED):
                changed = path in before and abs(value - before[path]) > noise * abs(before[path])
                flagged += changed
                shown = f"{before[path]:.4g}" if path in before else ""
                table.add_row(name, path, shown, f"{value:.4g}", "CHANGED" if changed else "")
    Console(width=150).print(table)
    if accept:
        write_json(kept, former | found)
        print(f"kept in {kept}")
    elif flagged:
        sys.exit(f"{flagged} figures changed by more than {noise:.0%}; keep them with --accept true if that is meant")


def run(module: Sequence[str]) -> Any:
    """What a benchmark prints last, as JSON, from a process of its own."""
    print(f"== {' '.join(module)}", flush=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *module], stdout=subprocess.PIPE, text=True, env=environment, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(module)} ended with {done.returncode}")
    return last_object(done.stdout)


def last_object(told: str) -> Any:
    """The last JSON object that begins a line of a text.

    Raises:
        ValueError: There is none.
    """
    lines = told.splitlines(keepends=True)
    for place in (place for place in reversed(range(len(lines))) if lines[place].startswith("{")):
        return json.JSONDecoder().raw_decode("".join(lines[place:]))[0]
    raise ValueError("the benchmark printed no figures")


def numbers(part: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Every number of nested figures, by its path."""
    if isinstance(part, dict):
        for name, inner in part.items():
            yield from numbers(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(part, list):
        for place, inner in enumerate(part):
            yield from numbers(inner, f"{path}[{place}]")
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield path, float(part)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {"cores": os.cpu_count(), "processor": platform.machine(), "python": platform.python_version()} | {
        "torch": torch.__version__
    }


if __name__ == "__main__":
    auto_cli(main, as_positional=False)
