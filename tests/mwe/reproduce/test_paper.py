"""The runner of experiments on one that takes seconds: order, missing data, resuming, failures, locks."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mwe.core.errors import MissingDataError, UnknownNameError
from mwe.reproduce.experiments.paper import paper
from mwe.reproduce.experiments.templates import Value, entries, fill, words

ROOT = Path(__file__).parents[3]
PROGRAM = """
import json, os, sys, time
from pathlib import Path
log, made, seconds, *more = sys.argv[1:]
with open(log, "a") as file:
    print("begin", made, os.environ.get("OMP_NUM_THREADS", "-"), *more, file=file)
time.sleep(float(seconds))
if "fail" in more:
    sys.exit(3)
Path(made).parent.mkdir(parents=True, exist_ok=True)
Path(made).write_text(json.dumps({"metrics": {"map": 0.5}, "collection": "made up"}))
with open(log, "a") as file:
    print("end", made, file=file)
"""
EXPERIMENT = """
title: A small table
about: A small table of nothing
recipe: run
over: {seed: [0, 1]}
row: "{model.label}"
metrics: [map]
published: [map]
rows:
  - {model: [small, large], paper: [0.4]}
  - {model: other}
  - {row: cited, published: {map: 0.9}}
options: {seconds: 0}
axes:
  model:
    small: {label: Small, data: [there.txt], more: ""}
    large: {label: Large, data: [there.txt], more: "{big}"}
    other: {label: Other, data: [elsewhere.txt or nowhere.txt], more: ""}
  big: [1]
