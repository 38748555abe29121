"""HTML of the page. All text from a library or a user passes through ``html.escape``."""

from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import NamedTuple

from mwe.page.reason_markup import reason_html
from mwe.page.suggest import Suggestion
from mwe.search.answers import Answer, TagScore
from mwe.search.reasons import Reason


class Card(NamedTuple):
    """A track, or a file of the user, with its details.

    Attributes:
        name: Its name.
        artist: Its artist; empty if unknown.
        album: Its album and year; empty if unknown.
        sound: Address of its sound.
        picture: Address of its picture.
        tags: Its tags in the library.
        scored: Tags predicted by the model.
        row: Row of the library; None for a file of the user.
        score: Similarity to the query; None for the query itself.
        track_id: Its ID; empty for a file of the user.
        cover: Address of its cover; empty if there is none.
        seconds: Its length.
        reason: Why it answers the query; None for the query itself.
    """

    name: str
    artist: str
    album: str
    sound: str
    picture: str
    tags: Sequence[str]
    scored: Sequence[TagScore]
    row: int | None = None
    score: float | None = None
    track_id: str = ""
    cover: str = ""
    seconds: float = 0.0
    reason: Reason | None = None


def answer_html(answer: Answer, hits: Sequence[Card], query: Card | None = None, play: bool = False) -> str:
    """Return the tracks of an answer, below the terms as understood or the query track or file.

    Args:
        answer: The answer to the query.
        hits: Its tracks.
        query: The query track or file, if there is one.
        play: Whether to play it immediately.
    """
    parts = [_understood(answer) if query is None else _card(query, 0, opened=True, play=play)]
    if query is not None and answer.filters:
        parts.append(f'<p class="mwe-terms">{_filters(answer)}</p>')
    parts += [f'<p class="mwe-note">{escape(note)}</p>' for note in answer.notes]
    if not hits:
        return "".join([*parts, '<p class="mwe-none" role="status">No track matches. Relax the filters?</p>'])
    heading = "Most similar" if query else f"{len(hits)} tracks" if len(hits) > 1 else "1 track"
    parts.append(
        f'<div class="mwe-heading"><h2 role="status">{heading}</h2><span>'
        '<button type="button" class="mwe-add-all">Add all to the playlist</button>'
        '<a href="#mwe-map">To the map</a></span></div>'
    )
    return "".join([*parts, *(_card(hit, rank) for rank, hit in enumerate(hits, 1))])


def welcome_html() -> str:
    """Return the text before the first answer."""
    return (
        '<p class="mwe-welcome">Type words, tags or artists, add with <b>+</b> and subtract with <b>&minus;</b> '
        "between spaces: <b>calm + piano - drums</b>. Or pick a suggestion above, a point on the map, or query "
        "with a file.</p>"
    )


def head_html(name: str, about: str) -> str:
    """Return the name and the description of the library."""
    return f"<h1>{escape(name)}</h1><p>{escape(about)}</p>"


def map_html() -> str:
    """Return the frame of the map."""
    label = "Map of tracks and tags. Arrow keys move between points, Enter searches, plus and minus zoom."
    return (
        f'<div class="mwe-map-frame"><canvas tabindex="0" role="application" aria-label="{label}"></canvas>'
        '<div class="mwe-tip" hidden></div></div>'
        '<div class="mwe-below"><p class="mwe-legend"></p><div class="mwe-zoom">'
        '<button type="button" class="mwe-out" aria-label="Zoom out">&minus;</button>'
        '<button type="button" class="mwe-in" aria-label="Zoom in">+</button>'
        '<button type="button" class="mwe-all">whole map</button></div></div>'
        '<p class="mwe-live" aria-live="polite"></p>'
    )


def error_html(message: str) -> str:
    """Return an error message."""
    return f'<p class="mwe-error" role="alert">{escape(message)}</p>'


def suggestions_html(suggestions: Sequence[Suggestion]) -> str:
    """Return suggestions as buttons."""
    buttons = (
        f'<button type="button" class="mwe-chip" data-query="{escape(suggestion.query)}">{escape(suggestion.name)}'
        f"{'' if suggestion.kind == 'tag' else f'<small>{suggestion.kind}</small>'}</button>"
        for suggestion in suggestions
    )
    return f'<div class="mwe-chips" role="group" aria-label="Suggestions">{"".join(buttons)}</div>'


