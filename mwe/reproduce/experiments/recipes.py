"""Recipes: declarations of runs or artefacts over axes. A recipe with a value for each axis is a task."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from mwe.core.errors import BadFileError, UnknownNameError
from mwe.core.files import read_yaml
from mwe.reproduce.experiments.templates import Scope, Value, entries, fill, words

REMEDY = "See mwe/reproduce/experiments/__init__.py for the format of the file."
METRICS = "metrics.json"
ANY = "*"  # attributes of every value of an axis; an axis with it allows any value
RECIPE = {
    *("says", "axes", "defaults", "together", "makes", "newer", "needs", "data", "run", "logger", "threads", "lock"),
}


@dataclass(frozen=True)
class RunSettings:
    """Settings of all commands of one call of ``paper``.

    Args:
        out: Folder of the outputs.
        data: Folder of the collections.
        launcher: Words that start fits and tests on several devices, instead of ``mwe``.
        flags: Additional options of those.
        logger: Configuration of an additional logger.
        options: Changed options of the experiment.
    """

    out: Path = Path("outputs")
    data: Path = Path("data")
    launcher: tuple[str, ...] = ("mwe",)
    flags: tuple[str, ...] = ()
    logger: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def scope(self) -> dict[str, Any]:
        """Return the fields of all templates."""
        shared = {"out": str(self.out), "data": str(self.data)}
        options = {name: fill(value, shared) for name, value in self.options.items()}
        return {**shared, "launch": list(self.launcher), "flags": list(self.flags), **options}


@dataclass(frozen=True)
class Task:
    """Something to run once: a run of a row, or an artefact that runs need.

    Args:
        says: Text printed at its start.
        makes: Output files, which exist when it is finished; without any, it runs before every task that needs it.
        newer: Whether to make it again when its inputs are newer.
        needs: Tasks to finish before.
        data: Patterns of files below the data root; ``one or another`` if either is enough.
        templates: Templates of its commands.
        values: Fields of the commands.
        settings: Settings of all commands.
        threads: Maximum threads of each process; None for no limit.
        lock: Name of the lock; tasks with the same lock never run at once.
    """

    says: str
    makes: tuple[Path, ...]
    newer: bool
    needs: tuple["Task", ...]
    data: tuple[str, ...]
    templates: tuple[str, ...]
    values: Scope
    settings: RunSettings
    threads: int | None
    lock: str

    @property
    def key(self) -> object:
        """Identity of the task."""
        return self.makes or self.says

    @property
    def name(self) -> str:
        """Path of its folder below the outputs, or its text."""
        if not self.makes:
            return self.says
        path = self.makes[0].parent if self.makes[0].name == METRICS else self.makes[0]
        return str(path.relative_to(self.settings.out) if path.is_relative_to(self.settings.out) else path)

    @property
    def done(self) -> bool:
        """Whether all of its outputs exist and, if ``newer``, are not older than its inputs."""
        if not self.makes or not all(path.exists() for path in self.makes):
            return False
        if not self.newer:
            return True
        outputs = [Path(name) for name in self.data if Path(name).is_absolute()]
        needed = [*outputs, *(path for need in self.needs for path in need.makes)]
        oldest = min(path.stat().st_mtime for path in self.makes)
        return all(path.exists() and path.stat().st_mtime <= oldest for path in needed)

    def missing(self) -> list[str]:
        """Return the missing data of it and the tasks that it needs; empty if it is finished or can run."""
        if self.done:
            return []
        patterns = [pattern for pattern in self.data if not _present(pattern, self.settings.data)]
        return list(dict.fromkeys([*(name for need in self.needs for name in need.missing()), *patterns]))

    def data_patterns(self) -> list[str]:
        """Return all data patterns of it and the tasks that it needs, without finished tasks."""
        if self.done:
            return []
        return list(dict.fromkeys([*(name for need in self.needs for name in need.data_patterns()), *self.data]))

    def commands(self) -> list[list[str]]:
        """Return its current commands: an interrupted fit resumes from its last checkpoint."""
        folder = self.makes[0].parent if self.makes else self.settings.out
        last = folder / "checkpoints/last.ckpt"
        resume = ["--ckpt_path", str(last)] if last.is_file() else []
        scope = {**self.values, "folder": str(folder), "resume": resume}
        return [words(template, scope) for template in self.templates]


class Recipes:
    """Axes and recipes, read from files.

    Args:
        files: Files with ``axes`` and ``recipes``; other keys are ignored.
        settings: Settings of all commands.

    Raises:
        BadFileError: A file is malformed, or two files declare the same name.
    """

    def __init__(self, files: Sequence[Path], settings: RunSettings) -> None:
        self.settings = settings
        self.axes: dict[str, dict[str, Any]] = {}
        self._recipes: dict[str, tuple[Path, dict[str, Any]]] = {}
        self._tasks: dict[object, Task] = {}
        for file in files:
            content = read_yaml(file, REMEDY)
            if not isinstance(content, dict):
                raise BadFileError(file, "not a mapping", REMEDY)
            for name, members in (content.get("axes") or {}).items():
                if name in self.axes:
                    raise BadFileError(file, f"axis {name!r} is declared twice", REMEDY)
                values = dict.fromkeys(members) if isinstance(members, list) else members
                self.axes[name] = {str(value): attributes or {} for value, attributes in values.items()}
            for name, recipe in (content.get("recipes") or {}).items():
                if name in self._recipes or set(recipe) - RECIPE:
                    message = (
                        f"keys {sorted(set(recipe) - RECIPE)} are not known"
                        if set(recipe) - RECIPE
                        else "is declared twice"
                    )
                    raise BadFileError(file, f"recipe {name!r}: {message}", REMEDY)
                self._recipes[name] = (file, recipe)

    def axes_of(self, name: str) -> list[str]:
        """Return the axes of a recipe.

        Raises:
            UnknownNameError: There is no such recipe.
        """
        if name not in self._recipes:
            raise UnknownNameError("recipe", name, self._recipes)
        return list(self._recipes[name][1].get("axes", []))

    def together(self, name: str) -> str:
        """The axis whose values one command of a recipe takes together; nothing where there is none."""
        return str(self._recipes[name][1].get("together", "")) if name in self._recipes else ""

    def pattern(self, name: str, values: Mapping[str, Any], over: Iterable[str]) -> str:
        """Pattern of the folders of runs below the outputs, ``*`` in place of the axes that a row averages over."""
        file, recipe = self._recipes[name]
        given = {**recipe.get("defaults", {}), **values}
        scope: dict[str, Any] = self.settings.scope()
        scope |= {axis: self.value(axis, given[axis]) for axis in self.axes_of(name) if axis in given}
        scope |= {axis: Value("*", self.axes.get(axis, {}).get(ANY)) for axis in over}
        makes = recipe.get("makes", "")
        try:
            path = Path(fill(makes if isinstance(makes, str) else makes[0], scope)).parent
        except KeyError as error:
            raise BadFileError(file, f"recipe {name!r}: field {error.args[0]}", REMEDY) from error
        return str(path.relative_to(self.settings.out) if path.is_relative_to(self.settings.out) else path)

    def value(self, axis: str, name: object, group: Sequence[object] = ()) -> Value:
        """Return a value of an axis with its attributes.

        Raises:
            UnknownNameError: The axis does not have the value.
        """
        known = self.axes.get(axis, {ANY: {}})
        if str(name) not in known and ANY not in known:
            raise UnknownNameError(f"value of the axis {axis!r}", str(name), known)
        return Value(name, {**known.get(ANY, {}), **known.get(str(name), {})}, group)

    def task(self, name: str, values: Mapping[str, Any]) -> Task:
        """Return the task of a recipe with a value for each of its axes, or a list for the axis taken together.

        Raises:
            BadFileError: A value is missing, or a field of a template is not declared.
            UnknownNameError: There is no such recipe, or no such value.
        """
        axes = self.axes_of(name)
        file, recipe = self._recipes[name]
        all_values = {**recipe.get("defaults", {}), **values}
        if absent := [axis for axis in axes if axis not in all_values]:
            raise BadFileError(file, f"recipe {name!r} was given no {', '.join(absent)}", REMEDY)
        together = recipe.get("together", "")
        group = list(all_values[together]) if together else []
        scope: dict[str, Any] = self.settings.scope()
        scope |= {axis: self.value(axis, all_values[axis]) for axis in axes if axis != together}
        makes = recipe.get("makes") or []
        try:
            paths = []
            for member in group or [None]:
                if together:
                    scope[together] = self.value(together, member, group)
                paths += [Path(fill(template, scope)) for template in ([makes] if isinstance(makes, str) else makes)]
            says = fill(recipe.get("says", name), scope)
            key = (name, *((axis, str(all_values[axis])) for axis in axes))
            if key not in self._tasks:
                self._tasks[key] = self._build(recipe, scope, all_values, tuple(paths), says)
        except KeyError as error:
            raise BadFileError(file, f"recipe {name!r}: field {error.args[0]}", REMEDY) from error
        return self._tasks[key]

    def needed(self, listed: Sequence[Any], scope: Scope, axis_values: Mapping[str, Any]) -> list[Task]:
        """Return the tasks of a list of needs: recipes, mappings of a recipe to values of its axes, or lists of them.

        Other axes inherit their values from the task that needs them.
        """
        tasks = []
        for entry in entries(listed, scope):
            for name, changed in (entry if isinstance(entry, dict) else {entry: {}}).items():
                recipe = fill(name, scope)
                inherited = {axis: axis_values[axis] for axis in self.axes_of(recipe) if axis in axis_values}
                several = [
                    [value] if axis == self.together(recipe) or not isinstance(value, list) else value
                    for axis, value in changed.items()
                ]
                for chosen in product(*several):
                    values = {
                        axis: value if isinstance(value, list) else fill(str(value), scope)
                        for axis, value in zip(changed, chosen, strict=True)
                    }
                    tasks.append(self.task(recipe, {**inherited, **values}))
        return tasks

    def _build(
        self, recipe: Mapping[str, Any], scope: dict[str, Any], axis_values: Mapping[str, Any], makes: tuple[Path, ...],
        says: str,
    ) -> Task:  # fmt: skip
        listed = recipe.get("data", [])
        pattern_of = listed if isinstance(listed, dict) else {}
        # required outputs are absolute, which distinguishes them from data
        absolute = {**scope, "out": str(self.settings.out.absolute())}
        data = [
            fill(str(pattern), absolute)
            for pattern in entries(list(pattern_of.values()) if pattern_of else listed, scope)
        ]
        for field_name, pattern in zip(pattern_of, data, strict=False):
            paths = files_of(pattern, self.settings.data)
            scope[field_name] = str(paths[0] if paths else self.settings.data / pattern)
        logger = ["-c", self.settings.logger, *words(recipe.get("logger", ""), scope)] if self.settings.logger else []
        lock = fill(recipe.get("lock", ""), scope) or (str(makes[0]) if makes else says)
        needs = tuple(self.needed(recipe.get("needs", []), scope, axis_values))
        values = {**scope, "logger": logger}
        templates, threads = tuple(recipe.get("run", [])), recipe.get("threads")
        newer = bool(recipe.get("newer"))
        return Task(says, makes, newer, needs, tuple(data), templates, values, self.settings, threads, lock)


def files_of(pattern: str, root: Path) -> list[Path]:
    """Return the files of a pattern, below a folder unless it is absolute, in the order of its alternatives."""
    return [path for alternative in pattern.split(" or ") for path in sorted(_glob(alternative, root))]


def _present(pattern: str, root: Path) -> bool:
    return any(any(_glob(alternative, root)) for alternative in pattern.split(" or "))


def _glob(pattern: str, root: Path) -> Iterable[Path]:
    top = Path(pattern).anchor
    return Path(top).glob(pattern.removeprefix(top)) if top else root.glob(pattern)
