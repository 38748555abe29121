"""The command that prints a table of priming from run folders."""

from pathlib import Path


def table(
    runs: str = "outputs/siamese-quick",
    folds: tuple[int, ...] = (0, 1, 2),
    target: str = "siamese-quick",
    out: str = "outputs/tables",
    command: str | None = None,
    seeds: tuple[int, ...] = (0,),
) -> None:
    """Build a results table from run folders.

    Writes ``<out>/<target>.csv`` and ``.md``, with the published figures where they are comparable.

    Args:
        runs: Folder with one folder a row and in it one folder a fold, and a seed other than 0: ``fold1_seed2``.
        folds: Folds to average over.
        target: Name of the table.
        out: Folder of the tables.
        command: What the table says was typed to make its rows; each row's own command if not given.
        seeds: Seeds to average over.
    """
    from siamese_tags.reproduce.priming_table import build_table

    path = build_table(Path(runs), folds, target, Path(out), command, seeds)
    print(path.read_text(encoding="utf-8"))