def _understood(answer: Answer) -> str:
    terms = (
        f'<span class="{"mwe-minus" if weight < 0 else "mwe-plus"}">{"&minus;" if weight < 0 else "+"}'
        f"{'' if abs(weight) == 1 else f' {abs(weight):g} &times;'} {escape(text)}</span>"
        for weight, text in answer.terms
    )
    return f'<p class="mwe-terms"><span class="mwe-label">Understood as</span>{"".join(terms)}{_filters(answer)}</p>'


def _filters(answer: Answer) -> str:
    return "".join(f'<span class="mwe-only">{escape(text)}</span>' for text in answer.filters)


def _card(card: Card, rank: int, opened: bool = False, play: bool = False) -> str:
    """Return a track that can be opened, which loads its sound and picture, and added to the playlist."""
    rank_html = f'<span class="mwe-rank">{rank}</span>' if rank else ""
    score = "" if card.score is None else f"{card.score:.2f}"
    row = "" if card.row is None else f' data-row="{card.row}"'
    tags = "".join(f"<span>{escape(tag)}</span>" for tag in card.tags)
    name, origin = escape(card.name), " · ".join(filter(None, (card.artist, card.album)))
    cover = f'<img loading="lazy" decoding="async" src="{escape(card.cover)}" alt="">' if card.cover else ""
    return (
        f'<article class="mwe-item"><details class="mwe-track" name="mwe-tracks"{row}{" open" if opened else ""}>'
        f'<summary>{rank_html}<span class="mwe-cover">{cover}</span>'
        f'<span class="mwe-names"><span class="mwe-name">{name}</span>'
        f'<span class="mwe-artist">{escape(origin)}</span>'
        f'<span class="mwe-own">{tags}</span></span>'
        f'<span class="mwe-score" title="cosine with the query">{score}</span></summary>'
        f'<div class="mwe-inside">'
        f'<audio controls preload="none" src="{escape(card.sound)}"{" data-play" if play else ""} '
        f'aria-label="{name}"></audio>'
        f'<p class="mwe-silent" hidden>This sound cannot be played: its file may have been moved or damaged.</p>'
        f"{_buttons(card)}"
        f"{'' if card.reason is None else reason_html(card.reason, card.score)}"
        f'<img class="mwe-mel" loading="lazy" src="{escape(card.picture)}" alt="Mel spectrogram of {name}">'
        f"{_tags(card.scored)}</div></details>{_add_button(card)}</article>"
    )


def _add_button(card: Card) -> str:
    if card.row is None:
        return ""
    shown = {"id": card.track_id, "row": card.row, "name": card.name, "artist": card.artist, "cover": card.cover}
    data = "".join(f' data-{key}="{escape(str(value))}"' for key, value in {**shown, "seconds": card.seconds}.items())
    return (
        f'<button type="button" class="mwe-add" aria-pressed="false" title="Add to the playlist" '
        f'aria-label="{escape(card.name)} in the playlist"{data}></button>'
    )


def _buttons(card: Card) -> str:
    if card.row is None:
        return ""
    why = '<button type="button" class="mwe-ask" data-why aria-expanded="false">Why this track?</button>'
    more = f'<button type="button" class="mwe-ask" data-track="{card.row}">More like this</button>'
    by = f'<button type="button" class="mwe-ask" data-artist="{card.row}">More by {escape(card.artist)}</button>'
    return f'<p class="mwe-actions">{why if card.reason else ""}{more}{by if card.artist else ""}</p>'


def _tags(scored: Sequence[TagScore]) -> str:
    """Return tags with their scores, group by group."""
    if not scored:
        return ""
    calibrated = any(score.probability is not None for score in scored)
    meaning = "probability that the tag fits" if calibrated else "cosine of track and tag"
    groups = groupby(scored, key=lambda score: score.group)
    parts = (f"<div><h3>{escape(group or 'tags')}</h3>{''.join(map(_bar, scores))}</div>" for group, scores in groups)
    return f'<div class="mwe-tags">{"".join(parts)}</div><p class="mwe-told">Prediction of the model: {meaning}.</p>'


def _bar(score: TagScore) -> str:
    tag = escape(score.tag)
    unseen = '<small title="not a training tag">unseen</small>' if score.seen is False else ""
    return (
        f'<button type="button" class="mwe-bar" data-tag="{tag}" title="Search for {tag}">'
        f'<span class="mwe-fill" style="width:{100 * min(max(score.score, 0.0), 1.0):.0f}%"></span>'
        f"<span>{tag}{unseen}</span><b>{score.score:.2f}</b></button>"
    )
