"""A sample of the faults of each room, each put into a copy of the tree and tested there."""

import hashlib
import json
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

from scripts.mutants.faults import Fault, faults
from scripts.mutants.reach import Reach
from scripts.mutants.tree import ROOT, Tree, Verdict

HERE = Path(__file__).parent
# what costs minutes, or needs what a copy of the tree lacks
SELECTED = "not slow and not trial and not data"
# the tests of defaults, which run no line of the functions whose signatures they read
OF_DEFAULTS = "tests/test_paper_settings.py"
# how often a test that fails without the fault too is left out before the fault is given up
ATTEMPTS = 3


@dataclass(frozen=True)
class Room:
    """A part of the packages.

    Args:
        name: Its name.
        sources: Its files and folders.
        tests: The files and folders of its tests, besides the examples in its sources.
    """

    name: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]

    def files(self, root: Path = ROOT) -> list[str]:
        """Return its modules."""
        return _python_files(root, self.sources)

    def test_files(self, root: Path = ROOT) -> list[str]:
        """Return the files of its tests."""
        return [name for name in _python_files(root, self.tests) if Path(name).name.startswith("test_")]


def _python_files(root: Path, names: Sequence[str]) -> list[str]:
    paths = chain.from_iterable(
        [root / name] if name.endswith(".py") else (root / name).rglob("*.py") for name in names
    )
    return sorted(path.relative_to(root).as_posix() for path in paths)


def rooms() -> dict[str, Room]:
    """Return the rooms by name."""
    declared = tomllib.loads((HERE / "rooms.toml").read_text(encoding="utf-8"))
    return {name: Room(name, tuple(given["sources"]), tuple(given["tests"])) for name, given in declared.items()}


def sample(room: Room, count: int, seed: int) -> list[Fault]:
    """Return as many faults of a room, the same for a seed: kinds of fault in turn, those of a kind at random.

    A fault keeps its turn when lines move or other files change.
    """
    by_operator: dict[str, list[tuple[str, Fault]]] = defaultdict(list)
    for name in room.files():
        for fault in faults(name, (ROOT / name).read_bytes()):
            rank = hashlib.sha256(f"{seed} {fault.key}".encode()).hexdigest()
            by_operator[fault.operator].append((rank, fault))
    columns = [sorted(ranked, key=lambda entry: entry[0]) for _, ranked in sorted(by_operator.items())]
    turns = chain.from_iterable(zip_longest(*columns))
    return list(islice((entry[1] for entry in turns if entry is not None), count))


