"""Which tests reach which lines: a plugin of pytest that measures it, and what it wrote, read back.

python -m pytest -p scripts.mutants.reach --reach FILE TESTS

Lines that a fixture runs count for every test with the fixture, also where it was set up for another test before.
Lines that run in other processes are not seen. FILE is written only if all tests ran.
"""

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

PACKAGES = ("mwe", "siamese_tags")
OF_FIXTURE = "fixture "
# how pytest ends when all tests ran, also if some failed
COMPLETE = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare where to write what is measured."""
    parser.addoption("--reach", help="write the lines that each test reaches to this file")


def pytest_configure(config: pytest.Config) -> None:
    """Measure if asked to."""
    if config.getoption("--reach"):
        config.pluginmanager.register(Recorder(config))


class Recorder:
    """Measures lines by test and by fixture, with how long each takes.

    Args:
        config: Of the session.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.root = config.rootpath
        self.out = Path(config.getoption("--reach"))
        self.coverage = Coverage(data_file=None, config_file=False, source=[str(self.root / p) for p in PACKAGES])
        self.coverage.start()
        self.seconds: dict[str, float] = defaultdict(float)
        self.setups: dict[str, float] = {}
        self.fixtures: dict[str, list[str]] = {}
        self.failed: set[str] = set()
        self.context = ""

    def _switch(self, context: str) -> None:
        self.context = context
        self.coverage.switch_context(context)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Lines of a test belong to it; note its fixtures."""
        info = getattr(item, "_fixtureinfo", None)
        known = info.name2fixturedefs if info is not None else {}
        self.fixtures[item.nodeid] = [_name(definitions[-1]) for definitions in known.values()]
        self._switch(item.nodeid)
        yield
        self._switch("")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[Any]:
        """Lines of a fixture belong to all tests that have it."""
        outer, name = self.context, _name(fixturedef)
        self._switch(name)
        result = yield
        self._switch(outer)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what a test takes without its fixtures, and whether it fails."""
        if report.when == "call":
            self.seconds[report.nodeid] = report.duration
        elif report.when == "setup" and report.duration > 0.01:
            self.setups[report.nodeid] = report.duration
        if report.outcome != "passed":
            self.failed.add(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write everything, unless pytest was interrupted, stopped early or broke: a part would pass for the whole."""
        self.coverage.stop()
        if exitstatus not in COMPLETE or session.shouldfail or session.shouldstop:
            return
        data, lines = self.coverage.get_data(), {}
        for file in data.measured_files():
            by_line = {line: sorted(set(names) - {""}) for line, names in data.contexts_by_lineno(file).items()}
            lines[Path(file).relative_to(self.root).as_posix()] = {
                line: names for line, names in by_line.items() if names
            }
        passing = {test: fixtures for test, fixtures in self.fixtures.items() if test not in self.failed}
        told = {
            "tests": {test: [self.seconds[test], fixtures] for test, fixtures in passing.items()},
            "files": sorted({test.partition("::")[0] for test in self.fixtures}),
            "setups": self.setups,
            "lines": lines,
            "digests": {path.relative_to(self.root).as_posix(): digest(path) for path in self._sources()},
        }
        unfinished = self.out.with_name(f"{self.out.name}.{os.getpid()}")
        unfinished.write_text(json.dumps(told), encoding="utf-8")
        unfinished.replace(self.out)

    def _sources(self) -> list[Path]:
        return [path for folder in (*PACKAGES, "tests") for path in (self.root / folder).rglob("*.py")]


def _name(fixturedef: Any) -> str:
    return f"{OF_FIXTURE}{fixturedef.baseid}::{fixturedef.argname}"


def digest(path: Path) -> str:
    """Return a hash of a file; empty if there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@dataclass
class Reach:
    """What tests reach.

    Args:
        tests: Seconds and fixtures of each test that passes.
        files: Files of the tests, also of those that do not pass.
        setups: Seconds of the set-up of tests, fixtures of others included.
        lines: Names of tests and fixtures that run a line, by file and line.
        digests: Hash of each file at the time.
    """

    tests: Mapping[str, tuple[float, frozenset[str]]]
    files: frozenset[str]
    setups: Mapping[str, float]
    lines: Mapping[str, Mapping[int, set[str]]]
    digests: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> "Reach":
        """Read what a measurement wrote."""
        told: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        tests = {test: (seconds, frozenset(fixtures)) for test, (seconds, fixtures) in told["tests"].items()}
        lines = {
            file: {int(line): set(names) for line, names in by_line.items()} for file, by_line in told["lines"].items()
        }
        return cls(tests, frozenset(told["files"]), told["setups"], lines, told["digests"])

    def changed(self, root: Path, names: Iterable[str]) -> list[str]:
        """Return which files are not as they were."""
        return [name for name in names if self.digests.get(name) != digest(root / name)]

    def of(self, path: str, lines: range) -> list[str]:
        """Return the tests that run some lines of a file, else all that run any of it; the quickest nearby first."""
        by_line = self.lines.get(path, {})
        tests = self._tests(by_line, lines) or self._tests(by_line, by_line)
        room = f"tests/{path.rpartition('/')[0]}"
        return sorted(tests, key=lambda test: (not test.startswith((path, room)), self.cost(test), test))

    def by_import_only(self, path: str, lines: range) -> bool:
        """Return whether lines run when their module is imported, by no test in particular, as those of signatures."""
        return not self._tests(self.lines.get(path, {}), lines)

    def cost(self, test: str) -> float:
        """Return about how many seconds a test takes alone."""
        return self.tests[test][0] + self.setups.get(test, 0.0)

    def _tests(self, by_line: Mapping[int, set[str]], lines: Iterable[int]) -> set[str]:
        names = set().union(*(by_line.get(line, set()) for line in lines))
        fixtures = {name for name in names if name.startswith(OF_FIXTURE)}
        with_them = {test for test, (_, own) in self.tests.items() if own & fixtures} if fixtures else set()
        return with_them | (names & self.tests.keys())
