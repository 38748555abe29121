"""How long commands take to start: CPU seconds of every help page, and of `mwe search` on a toy library.

Every command runs in a process of its own, in interleaved rounds; figures are medians. The peer is a process that
imports NumPy and nothing else. `--against FOLDER` runs another checkout in the same rounds with the same interpreter;
a command that it does not have is left out there. Prints JSON. `python -m benchmarks.startup --help` lists the options.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from jsonargparse import auto_cli

import mwe.cli
import siamese_tags.cli
from benchmarks.search import generate
from mwe.core.files import write_json

HERE = Path(__file__).parent.parent
TRACKS, DIM = 2_000, 32
NUMPY = ("-c", "import numpy")
PROGRAMS = {"mwe": mwe.cli.PROGRAM, "siamese_tags": siamese_tags.cli.PROGRAM}


def help_pages() -> dict[str, list[str]]:
    """Arguments of the interpreter for every help page, those of groups included, by what is typed."""
    pages = {}
    for module, program in PROGRAMS.items():
        for words in (name.split() for name, _ in program.walk()):
            for before in range(len(words) + 1):
                asked = [*words[:before], "--help"]
                pages[" ".join([module.replace("_", "-"), *asked])] = ["-m", module, *asked]
    return pages


def cpu_seconds(arguments: Sequence[str], tree: Path) -> float | None:
    """CPU seconds of a Python process on one source tree; nothing if it fails."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, *arguments], cwd=tree, env=environment, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return None if done.returncode else after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(commands: dict[str, list[str]], trees: dict[str, Path], times: int) -> dict[str, dict[str, float]]:
    """Median CPU seconds of every command on every tree, by command and tree."""
    seconds: dict[str, dict[str, list[float]]] = {name: {tree: [] for tree in trees} for name in commands}
    for _ in range(times):
        for name, arguments in commands.items():
            for tree, folder in trees.items():
                if (spent := cpu_seconds(arguments, folder)) is not None:
                    seconds[name][tree].append(spent)
    return {
        name: {tree: round(median(spent), 3) for tree, spent in of_trees.items() if spent}
        for name, of_trees in seconds.items()
    }


def main(against: Path | None = None, times: int = 3, pages: bool = True, out: Path | None = None) -> None:
    """Measure.

    Args:
        against: Another checkout to run beside this one.
        times: Rounds.
        pages: Whether every help page is measured, or only those of the programs and of `mwe search`.
        out: JSON file to write.
    """
    trees = {"this tree": HERE} | ({"other tree": against.resolve()} if against else {})
    every = help_pages()
    first = ("mwe --help", "siamese-tags --help", "mwe search --help")
    commands = {"import of NumPy": list(NUMPY)} | (every if pages else {name: every[name] for name in first})
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), TRACKS, DIM)
        commands["mwe search"] = ["-m", "mwe", "search", "word1 + word2", "--library", folder]
        found = measure(commands, trees, times)
    lost = [name for name, seconds in found.items() if "this tree" not in seconds]
    if lost:
        sys.exit(f"failed: {', '.join(lost)}")
    here = {name: seconds["this tree"] for name, seconds in found.items()}
    slowest = max((name for name in here if name.endswith("--help")), key=here.__getitem__)
    told: dict[str, Any] = {"cpu_s": found, "slowest page": {"command": slowest, "cpu_s": here[slowest]}}
    peer = here["import of NumPy"]
    told["ratio_to_numpy"] = {
        name: round(seconds / peer, 2)
        for name, seconds in (("mwe --help", here["mwe --help"]), ("slowest page", here[slowest]))
    }
    told["ratio_to_numpy"]["mwe search"] = round(here["mwe search"] / peer, 2)
    print(json.dumps(told, indent=2))
    if out is not None:
        write_json(out, told)


if __name__ == "__main__":
    auto_cli(main, as_positional=False)