def reach_of(room: Room, folder: Path) -> Reach:
    """Return what the tests of a room reach; it is measured if it was not yet."""
    path = folder / f"{room.name}.json"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        print(f"{room.name}: measuring which tests reach which lines", flush=True)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "scripts.mutants.reach", "--reach", str(path)]
        done = subprocess.run(
            [*command, "-m", SELECTED, *room.tests, *room.sources], cwd=ROOT, capture_output=True, text=True
        )
        if not path.is_file():
            sys.exit(f"{room.name}: the measurement failed\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Reach.read(path)


@dataclass
class Campaign:
    """Tests faults of one room in one copy of the tree.

    Args:
        tree: The copy.
        room: The room.
        reach: What its tests reach.
        budget: Seconds of tests per fault at most.
    """

    tree: Tree
    room: Room
    reach: Reach
    budget: float

    def __post_init__(self) -> None:
        # files that are new or changed since the measurement: tests run whole, and lines of sources are those of the
        # whole file
        of_room = self.room.test_files(self.tree.root)
        changed = set(self.reach.changed(self.tree.root, of_room))
        self.new_tests = [name for name in of_room if name in changed or name not in self.reach.files]
        self.moved = set(self.reach.changed(self.tree.root, self.room.files(self.tree.root)))
        self.sound: set[str] = set()
        self.unsound: set[str] = set()

    def tests_of(self, fault: Fault) -> tuple[list[str], float, int]:
        """Return the tests of a fault within the budget, their seconds, and how many more there are."""
        last = fault.line + fault.before.count("\n")
        lines = range(0) if fault.path in self.moved else range(fault.line, last + 1)
        known = [test for test in self.reach.of(fault.path, lines) if test not in self.unsound]
        chosen, seconds = [], 0.0
        for test in known:
            cost = self.reach.cost(test)
            if chosen and seconds + cost > self.budget:
                continue
            chosen.append(test)
            seconds += cost
        of_defaults = [OF_DEFAULTS] if self.reach.by_import_only(fault.path, lines) else []
        whole = [*of_defaults, *self.new_tests]
        return [*of_defaults, *chosen, *self.new_tests], self.budget if whole else seconds, len(known) - len(chosen)

    def outcome(self, fault: Fault) -> dict[str, Any]:
        """Return how the tests of a fault end: ``killed``, ``survived``, ``unreached`` or ``unclear``."""
        source = (self.tree.root / fault.path).read_bytes()
        result = {
            **asdict(fault),
            "key": fault.key,
            "outcome": "unclear",
            "by": "",
            "tests": 0,
            "left": 0,
            "seconds": 0.0,
        }
        for _ in range(ATTEMPTS):
            tests, seconds, left = self.tests_of(fault)
            with self.tree.changed(fault.path, fault.applied(source)):
                verdict = self.tree.test(tests, seconds, "-m", SELECTED)
            result |= {"by": verdict.first, "tests": len(tests), "left": left, "seconds": round(verdict.seconds, 2)}
            if verdict.outcome in ("passed", "none"):
                return result | {"outcome": "survived" if verdict.outcome == "passed" else "unreached"}
            if self._passes_without(verdict, tests):
                return result | {"outcome": "killed", "by": verdict.first or verdict.outcome}
            self.unsound.add(verdict.first)
        return result

    def _passes_without(self, verdict: Verdict, tests: Sequence[str]) -> bool:
        """Return whether the test that failed, or all if none is known, passes without the fault."""
        if verdict.first and verdict.first in self.sound:
            return True
        again = self.tree.test([verdict.first] if verdict.first else tests, self.budget, "-m", SELECTED)
        if again.outcome == "passed" and verdict.first:
            self.sound.add(verdict.first)
        return again.outcome == "passed"


def results(folder: Path, room: Room) -> dict[str, dict[str, Any]]:
    """Return the outcome of each fault of a room, by key: killed if it ever was, else the last."""
    outcomes: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob(f"{room.name}.*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            outcome = json.loads(line)
            if outcomes.get(outcome["key"], {}).get("outcome") != "killed":
                outcomes[outcome["key"]] = outcome
    return outcomes


def run(
    tree: Tree, room: Room, folder: Path, chosen: Sequence[Fault], shard: tuple[int, int], budget: float, again: bool
) -> Iterator[dict[str, Any]]:
    """Test the faults of a shard that have no outcome yet, and write a line for each.

    Args:
        tree: A copy of the tree.
        room: The room.
        folder: Where outcomes are written.
        chosen: The faults.
        shard: Number of the shard, from 0, and of shards.
        budget: Seconds of tests per fault at most.
        again: Whether to test survivors once more.
    """
    known = results(folder, room)
    open_ones = [
        fault
        for fault in chosen[shard[0] :: shard[1]]
        if fault.key not in known or (again and known[fault.key]["outcome"] != "killed")
    ]
    if not open_ones:
        return
    campaign = Campaign(tree, room, reach_of(room, folder / "reach"), budget)
    with (folder / f"{room.name}.{shard[0]}-{shard[1]}.jsonl").open("a", encoding="utf-8") as file:
        for fault in open_ones:
            outcome = campaign.outcome(fault)
            file.write(json.dumps(outcome, ensure_ascii=False) + "\n")
            file.flush()
            yield outcome
