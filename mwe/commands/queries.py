"""Commands that ask a library; they need neither Lightning nor, unless a query names a file, PyTorch."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.table import Table

from mwe.commands import LIBRARY
from mwe.core.errors import BadFileError
from mwe.core.numbers import PositiveInt

if TYPE_CHECKING:
    from mwe.search.answers import Answer, Tagged, TagScore

Form = Literal["table", "json"]
AnswerForm = Literal["table", "json", "m3u8", "xspf", "csv"]


def search_library(
    query: str,
    /,
    library: Path = LIBRARY,
    k: PositiveInt = 10,
    tags: Sequence[str] = (),
    without_tags: Sequence[str] = (),
    artists: Sequence[str] = (),
    without_artists: Sequence[str] = (),
    per_artist: PositiveInt | None = None,
    approximate: bool = False,
    format: AnswerForm = "table",
    context: str = "",
    why: bool = False,
) -> None:
    """Find tracks in a library by words, tags, artists or sound.

    A term is plain words, or ``tag:``, ``artist:``, ``track:`` or ``file:`` with a name. Join terms by ``+`` and ``-``
    between spaces; ``2*piano`` counts twice. Words without a sign between them are one term: the mean of their
    vectors, without stop words. English words that the library does not know are approximated and marked.

    Conditions restrict the tracks by the tags in their files: ``artist:``, ``album:``, ``title:``, ``genre:``,
    ``year:1990..1999``, ``bpm:120..130``, ``key:Am``. They stand after other words or alone. Values of several words
    need quotation marks. A minus before a condition leaves its tracks out.

    Args:
        query: The query, in quotes if it has several words.
        library: Folder of the library.
        k: Number of tracks.
        tags: Tags that each track must have (``--tags '[rock, live]'``).
        without_tags: Tags that no track may have.
        artists: Show only tracks by these artists.
        without_artists: Show no tracks by these artists.
        per_artist: Most tracks by one artist.
        approximate: Whether to use the approximate index of ``mwe library ann``.
        format: A table, JSON, CSV, or a playlist: M3U8 or XSPF.
        context: Tags that the query goes with, separated by commas: `--context "acoustic,folk" guitar` finds other
            tracks than `--context "metal,live" guitar`. All terms must then be tags, and the model must have learnt
            from tags in context.
        why: Say of every track what each term gave, which heard tags it shares with the query, and what the tags in
            its file say. For the table and JSON.

    Examples:
        mwe search "calm + piano - drums" --why true
        mwe search "something calm with piano for a rainy evening"
        mwe search 'calm piano genre:jazz year:1990..1999 album:"Blue Train"'
        mwe search "file:song.mp3 + 0.5*tag:jazz" --library outputs/library --k 20 --per_artist 1
        mwe search "calm piano" --k 50 --format m3u8 > calm.m3u8
    """
    from mwe.search import Filters, Library
    from mwe.search.asked import ask
    from mwe.search.playlist_files import playlist_text
    from mwe.search.playlist_track import playlist_tracks
    from mwe.search.reasons import reasons, tell_reasons

    among = [name.strip() for name in context.split(",") if name.strip()]
    filters = Filters(tuple(tags), tuple(without_tags), tuple(artists), tuple(without_artists))
    opened = Library(library, approximate)
    asked = ask(opened.store, query, filters, among)
    answer = opened.answer(asked, k, per_artist)
    explained = reasons(opened, asked, answer.hits) if why else []
    if format == "json":
        content = {"query": query, **answer.to_dict()}
        tell_reasons(content["hits"], explained)
        print(json.dumps(content, ensure_ascii=False, indent=2))
    elif format == "table":
        show_answer(answer, [str(reason) for reason in explained])
    else:
        print(playlist_text(format, playlist_tracks(opened, answer.hits)), end="")
        for note in answer.notes:
            print(note, file=sys.stderr)


def tag(
    files: Sequence[Path],
    /,
    library: Path = LIBRARY,
    k: PositiveInt = 5,
    format: Form = "table",
    thorough: bool = False,
) -> None:
    """Say which tags fit audio files.

    Scores are probabilities, calibrated on the validation tracks of the model's run. Without those they are plain
    cosines, and the output says so. Exits with 1 if a file cannot be used.

    Args:
        files: Audio files.
        library: Folder of a library, whose model and tags are used.
        k: Number of tags of each group.
        format: A table, or JSON.
        thorough: Decode every file whole. By default only the excerpts that the encoder hears are decoded.

    Examples:
        mwe tag song.mp3
        mwe tag album/*.mp3 --library outputs/library --k 3 --format json
    """
    from mwe.search import Library

    results = Library(library).tag_files(files, k, thorough)
    if format == "json":
        print(json.dumps([result.to_dict() for result in results], ensure_ascii=False, indent=2))
    else:
        for result in results:
            _show_tags(result)
    failures = [result for result in results if not result.usable]
    if failures:
        raise BadFileError(
            failures[0].path, f"{failures[0].status}: {failures[0].detail}", _remedy(len(failures), len(results))
        )


def show_answer(answer: "Answer", reasons: Sequence[str] = ()) -> None:
    """Print an answer, in two lines a track, and a line of reasons if there are any."""
    from mwe.commands.answer_lines import answer_lines

    console = _console()
    # lines of any length where they are not read on a terminal
    for line in answer_lines(answer, console.width if console.is_terminal else None, reasons):
        console.print(line, soft_wrap=True)


def _show_tags(tagged: "Tagged") -> None:
    from mwe.commands.answer_lines import described

    console, file_tags = _console(), tagged.file_tags
    if not tagged.tags:
        console.print(f"{tagged.path}: {tagged.detail or 'the model has no tags'}")
        return
    if file_tags.title or file_tags.artist:
        console.print(described(file_tags.title, file_tags.artist, file_tags), soft_wrap=True)
    if tagged.detail:
        console.print(f"{tagged.path}: {tagged.detail}", soft_wrap=True)
    calibrated = any(score.probability is not None for score in tagged.tags)
    table = Table("group", "tag", "probability" if calibrated else "cosine", "in training", title=tagged.path)
    for score in tagged.tags:
        table.add_row(score.group, score.tag, f"{score.score:.3f}", _heard(score))
    console.print(table)
    if not calibrated:
        console.print("cosines, not probabilities: the library has no calibration (`mwe index` said why)")


def _console() -> Console:
    return Console(markup=False, emoji=False, highlight=False)


def _heard(score: "TagScore") -> str:
    return "not known" if score.seen is None else "seen" if score.seen else "unseen"


def _remedy(failed: int, files: int) -> str:
    return f"{failed} of {files} files could not be tagged; the others were."
