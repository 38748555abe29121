"""``paper``: makes a table or a picture of the papers, with its missing runs."""

import shlex
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

import yaml

from mwe.core.errors import MissingDataError, UnknownNameError
from mwe.core.files import write_text
from mwe.core.paths import data_root
from mwe.reproduce.experiments.experiment import FOLDER, Experiment, description, file_of, load, names
from mwe.reproduce.experiments.recipes import METRICS, RunSettings, Task
from mwe.reproduce.experiments.runner import FailedRunError, Runner, in_order, run_command, shown


def paper(args: Sequence[str], prog: str = "mwe paper") -> None:
    """Make a table or figure of the papers; run what is missing.

    Args:
        args: Arguments of the command.
        prog: Program and command, for usage and errors.
    """
    arguments = _parser(prog).parse_args(args)
    if not arguments.names:
        print("\n".join(listing(arguments.out)))
        return
    options = dict(option.partition("=")[::2] for option in arguments.set)
    settings = RunSettings(
        arguments.out,
        data_root(),
        tuple(shlex.split(arguments.launcher)),
        tuple(shlex.split(arguments.flags)),
        arguments.logger,
        options,
    )
    loaded = [load(file_of(name), settings, arguments.seeds) for name in arguments.names]
    runs = [task for experiment in loaded for task in _runs(experiment) if not task.missing()]
    try:
        if arguments.runs:
            print("\n".join(dict.fromkeys(task.name for task in runs)))
        elif arguments.only is not None:
            _make([_named(arguments.only, loaded)], settings, arguments.jobs or 1, arguments.plan)
        elif arguments.prepare:
            _make(
                [need for task in runs for need in task.needs],
                settings,
                arguments.jobs or loaded[0].jobs,
                arguments.plan,
            )
        else:
            for experiment in loaded:
                jobs = 0 if arguments.show else arguments.jobs or experiment.jobs
                _make_experiment(experiment, settings, jobs, arguments.plan)
    except FailedRunError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        sys.exit(error.code if error.code > 0 else 128 - error.code)


def _parser(prog: str) -> ArgumentParser:
    parser = ArgumentParser(
        prog,
        description="Make a table or figure of the papers; run what is missing. "
        "Without a name, all experiments are listed with the state of their data. Finished runs are not run again, "
        "an interrupted fit resumes from its last checkpoint, and processes never do the same run at once.",
    )
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help="experiments, such as table8: files of lightning_configs/experiments")
    add("--plan", action="store_true", help="print the commands without running them")
    add("--show", action="store_true", help="run nothing, print the table of finished runs")
    add(
        "--prepare",
        action="store_true",
        help="make only the inputs of the rows' runs: spectrograms, vectors, documents",
    )
    add("--runs", action="store_true", help="list the rows' runs whose data is available, for job arrays")
    add("--only", metavar="RUN", help="make one run by its name in --runs, or one file, with its inputs, but no table")
    add("--jobs", type=int, metavar="N", help="parallel runs (default: that of the experiment)")
    add("--seeds", type=_numbers, default=(), metavar="0,1,2", help="seeds, if rows average over seeds")
    add("--launcher", default="mwe", help="launcher of fits and tests on MSD: 'torchrun --nproc_per_node 4 -m mwe'")
    add("--flags", default="", help="additional options of these fits and tests: '--trainer.devices 4'")
    add(
        "--logger",
        default="",
        metavar="FILE",
        help="an additional logger of these: lightning_configs/logger/wandb.yaml",
    )
    add("--set", action="append", default=[], metavar="OPTION=VALUE", help="an option of the experiment")
    add("--out", type=Path, default=Path("outputs"), help="folder of the outputs (default: outputs)")
    return parser


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.replace(",", " ").split())


def listing(out: Path = Path("outputs"), folder: Path = FOLDER) -> list[str]:
    """Return lines about each experiment: name, description, and whether its runs are done or wait for data."""
    lines = []
    for name in names(folder):
        experiment = load(file_of(name, folder), RunSettings(out, data_root()))
        tasks = experiment.tasks
        done, able = sum(task.done for task in tasks), sum(not task.missing() for task in tasks)
        state = f"{done} of {len(tasks)} runs done"
        if able < len(tasks):
            first = next(files for files in experiment.waiting.values())
            state += f", {len(tasks) - able} wait for {first[0]}{' and more' if len(first) > 1 else ''}"
        lines.append(f"  {name:24}{experiment.about}\n  {'':24}{state if tasks else 'needs no runs'}")
    return lines


def _runs(experiment: Experiment) -> list[Task]:
    """Return the runs of the rows or, without rows, the additional tasks."""
    rows = [task for row in experiment.rows for task in row.tasks]
    return rows or list(experiment.also)


def _named(name: str, experiments: Sequence[Experiment]) -> Task:
    """Return the task of a folder or file, among those of the experiments and their inputs.

    Raises:
        UnknownNameError: There is no such task.
        MissingDataError: The task waits for data.
    """
    known: dict[str, Task] = {}

    def add(task: Task) -> None:
        for need in task.needs:
            add(need)
        known[task.name] = task
        for path in task.makes:
            below = path.relative_to(task.settings.out)
            known.update({str(below): task, str(below.parent) if below.name == METRICS else str(path): task})

    for experiment in experiments:
        for task in experiment.tasks:
            add(task)
    if name not in known:
        raise UnknownNameError("run", name, known)
    if missing := known[name].missing():
        raise MissingDataError(f"{name} waits for {', '.join(missing)} (below {data_root()}).")
    return known[name]


def _make(tasks: Sequence[Task], settings: RunSettings, jobs: int, plan: bool) -> None:
    if not plan:
        Runner(settings.out, jobs).run(tasks)
        return
    for task in in_order(tasks):
        for command in task.commands():
            print(shown(command, task.threads))


def _make_experiment(experiment: Experiment, settings: RunSettings, jobs: int, plan: bool) -> None:
    """Do the missing runs, unless ``jobs`` is 0, then run the commands that print or draw.

    Raises:
        MissingDataError: All runs wait for data, and there is no table of published figures to print.
    """
    able = [task for task in experiment.tasks if not task.missing()]
    waiting = experiment.waiting
    if waiting and not able and not experiment.tabled:
        files = list(dict.fromkeys(name for missing in waiting.values() for name in missing))
        raise MissingDataError(
            f"{experiment.file.stem} waits for {', '.join(files)} (below {settings.data}). "
            "`mwe data list` names the collections, `mwe data show NAME` tells how to get one."
        )
    if jobs:
        _make(able, settings, jobs, plan)
    if experiment.rows and not plan:
        described = yaml.safe_dump(experiment.described, sort_keys=False, allow_unicode=True, width=120)
        write_text(description(settings.out, experiment.file.stem), described)
    for command in experiment.results:
        words, optional = [command[0].removeprefix("-"), *command[1:]], command[0].startswith("-")
        if plan:
            print(shown(words, experiment.threads))
        elif (code := run_command(words, experiment.threads).wait()) and not optional:
            raise FailedRunError(experiment.file.stem, command, code)
    if not plan and not experiment.tabled:
        for label, files in waiting.items():
            print(f"left out: {label}, which waits for {', '.join(files)} (below {settings.data})")
