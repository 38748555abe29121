"""Faults put into a copy of the tree: which can be made, and that the tests notice those that they once missed."""

import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import scripts.mutants.faults
from scripts.mutants.__main__ import judgements, known_faults, unnoticed
from scripts.mutants.campaign import rooms, sample
from scripts.mutants.faults import faults
from scripts.mutants.reach import Reach
from scripts.mutants.tree import copied_tree

ROOT = Path(__file__).parent.parent

TOY = b'''
"""Nothing in here: 1 + 1."""
SIZES = {"train": 3, "valid": 4}


def loss(near, far, seed, *, margin: float = 0.5):
    """Nor here."""
    draw = np.random.default_rng([seed, 7])
    if near.size > far.size:
        raise ValueError(f"{near} + {far}")
    kept = [value for value in near if value not in far]
    check(kept)
    return max(margin + abs(near) - far, 0)
'''


def test_the_faults_of_a_function():
    made = {(fault.operator, fault.before, fault.after) for fault in faults("toy.py", TOY)}
    for expected in (
        ("exchange", '"train"', "'valid'"),
        ("constant", "0.5", "1.0"),
        ("seed", "seed", "0"),
        ("seed", "np.random.default_rng([seed, 7])", "np.random.default_rng()"),
        ("comparison", "near.size > far.size", "(near.size >= far.size)"),
        ("branch", "near.size > far.size", "False"),
        ("statement", "check(kept)", "pass"),
        ("filter", "[value for value in near if value not in far]", "([value for value in near])"),
        ("term", "margin + abs(near)", "margin"),
        ("arithmetic", "margin + abs(near) - far", "(margin + abs(near) + far)"),
        ("wrapper", "abs(near)", "near"),
        ("exchange", "max(margin + abs(near) - far, 0)", "min(margin + abs(near) - far, 0)"),
    ):
        assert expected in made
    # no fault in docstrings and messages
    assert not any("here" in before or before == "near" for _, before, _ in made)


def test_a_fault_changes_its_text_only():
    for fault in faults("toy.py", TOY):
        changed = fault.applied(TOY)
        assert changed != TOY
        compile(changed, "toy.py", "exec")
        assert changed.replace(fault.after.encode(), fault.before.encode()).count(b"\n") == TOY.count(b"\n")
    with pytest.raises(ValueError, match=r"toy\.py has changed at"):
        fault.applied(b"\n" + TOY)


def test_a_sample_has_every_kind_of_fault_and_outlives_other_changes():
    room = rooms()["metrics"]
    first, more = sample(room, 12, seed=0), sample(room, 24, seed=0)
    assert more[:12] == first != sample(room, 12, seed=1)
    assert len({fault.operator for fault in first}) > 8
    moved = {fault.key for fault in faults("toy.py", b"x = 1\n\n" + TOY)}
    assert {fault.key for fault in faults("toy.py", TOY)} < moved


def test_rooms_and_judgements_name_what_there_is():
    for room in rooms().values():
        assert room.files()
        assert room.test_files()
    sources = {name for room in rooms().values() for name in room.files()}
    for path, scope, before, after in judgements():
        assert path in sources
        assert before.rstrip("…") in " ".join((ROOT / path).read_text(encoding="utf-8").split()), (scope, after)


def test_known_faults_fit_the_code():
    for fault in known_faults(only_sample=False):
        assert (ROOT / fault["path"]).read_text(encoding="utf-8").count(fault["before"]) == 1, fault["name"]
        for test in fault["tests"]:
            path, _, name = test.partition("::")
            assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), test


def test_the_suite_notices_known_faults_and_the_harness_tells_of_one_that_it_does_not(capsys):
    harmless = {
        "name": "a constant that nobody reads", "path": "mwe/core/sampler.py", "before": "class EveryItemOnce",
        "after": "HARMLESS = 1\n\n\nclass EveryItemOnce", "tests": ["tests/mwe/core/test_sampler.py"],
    }  # fmt: skip
    chosen = known_faults(only_sample=True)
    assert len(chosen) >= 6
    with copied_tree() as tree:
        missed = unnoticed(tree, [harmless, *chosen])
    assert missed == [harmless["name"]], capsys.readouterr().out


SUITE = """
def test_first():
    pass

def test_second():
    {second}

def test_third():
    pass
"""


@pytest.mark.parametrize(
    ("second", "options", "status", "tests"),
    [
        ("pass", [], 0, ["first", "second", "third"]),
        ("assert False", [], 1, ["first", "third"]),
        ("raise KeyboardInterrupt", [], 2, None),
        ("assert False", ["-x"], 1, None),
    ],
    ids=["all pass", "one fails", "interrupted", "stopped early"],
)
def test_what_tests_reach_is_written_only_if_all_ran(tmp_path, second, options, status, tests):
    suite, reach = tmp_path / "test_toy.py", tmp_path / "reach.json"
    suite.write_text(SUITE.format(second=second), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(tmp_path / "pytest.ini"), *options]
    command += ["-p", "scripts.mutants.reach", "--reach", str(reach), str(suite)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    # no part of a measurement stays, under any name
    assert [path.name for path in tmp_path.glob("reach*")] == ([] if tests is None else ["reach.json"]), done.stdout
    if tests is not None:
        assert sorted(Reach.read(reach).tests) == [f"test_toy.py::test_{name}" for name in tests]


def test_examples():
    assert doctest.testmod(scripts.mutants.faults).failed == 0
