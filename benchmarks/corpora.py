"""Speed and memory of writing a corpus and of importing word vectors, on generated files of two sizes.

Prints JSON: megabytes a CPU second, peak memory at one and at four times the size, and their ratio; of the import
seconds of CPU and peak memory. Each measurement runs in a process of its own, whose peak is that of the measurement.

Usage: python benchmarks/corpora.py [--megabytes 64] [--vectors 200000] [--dim 300] [--folder FOLDER]
"""

import argparse
import json
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from mwe.corpora import CorpusSettings, KeyedTexts, PlainText, TextSource, Wikipedia, write_corpus
from mwe.words.importers import import_vectors

WORDS = 50_000
TIMES = 4
Result = TypeVar("Result")


def generated_lines(megabytes: float, seed: int = 0) -> list[str]:
    """Lines of 25 words whose frequencies fall as 1/rank, as those of natural text do."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 12, WORDS)
    letters = rng.integers(97, 123, int(lengths.sum()), dtype=np.uint8).tobytes().decode()
    ends = np.cumsum(lengths)
    words = np.array([letters[end - length : end] for end, length in zip(ends, lengths, strict=True)], dtype=object)
    share = 1 / np.arange(1, WORDS + 1)
    count = int(megabytes * 1e6 / 7.5)
    chosen = rng.choice(WORDS, size=(count // 25, 25), p=share / share.sum())
    return [" ".join(row) for row in words[chosen]]


def write_inputs(folder: Path, megabytes: float) -> None:
    """A plain text, a table of reviews and a Wikipedia dump, each in both sizes."""
    lines = generated_lines(megabytes)
    texts = ["\n".join(lines[at : at + 40]) for at in range(0, len(lines) // 8, 40)]
    start = "<page><title>t</title><ns>0</ns><id>1</id><revision><id>1</id><text>"
    pages = [f"{start}{text}</text></revision></page>\n" for text in texts]
    for times in (1, TIMES):
        with open(folder / f"plain{times}.txt", "w") as plain, open(folder / f"reviews{times}.tsv", "w") as table:
            table.write("key\ttext\n")
            for _ in range(times):
                plain.writelines(f"{line}\n" for line in lines)
                table.writelines(f"t{row % 1000}\t{line}\n" for row, line in enumerate(lines[: len(lines) // 8]))
        with open(folder / f"wiki{times}.xml", "w") as dump:
            dump.write("<mediawiki>")
            for _ in range(times):
                dump.writelines(pages)
            dump.write("</mediawiki>")


def write_vectors(path: Path, count: int, dim: int) -> None:
    """A file in GloVe's text format; numbers repeat after 2,000 lines, which no reader makes use of."""
    numbers = np.random.default_rng(0).normal(0, 0.4, (2000, dim))
    ends = [" " + " ".join(f"{value:.5g}" for value in row) + "\n" for row in numbers]
    with open(path, "w") as file:
        for at in range(count):
            file.write(f"w{at}{ends[at % 2000]}")


def measured(work: Callable[[], object]) -> dict[str, float]:
    """CPU seconds and wall seconds of some work, and this process's memory in megabytes: before it, and at its peak."""
    before = peak_memory()
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    cpu_s, wall_s = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu_s": cpu_s, "wall_s": wall_s, "before_mb": before, "peak_mb": peak_memory()}


def peak_memory() -> float:
    """Largest resident memory of this process so far, in megabytes, as Linux tells it.

    Not ``ru_maxrss``: that outlives ``exec``, so that a new process begins with the peak of the one that started it.
    """
    told = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line for line in told.splitlines() if line.startswith("VmHWM:")).split()[1]) / 1024


def corpus_of(folder: Path, kind: str, times: int) -> dict[str, float]:
    """Write the corpus of one generated source."""
    path = next(folder.glob(f"{kind}{times}.*"))
    out = folder / "out" / f"{kind}{times}.txt"
    source: TextSource = Wikipedia(str(path)) if kind == "wiki" else PlainText(str(path))
    texts, reviews = ([], [KeyedTexts(str(path))]) if kind == "reviews" else ([source], [])
    found = measured(lambda: write_corpus(None, out, CorpusSettings(), texts, reviews))
    size = path.stat().st_size / 1e6
    return {"megabytes": size, "megabytes_a_cpu_second": size / found["cpu_s"], **found}


def vectors_of(folder: Path) -> dict[str, float]:
    """Import the generated vectors."""
    path = folder / "vectors.txt"
    return {"megabytes": path.stat().st_size / 1e6, **measured(lambda: import_vectors(path, folder / "vectors"))}


def alone(work: Callable[..., Result], *given: object) -> Result:
    """Run something in a process of its own, so that its memory is nobody else's."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def main() -> None:
    """Generate, measure, print JSON, tidy up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=64)
    parser.add_argument("--vectors", type=int, default=200_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--folder", type=Path, help="where files are generated; default a temporary folder")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="corpora-", dir=given.folder))
    try:
        alone(write_inputs, folder, given.megabytes)
        alone(write_vectors, folder / "vectors.txt", given.vectors, given.dim)
        found: dict[str, object] = {}
        for kind in ("plain", "reviews", "wiki"):
            once, more = (alone(corpus_of, folder, kind, times) for times in (1, TIMES))
            # what imports take is the same at every size and would hide what grows
            grown = [one["peak_mb"] - one["before_mb"] for one in (once, more)]
            ratios = {"peak_memory_ratio": more["peak_mb"] / once["peak_mb"], "grown_memory_ratio": grown[1] / grown[0]}
            found[kind] = {"once": once, f"{TIMES} times": more, **ratios}
        found["import"] = {"vectors": given.vectors, "dim": given.dim, **alone(vectors_of, folder)}
        print(json.dumps(found, indent=2))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
