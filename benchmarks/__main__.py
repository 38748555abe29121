"""Every benchmark, one after the other, and what changed since the figures that are committed.

Compared are ratios, shares and recalls, which mean the same on every machine; seconds and bytes are kept beside them.
A change beyond ``--noise`` is flagged, so is a figure that is gone, and either makes the command end with 1, as does a
benchmark that fails; the others are run all the same. `make bench` runs it; after a change that is meant, `--accept
true` keeps the new figures in ``benchmarks/results.json``.
"""

import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from jsonargparse import auto_cli
from rich.console import Console
from rich.table import Table

from mwe.core.files import read_json, write_json

KEPT = Path(__file__).with_name("results.json")
COMPARED = re.compile(r"(?<![a-z])(ratio|shares?|recall(?=[@_])|times_faster|times_real_time|against)(?![a-z])")
SMALLEST = 0.02  # a smaller change is noise, however small the figure
# by name: module and options; the peers they are measured against stand in the modules' own texts
BENCHMARKS: dict[str, tuple[str, ...]] = {
    "corpora": ("benchmarks.corpora",),
    "skipgram_text": ("benchmarks.skipgram", "speed", "--seeds", "[0]"),
    "siamese_stages": ("benchmarks.siamese_stages",),
    "joint_input": ("benchmarks.joint_input",),
    "joint_mel": ("benchmarks.joint_mel",),
    "joint_metrics": ("benchmarks.joint_metrics",),
    "joint_steps": ("benchmarks.joint_steps",),
    "listening": ("benchmarks.listening",),
    "scale": ("benchmarks.scale",),
    "search": ("benchmarks.search",),
    "startup": ("benchmarks.startup",),
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
    found = {name: one for name in only if (one := run(BENCHMARKS[name])) is not None}
    table = Table("benchmark", "figure", "kept", "now", "", title="Benchmarks, ratios against the named peers")
    flagged = 0
    for name, one in found.items():
        before, now = compared(former.get(name, {})), compared(one)
        for path in dict.fromkeys([*now, *before]):
            verdict = judged(before.get(path), now.get(path), noise)
            flagged += bool(verdict)
            shown = (f"{own[path]:.4g}" if path in own else "" for own in (before, now))
            table.add_row(name, path, *shown, verdict)
    Console(width=150).print(table)
    if accept:
        write_json(kept, former | found)
        print(f"kept in {kept}")
    if failed := [name for name in only if name not in found]:
        sys.exit(f"failed: {', '.join(failed)}")
    if flagged and not accept:
        sys.exit(f"{flagged} figures changed by more than {noise:.0%}; keep them with --accept true if that is meant")


def run(module: Sequence[str]) -> dict[str, Any] | None:
    """What a benchmark prints last, as JSON, from a process of its own, with its seconds; nothing if it fails."""
    print(f"== {' '.join(module)}", flush=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *module], stdout=subprocess.PIPE, text=True, env=environment, check=False
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        print(f"{' '.join(module)} ended with {done.returncode} after {seconds:.0f} s", flush=True)
        return None
    print(f"{seconds:.0f} s", flush=True)
    return {"machine": machine(), "wall_s": seconds, "figures": last_object(done.stdout)}


def compared(one: dict[str, Any]) -> dict[str, float]:
    """The figures of a benchmark that mean the same on every machine, by their path."""
    return {path: value for path, value in numbers(one.get("figures", {})) if COMPARED.search(path)}


def judged(before: float | None, now: float | None, noise: float) -> str:
    """What is wrong with a figure; empty if nothing is."""
    if before is None:
        return ""
    if now is None:
        return "GONE"
    return "CHANGED" if abs(now - before) > max(noise * abs(before), SMALLEST) else ""


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
