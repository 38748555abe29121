"""HTML that explains an answer: what each term gave, which heard tags carry the likeness, what the file says."""

from html import escape

from mwe.search.reasons import Reason, SharedTag, TermShare


def reason_html(reason: Reason, score: float | None) -> str:
    """Return why a track answers a query, hidden until it is asked for.

    Args:
        reason: The reason.
        score: The score of the track, which the parts of all terms add up to; None without terms.

    Examples:
        >>> reason_html(Reason((), (), {"year": 1994}), None)[-62:]
        '<div><h3>Its file says</h3><p>year <b>1994</b></p></div></div>'
    """
    parts = []
    if reason.terms:
        largest = max(abs(term.gave) for term in reason.terms) or 1.0
        rows = "".join(_term(term, largest) for term in reason.terms)
        total = "" if score is None else f'<li class="mwe-total"><span>score</span><i></i><b>{score:.2f}</b></li>'
        parts.append(f"<div><h3>What each term gave</h3><ul>{rows}{total}</ul></div>")
    if reason.heard:
        rows = "".join(map(_heard, reason.heard))
        parts.append(f"<div><h3>Heard in it and near the query</h3><ul>{rows}</ul></div>")
    if reason.file:
        said = " · ".join(f"{escape(name)} <b>{escape(_plain(value))}</b>" for name, value in reason.file.items())
        parts.append(f"<div><h3>Its file says</h3><p>{said}</p></div>")
    return f'<div class="mwe-why" hidden>{"".join(parts) or "<p>It meets the conditions of the query.</p>"}</div>'


def _term(term: TermShare, largest: float) -> str:
    """Return a term with a bar for its part of the score."""
    kind, width = ("mwe-lost" if term.gave < 0 else "mwe-gave"), 100 * abs(term.gave) / largest
    name = f"{'not ' if term.subtracted else ''}{term.understood}"
    number = f"{term.gave:+.2f}".replace("-", "\N{MINUS SIGN}")
    return (
        f'<li title="cosine of the track and this term alone: {term.cosine:.2f}"><span>{escape(name)}</span>'
        f'<i><u class="{kind}" style="width:{width:.0f}%"></u></i><b>{number}</b></li>'
    )


def _heard(tag: SharedTag) -> str:
    """Return a heard tag with a bar for its likeness with the track."""
    name = escape(tag.tag)
    return (
        f'<li title="cosine with the track {tag.track:.2f}, with the query {tag.query:.2f}"><span>{name}</span>'
        f'<i><u class="mwe-gave" style="width:{100 * min(tag.track, 1.0):.0f}%"></u></i><b>{tag.track:.2f}</b></li>'
    )


def _plain(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
