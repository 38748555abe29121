"""Faults put into a copy of the tree: which can be made, and that the tests notice those that they once missed."""

import doctest
from pathlib import Path

import pytest

import scripts.mutants.faults
from scripts.mutants.__main__ import judgements, known_faults, unnoticed
from scripts.mutants.campaign import rooms, sample
from scripts.mutants.faults import faults
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


def test_examples():
    assert doctest.testmod(scripts.mutants.faults).failed == 0
