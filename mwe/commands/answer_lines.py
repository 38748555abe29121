"""Answers on a terminal: two lines a track, the title and the artist first."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells, set_cell_size

from mwe.audio.file_tags import FileTags
from mwe.search.answers import Answer, Hit

_SCORE = 7  # cells of a score and the space before it
_LEAST = 12  # cells of a path that is shown at all


def answer_lines(answer: Answer, width: int | None = None, reasons: Sequence[str] = ()) -> Iterator[str]:
    """Yield the lines of an answer: its terms, its conditions, its notes and its tracks.

    Args:
        answer: The answer.
        width: Cells of the terminal; None if lines may have any length.
        reasons: Why each track is there, a line each; none if empty.

    Examples:
        >>> tags = FileTags(title="Rain", artist="Ana Lee", album="Weather", year=1994)
        >>> hit = Hit("rain.mp3", "Ana Lee", "/music/Ana Lee/rain.mp3", 0.812, ("calm", "piano"), tags)
        >>> for line in answer_lines(Answer(((1.0, "calm"),), (), (hit,)), 50):
        ...     print(line)
        +1 calm
        1 Rain - Ana Lee (Weather, 1994)             0.812
          calm, piano  /music/Ana Lee/rain.mp3
    """
    yield from (f"{weight:+g} {term}" for weight, term in answer.terms)
    yield from answer.filters
    yield from answer.notes
    if not answer.hits:
        yield "no track answers this"
    places = len(str(len(answer.hits)))
    for rank, hit in enumerate(answer.hits, 1):
        yield from _hit_lines(hit, f"{rank:>{places}} ", width)
        if reasons:
            yield " " * (places + 1) + reasons[rank - 1]


def described(title: str, artist: str, tags: FileTags) -> str:
    """Return a track in words: its title, its artist, its album and year.

    Examples:
        >>> described("Rain", "", FileTags(year=1994))
        'Rain (1994)'
    """
    return " - ".join(filter(None, (title, artist))) + (f" ({tags.album_and_year})" if tags.album_and_year else "")


def _hit_lines(hit: Hit, margin: str, width: int | None) -> Iterator[str]:
    first = margin + described(hit.title, hit.artist, hit.file_tags)
    score = "" if hit.score is None else f"{hit.score:.3f}"
    indent, tags = " " * len(margin), ", ".join(hit.tags)
    if width is None:
        yield f"{first}  {score}".rstrip()
        yield indent + "  ".join(filter(None, (tags, hit.path)))
        return
    yield f"{set_cell_size(_begun(first, width - _SCORE), width - _SCORE)}{score:>{_SCORE}}".rstrip()
    room = width - len(indent)
    tags = _begun(tags, room // 2)
    path = _ended(hit.path, room - cell_len(tags) - (2 if tags else 0))
    yield indent + "  ".join(filter(None, (tags, path)))


def _begun(text: str, width: int) -> str:
    """Return the beginning of a text in so many cells."""
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)).rstrip() + "…"


def _ended(text: str, width: int) -> str:
    """Return the end of a text in so many cells, since paths differ there; nothing if there is hardly room."""
    if cell_len(text) <= width:
        return text
    if width < _LEAST:
        return ""
    # chopped from the end, so that wide letters are counted
    return "…" + chop_cells(text[::-1], width - 1)[0][::-1]
