"""Which heard tags to write into which files, and the record that takes them back."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mwe.audio.cue_sheet import WHOLE
from mwe.audio.tag_writer import FIELDS, Fields, read_fields, write_fields
from mwe.core.errors import BadFileError, BadRequestError, CannotWriteError, MissingDataError
from mwe.core.files import writing
from mwe.search.answers import TagScore
from mwe.search.genre_words import is_of_field
from mwe.search.library import Library


class PlannedFile(NamedTuple):
    """A file and what is to be written into it.

    Attributes:
        path: The file.
        former: Fields that would change, as they are.
        new: The same fields with their new values.
        kept: Fields that have a value and stay.
        problem: Why nothing can be written; empty if something can.
    """

    path: Path
    former: Fields
    new: Fields
    kept: Fields
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the content for JSON."""
        return {**self._asdict(), "path": str(self.path)}


class HeardFile(NamedTuple):
    """A file with the tags that are heard in it, or the reason why there are none."""

    path: Path
    tags: Sequence[TagScore]
    problem: str = ""


def heard_in_library(library: Library) -> Iterator[HeardFile]:
    """Yield the files of a library with all their tags, from the vectors of their tracks.

    Args:
        library: The library.
    """
    paths, every = library.store.column("path"), len(library.tags.tags)
    for row in range(len(library)):
        path = Path(paths[row].as_py())
        if library.store.span(row) != WHOLE:
            yield HeardFile(path, (), f"track {library.row(row)['track_id']} is a part of it")
        else:
            yield HeardFile(path, library.tags_of_vector(library.vectors([row])[0], every))


def heard_in_files(library: Library, paths: Sequence[Path]) -> Iterator[HeardFile]:
    """Yield files with all tags that the model of a library hears in them.

    Args:
        library: The library.
        paths: The files.
    """
    for tagged in library.tag_files(paths, len(library.tags.tags)):
        problem = "" if tagged.usable else f"{tagged.status}: {tagged.detail}"
        yield HeardFile(Path(tagged.path), tagged.tags, problem)


def planned(
    heard: Iterable[HeardFile], fields: Sequence[str], k: int = 3, least: float = 0.5, replace: bool = False
) -> Iterator[PlannedFile]:
    """Yield what is to be written into files.

    Args:
        heard: Files with their tags.
        fields: Fields to write.
        k: Maximum number of tags of a field.
        least: Least probability of a tag.
        replace: Whether to replace values that are in the files already.

    Raises:
        BadRequestError: A field is not known, or the library has no probabilities.
        MissingDataError: The extra ``tags`` is not installed.
    """
    unknown = [name for name in fields if name not in FIELDS]
    if unknown or not fields:
        raise BadRequestError(f"no field {', '.join(unknown) or 'is given'}: choose among {', '.join(FIELDS)}")
    for file in heard:
        if file.problem:
            yield PlannedFile(file.path, {}, {}, {}, file.problem)
            continue
        if not any(score.probability is not None for score in file.tags):
            message = "the library has no calibrated tags, so nothing tells which are heard"
            raise BadRequestError(f"{message}. Index it with a model that has, such as `open`.")
        try:
            present = read_fields(file.path)
        except (BadFileError, OSError) as error:
            if isinstance(error, MissingDataError):
                raise
            yield PlannedFile(file.path, {}, {}, {}, str(error))
            continue
        wanted = {name: values for name in fields if (values := values_of(file.tags, name, k, least))}
        new = {
            name: values
            for name, values in wanted.items()
            if present.get(name) != values and (replace or name not in present)
        }
        former = {name: present.get(name, ()) for name in new}
        yield PlannedFile(
            file.path, former, new, {name: present[name] for name in fields if name in present and name not in new}
        )


def values_of(tags: Sequence[TagScore], name: str, k: int, least: float) -> tuple[str, ...]:
    """Return the values of a field for heard tags.

    Args:
        tags: The heard tags.
        name: The field.
        k: Maximum number of tags.
        least: Least probability.

    Examples:
        >>> tags = [TagScore("rock", "genre", 0.4, 0.8, True, ""), TagScore("calm", "mood/theme", 0.5, 0.9, True, "")]
        >>> values_of(tags, "genre", 3, 0.5), values_of(tags, "comment", 3, 0.5)
        (('rock',), ('heard by mwe: calm, rock',))
    """
    likely = sorted(
        (-score.probability, score.tag, score.group)
        for score in tags
        if score.probability is not None and score.probability >= least
    )
    if name != "comment":
        return tuple(tag for _, tag, group in likely if is_of_field(tag, group, name))[:k]
    return (f"heard by mwe: {', '.join(tag for _, tag, _ in likely[:k])}",) if likely else ()


def write_planned(plan: Iterable[PlannedFile], record: Path) -> Iterator[PlannedFile]:
    """Write what is planned; record what was there before each file is changed.

    Args:
        plan: The files.
        record: File of JSON lines, which ``undo`` reads; lines are added to it.

    Yields:
        The files, with the problem of those that could not be written.

    Raises:
        CannotWriteError: The record cannot be written; nothing more is then changed.
    """
    for file in plan:
        if not file.problem and file.new:
            _add(record, {"path": os.path.abspath(file.path), "former": file.former, "new": file.new})
            try:
                write_fields(file.path, file.new)
            except (BadFileError, CannotWriteError) as error:
                yield file._replace(problem=str(error))
                continue
        yield file


def undo(record: Path) -> Iterator[PlannedFile]:
    """Write back what was in the files before, last change first; then rename the record.

    Args:
        record: The record of ``write_planned``.

    Yields:
        The files; a file whose tags were changed since is left alone, and says so.

    Raises:
        MissingDataError: There is no record.
        BadFileError: A line of it is damaged.
    """
    if not record.is_file():
        raise MissingDataError(f"{record} not found: nothing to undo. Name the record with --record.")
    lines = record.read_text(encoding="utf-8").splitlines()
    entries = []
    for number, line in enumerate(lines, 1):
        try:
            content = json.loads(line)
            former, new = ({name: tuple(content[key][name]) for name in content[key]} for key in ("former", "new"))
            entries.append((Path(content["path"]), former, new))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            if number == len(lines):  # cut off while it was written, before its file was changed
                continue
            raise BadFileError(record, f"not a change of tags ({error})", "Remove that line.", number) from error
    for path, former, new in reversed(entries):
        yield _undone(path, former, new)
    os.replace(record, record.with_name(f"{record.name}.undone"))


def _undone(path: Path, former: Fields, new: Fields) -> PlannedFile:
    try:
        present = read_fields(path)
        if all(present.get(name, ()) == values for name, values in former.items()):
            return PlannedFile(path, {}, {}, former)
        if any(present.get(name, ()) != values for name, values in new.items()):
            return PlannedFile(path, {}, {}, present, "its tags were changed since; left as they are")
        write_fields(path, former)
    except (BadFileError, OSError) as error:
        return PlannedFile(path, {}, {}, {}, str(error))
    return PlannedFile(path, new, former, {})


def _add(record: Path, content: dict[str, Any]) -> None:
    """Add a line to the record, and wait until it is on the disk."""
    with writing(record):
        record.parent.mkdir(parents=True, exist_ok=True)
        with open(record, "a", encoding="utf-8") as file:
            file.write(json.dumps(content, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
