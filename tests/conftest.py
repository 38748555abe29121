"""Fixtures that every package's tests share."""

import functools
import http.server
import multiprocessing.forkserver
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.forkserver import ForkServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
import torch.multiprocessing
from hypothesis import settings

from mwe.reproduce.experiments.paper import paper
from tests.english_words import english_wheels, miniature_english, published_english, syllable_words
from tests.prepared_processes import command, process_server
from tests.published_weights import (
    bundle,
    cached_weights,
    converted_weights,
    declared,
    miniature_wheel,
    published,
    wheel,
)

__all__ = [  # fixtures
    "bundle",
    "cached_weights",
    "command",
    "converted_weights",
    "declared",
    "english_wheels",
    "miniature_english",
    "miniature_wheel",
    "process_server",
    "published",
    "published_english",
    "syllable_words",
    "wheel",
]

# the same examples every time, so that a commit has one verdict; `make fuzz` draws new ones
settings.register_profile("tests", derandomize=True)
settings.load_profile("tests")
# a shell ignores Ctrl+C for what it runs in the background, and so would the commands that tests interrupt
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

RATE = 22050
PITCHES = {"low": 110.0, "middle": 440.0, "high": 1760.0}
SHAPES = ("pure", "buzzing")


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The real collections, or a skip that says so."""
    given = os.environ.get("MWE_DATA")
    if not given or not Path(given).is_dir():
        pytest.skip("MWE_DATA is not set to a folder with the real collections")
    return Path(given).resolve()


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing a test writes without saying where lands in the repository or the user's cache.

    Nor do variables of a ``make pytest MWE_DATA=...`` reach the makes that tests start.
    """
    monkeypatch.delenv("MAKEFLAGS", raising=False)
    monkeypatch.setenv("MWE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")


@pytest.fixture(autouse=True)
def _no_service_left_open() -> Iterator[None]:
    """W&B ends with the test that began it, as it would with its process: its service keeps the first folder."""
    yield
    if "wandb" in sys.modules:
        sys.modules["wandb"].finish()
        sys.modules["wandb"].teardown()


@pytest.fixture
def planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., list[str]]:
    """Lines that ``paper`` prints with some files of the collections at hand and outputs in ``tmp_path / "out"``."""

    def of(*words: str, present: Sequence[str] = (), kind: str = "--plan") -> list[str]:
        for file in present:
            (tmp_path / "data" / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "data" / file).touch()
        monkeypatch.chdir(Path(__file__).parent.parent)
        monkeypatch.setenv("MWE_DATA", str(tmp_path / "data"))
        capsys.readouterr()
        paper([*words, kind, "--out", str(tmp_path / "out")])
        return [line for line in capsys.readouterr().out.splitlines() if not line.startswith("touch ")]

    return of


@pytest.fixture(scope="session")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete folder of one's own: 24 tones with tags one can hear, six artists, reviews, one unseen tag."""
    root = tmp_path_factory.mktemp("collections") / "miniature"
    (root / "audio").mkdir(parents=True)
    rng = np.random.default_rng(0)
    tracks, reviews = ["track_id\tartist_id\tpath\ttags\tsplit"], ["track_id\ttext"]
    for number in range(24):
        pitch, shape = list(PITCHES)[number % 3], SHAPES[number % 2]
        seconds = 3.5 + 0.25 * (number % 4)
        phase = 2 * np.pi * PITCHES[pitch] * (1 + 0.02 * rng.random()) * np.arange(int(seconds * RATE)) / RATE
        wave = np.sin(phase) if shape == "pure" else np.sign(np.sin(phase))
        soundfile.write(root / f"audio/t{number:02}.flac", 0.3 * wave + 0.001 * rng.standard_normal(len(wave)), RATE)
        split = "train" if number < 14 else "valid" if number < 18 else "test"
        extra = "|bass drone" if pitch == "low" else ""
        tracks.append(f"t{number:02}\tartist{number // 4}\taudio/t{number:02}.flac\t{pitch}|{shape}{extra}\t{split}")
        reviews.append(f"t{number:02}\tA {pitch} tone , rather {shape} and {'deep' if pitch == 'low' else 'clear'}")
    (root / "tracks.tsv").write_text("\n".join(tracks) + "\n", encoding="utf-8")
    (root / "reviews.tsv").write_text("\n".join(reviews) + "\n", encoding="utf-8")
    rows = [
        *(f"{name}\tpitch\t1" for name in PITCHES),
        *(f"{name}\tshape\t1" for name in SHAPES),
        "bass drone\tpitch\t0",
    ]
    (root / "tags.tsv").write_text("\n".join(["tag\tgroup\tseen", *rows]) + "\n", encoding="utf-8")
    return root


def _in_process(rank: int, function: Callable[..., None], world: int, port: int, given: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    # with a rank of its own Lightning's Trainer takes the process for started, and starts no others
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "LOCAL_RANK": str(rank)}
    torch.distributed.init_process_group("gloo", rank=rank, world_size=world)
    function(rank, world, *given)
    torch.distributed.destroy_process_group()


@pytest.fixture
def in_processes(process_server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a module-level function as ``function(rank, world, *given)`` in several gloo processes."""
    root = str(Path(__file__).parent.parent)
    monkeypatch.syspath_prepend(root)  # the processes import the test module by its name below the root
    monkeypatch.setattr(multiprocessing.forkserver, "connect_to_new_process", process_server.connect_to_new_process)

    def run(function: Callable[..., None], world: int, *given: Any) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        arguments = (function, world, port, given)
        torch.multiprocessing.start_processes(_in_process, arguments, nprocs=world, start_method="forkserver")

    return run


@pytest.fixture
def killed(tmp_path: Path) -> Callable[[Callable[[Path], subprocess.Popen[str]], float, float], Iterator[Path]]:
    """The folders of twenty processes that were killed, each with all it started, at a random moment.

    The moments lie between a share of the seconds that it took undisturbed and all of them. One that ends before its
    moment is no trial; where it does, the next are killed within the time it took.
    """

    def killed(start: Callable[[Path], subprocess.Popen[str]], seconds: float, least: float) -> Iterator[Path]:
        rng, trials = np.random.default_rng(0), 0
        for tried in range(60):
            folder = tmp_path / f"trial{tried}"
            folder.mkdir()
            began, process = time.monotonic(), start(folder)
            try:
                process.communicate(timeout=rng.uniform(least, 1) * seconds)
                seconds = min(seconds, time.monotonic() - began)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                trials += 1
                yield folder
            if trials == 20:
                return
        pytest.fail(f"only {trials} of 60 were killed before they ended")

    return killed


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder that a server on this machine gives out, and its address."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{serving.server_port}/"
    serving.shutdown()
    thread.join()
    serving.server_close()
