"""A full disk, a file too large and a place that cannot be written, at every command of both programs that writes.

Each ends with one line that names the file, the reason and what to do; what was there before is left as it was, and the
same command ends well once there is room. A stage that is told to do again what it did writes nothing.
"""

import errno
import os
import resource
import shlex
import shutil
import signal
import tomllib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from mwe import cli as mwe_cli
from mwe.core.datasets import Dataset
from mwe.core.errors import CannotWriteError
from mwe.core.files import sha256
from mwe.core.runs import RunMetrics
from siamese_tags import cli as siamese_cli

ROOT = Path(__file__).parent.parent.parent
CONFIGS = ROOT / "lightning_configs"
MAINS = {"mwe": mwe_cli.main, "siamese-tags": siamese_cli.main}
DOORS = tomllib.loads((Path(__file__).parent / "doors.toml").read_text(encoding="utf-8"))
LIMIT = 16_384  # bytes a file may have where files are too large

# a run is tested from another folder than its own
pytestmark = pytest.mark.filterwarnings("ignore:The dirpath has changed")
WRITES_NOTHING = {
    "mwe": {
        *("data list", "data show", "similar", "query", "search", "tag", "check", "compare", "duplicates", "service"),
        *("reproduce workspace", "validate"),
    },
    "siamese-tags": {"related", "reproduce topics-count"},
}
# commands whose files all go through a writer that another command is tried with, or that have a test of their own
SAME_WRITER = {
    "mwe": {
        "demo": "tracks/test_demo_build.py",
        "data fetch": "test_a_download_to_a_full_disk_is_named",
        "weights": "encoders/test_weights.py",
        "learn-tag": "atomic_write",
        "write-tags": "atomic_write, and audio/test_tag_writer.py",
        "serve": "keeps a map, and goes on without: page/test_plane.py",
        "reproduce figure5-words": "reproduce figure4",
        "reproduce figure5": "reproduce figure4",
        "reproduce compare": "reproduce table",
        "reproduce context-differences": "reproduce table",
        "paper": "the commands it runs, and reproduce/test_paper.py",
        "open-model": "words corpus, words train and export",
        "reproduce real-music": "reproduce table",
        "reproduce zeroshot": "reproduce table",
        "reproduce probes": "reproduce table",
        "reproduce mteb": "what mteb writes",
    },
    "siamese-tags": {
        "paper": "as of mwe",
        "reproduce choose": "mwe data documents",
        "reproduce departures": "reproduce table",
        "masked table": "reproduce table",
        "masked unseen-table": "reproduce table",
        "masked differences": "reproduce table",
        **{f"reproduce figures {name}": "reproduce figures frequencies" for name in ("instances", "curves", "spaces")},
    },
}


def commands(program):
    """Every command of a program, as its table lists them."""
    listed = {"mwe": mwe_cli, "siamese-tags": siamese_cli}[program].PROGRAM
    return {name for name, _ in listed.walk()}


@pytest.mark.parametrize("program", list(DOORS))
def test_no_command_is_forgotten(program):
    listed = [*DOORS[program], *WRITES_NOTHING[program], *SAME_WRITER[program]]
    assert sorted(listed) == sorted(commands(program))


@contextmanager
def full(calls, first):
    """No room from one write on: what is to reach the disk does not, whoever writes it.

    Args:
        calls: Counts the writes.
        first: Number of the first that fails, from 1; none if 0.
    """
    true = os.fsync

    def synced(file):
        calls.append(file)
        if first and len(calls) >= first:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return true(file)

    os.fsync = synced
    try:
        yield
    finally:
        os.fsync = true


@contextmanager
def too_large(limit=LIMIT):
    """The system refuses to let a file grow beyond a limit: a real error in the midst of writing, at every library."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN  # as Python sets it
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def refusal(run, *args):
    """What a command says as it ends."""
    with pytest.raises(SystemExit) as stopped:
        run(*args)
    told = stopped.value.code
    assert isinstance(told, str), f"ended with {told!r}"
    assert "cannot be written (" in told
    assert "Free some space or give another path" in told
    return told


def content(folder, patterns=("**/*",)):
    """Files by name; hidden ones are temporary, but for the lock of a library."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for pattern in patterns
        for path in folder.glob(pattern)
        if path.is_file() and path.name != ".lock"
    }


