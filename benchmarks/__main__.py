"""Every benchmark, one after the other, and what changed since the figures that are committed.

Compared are ratios, shares and recalls, which mean the same on every machine; seconds and bytes are kept beside them.
Each is measured beside its peer in one process. With ``--times 3`` everything is run in three interleaved rounds, and a
figure is the median with the least and the largest. A change is flagged if the kept figure lies outside of these and
further from the median than ``--noise``; so is a figure that is gone. Either makes the command end with 1, as does a
benchmark that fails; the others are run all the same. `make bench` runs it; after a change that is meant, `--accept
true` keeps the new figures in ``benchmarks/results.json`` and adds them to ``benchmarks/history.jsonl``, which
``benchmarks.history`` draws.
"""

import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, Self

import torch
from jsonargparse import auto_cli
from rich.console import Console
from rich.table import Table

from mwe.core.files import read_json, write_json
from mwe.core.numbers import PositiveInt

KEPT, HISTORY = (Path(__file__).with_name(name) for name in ("results.json", "history.jsonl"))
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


class Span(NamedTuple):
    """A figure over several rounds."""

    median: float
    least: float
    largest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Measure values, at least one."""
        return cls(median(values), min(values), max(values))


def main(
    only: Sequence[str] = tuple(BENCHMARKS),
    noise: float = 0.25,
    times: PositiveInt = 1,
    accept: bool = False,
    kept: Path = KEPT,
) -> None:
    """Run benchmarks and compare.

    Args:
        only: Names of those to run.
        noise: Largest change of a ratio, as a share of the kept one, that is taken for noise.
        times: Rounds.
        accept: Whether to keep the new figures.
        kept: File of the kept figures. All that were ever kept are in ``history.jsonl`` beside it.
    """
    former: dict[str, Any] = read_json(kept) if kept.is_file() else {}
    rounds = [{name: run(BENCHMARKS[name]) for name in only} for _ in range(times)]
    measured = {name: [own for told in rounds if (own := told[name]) is not None] for name in only}
    failed = [name for name in only if len(measured[name]) < times]
    table = Table("benchmark", "figure", "kept", "now", "least", "largest", "", title="Ratios against the named peers")
    flagged, figures = 0, {name: spans(runs) for name, runs in measured.items() if name not in failed}
    for name, now in figures.items():
        before = compared(former.get(name, {}))
        for path in dict.fromkeys([*now, *before]):
            verdict = judged(before.get(path), now.get(path), noise)
            flagged += bool(verdict)
            cells = (before.get(path), *now.get(path, (None,) * 3))
            table.add_row(name, path, *("" if cell is None else f"{cell:.4g}" for cell in cells), verdict)
    Console(width=150).print(table)
    if accept:
        write_json(kept, former | {name: measured[name][-1] for name in figures})
        history = kept.with_name(HISTORY.name)
        append(history, figures, {name: measured[name] for name in figures})
        print(f"kept in {kept} and {history}")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")
    if flagged and not accept:
        sys.exit(f"{flagged} figures changed by more than {noise:.0%}; keep them with --accept true if that is meant")


def spans(runs: Sequence[dict[str, Any]]) -> dict[str, Span]:
    """The compared figures of a benchmark over its rounds, by their path; those that every round has."""
    every = [compared(own) for own in runs]
    paths = [path for path in every[0] if all(path in own for own in every)]
    return {path: Span.of([own[path] for own in every]) for path in paths}


def append(history: Path, figures: dict[str, dict[str, Span]], measured: dict[str, list[dict[str, Any]]]) -> None:
    """Add a line to the history for every benchmark: when, of which commit, on what machine, and its figures."""
    asked = ["git", "-C", str(KEPT.parent), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    at = datetime.now(UTC).date().isoformat()
    with history.open("a", encoding="utf-8") as lines:
        for name, now in figures.items():
            seconds = median(own["wall_s"] for own in measured[name])
            line = {"at": at, "commit": commit, "machine": machine(), "benchmark": name, "wall_s": round(seconds, 1)}
            line["figures"] = {path: [float(f"{number:.4g}") for number in span] for path, span in now.items()}
            lines.write(json.dumps(line) + "\n")


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


def judged(before: float | None, now: Span | None, noise: float) -> str:
    """What is wrong with a figure; empty if nothing is."""
    if before is None:
        return ""
    if now is None:
        return "GONE"
    far = abs(now.median - before) > max(noise * abs(before), SMALLEST)
    return "CHANGED" if far and not now.least <= before <= now.largest else ""


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
