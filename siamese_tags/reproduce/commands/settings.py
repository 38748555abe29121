"""Commands that choose settings: of both stages by validation, and the number of topics."""

from pathlib import Path

from siamese_tags.documents import Cal500, Collection


def choose(
    collection: Collection | None = None,
    folds: tuple[int, ...] = (0, 1, 2),
    short: int = 60,
    long: int = 180,
    every: int = 20,
    validation_share: float = 0.2,
    validation_seed: int = 0,
    seed: int = 0,
    out: str = "outputs/tables/siamese-choice.csv",
) -> None:
    """Choose the settings of both stages on validation documents.

    These are a part of the training documents of each fold. Writes a table.

    Args:
        collection: Where the tag documents come from: ``Cal500`` (the default) or ``TsvDocuments`` with
            ``--collection.path``.
        folds: Numbers of the folds; one choice is made for all.
        short: Epochs of the fits by which settings are compared.
        long: Epochs of the fits in which the epochs are chosen.
        every: Epochs between two measurements; divides both.
        validation_share: Share of a fold's training documents that is set apart.
        validation_seed: Seed of the nested split.
        seed: Seed of weights and drawings.
        out: The table, written anew after every setting.
    """
    from siamese_tags.reproduce.stage_settings import (
        NestedValidation,
        SettingsOutcome,
        chosen,
        descend,
        one_line,
        write_choice,
    )

    validation = NestedValidation(collection or Cal500(), folds, every, validation_share, validation_seed, seed)
    outcomes: list[SettingsOutcome] = []
    for outcome in descend(validation, short, long):
        outcomes.append(outcome)
        write_choice(Path(out), outcomes, validation_share, validation_seed, finished=False)
        print(one_line(outcome), flush=True)
    write_choice(Path(out), outcomes, validation_share, validation_seed)
    for outcome in chosen(outcomes):
        print(f"chosen: {one_line(outcome)}")


def departures(
    collection: Collection | None = None,
    folds: tuple[int, ...] = (0, 1, 2),
    epochs: tuple[int, int] = (180, 80),
    fit: bool = True,
    runs: str = "outputs/siamese-departures",
    out: str = "outputs/tables",
) -> None:
    """Put each setting that departs from the paper back alone, and all of them together.

    Fits both stages for every row and fold that has no file yet, then writes the table.

    Args:
        collection: Where the tag documents come from: ``Cal500`` (the default) or ``TsvDocuments`` with
            ``--collection.path``.
        folds: Numbers of the folds.
        epochs: Epochs of the first and of the second stage.
        fit: Whether to make what is missing; otherwise such rows say what they wait for.
        runs: Folder of the figures of each row and fold. Delete it to measure with other settings.
        out: Folder of the table.
    """
    from siamese_tags.reproduce.departures import departures_table, run_missing

    if fit:
        for line in run_missing(Path(runs), collection or Cal500(), folds, epochs):
            print(line, flush=True)
    print(departures_table(Path(runs), folds, Path(out)).read_text(encoding="utf-8"))


def topics_count(collection: Collection, eta: float = 0.01, truncation: int = 150, seed: int = 0) -> None:
    """Count the topics of a collection.

    Fits a hierarchical Dirichlet process and reads its posterior in several ways.

    Args:
        collection: Where the tag documents come from, such as ``Cal500``, or a YAML file that says so.
        eta: Dirichlet prior of a topic's tags.
        truncation: Topics at most.
        seed: Of the initial topics.
    """
    from siamese_tags.reproduce.topic_count import hierarchical_topics

    documents = collection.read()
    print(documents)
    print(hierarchical_topics(documents, eta, truncation, seed))
    print("The readings differ, so none is taken over: n_topics stays a setting, 25 for CAL500 and 19 for MagTag5K.")
