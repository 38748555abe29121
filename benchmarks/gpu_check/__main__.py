"""One script for a machine with a GPU and no network: is it right there, and how fast? Eight minutes at most.

Every section runs in a process of its own. The first compare float32 with the CPU and two processes with one, the
others measure. A section that would begin too late is left out and named. Writes `figures.json` and `table.md`; ends
with 1 if something differs, fails or was left out. With `--device cpu` everything runs small, as a rehearsal.
`python -m benchmarks.gpu_check --help` lists the options.
"""

import os
import platform
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jsonargparse import auto_cli

from benchmarks.corpora import alone
from benchmarks.gpu_check.equality import ENCODERS, equality
from benchmarks.gpu_check.rates import SETTINGS, feeding, spectrograms, steps_of, whole_catalogue
from benchmarks.gpu_check.two_processes import two_processes
from benchmarks.joint_input import BATCH
from mwe.core.files import write_json, write_text

Section = Callable[[], Any]


def sections(device: str, small: bool) -> dict[str, Section]:
    """Everything that is run, in this order.

    Args:
        device: The device.
        small: Whether sizes are those of a rehearsal.
    """
    batch, prototypes, seconds = (4, (24, 40, 64), 0.2) if small else (BATCH, (900, 32_000, 349_516), 4.0)
    catalogue = (600, 40, 60) if small else (406_409, 1_126, 18_057)
    tracks, steps = (128, 6) if small else (4_096, 200)
    encoders = list(ENCODERS)[: 1 if small else 3]
    return {
        "float32 against the CPU": partial(equality, device, small),
        "two processes against one": partial(two_processes, device),
        **{f"steps: {name}": partial(steps_of, name, batch, prototypes, seconds, device) for name in encoders},
        "spectrograms": partial(spectrograms, 2 if small else 64, seconds, device),
        "catalogue": partial(whole_catalogue, *catalogue, device),
        **{f"fed: {name}": partial(feeding, name, batch, tracks, steps, seconds, device) for name in encoders[:2]},
    }


def machine(device: str) -> dict[str, Any]:
    """What the figures were measured on."""
    told: dict[str, Any] = {"device": device, "cores": os.cpu_count(), "torch": torch.__version__}
    if device == "cuda":
        own = torch.cuda.get_device_properties(0)
        told |= {"gpu": own.name, "gpu_mb": own.total_memory // 2**20, "cuda": torch.version.cuda}
    return told | {"python": platform.python_version(), "small": device != "cuda"}


def compared_of(found: Any) -> list[Any]:
    """The comparisons among what a section returned."""
    return found if isinstance(found, list) else found.get("compared", []) if isinstance(found, dict) else []


def table(figures: dict[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [f"`{name}` {value}" for name, value in figures["machine"].items()]
    parts = ["\n\n".join([", ".join(lines)])]
    rows = ["| compared | difference | tolerance | |", "|---|---|---|---|"]
    for one in figures["compared"]:
        verdict = "equal" if one["equal"] else "DIFFERS"
        rows.append(f"| {one['what']} | {one['difference']:.1e} | {one['tolerance']:.0e} | {verdict} |")
    parts.append("\n".join(rows))
    measured = figures["measured"]
    if trained := {name: own for name, own in measured.items() if name.startswith("steps: ")}:
        head = ["encoder", "batch", *(f"{name}, steps a second (peak MB)" for name in SETTINGS)]
        rows = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
        for name, own in trained.items():
            cells = [f"{own[one]['steps_a_second']:.3g} ({own[one]['peak_mb']:,.0f})" for one in SETTINGS]
            rows.append(f"| {' | '.join([name.removeprefix('steps: '), str(own['batch']), *cells])} |")
        parts.append("\n".join(rows))
    rows = ["| measured | figures |", "|---|---|"]
    for name in measured.keys() - trained.keys():
        told = ", ".join(f"{part} {value:,.4g}" for part, value in measured[name].items() if not isinstance(value, str))
        rows.append(f"| {name} | {told} |")
    parts.append("\n".join(sorted(rows, key=lambda row: (not row.startswith(("| measured", "|---")), row))))
    return "\n\n".join(parts) + "\n"


def main(
    device: str = "cuda", minutes: float = 8.0, only: tuple[str, ...] = (), out: str = "outputs/gpu-check"
) -> None:
    """Check a device.

    Args:
        device: ``cuda``, or ``cpu`` for a rehearsal with small sizes.
        minutes: No section begins later than this.
        only: Names of the sections to run; by default all.
        out: Folder for figures and table.
    """
    if device == "cuda" and not torch.cuda.is_available():
        sys.exit("this PyTorch sees no NVIDIA GPU. `--device cpu` rehearses everything on the CPU, with small sizes.")
    began = time.perf_counter()
    chosen = {name: run for name, run in sections(device, device != "cuda").items() if not only or name in only}
    figures: dict[str, Any] = {"machine": machine(device), "compared": [], "measured": {}, "failed": {}, "seconds": {}}
    for name, section in chosen.items():
        if (late := time.perf_counter() - began) > 60 * minutes:
            figures["failed"][name] = f"left out: {late / 60:.1f} minutes were over"
            continue
        print(f"== {name}", flush=True)
        start = time.perf_counter()
        try:
            found = alone(section)
        except Exception:
            traceback.print_exc()
            figures["failed"][name] = traceback.format_exc(limit=0).strip().splitlines()[-1]
            continue
        figures["seconds"][name] = time.perf_counter() - start
        figures["compared"] += [{**one._asdict(), "equal": one.equal} for one in compared_of(found)]
        if not isinstance(found, list):
            figures["measured"][name] = {part: value for part, value in found.items() if part != "compared"}
        write_json(Path(out) / "figures.json", figures)
    write_json(Path(out) / "figures.json", figures)
    write_text(Path(out) / "table.md", told := table(figures))
    print(told)
    differing = [one["what"] for one in figures["compared"] if not one["equal"]]
    if differing or figures["failed"]:
        sys.exit("\n".join([*(f"differs: {what}" for what in differing), *map(": ".join, figures["failed"].items())]))


if __name__ == "__main__":
    auto_cli(main, as_positional=False)
