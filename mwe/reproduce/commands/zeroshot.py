"""The commands that measure tower pairs side by side: by words alone, and by probes."""

from pathlib import Path

from mwe.core.numbers import PositiveInt
from mwe.reproduce.commands import RUNS, TABLES


def zeroshot(
    pairs: list[str] | None = None,
    collections: list[str] | None = None,
    out: Path = TABLES,
    kept: Path = RUNS / "zeroshot",
    draws: PositiveInt = 1000,
    workers: int = 2,
    devices: int | str = 1,
    accelerator: str = "auto",
    strategy: str = "auto",
) -> None:
    """Measure tower pairs side by side on many collections.

    Writes `zeroshot.md`, `zeroshot.csv` and a file of every tag for each row and collection. Pairs and collections that
    are missing say what they wait for. What is finished is kept, so that a stopped table goes on.

    Args:
        pairs: Models, as `mwe index --model` takes them, or `words:FOLDER` for word vectors, which only read; each also
            as LABEL=MODEL. By default the open model.
        collections: Names of collections; by default all.
        out: Folder of the tables.
        kept: Folder of vectors and finished results.
        draws: Draws of the bootstrap.
        workers: Decoding processes per device.
        devices: Devices to compute on, as Lightning's Trainer takes them.
        accelerator: `auto`, `cpu` or `gpu`.
        strategy: Strategy for several devices, as Lightning's Trainer takes it.

    Examples:
        mwe reproduce zeroshot
        mwe reproduce zeroshot --collections '[audio_clips, demo]'
        mwe reproduce zeroshot --pairs '[open, CLAP=clap:laion/clap-htsat-unfused]'
    """
    from mwe.audio.predict import Hardware
    from mwe.reproduce.zeroshot.caption_runner import caption_sections
    from mwe.reproduce.zeroshot.rows import RowName
    from mwe.reproduce.zeroshot.runner import TableSettings, known_collections, open_rows, tag_sections
    from mwe.reproduce.zeroshot.table import write_table

    questions, captioned = known_collections(collections or [])
    rows = open_rows(map(RowName.parse, pairs or ["open"]))
    settings = TableSettings(kept, draws, Hardware(workers, devices, 1, accelerator, strategy))
    sections = tag_sections(rows, questions, settings)
    captions = caption_sections(rows, captioned, settings)
    if sections is None or captions is None:  # a process that only embeds
        return
    path = write_table(out, sections, captions)
    print(path.read_text(encoding="utf-8"))
    print(f"table written to {path} and {path.with_suffix('.csv')}")


def probes(
    pairs: list[str] | None = None,
    collections: list[str] | None = None,
    out: Path = TABLES,
    kept: Path = RUNS / "zeroshot",
    draws: PositiveInt = 1000,
    workers: int = 2,
    devices: int | str = 1,
    accelerator: str = "auto",
    strategy: str = "auto",
) -> None:
    """Train probes of tags on the frozen vectors of tower pairs.

    Writes `probes.md`, `probes.csv` and a file of every tag for each row and collection. Vectors are those that
    `mwe reproduce zeroshot` keeps. What is finished is kept, so that a stopped table goes on.

    Args:
        pairs: Models, as `mwe index --model` takes them; each also as LABEL=MODEL. By default the open model.
        collections: Names of collections; by default all.
        out: Folder of the tables.
        kept: Folder of vectors and finished results.
        draws: Draws of the bootstrap.
        workers: Decoding processes per device.
        devices: Devices to compute vectors on, as Lightning's Trainer takes them.
        accelerator: `auto`, `cpu` or `gpu`.
        strategy: Strategy for several devices, as Lightning's Trainer takes it.

    Examples:
        mwe reproduce probes
        mwe reproduce probes --collections '[audio_clips, demo]'
        mwe reproduce probes --pairs '[open, CLAP=clap:laion/clap-htsat-unfused]'
    """
    from mwe.audio.predict import Hardware
    from mwe.reproduce.probes.runner import known_probed, probe_sections
    from mwe.reproduce.probes.table import write_probe_table
    from mwe.reproduce.zeroshot.rows import RowName
    from mwe.reproduce.zeroshot.runner import TableSettings, open_rows

    questions = known_probed(collections or [])
    rows = open_rows(map(RowName.parse, pairs or ["open"]))
    settings = TableSettings(kept, draws, Hardware(workers, devices, 1, accelerator, strategy))
    sections = probe_sections(rows, questions, settings)
    if sections is None:  # a process that only embeds
        return
    path = write_probe_table(out, sections)
    print(path.read_text(encoding="utf-8"))
    print(f"table written to {path} and {path.with_suffix('.csv')}")
