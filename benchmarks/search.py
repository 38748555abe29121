"""Speed and memory of a large library, exact and by FAISS; throughput of an index job and its share of decoding.

The library is generated: unit vectors around random centres, artists, three tags a track, a vocabulary of words. Every
measurement runs in a process of its own, on one thread; times are of the processor, medians. Prints JSON.
`python -m benchmarks.search --help` lists the options.
"""

import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jsonargparse import auto_cli

from mwe.audio.preprocessing import WaveformPreprocessing
from mwe.core.files import write_json
from mwe.search import Filters, Library
from mwe.search.layout import GROUP_ROWS, TRACKS, Declaration
from mwe.search.tag_table import NONE, TagTable
from mwe.words import WordVectors

CENTRES, SPREAD = 2_000, 0.5
ARTISTS, TAGS, WORDS = 60_000, 300, 20_000
ROWS = 50_000  # generated at a time
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
STAGES = ("decode", "spectrogram", "encode")
PREPROCESSING = WaveformPreprocessing(22_050, 3.0, 8).to_dict()  # of the generated library, which has no model


def generate(root: Path, tracks: int, dim: int) -> float:
    """Write a library; return its size on disk in MiB."""
    rng = np.random.default_rng(0)
    centre_CD = rng.standard_normal((CENTRES, dim), dtype=np.float32)
    declared = Declaration("generated", "nowhere", 1, tracks, dim, "words-made", "generated", PREPROCESSING)
    matrix_ND = np.lib.format.open_memmap(root / declared.matrix_file, "w+", np.float32, (tracks, dim))
    with pq.ParquetWriter(root / declared.tracks_file, TRACKS) as writer:
        for at in range(0, tracks, ROWS):
            count = min(ROWS, tracks - at)
            noise_RD = SPREAD * rng.standard_normal((count, dim), dtype=np.float32)
            matrix_ND[at : at + count] = unit(centre_CD[rng.integers(CENTRES, size=count)] + noise_RD)
            writer.write_table(table_of(rng, at, count), row_group_size=GROUP_ROWS)
    matrix_ND.flush()
    names, blank = [f"tag{number}" for number in range(TAGS)], np.full(TAGS, np.nan, np.float32)
    tags = TagTable(tuple(names), ("",) * TAGS, (True,) * TAGS, blank, blank, (NONE,) * TAGS)
    pq.write_table(tags.to_table(), root / declared.tags_file)
    tokens = [*names, *(f"word{number}" for number in range(WORDS))]
    near_VD = centre_CD[rng.integers(CENTRES, size=len(tokens))]
    vectors_VD = near_VD + rng.standard_normal((len(tokens), dim), dtype=np.float32)
    WordVectors(tokens, vectors_VD, ["tag"] * TAGS + ["word"] * WORDS).save(root / declared.words)
    declared.write(root)
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) / 2**20


def table_of(rng: np.random.Generator, at: int, count: int) -> pa.Table:
    """What is known of some tracks."""
    number_R = range(at, at + count)
    columns = {
        "track_id": [f"track{number:07}" for number in number_R],
        "artist_id": [f"artist{number}" for number in rng.integers(ARTISTS, size=count)],
        "path": [f"/music/{number // 1000}/track{number:07}.mp3" for number in number_R],
        "size": [1] * count,
        "mtime_ns": [1] * count,
        "seconds": [1.0] * count,
        "loudness_db": [-10.0] * count,
        "tags": np.sort(rng.integers(TAGS, size=(count, 3)), axis=1).tolist(),
    }
    return pa.table(columns, schema=TRACKS)


def unit(row_RD: np.ndarray) -> np.ndarray:
    """Rows at length 1."""
    return row_RD / np.linalg.norm(row_RD, axis=1, keepdims=True)


def approximate(root: Path, recall: float) -> dict[str, Any]:
    """Make the approximate index; its measured recall and the seconds it took."""
    from mwe.search.ann import build_ann

    library = Library(root)
    prototype_TD, known_T = library.prototypes
    before = time.process_time()
    report = build_ann(root, prototype_TD[known_T], recall)
    return {**report._asdict(), "seconds": round(time.process_time() - before, 1)}


