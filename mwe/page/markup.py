"""The page's own HTML. Whatever comes from a library or a user goes through ``html.escape``."""

from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import NamedTuple

from mwe.page.suggest import Suggestion
from mwe.search.answers import Answer, TagScore


class Card(NamedTuple):
    """A track, or a file of the user, with what is shown when it is opened.

    Attributes:
        name: What it is called.
        artist: Whose it is; empty where unknown.
        sound: Address of its sound.
        picture: Address of its picture.
        own: Tags it has been given.
        scored: Tags the model finds fitting.
        row: Row of the library; None for a file of the user.
        score: Likeness to the query; None for what was asked with.
    """

    name: str
    artist: str
    sound: str
    picture: str
    own: Sequence[str]
    scored: Sequence[TagScore]
    row: int | None = None
    score: float | None = None


def answer_html(answer: Answer, hits: Sequence[Card], asked: Card | None = None, play: bool = False) -> str:
    """Tracks that answer, under what was understood and, where there is one, the track or file that was asked with.

    Args:
        answer: What the query found.
        hits: Its tracks.
        asked: What was asked with.
        play: Whether to play that at once.
    """
    parts = [_understood(answer) if asked is None else _card(asked, 0, opened=True, play=play)]
    parts += [f'<p class="mwe-note">{escape(note)}</p>' for note in answer.notes]
    if not hits:
        return "".join([*parts, '<p class="mwe-none" role="status">No track answers this. Loosen the filters?</p>'])
    heading = "Most like it" if asked else f"{len(hits)} tracks" if len(hits) > 1 else "1 track"
    parts.append(f'<h2 class="mwe-heading" role="status">{heading}<a href="#mwe-map">to the map</a></h2>')
    return "".join([*parts, *(_card(hit, rank) for rank, hit in enumerate(hits, 1))])


def welcome_html() -> str:
    """What stands where answers will."""
    return (
        '<p class="mwe-welcome">Type words, tags or artists, add with <b>+</b> and subtract with <b>&minus;</b> '
        "between spaces: <b>calm + piano - drums</b>. Or pick a suggestion above, a point on the map, or ask with a "
        "file.</p>"
    )


def head_html(name: str, about: str) -> str:
    """The library's name and what it is."""
    return f"<h1>{escape(name)}</h1><p>{escape(about)}</p>"


def map_html() -> str:
    """The frame that the map is drawn into."""
    told = "Map of tracks and tags. Arrow keys go from point to point, Enter asks for it, plus and minus zoom."
    return (
        f'<div class="mwe-map-frame"><canvas tabindex="0" role="application" aria-label="{told}"></canvas>'
        '<div class="mwe-tip" hidden></div></div>'
        '<div class="mwe-below"><p class="mwe-legend"></p><div class="mwe-zoom">'
        '<button type="button" class="mwe-out" aria-label="Zoom out">&minus;</button>'
        '<button type="button" class="mwe-in" aria-label="Zoom in">+</button>'
        '<button type="button" class="mwe-all">whole map</button></div></div>'
        '<p class="mwe-live" aria-live="polite"></p>'
    )


def error_html(message: str) -> str:
    """What went wrong, kindly."""
    return f'<p class="mwe-error" role="alert">{escape(message)}</p>'


def suggestions_html(offered: Sequence[Suggestion]) -> str:
    """Ways to go on, as buttons."""
    buttons = (
        f'<button type="button" class="mwe-chip" data-query="{escape(one.query)}">{escape(one.name)}'
        f"{'' if one.kind == 'tag' else f'<small>{one.kind}</small>'}</button>"
        for one in offered
    )
    return f'<div class="mwe-chips" role="group" aria-label="Suggestions">{"".join(buttons)}</div>'


def _understood(answer: Answer) -> str:
    terms = (
        f'<span class="{"mwe-minus" if weight < 0 else "mwe-plus"}">{"&minus;" if weight < 0 else "+"}'
        f"{'' if abs(weight) == 1 else f' {abs(weight):g} &times;'} {escape(text)}</span>"
        for weight, text in answer.terms
    )
    return f'<p class="mwe-terms"><span class="mwe-label">Understood as</span>{"".join(terms)}</p>'


def _card(card: Card, rank: int, opened: bool = False, play: bool = False) -> str:
    """A track that opens; its sound and picture are fetched only then."""
    place = f'<span class="mwe-rank">{rank}</span>' if rank else ""
    likeness = "" if card.score is None else f"{card.score:.2f}"
    row = "" if card.row is None else f' data-row="{card.row}"'
    own = "".join(f"<span>{escape(tag)}</span>" for tag in card.own)
    name = escape(card.name)
    return (
        f'<details class="mwe-track" name="mwe-tracks"{row}{" open" if opened else ""}>'
        f'<summary>{place}<span class="mwe-names"><span class="mwe-name">{name}</span>'
        f'<span class="mwe-artist">{escape(card.artist)}</span></span>'
        f'<span class="mwe-own">{own}</span>'
        f'<span class="mwe-score" title="cosine with the query">{likeness}</span></summary>'
        f'<div class="mwe-inside">'
        f'<audio controls preload="none" src="{escape(card.sound)}"{" data-play" if play else ""} '
        f'aria-label="{name}"></audio>'
        f'<p class="mwe-silent" hidden>This sound cannot be played: its file may have been moved or damaged.</p>'
        f'<img class="mwe-mel" loading="lazy" src="{escape(card.picture)}" alt="Mel spectrogram of {name}">'
        f"{_tags(card.scored)}{_buttons(card)}</div></details>"
    )


def _buttons(card: Card) -> str:
    if card.row is None:
        return ""
    more = f'<button type="button" class="mwe-ask" data-track="{card.row}">More like this</button>'
    by = f'<button type="button" class="mwe-ask" data-artist="{card.row}">More by {escape(card.artist)}</button>'
    return f'<p class="mwe-actions">{more}{by if card.artist else ""}</p>'


def _tags(scored: Sequence[TagScore]) -> str:
    """Tags with their scores, group by group."""
    if not scored:
        return ""
    calibrated = any(one.probability is not None for one in scored)
    told = "probability that the tag fits" if calibrated else "cosine of track and tag"
    groups = groupby(scored, key=lambda one: one.group)
    parts = (
        f"<div><h3>{escape(group or 'tags')}</h3>{''.join(map(_bar, own))}</div>"
        for group, own in ((group, list(own)) for group, own in groups)
    )
    return f'<div class="mwe-tags">{"".join(parts)}</div><p class="mwe-told">What the model hears: {told}.</p>'


def _bar(one: TagScore) -> str:
    tag = escape(one.tag)
    unseen = '<small title="training did not have this tag">unseen</small>' if one.seen is False else ""
    return (
        f'<button type="button" class="mwe-bar" data-tag="{tag}" title="Search for {tag}">'
        f'<span class="mwe-fill" style="width:{100 * min(max(one.score, 0.0), 1.0):.0f}%"></span>'
        f"<span>{tag}{unseen}</span><b>{one.score:.2f}</b></button>"
    )