def times(folder):
    """When each file was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


class Door:
    """A command of a program, in a workshop."""

    def __init__(self, program, name, workshop):
        self.told, self.workshop, self.program, self.name = DOORS[program][name], workshop, program, name

    def run(self, which, out):
        """Run it as `first` or `again`."""
        row = [
            *("-c", CONFIGS / "mwe/demo/joint.yaml", "--data.collection", "FolderTracks", "--data.collection.root"),
            *(self.workshop / "whole", "--data.mel", self.workshop / "mel", "--data.words", self.workshop / "words"),
            *("--data.batch_size", 16, "--trainer.accelerator", "cpu", "--trainer.enable_progress_bar", "false"),
        ]
        stage = [
            *("-c", CONFIGS / "siamese_tags/stages/single_ce.yaml", "--data", CONFIGS / "siamese_tags/data/tsv.yaml"),
            *("--data.init_args.collection.init_args.path", self.workshop / "tags.tsv", "--data.init_args.n_topics", 3),
            *("--model.init_args.pretraining", "null", "--trainer.enable_progress_bar", "false"),
        ]
        given = self.told[which].format(
            w=self.workshop, out=out, row=shlex.join(map(str, row)), stage=shlex.join(map(str, stage)),
            tags=f"--collection TsvDocuments --collection.path {self.workshop}/tags.tsv",
        )  # fmt: skip
        MAINS[self.program]([*self.name.split(), *shlex.split(given)])

    def before(self, out):
        """What is there before the disk is full."""
        if copied := self.told.get("copied"):
            shutil.copytree(self.workshop / copied, out)
        out.mkdir(exist_ok=True)
        self.run("first", out)
        return out


def _tags(count):
    lines = [f"song{n}\t{kind} {place}" for n in range(count) for kind in ("ab"[n % 2],) for place in range(3 + n % 3)]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def workshop(miniature, tmp_path_factory):
    """What the commands read, most of it made by commands."""
    work = tmp_path_factory.mktemp("workshop")
    for name, count in (("half", 12), ("whole", 24)):
        shutil.copytree(miniature, work / name)
        lines = (work / name / "tracks.tsv").read_text(encoding="utf-8").splitlines()
        (work / name / "tracks.tsv").write_text("\n".join(lines[: count + 1]) + "\n", encoding="utf-8")
        reader = {"class_path": "mwe.tracks.FolderTracks", "init_args": {"root": str(work / name)}}
        (work / f"{name}.yaml").write_text(f"collections: [{{name: Here, collection: {reader}, published: {{}}}}]\n")
    (work / "half/reviews.tsv").unlink()
    (work / "queries.yaml").write_text(f"searched: [{{collection: {reader}, words: words}}]\nqueries: [a pure low]\n")
    for name in ("one", "two"):
        (work / name).mkdir()
        row = {"row": name, "runs": "mine/*", "metrics": ["map"], "command": "make"}
        (work / name / "t.yaml").write_text(f"title: A table\nrows: [{row}]\n")
    (work / "tags.tsv").write_text(_tags(24), encoding="utf-8")
    (work / "half.tsv").write_text(_tags(12), encoding="utf-8")
    rng = np.random.default_rng(0)
    for name, dim in (("small", 4), ("large", 300)):
        lines = [f"word{n} " + " ".join(f"{value:.4f}" for value in rng.normal(size=dim)) for n in range(40)]
        (work / f"{name}.glove.txt").write_text("\n".join(lines) + "\n")
    RunMetrics({"map": 0.5}, "made up", 0).write(work / "runs/mine/seed0")
    for row in ("single_ce", "siamese_ce", "random", "popularity", "pca", "pca_chosen"):
        for fold in (0, 1):
            figures = {f"{part}_{figure}": 10.0 + fold for part in ("train", "test") for figure in ("map", "p@1")}
            RunMetrics(figures, "tags", 0).write(work / f"quick/{row}/fold{fold}")
    source = ["--collection", "FolderTracks", "--collection.root", f"{work}/whole"]
    mwe_cli.main(["data", "mel", *source, "--out", f"{work}/mel", "--workers", "0", "--accelerator", "cpu"])
    mwe_cli.main(["words", "corpus", *source, "--out", f"{work}/corpus.txt"])
    mwe_cli.main(["words", "corpus", *source, "--out", f"{work}/first.txt", "--settings.reviews", "false"])
    mwe_cli.main(["words", "train", "--corpus", f"{work}/corpus.txt", "--out", f"{work}/words", "--settings.dim", "8"])
    Door("mwe", "fit", work).run("first", work)
    Door("mwe", "index", work).run("first", work / "library")
    for name, seed in (("network", 0), ("other", 1)):
        fit = Door("siamese-tags", "fit", work)
        fit.told = {"made": f"{fit.told['first']} --seed_everything {seed}"}
        fit.run("made", work / "stages")
        [checkpoints] = (work / "stages").rglob("checkpoints")
        shutil.move(checkpoints.parent, work / name)
    return work


@pytest.fixture
def door(request, workshop, tmp_path, monkeypatch):
    """The command of a test's parameter, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return Door(*request.param, workshop)


