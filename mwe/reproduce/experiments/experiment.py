"""An experiment: the rows of a table or the runs of a picture, read from one file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from mwe.core.errors import BadFileError, MissingDataError, UnknownNameError
from mwe.core.files import read_yaml
from mwe.core.paths import data_root
from mwe.reproduce.experiments.recipes import REMEDY, Recipes, RunSettings, Task, files_of
from mwe.reproduce.experiments.templates import fill, words

FOLDER = Path("lightning_configs/experiments")
TABLE = "mwe reproduce table {table} --runs {out} --out {out}/tables"
ROW = {"row", "paper", "published", "metrics", "command", "recipe"}
EXPERIMENT = {
    *("title", "about", "recipe", "with", "over", "row", "published", "metrics", "rows", "notes", "findings"),
    *("comparisons", "figures", "also", "results", "config", "threads", "jobs", "options", "either", "when", "axes"),
    "recipes",
}


@dataclass(frozen=True)
class ExperimentRow:
    """A row of the table.

    Args:
        label: Its name in the table.
        tasks: Its runs; empty for figures that are only cited.
        pattern: Pattern of the folders of its runs below the outputs.
        described: Its entry in the description of the table.
    """

    label: str
    tasks: tuple[Task, ...]
    pattern: str
    described: Mapping[str, Any]


@dataclass(frozen=True)
class Experiment:
    """The declaration of a table or a picture.

    Args:
        file: File of the declaration.
        about: One line about it.
        rows: Rows of the table.
        also: Additional tasks.
        results: Commands that print or draw the results of the runs.
        threads: Maximum threads of these; None for no limit.
        jobs: Default number of parallel tasks.
        tabled: Whether ``mwe reproduce table`` makes a table of the rows.
        described: The description of the table.
    """

    file: Path
    about: str
    rows: tuple[ExperimentRow, ...]
    also: tuple[Task, ...]
    results: tuple[tuple[str, ...], ...]
    threads: int | None
    jobs: int
    tabled: bool
    described: Mapping[str, Any]

    @property
    def tasks(self) -> list[Task]:
        """Tasks of all rows and additional tasks, without repeats."""
        listed = [*(task for row in self.rows for task in row.tasks), *self.also]
        return list({task.key: task for task in listed}.values())

    @property
    def waiting(self) -> dict[str, list[str]]:
        """Rows and tasks that wait for data, with the missing data."""
        rows = {row.label: [name for task in row.tasks for name in task.missing()] for row in self.rows}
        missing_of = {**rows, **{task.says: task.missing() for task in self.also}}
        return {label: list(dict.fromkeys(names)) for label, names in missing_of.items() if names}


def names(folder: Path = FOLDER) -> list[str]:
    """Return the names of all experiments, in numerical order.

    Raises:
        MissingDataError: The folder is missing.
    """
    if not folder.is_dir():
        raise MissingDataError(f"{folder} not found. Run the command in the folder of the repository.")
    stems = [path.stem for path in folder.glob("*.yaml")]
    return sorted(stems, key=lambda name: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)])


def file_of(name: str, folder: Path = FOLDER) -> Path:
    """Return the file of an experiment.

    Raises:
        UnknownNameError: There is no experiment of this name.
    """
    if name not in names(folder):
        raise UnknownNameError("experiment", name, names(folder))
    return folder / f"{name}.yaml"


def load(file: Path, settings: RunSettings | None = None, seeds: Sequence[object] = ()) -> Experiment:
    """Read an experiment.

    Args:
        file: Its file; the folder ``artefacts`` beside it declares artefacts.
        settings: Settings of all commands; by default the usual folders.
        seeds: Seeds instead of those in the file.

    Raises:
        BadFileError: The file is not an experiment.
        UnknownNameError: The file names an unknown recipe, value or option.
    """
    content = _content(file)
    settings = settings or RunSettings(data=data_root())
    options = {name: str(value) for name, value in content.get("options", {}).items()}
    if unknown := next((name for name in settings.options if name not in options), None):
        raise UnknownNameError("option", unknown, options)
    settings = replace(settings, options={**options, **settings.options})
    recipes = Recipes([*sorted((file.parent / "artefacts").glob("*.yaml")), file], settings)
    reader = _Reader(file, recipes, seeds)
    cases = [{**content, **case} for case in content.get("either", [{}])]
    for case in cases[:-1]:
        experiment = reader(case)
        files_exist = all(files_of(pattern, settings.data) for pattern in case.get("when", ()))
        if files_exist and any(not task.missing() for task in experiment.tasks):
            return experiment
    return reader(cases[-1])


def description(out: Path, name: str) -> Path:
    """Return the path at which ``paper`` writes the description of a table, with its rows expanded."""
    return out / "tables/descriptions" / f"{name}.yaml"


def _content(file: Path) -> dict[str, Any]:
    content = read_yaml(file, REMEDY)
    if not isinstance(content, dict) or set(content) - EXPERIMENT:
        unknown = (
            f"keys {sorted(set(content) - EXPERIMENT)} are not known" if isinstance(content, dict) else "not a mapping"
        )
        raise BadFileError(file, f"not an experiment ({unknown})", REMEDY)
    return content


class _Reader:
    """Expands one case of an experiment."""

    def __init__(self, file: Path, recipes: Recipes, seeds: Sequence[object]) -> None:
        self.file, self.recipes, self.seeds = file, recipes, list(seeds)

    def __call__(self, case: Mapping[str, Any]) -> Experiment:
        rows = [row for entry in case.get("rows", []) for row in self._rows(entry, case)]
        scope = {**self.recipes.settings.scope(), "name": self.file.stem}
        scope |= {"table": str(description(self.recipes.settings.out, self.file.stem)), "file": str(self.file)}
        over = self._over(case)
        scope |= {axis: self.recipes.value(axis, values[0], values) for axis, values in over.items()}
        try:
            also = self.recipes.needed(case.get("also", []), scope, case.get("with", {}))
            results = tuple(tuple(words(line, scope)) for line in case.get("results", [TABLE] if rows else []))
        except KeyError as error:
            raise BadFileError(self.file, f"field {error.args[0]}", REMEDY) from error
        shared = {key: case[key] for key in ("title", "notes", "findings", "comparisons", "figures") if key in case}
        described = {**shared, "rows": [row.described for row in rows]}
        about = str(case.get("about", case.get("title", "")))
        jobs, tabled = int(case.get("jobs", 1)), any("{table}" in line for line in case.get("results", [TABLE]))
        return Experiment(
            self.file, about, tuple(rows), tuple(also), results, case.get("threads"), jobs, tabled, described
        )

    def _over(self, case: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Return the axes that a row averages over, with their values."""
        over = {axis: _listed(values) for axis, values in case.get("over", {}).items()}
        if self.seeds:
            if "seed" not in over:
                raise UnknownNameError("axis that rows average over", "seed", over)
            over["seed"] = self.seeds
        return over

    def _rows(self, entry: Mapping[str, Any], case: Mapping[str, Any]) -> list[ExperimentRow]:
        values = {key: value for key, value in entry.items() if key not in ROW}
        recipe = entry.get("recipe", case.get("recipe"))
        if recipe is None or (not values and "published" in entry):
            return [self._cited(entry)]
        over = self._over(case)
        over |= {axis: _listed(value) for axis, value in values.items() if axis in over}
        fixed = {**case.get("with", {}), **{axis: value for axis, value in values.items() if axis not in over}}
        axes, several = list(fixed), [_listed(value) for value in fixed.values()]
        return [
            self._row(recipe, dict(zip(axes, chosen, strict=True)), over, entry, case) for chosen in product(*several)
        ]

    def _cited(self, entry: Mapping[str, Any]) -> ExperimentRow:
        if "row" not in entry:
            raise BadFileError(self.file, f"a row has neither a recipe nor a name: {dict(entry)}", REMEDY)
        return ExperimentRow(str(entry["row"]), (), "", dict(entry))

    def _row(
        self, recipe: str, values: dict[str, Any], over: Mapping[str, Sequence[Any]], entry: Mapping[str, Any],
        case: Mapping[str, Any],
    ) -> ExperimentRow:  # fmt: skip
        together = self.recipes.together(recipe)
        apart = {axis: members for axis, members in over.items() if axis != together}
        grouped = {together: list(over[together])} if together in over else {}
        tasks = tuple(
            self.recipes.task(recipe, {**values, **grouped, **dict(zip(apart, members, strict=True))})
            for members in product(*apart.values())
        )
        scope = {**self.recipes.settings.scope(), "name": self.file.stem}
        scope |= {axis: self.recipes.value(axis, value) for axis, value in values.items()}
        try:
            label = fill(str(entry.get("row", case.get("row", ""))), scope)
        except KeyError as error:
            raise BadFileError(self.file, f"field {error.args[0]}", REMEDY) from error
        pattern = self.recipes.pattern(recipe, values, over)
        published = entry.get("published", {})
        if "paper" in entry:
            figures = zip(case["published"], entry["paper"], strict=True)
            published = {metric: figure for metric, figure in figures if figure is not None}
        data_patterns = list(dict.fromkeys(name for task in tasks for name in task.data_patterns()))
        described = {
            "row": label,
            "runs": pattern,
            "metrics": entry.get("metrics", case.get("metrics", [])),
            "command": entry.get("command", f"make {self.file.stem}"),
            **({"published": published} if published else {}),
            **({"waits": data_patterns} if data_patterns else {}),
        }
        return ExperimentRow(label or pattern, tasks, pattern, described)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]
