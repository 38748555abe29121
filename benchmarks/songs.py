"""Indexing four-minute songs of seven formats: songs a CPU second, memory, kills in the middle, and other tags.

The songs are made in a temporary folder and deleted (some 15 GB for 1,000). `mwe index` runs in a process of its own
with one thread; CPU seconds are those of all its processes. Seeking is compared with decoding whole (`--thorough`).
Then a job is killed at random moments and run again until it ends, and all songs get other tags by mutagen.
`python -m benchmarks.songs --songs 1000 --models '[open, outputs/demo/joint/seed0]'` prints JSON and a table.
"""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import mutagen
import numpy as np
from jsonargparse import auto_cli
from mutagen.id3 import TIT2

from benchmarks.song_files import FORMATS, write_songs
from mwe.core.files import write_json
from mwe.search import Library

HARDWARE = ("--workers", "0", "--devices", "1", "--accelerator", "cpu")
_PAGE = resource.getpagesize()
_OTHER_TITLE = "Another title"


class Walls(NamedTuple):
    """Seconds on the clock, to place kills.

    Attributes:
        start: Those of a job with few songs.
        every: Those of a job with all songs.
    """

    start: float
    every: float


class Job(NamedTuple):
    """An index job that ended or was killed.

    Attributes:
        cpu: CPU seconds of all its processes; of a killed job only those of the processes that had ended.
        wall: Seconds on the clock.
        peak: Most memory of all its processes together, in bytes.
        shown: What it printed.
    """

    cpu: float
    wall: float
    peak: int
    shown: str


def run_index(
    sources: Sequence[Path], model: str, library: Path, *more: str, log: Path, kill_after: float = float("inf")
) -> Job:
    """Run `mwe index`, and kill it with all its processes after some seconds if it has not ended."""
    arguments = [*map(str, sources), "--model", model, "--out", str(library), *HARDWARE, *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parent.parent)}
    before, began, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), 0
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.logged_index", str(log), *arguments],
            env=environment, stdout=printed, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        while process.poll() is None:
            peak = max(peak, _memory(process.pid))
            if time.monotonic() - began > kill_after:
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(min(0.2, kill_after))
        printed.seek(0)
        shown = printed.read().decode(errors="replace")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode not in (0, -signal.SIGKILL):
        raise RuntimeError(shown)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Job(cpu, time.monotonic() - began, peak, shown)


def _memory(session: int) -> int:
    """Return the resident bytes of the processes of a session; shared pages count in each."""
    total = 0
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                total += int((path / "statm").read_text().split()[1]) * _PAGE
        except (OSError, IndexError):  # it has ended
            continue
    return total


def speeds(folder: Path, songs: Sequence[Path], model: str, few: int, scratch: Path) -> tuple[dict[str, float], Walls]:
    """Return songs a CPU second by seeking, the ratio to decoding whole, and memory; and the time that it took.

    Starting and loading the model is measured with one song of each format, and subtracted for the ratio.
    """
    log, formats = scratch / "log", len(FORMATS)
    start = run_index(songs[:formats], model, scratch / "start", log=log)
    whole_start = run_index(songs[:formats], model, scratch / "whole-start", "--thorough", "true", log=log)
    every = run_index([folder], model, scratch / "every", log=log)
    whole = run_index(songs[:few], model, scratch / "whole", "--thorough", "true", log=log)
    a_song = (every.cpu - start.cpu) / (len(songs) - formats)
    a_song_whole = (whole.cpu - whole_start.cpu) / (few - formats)
    near = _cosines(Library(scratch / "every"), Library(scratch / "whole"))
    figures = {
        "songs": len(songs), "cpu_seconds": every.cpu, "songs_a_cpu_second": len(songs) / every.cpu,
        "cpu_seconds_a_song": a_song, "cpu_seconds_a_song_whole": a_song_whole,
        "times_faster_than_whole": a_song_whole / a_song, "start_cpu_seconds": start.cpu - formats * a_song,
        "peak_MiB": every.peak / 2**20, "least_cosine_with_whole": float(near.min()),
    }  # fmt: skip
    return figures, Walls(start.wall, every.wall)


def _cosines(every: Library, some: Library) -> np.ndarray:
    """Return the cosine of each song of one library with the same file in another."""
    rows = {Path(path).name: row for row, path in enumerate(every.store.column("path").to_pylist())}
    same = [rows[Path(path).name] for path in some.store.column("path").to_pylist()]
    cosine_N: np.ndarray = (every.vectors(same) * some.vectors(range(len(some)))).sum(axis=1)
    return cosine_N