recipes:
  run:
    says: "{model}, seed {seed}"
    axes: [model, seed]
    makes: "{out}/runs/{model}/seed{seed}/metrics.json"
    data: ["{model.data}"]
    needs: [shared]
    threads: 1
    run: ["python {data}/program.py {out}/log {folder}/metrics.json {seconds} {flags} {resume}"]
  shared:
    says: what both need
    makes: "{out}/shared"
    run: ["python {data}/program.py {out}/log {out}/shared {seconds}"]
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder with an experiment, its data and its program."""
    (tmp_path / "lightning_configs/experiments/artefacts").mkdir(parents=True)
    (tmp_path / "lightning_configs/experiments/small.yaml").write_text(EXPERIMENT.replace('"{big}"', '""'))
    (tmp_path / "data").mkdir()
    (tmp_path / "data/program.py").write_text(PROGRAM)
    (tmp_path / "data/there.txt").touch()
    (tmp_path / "outputs").mkdir()
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MWE_DATA", "data")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def log(home):
    path = home / "outputs/log"
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def runs(home, kind="begin"):
    return [line[1].removeprefix("outputs/").removesuffix("/metrics.json") for line in log(home) if line[0] == kind]


def test_what_is_missing_is_run_in_the_order_of_needs_once_and_the_table_says_what_waits(home):
    paper(["small"])
    assert runs(home) == ["shared", *(f"runs/{model}/seed{seed}" for model in ("small", "large") for seed in (0, 1))]
    assert [line[2] for line in log(home) if line[0] == "begin"] == ["-", "1", "1", "1", "1"]
    told = (home / "outputs/tables/small.md").read_text()
    assert "| Small | 0.500 ± 0.000 (0.4) |" in told
    assert "| cited | (0.9) |" in told
    assert "- Other: elsewhere.txt or nowhere.txt (below data)" in told
    paper(["small"])
    assert len(runs(home)) == 5
    (home / "outputs/runs/large/seed1/metrics.json").unlink()
    (home / "data/nowhere.txt").touch()
    paper(["small", "--seeds", "0,1,2"])
    assert runs(home)[5:] == ["runs/small/seed2", *(f"runs/{m}" for m in ("large/seed1", "large/seed2")),
                              *(f"runs/other/seed{seed}" for seed in range(3))]  # fmt: skip


def test_lists_plans_and_single_runs(home, capsys):
    paper([])
    assert "A small table of nothing" in (told := capsys.readouterr().out)
    assert "0 of 6 runs done, 2 wait for elsewhere.txt or nowhere.txt" in told
    paper(["small", "--plan"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("OMP_NUM_THREADS=1 python data/program.py outputs/log outputs/runs/small/seed0/metrics")
    assert lines[-1] == "mwe reproduce table outputs/tables/descriptions/small.yaml --runs outputs --out outputs/tables"
    assert log(home) == []
    paper(["small", "--runs"])
    listed = capsys.readouterr().out.split()
    assert listed == [f"runs/{model}/seed{seed}" for model in ("small", "large") for seed in (0, 1)]
    paper(["small", "--only", "runs/large/seed1"])
    assert runs(home) == ["shared", "runs/large/seed1"]
    assert not (home / "outputs/tables").exists()
    with pytest.raises(UnknownNameError, match="unknown run 'runs/large/seed7'"):
        paper(["small", "--only", "runs/large/seed7"])
    with pytest.raises(MissingDataError, match=r"runs/other/seed0 waits for elsewhere\.txt or nowhere\.txt"):
        paper(["small", "--only", "runs/other/seed0"])
    with pytest.raises(UnknownNameError, match="unknown experiment 'smal'"):
        paper(["smal"])
    with pytest.raises(UnknownNameError, match="unknown option 'secs'"):
        paper(["small", "--set", "secs=1"])
    capsys.readouterr()
    paper(["small", "--prepare", "--plan"])
    assert capsys.readouterr().out == ""


def test_a_fit_that_was_stopped_goes_on(home, capsys):
    last = home / "outputs/runs/small/seed1/checkpoints/last.ckpt"
    last.parent.mkdir(parents=True)
    last.touch()
    paper(["small", "--plan"])
    assert capsys.readouterr().out.count(" --ckpt_path outputs/runs/small/seed1/checkpoints/last.ckpt") == 1


def test_a_run_that_fails_ends_it_with_its_code_and_is_run_again(home, capfd):
    with pytest.raises(SystemExit) as ended:
        paper(["small", "--flags", "fail", "--jobs", "2"])
    assert ended.value.code == 3
    told = capfd.readouterr().err  # by whichever ends first
    assert re.search(r"mwe paper: runs/small/seed[01]: ended with code 3: python data/program\.py", told)
    assert set(runs(home)) == {"shared", "runs/small/seed0", "runs/small/seed1"}  # nothing was started after it
    paper(["small"])
    assert runs(home, "end") == ["shared", *(f"runs/{m}/seed{s}" for m in ("small", "large") for s in (0, 1))]


def test_runs_go_at_once_but_never_before_what_they_need(home):
    paper(["small", "--jobs", "4", "--set", "seconds=0.5"])
    lines = log(home)
    assert [line[0] for line in lines[:2]] == ["begin", "end"]
    assert [line[0] for line in lines[2:]] == ["begin"] * 4 + ["end"] * 4


def start(home, *words):
    program = [sys.executable, "-m", "mwe", "paper", "small", *words]
    return subprocess.Popen(program, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def until(holds, seconds=60):
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_two_processes_on_one_file_system_share_the_runs(home):
    several = [start(home, "--set", "seconds=0.3", "--jobs", "2") for _ in range(3)]
    for process in several:
        told, _ = process.communicate(timeout=120)
        assert process.returncode == 0, told
    assert sorted(runs(home)) == sorted(runs(home, "end")) == sorted(set(runs(home)))
    assert len(runs(home)) == 5


def test_a_run_that_outlives_its_runner_keeps_its_lock(home):
    process = start(home, "--set", "seconds=2")
    until(lambda: runs(home))
    process.send_signal(signal.SIGKILL)
    process.wait()
    paper(["small"])
    assert runs(home).count("shared") == 1


def test_signals_are_handed_on_and_nothing_more_is_started(home):
    process = start(home, "--set", "seconds=30", "--jobs", "2")
    until(lambda: runs(home))
    process.terminate()
    assert process.wait(timeout=20) == 143
    assert runs(home) == ["shared"]
    assert runs(home, "end") == []


def test_locks_leave_nothing_that_stops_a_later_call(home):
    paper(["small"])
    for path in (home / "outputs/.locks").iterdir():
        with open(path, "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert os.listdir(home / "outputs/.locks")


def test_a_case_is_chosen_by_the_files_it_asks_for(home, capsys):
    file = home / "lightning_configs/experiments/small.yaml"
    either = "either: [{when: [there.txt], with: {}}, {rows: [{model: small, row: Alone}]}]"
    file.write_text(f"{file.read_text()}\n{either}\n")
    paper(["small", "--runs"])
    assert len(capsys.readouterr().out.split()) == 4
    (home / "data/there.txt").unlink()
    (home / "outputs/runs/small/seed0").mkdir(parents=True)
    (home / "outputs/runs/small/seed0/metrics.json").touch()
    paper(["small", "--runs"])
    assert capsys.readouterr().out.split() == ["runs/small/seed0"]


def test_templates():
    scope = {
        "a": Value("x", {"part": "-c {b}/{a}.yaml", "none": "", "several": ["p", "{a.more}"], "more": ["q"]}),
        "b": "o p",
    }
    assert fill("{a}/{{b}}/{b}", scope) == "x/{b}/o p"
    assert words("run {a.part} {a.none} '{{n: 1}}' {b} {a}", scope) == ["run", "-c", "o p/x.yaml", "{n: 1}", "o p", "x"]
    assert list(entries(["1", "{a.several}", "{a.none}"], scope)) == ["1", "p", "q"]
    fold = Value("seed12", {}, group=[0, 1])
    assert fill("{f.number} {f.all}", {"f": fold}) == "12 [0,1]"
