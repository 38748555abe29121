"""How long commands take to start: CPU seconds of every help page, of `mwe search` and `mwe tag`, and of the page.

`mwe search` asks a toy library. `mwe tag` hears a file of half a minute with the open model, whose weights must have
been fetched; processes that decode for it are counted. The page is ready when it answers; its clock runs too, and a
busy machine makes that longer.

Every command runs in a process of its own, in interleaved rounds; figures are medians. The peer is a process that
imports NumPy and nothing else. `--against FOLDER` runs another checkout in the same rounds with the same interpreter;
a command that it does not have is left out there. Prints JSON. `python -m benchmarks.startup --help` lists the options.
"""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import soundfile
from jsonargparse import auto_cli

import mwe.cli
import siamese_tags.cli
from benchmarks.search import generate
from mwe.core.files import write_json

HERE = Path(__file__).parent.parent
TRACKS, DIM = 2_000, 32
NUMPY = ("-c", "import numpy")
RATE, SECONDS = 44_100, 30
PATIENCE = 120.0  # seconds until a page that does not answer is given up
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


def write_heard(folder: Path) -> list[str]:
    """Write a file of music-like sound and a library of it by the open model; return the arguments that tag the file.

    Raises:
        RuntimeError: The library could not be made; the error says why.
    """
    rng, time_N = np.random.default_rng(0), np.arange(RATE * SECONDS) / RATE
    chord_N = sum(np.sin(2 * np.pi * pitch * time_N) for pitch in (220.0, 277.2, 329.6))
    sound_N = 0.2 * chord_N + 0.1 * rng.standard_normal(len(time_N)) * np.exp(-8 * (time_N % 0.5))
    soundfile.write(folder / "song.ogg", 0.5 * sound_N, RATE)
    library = folder / "heard"
    asked = [sys.executable, "-m", "mwe", "index", str(folder / "song.ogg"), "--out", str(library)]
    made = subprocess.run([*asked, "--workers", "0"], cwd=HERE, capture_output=True, text=True, check=False)
    if made.returncode:
        raise RuntimeError(made.stderr)
    return ["-m", "mwe", "tag", str(folder / "song.ogg"), "--library", str(library)]


def page_seconds(library: Path) -> dict[str, float]:
    """Seconds until `mwe serve` answers, by the clock and of the processor.

    Raises:
        RuntimeError: It ended, or did not answer within two minutes.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    asked = [sys.executable, "-m", "mwe", "serve", str(library), "--port", str(port)]
    with subprocess.Popen(asked, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as serving:
        try:
            wall_s = _until_it_answers(serving, f"http://127.0.0.1:{port}/", began)
        finally:
            serving.send_signal(signal.SIGINT)
            serving.wait(timeout=PATIENCE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": round(wall_s, 2), "cpu_s": round(cpu_s, 2)}


def _until_it_answers(serving: subprocess.Popen[bytes], address: str, began: float) -> float:
    while (spent := time.perf_counter() - began) < PATIENCE and serving.poll() is None:
        try:
            with urlopen(address, timeout=PATIENCE) as answer:
                answer.read()
            return time.perf_counter() - began
        except URLError:
            time.sleep(0.02)
    raise RuntimeError(f"the page did not answer: {spent:.0f} s, ended with {serving.poll()}")


def main(
    against: Path | None = None, times: int = 3, pages: bool = True, heard: bool = True, out: Path | None = None
) -> None:
    """Measure.

    Args:
        against: Another checkout to run beside this one.
        times: Rounds.
        pages: Whether every help page is measured, or only those of the programs and of `mwe search`.
        heard: Whether `mwe tag` with the open model and the page are measured.
        out: JSON file to write.
    """
    trees = {"this tree": HERE} | ({"other tree": against.resolve()} if against else {})
    every = help_pages()
    first = ("mwe --help", "siamese-tags --help", "mwe search --help")
    commands = {"import of NumPy": list(NUMPY)} | (every if pages else {name: every[name] for name in first})
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), TRACKS, DIM)
        commands["mwe search"] = ["-m", "mwe", "search", "word1 + word2", "--library", folder]
        if heard:
            commands["mwe tag"] = write_heard(Path(folder))
        found = measure(commands, trees, times)
        # the first start of all computes the map of the library, which is kept
        ready = [page_seconds(Path(folder)) for _ in range(times + 1)][1:] if heard else []
    lost = [name for name, seconds in found.items() if "this tree" not in seconds]
    if lost:
        sys.exit(f"failed: {', '.join(lost)}")
    here = {name: seconds["this tree"] for name, seconds in found.items()}
    slowest = max((name for name in here if name.endswith("--help")), key=here.__getitem__)
    told: dict[str, Any] = {"cpu_s": found, "slowest page": {"command": slowest, "cpu_s": here[slowest]}}
    compared = {"mwe --help": here["mwe --help"], "slowest page": here[slowest], "mwe search": here["mwe search"]}
    compared |= {name: here[name] for name in ("mwe tag",) if heard}
    told["ratio_to_numpy"] = {name: round(spent / here["import of NumPy"], 2) for name, spent in compared.items()}
    if heard:
        told["page ready"] = {name: median(own[name] for own in ready) for name in ("wall_s", "cpu_s")}
    print(json.dumps(told, indent=2))
    if out is not None:
        write_json(out, told)


if __name__ == "__main__":
    auto_cli(main, as_positional=False)