def killed(
    folder: Path, songs: Sequence[Path], model: str, kills: int, scratch: Path, walls: Walls
) -> dict[str, float]:
    """Kill jobs at random moments and run them again; count what was lost and what was embedded twice."""
    rng, log, library = np.random.default_rng(0), scratch / "killed.log", scratch / "killed"
    done = 0
    while done < kills:
        # long enough that most jobs get somewhere, short enough that they do not end
        moment = rng.uniform(0, 2 * (walls.start + (walls.every - walls.start) / (kills + 5)))
        job = run_index([folder], model, library, log=log, kill_after=moment)
        if job.wall < moment:
            break
        done += 1
    run_index([folder], model, library, log=log)
    lines = Counter(log.read_text().split("\n"))
    kept = Counter({line: count for line, count in lines.items() if line.startswith("kept ")})
    computed = sum(int(line.split()[1]) * count for line, count in lines.items() if line.startswith("computed "))
    return {
        "killed": done, "lost": len(songs) - len(Library(library)),
        "kept_twice": sum(count - 1 for count in kept.values()),
        "embedded_again_because_not_yet_kept": computed - len(songs),
        "least_cosine_with_undisturbed": float(_cosines(Library(library), Library(scratch / "every")).min()),
    }  # fmt: skip


def retagged(folder: Path, songs: Sequence[Path], model: str, scratch: Path) -> dict[str, float]:
    """Give every song another title, and index again the library that was killed; count what is embedded."""
    for number, path in enumerate(songs):
        retag(path, f"{_OTHER_TITLE} {number}")
    log = scratch / "retagged.log"
    job = run_index([folder], model, scratch / "killed", log=log)
    library = Library(scratch / "killed")
    new = sum(library.store.file_tags(row).title.startswith(_OTHER_TITLE) for row in range(len(library)))
    computed = sum(int(line.split()[1]) for line in log.read_text().splitlines() if line.startswith("computed "))
    recognised = re.search(r"([\d,]+) with the sound of an earlier run", job.shown)
    return {
        "retagged": new, "recognised": int(recognised[1].replace(",", "")) if recognised else 0,
        "embedded_anew": computed, "retag_cpu_seconds": job.cpu,
    }  # fmt: skip


def retag(path: Path, title: str) -> None:
    """Write another title into a file by mutagen."""
    file: Any = mutagen.File(path, easy=True)
    if path.suffix == ".wav":
        if file.tags is None:
            file.add_tags()
        file.tags.add(TIT2(encoding=3, text=title))
    else:
        file["title"] = title
    file.save()


def table(figures: dict[str, dict[str, float]]) -> str:
    """Return the figures as a table, a column a model."""
    rows = list(dict.fromkeys(name for column in figures.values() for name in column))
    lines = [f"| | {' | '.join(figures)} |", f"|---|{'---|' * len(figures)}"]
    for row in rows:
        cells = [f"{column[row]:,.4g}" if row in column else "" for column in figures.values()]
        lines.append(f"| {row.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def songs(
    songs: int = 1000,
    models: Sequence[str] = ("open",),
    few: int = 98,
    kills: int = 20,
    seconds: float = 240.0,
    out: Path | None = None,
) -> None:
    """Make songs, index them, and print the figures.

    Args:
        songs: Number of songs.
        models: Models; jobs of the first are killed, and its songs get other tags.
        few: Number of songs that are decoded whole.
        kills: Number of kills.
        seconds: Length of a song.
        out: File for the figures.
    """
    with tempfile.TemporaryDirectory(prefix="mwe-songs-") as temporary:
        folder = Path(temporary, "songs")
        paths = write_songs(folder, songs, seconds)
        size = sum(path.stat().st_size for path in paths) / 1e9
        print(f"{len(paths):,} songs of {seconds:g} s, {size:.1f} GB", file=sys.stderr, flush=True)
        figures: dict[str, dict[str, float]] = {}
        walls = {}
        for number, model in enumerate(models):
            scratch = Path(temporary, f"model-{number}")
            scratch.mkdir()
            figures[model], walls[model] = speeds(folder, paths, model, min(few, songs), scratch)
            print(json.dumps({model: figures[model]}), file=sys.stderr, flush=True)
        scratch = Path(temporary, "model-0")
        figures[models[0]] |= killed(folder, paths, models[0], kills, scratch, walls[models[0]])
        print(json.dumps({models[0]: figures[models[0]]}), file=sys.stderr, flush=True)
        figures[models[0]] |= retagged(folder, paths, models[0], scratch)
    if out is not None:
        write_json(out, figures)
    print(json.dumps(figures, indent=2))
    print(table(figures))


if __name__ == "__main__":
    auto_cli(songs)
