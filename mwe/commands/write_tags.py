"""The command that writes heard tags into files, when asked."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mwe.commands import LIBRARY
from mwe.core.errors import BadRequestError
from mwe.core.numbers import PositiveInt, Share

if TYPE_CHECKING:
    from mwe.search.tag_plan import PlannedFile

RECORD = Path("outputs/written-tags.jsonl")


def write_tags(
    files: Sequence[Path] = (),
    /,
    library: Path = LIBRARY,
    fields: Sequence[str] = ("genre", "mood", "comment"),
    k: PositiveInt = 3,
    least: Share = 0.5,
    replace: bool = False,
    write: bool = False,
    undo: bool = False,
    record: Path = RECORD,
    format: Literal["text", "json"] = "text",
) -> None:
    """Write heard tags into audio files, when asked.

    Without ``--write true`` only the plan is shown, and nothing is written. Values that are in a file already stay,
    unless ``--replace true`` is given. The sound is never touched: its packets are compared before a file is replaced.

    Written are MP3, M4A, FLAC, Ogg Vorbis and Opus; other files are named. Former values go into a record first, and
    ``--undo true`` writes them back. Needs ``pip install 'mwe[tags]'``.

    Args:
        files: Audio files; by default all files of the library.
        library: Folder of the library, whose model and tags are used.
        fields: Fields to write: genre, mood, comment (``--fields '[genre, mood]'``).
        k: Most tags in a field.
        least: Least probability of a tag.
        replace: Replace values that are in the files already.
        write: Write. Without it the plan is shown.
        undo: Write back the former values of all files in the record.
        record: File of the former values; lines are added to it.
        format: Text or JSON.

    Examples:
        mwe write-tags --library outputs/music
        mwe write-tags --library outputs/music --fields '[genre]' --write true
        mwe write-tags song.mp3 other.flac --least 0.7
        mwe write-tags --undo true
    """
    from mwe.search import tag_plan

    if write and undo:
        raise BadRequestError("--write and --undo exclude each other")
    if undo:
        done = list(tag_plan.undo(record))
    else:
        from mwe.search import Library

        opened = Library(library)
        heard = tag_plan.heard_in_files(opened, files) if files else tag_plan.heard_in_library(opened)
        plan = tag_plan.planned(heard, fields, k, least, replace)
        done = list(tag_plan.write_planned(plan, record) if write else plan)
    if format == "json":
        content = {"written": write or undo, "files": [file.to_dict() for file in done]}
        print(json.dumps(content, ensure_ascii=False, indent=2))
    else:
        print("\n".join(_lines(done, write or undo, record)))
    if (write or undo) and any(file.problem for file in done):
        sys.exit(1)


def _lines(files: Sequence["PlannedFile"], written: bool, record: Path) -> Iterator[str]:
    for file in files:
        if file.problem:
            yield f"{file.path}: not written: {file.problem.removeprefix(f'{file.path}: ')}"
        elif file.new:
            yield str(file.path)
            yield from (
                f"  {name}: {'; '.join(file.former[name]) or '-'} -> {'; '.join(values) or '-'}"
                for name, values in file.new.items()
            )
    changed = sum(bool(file.new) and not file.problem for file in files)
    failed = sum(bool(file.problem) for file in files)
    verb, same = "written" if written else "to write", len(files) - changed - failed
    yield f"{len(files):,} files: {changed:,} {verb}, {same:,} as they are, {failed:,} not writable"
    if not written and changed:
        yield f"Nothing was written. Add --write true to write; {record} will keep the former values."
