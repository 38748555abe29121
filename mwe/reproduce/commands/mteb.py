"""The command that measures a model by tasks of the package mteb."""

import re
from pathlib import Path

from mwe.reproduce.commands import RUNS

TASKS = (
    *("SongDescriberT2ARetrieval", "SongDescriberA2TRetrieval", "MusicCapsT2ARetrieval", "MusicCapsA2TRetrieval"),
    "GTZANGenre",
)


def mteb(
    model: str,
    /,
    tasks: list[str] | None = None,
    name: str | None = None,
    out: Path = RUNS / "mteb",
) -> None:
    """Measure a model by tasks of mteb, and write its results.

    Writes `results/OWNER__NAME/REVISION/TASK.json` and `model_meta.json`, in the format of mteb's public boards. The
    revision is the identity of the weights. Tasks that have results are not run again. Their data come from the Hugging
    Face Hub, and sounds are decoded by the package torchcodec. Needs the extra `mteb`.

    Args:
        model: Model, as `mwe index --model` takes it.
        tasks: Names of the tasks; by default retrieval of Song Describer and MusicCaps in both directions, and
            GTZANGenre.
        name: Name of the model in the results, as OWNER/NAME; by default `mwe/` and the last part of the model's name.
        out: Folder of the results.

    Examples:
        mwe reproduce mteb open
        mwe reproduce mteb clap:laion/clap-htsat-unfused --name laion/clap --tasks '[GTZANGenre]'
    """
    from mwe.core.errors import MissingDataError, UnknownNameError
    from mwe.core.extras import require_extra
    from mwe.search.joint_pair import tower_pair
    from mwe.tower_pairs.mteb_encoder import MtebEncoder

    package = require_extra("mteb", "mteb", "tasks of mteb need mteb")
    asked, known = tasks or list(TASKS), {task.metadata.name for task in package.get_tasks()}
    if unknown := [task for task in asked if task not in known]:
        raise UnknownNameError("task of mteb", unknown[0], sorted(known))
    name = name or f"mwe/{re.split('[/:]', model.rstrip('/'))[-1]}"
    encoder, cache = MtebEncoder(tower_pair(model), name), package.ResultCache(out)
    for task in package.get_tasks(tasks=asked):
        try:
            measured = package.evaluate(encoder, task, cache=cache, co2_tracker=False)
        except (OSError, ImportError) as error:  # no network, no such data, no decoder
            raise MissingDataError(f"the data of {task.metadata.name} cannot be read: {error}") from error
        for result in measured.task_results:
            print(f"{result.task_name}: {task.metadata.main_score} {result.get_score():.4f}")
    print(f"results in {out / 'results' / name.replace('/', '__')}")
