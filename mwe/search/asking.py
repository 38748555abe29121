"""Commands that ask a library; they need neither Lightning nor, unless a query names a file, PyTorch."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from mwe.core.errors import BadFileError
from mwe.core.numbers import PositiveInt
from mwe.search.answers import Answer, Tagged, TagScore
from mwe.search.layout import LIBRARY
from mwe.search.library import Library
from mwe.search.stored import Filters

Form = Literal["table", "json"]


def search_library(
    query: str,
    library: Path = LIBRARY,
    k: PositiveInt = 10,
    tags: Sequence[str] = (),
    without_tags: Sequence[str] = (),
    artists: Sequence[str] = (),
    without_artists: Sequence[str] = (),
    per_artist: PositiveInt | None = None,
    approximate: bool = False,
    format: Form = "table",
    context: str = "",
) -> None:
    """Find tracks in a library: `mwe search "calm + piano - drums"`.

    Terms are plain words, or ``tag:``, ``artist:``, ``track:`` and ``file:`` with a name; ``2*piano`` counts twice.
    Signs stand between spaces. Words without a sign between them are one term, the mean of their vectors, stop words
    left out.

    Args:
        query: The query.
        library: Folder of the library.
        k: How many tracks.
        tags: Tags that a track must have (``--tags '[rock, live]'``).
        without_tags: Tags that it must not have.
        artists: Artists one of whom it must be by.
        without_artists: Artists it must not be by.
        per_artist: At most so many tracks of one artist.
        approximate: Whether to use the approximate index of ``mwe index-ann``.
        format: A table, or JSON.
        context: Tags in whose company the query is meant, with commas between them: `--context "acoustic,folk" guitar`
            finds other tracks than `--context "metal,live" guitar`. Words and tags of the query are then tags, and
            the model must have learnt from tags in context.
    """
    among = [name.strip() for name in context.split(",") if name.strip()]
    filters = Filters(tuple(tags), tuple(without_tags), tuple(artists), tuple(without_artists))
    answer = Library(library, approximate).search(query, k, filters, per_artist, among)
    if format == "json":
        print(json.dumps({"query": query, **answer.to_dict()}, ensure_ascii=False, indent=2))
    else:
        _show_answer(answer)


def tag(files: list[Path], library: Path = LIBRARY, k: PositiveInt = 5, format: Form = "table") -> None:
    """Say which tags fit audio files: `mwe tag FILE...`.

    Scores are probabilities calibrated on the validation tracks of the model's run; where those could not be had, plain
    cosines, and the output says so. Exits with 1 if a file cannot be used.

    Args:
        files: Audio files; they may stand without the name of the option, before the other options.
        library: Folder of a library, whose model and tags are used.
        k: How many tags of each group.
        format: A table, or JSON.
    """
    found = Library(library).tag_files(files, k)
    if format == "json":
        print(json.dumps([one.to_dict() for one in found], ensure_ascii=False, indent=2))
    else:
        for one in found:
            _show_tags(one)
    failed = [one for one in found if one.status != "ok"]
    if failed:
        raise BadFileError(failed[0].path, f"{failed[0].status}: {failed[0].detail}", _remedy(len(failed), len(found)))


def _show_answer(answer: Answer) -> None:
    console = Console(markup=False, emoji=False, highlight=False)
    for weight, understood in answer.terms:
        console.print(f"{weight:+g} {understood}")
    for note in answer.notes:
        console.print(note)
    if not answer.hits:
        console.print("no track answers this")
        return
    shown = Table("", "track", "artist", "score", "tags", "file")
    for rank, hit in enumerate(answer.hits, 1):
        shown.add_row(
            str(rank), hit.track_id, hit.artist_id, f"{hit.score:.3f}", ", ".join(hit.tags), hit.path, style=None
        )
    console.print(shown)


def _show_tags(tagged: Tagged) -> None:
    console = Console(markup=False, emoji=False, highlight=False)
    if not tagged.tags:
        console.print(f"{tagged.path}: {tagged.detail or 'the model has no tags'}")
        return
    calibrated = any(one.probability is not None for one in tagged.tags)
    shown = Table("group", "tag", "probability" if calibrated else "cosine", "in training", title=tagged.path)
    for one in tagged.tags:
        shown.add_row(one.group, one.tag, f"{one.score:.3f}", _heard(one))
    console.print(shown)
    if not calibrated:
        console.print("cosines, not probabilities: the library has no calibration (`mwe index` said why)")


def _heard(one: TagScore) -> str:
    return "not known" if one.seen is None else "seen" if one.seen else "unseen"


def _remedy(failed: int, files: int) -> str:
    return f"{failed} of {files} files could not be tagged; the others were."