def search(root: Path, by_faiss: bool, times: int) -> dict[str, float]:
    """Milliseconds of opening and of queries, and memory in MiB."""
    before = time.process_time()
    library = Library.open(root, by_faiss)
    found = {"opens": 1000 * (time.process_time() - before)}
    rng = np.random.default_rng(1)

    def words(count: int) -> list[str]:
        return [f"word{number}" for number in rng.integers(WORDS, size=count)]

    def asked(query: Callable[[], str], **how: Any) -> float:
        def one() -> float:
            text, start = query(), time.process_time()
            assert len(library.search(text, 10, **how).hits) == 10
            return 1000 * (time.process_time() - start)

        return median(one() for _ in range(times))

    found["two words"] = asked(lambda: " ".join(words(2)))
    found["memory after words"] = peak_memory()
    found["sum of three"] = asked(lambda: "{} + {} - {}".format(*words(3)))
    found["tag as filter"] = asked(lambda: " ".join(words(2)), filters=Filters(tags=("tag7",)))
    found["one track an artist"] = asked(lambda: " ".join(words(2)), per_artist=1)
    found["like a track"] = asked(lambda: f"track:track{rng.integers(len(library)):07}")
    found["memory after all"] = peak_memory()
    return {name: round(value, 1) for name, value in found.items()}


def index(run: Path, folder: Path, out: Path) -> dict[str, float]:
    """Tracks a second of an index job in one process, and the milliseconds a track that each stage takes by itself."""
    import torch

    from mwe.audio.cut import Cut
    from mwe.audio.excerpts import read_excerpts
    from mwe.audio.predict import Hardware
    from mwe.audio.shards import FileStamp, MelRow
    from mwe.search.embed import Embedder
    from mwe.search.file_excerpts import FileExcerpts, collate
    from mwe.search.index import index_library
    from mwe.search.model import TrainedModel
    from mwe.search.sources import list_sources

    torch.set_num_threads(1)
    trained, here = TrainedModel(run), Hardware(workers=0, devices=1, accelerator="cpu")
    items = list_sources([folder]).items
    index_library([items[0].path], run, out / "first", hardware=here)
    before = _cpu_seconds()
    report = index_library([folder], run, out / "indexed", hardware=here)
    assert report is not None
    seconds = _cpu_seconds() - before
    given = trained.preprocessing
    cut = Cut.of(given.mel, given.seconds, given.excerpts)
    embedder, spent = Embedder(trained).eval(), dict.fromkeys(STAGES, 0.0)

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = work()
        spent[stage] += time.process_time() - start
        return result

    with torch.inference_mode():
        for item in items:
            row = MelRow(item.track_id, str(item.path), FileStamp.of(item.path))
            found = timed(
                "decode",
                lambda path=item.path: read_excerpts(
                    path, cut.starts, cut.samples, sample_rate=given.mel.sample_rate, max_seconds=given.max_seconds
                ),
            )
            batch = collate([FileExcerpts(row, found.wave_ES, cut.frames(found.samples), 0.0)])
            mels = timed("spectrogram", lambda batch=batch: embedder.mels(batch))
            timed("encode", lambda mels=mels: embedder.embedding.embed(mels))
    rounded = {f"{name}, ms a track": round(1000 * value / len(items), 1) for name, value in spent.items()}
    told = {"tracks": report.ok, "seconds": round(seconds, 2), "tracks a second": round(report.ok / seconds, 1)}
    return {**told, **rounded, "share of decoding": round(spent["decode"] / sum(spent.values()), 2)}


def _cpu_seconds() -> float:
    """Processor time of this process and of those that decoded for it."""
    from mwe.audio.decoder_process import close_processes

    close_processes()
    return sum(os.times()[:4])


def peak_memory() -> float:
    """The most memory that this process has had, in MiB, pages of mapped files among it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def apart(work: Callable[..., Any], *given: Any) -> Any:
    """The result of some work in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def main(
    tracks: int = 1_000_000,
    dim: int = 100,
    times: int = 50,
    recall: float = 0.95,
    run: Path | None = None,
    recordings: Path | None = None,
    out: Path | None = None,
    ways: Iterable[str] = ("exact", "faiss"),
) -> None:
    """Measure.

    Args:
        tracks: Vectors of the library.
        dim: Their dimensions.
        times: Queries of each kind.
        recall: Recall that the approximate index is to reach.
        run: Run folder of a joint embedding, for the index job; without one it is left out.
        recordings: Folder of audio files for the index job.
        out: JSON file to write.
        ways: Which ways to search are measured.
    """
    for name in THREADS:
        os.environ[name] = "1"
    found: dict[str, Any] = {"tracks": tracks, "dim": dim, "times": times}

    def keep(name: str, result: Any) -> None:
        found[name] = result
        print(f"{name} measured", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "library"
        root.mkdir()
        keep("disk, MiB", round(apart(generate, root, tracks, dim)))
        if "exact" in ways:
            keep("exact", apart(search, root, False, times))
        if "faiss" in ways:
            keep("index of faiss", apart(approximate, root, recall))
            keep("faiss", apart(search, root, True, times))
        if run is not None and recordings is not None:
            keep("index job", apart(index, run, recordings, Path(folder)))
    print(json.dumps(found, indent=2))
    if out is not None:
        write_json(out, found)


if __name__ == "__main__":
    auto_cli(main, as_positional=False)