EVERY = [pytest.param((program, name), id=f"{program} {name}") for program in DOORS for name in DOORS[program]]


def unchanged(door, before, out):
    """What was there before is as it was, and nothing temporary is left."""
    after = content(out, door.told.get("kept", ("**/*",)))
    assert {name: after.get(name) for name in before} == before
    assert not [path for path in out.rglob(".*") if path.name != ".lock"]


@pytest.mark.parametrize("door", EVERY, indirect=True)
def test_a_full_disk_and_a_place_that_is_none(door, tmp_path):
    former = door.before(tmp_path / "former")
    before = content(former, door.told.get("kept", ("**/*",)))
    assert before
    if door.told.get("idle"):
        written = times(former)
        door.run("first", former)
        assert times(former) == written
    if door.told.get("large"):
        with too_large():
            told = refusal(door.run, "again", former)
    else:
        shutil.copytree(former, tmp_path / "counted")
        with full(calls := [], 0):
            door.run("again", tmp_path / "counted")
        with full([], len(calls)):
            told = refusal(door.run, "again", former)
    assert str(former) in told
    unchanged(door, before, former)
    if not door.told.get("large") and not door.told.get("copied"):
        (tmp_path / "file").write_text("")
        assert str(tmp_path / "file") in refusal(door.run, "first", tmp_path / "file" / "out")
    door.run("again", former)  # now that there is room
    assert content(former) != before


def test_a_log_that_cannot_be_written_is_named(workshop, tmp_path):
    run = tmp_path / "siamese-quick/single_ce/fold0"
    run.mkdir(parents=True)
    (run / "metrics.csv").symlink_to("/dev/full")
    assert str(run) in refusal(Door("siamese-tags", "fit", workshop).run, "first", tmp_path)


def test_a_download_to_a_full_disk_is_named(server, tmp_path):
    folder, url = server
    (folder / "large.bin").write_bytes(bytes(2 * LIMIT))
    told = {name: "made" for name in ("title", "homepage", "licence", "citation", "layout", "how_to_get")}
    wanted = Dataset(name="made", checksums={"large.bin": sha256(folder / "large.bin")}, base_url=url, strip="", **told)
    with too_large(), pytest.raises(CannotWriteError, match=r"data/large\.bin: cannot be written \(File too large\)"):
        wanted.fetch(tmp_path / "data")
    assert not content(tmp_path / "data")
    assert wanted.fetch(tmp_path / "data").complete


@pytest.mark.trial
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("door", EVERY, indirect=True)
def test_a_disk_that_is_full_from_any_write_on(door, tmp_path):
    former = door.before(tmp_path / "former")
    before = content(former, door.told.get("kept", ("**/*",)))
    newer = content(former, door.told.get("newer", ()))
    before = {name: held for name, held in before.items() if name not in newer}
    shutil.copytree(former, tmp_path / "counted")
    with full(calls := [], 0):
        door.run("again", tmp_path / "counted")
    assert calls
    for first in range(1, len(calls) + 1):
        out = tmp_path / f"full{first}"
        shutil.copytree(former, out)
        with full([], first):
            refusal(door.run, "again", out)
        unchanged(door, before, out)
        for name in newer:  # the former one or the one of now, but whole
            torch.load(out / name, weights_only=True)
        door.run("again", out)
    print(f"{door.program} {door.name}: full from each of {len(calls)} writes on, 0 lost")
