"""The controls that filter answers: tags, artists a track, and conditions on the tags in files."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import gradio as gr
import numpy as np
import pyarrow.compute as pc

from mwe.page.handlers import Options
from mwe.search import Filters, Library
from mwe.search.conditions import Condition, Field
from mwe.search.row_table import RowTable

ANY = "any"
GENRES = 300  # offered; others may be typed
LONGEST_VALUE = 200  # letters


class Facets(NamedTuple):
    """What the tags in the files of a library can be filtered by.

    Attributes:
        years: First and last year; None if no file has one.
        bpms: Least and largest beats per minute; None if no file has any.
        genres: Genres, the most frequent first.
        artists: Whether an artist is known.
        albums: Whether an album is known.
    """

    years: tuple[float, float] | None
    bpms: tuple[float, float] | None
    genres: tuple[str, ...]
    artists: bool
    albums: bool


def facets_of(library: Library) -> Facets:
    """Return what the tracks of a library can be filtered by."""
    metadata, artists = library.store.metadata, any(library.store.artists.dictionary.to_pylist())
    if metadata is None:
        return Facets(None, None, (), artists, False)
    counts = pc.value_counts(metadata.column("genre")).to_pylist()
    genres = sorted((-entry["counts"], entry["values"]) for entry in counts if entry["values"])
    albums = bool(pc.any(pc.not_equal(metadata.column("album"), "")).as_py())
    names = tuple(name for _, name in genres[:GENRES])
    return Facets(_bounds(metadata, "year"), _bounds(metadata, "bpm"), names, artists, albums)


def _bounds(metadata: RowTable, name: str) -> tuple[float, float] | None:
    bounds = pc.min_max(metadata.column(name)).as_py()
    return None if bounds["min"] is None else (float(bounds["min"]), float(bounds["max"]))


class Controls:
    """The controls, in the order of the values that ``read`` takes. Those that the library has nothing for are hidden.

    Args:
        library: The library.
    """

    def __init__(self, library: Library) -> None:
        facets = facets_of(library)
        counts = np.bincount(library.store.column("tags").values.to_numpy(), minlength=len(library.tags))
        tags = sorted(tag for tag, count in zip(library.tags.tags, counts, strict=True) if count)
        with gr.Accordion("Filters", open=False, elem_id="mwe-filters"):
            with gr.Row():
                years = _range("Year", facets.years)
                bpms = _range("BPM", facets.bpms)
            with gr.Row():
                genre = gr.Dropdown(
                    list(facets.genres),
                    value=None,
                    allow_custom_value=True,
                    label="Genre in the file",
                    min_width=160,
                    visible=bool(facets.genres),
                    elem_id="mwe-genre",
                )
                artist = _text("Artist", facets.artists)
                album = _text("Album", facets.albums)
            with gr.Row():
                required = gr.Dropdown(tags, multiselect=True, label="Must have the tags", min_width=160)
                excluded = gr.Dropdown(tags, multiselect=True, label="Must not have", min_width=160)
            with gr.Row():
                per_artist = gr.Radio([ANY, "3", "2", "1"], value=ANY, label="Tracks of one artist", min_width=220)
                k = gr.Radio(["10", "20", "50"], value="10", label="Answers", min_width=160)
            self.reset = gr.Button("Reset filters", size="sm", scale=0, elem_id="mwe-reset")
        self.chosen: list[Any] = [per_artist, k, required, excluded, genre]
        self.typed: list[Any] = [*years, *bpms, artist, album]

    @property
    def inputs(self) -> list[Any]:
        """All controls."""
        return [*self.chosen, *self.typed]

    @property
    def changes(self) -> list[Any]:
        """The events at which answers are to be renewed: a choice, or the end of typing."""
        return [
            *(part.change for part in self.chosen),
            *(event for part in self.typed for event in (part.submit, part.blur)),
        ]


DEFAULTS: tuple[Any, ...] = (ANY, "10", [], [], None, "", "", "", "", "", "")
"""Values of all controls before anything is chosen."""


def read(
    per_artist: str,
    k: str,
    required: Sequence[str] | None,
    excluded: Sequence[str] | None,
    genre: str | None,
    year_from: str | None,
    year_to: str | None,
    bpm_from: str | None,
    bpm_to: str | None,
    artist: str | None,
    album: str | None,
) -> Options:
    """Return the options that the values of the controls mean; a control that was never shown may have None.

    Examples:
        >>> options = read("2", "10", [], [], "Jazz", "1990", "", "", "", " ", "")
        >>> [str(condition) for condition in options.filters.conditions]
        ['only year 1990..', 'only genre Jazz']
    """
    values: dict[Field, str] = {
        "year": _between(year_from, year_to),
        "bpm": _between(bpm_from, bpm_to),
        "genre": (genre or "").strip(),
        "artist": (artist or "").strip(),
        "album": (album or "").strip(),
    }
    conditions = tuple(Condition(field, value[:LONGEST_VALUE]) for field, value in values.items() if value)
    filters = Filters(tuple(required or ()), tuple(excluded or ()), conditions=conditions)
    return Options(int(k), None if per_artist == ANY else int(per_artist), filters)


def _between(low: str | None, high: str | None) -> str:
    """Return the value of a condition for bounds of which either may be missing; empty if both are."""
    bounds = [(bound or "").strip() for bound in (low, high)]
    return "..".join(bounds) if any(bounds) else ""


def _range(name: str, bounds: tuple[float, float] | None) -> list[Any]:
    """Return fields for the bounds of a number, which show the library's own until something is typed."""
    return [
        gr.Textbox(
            label=f"{name} {word}",
            placeholder=f"{bound:.0f}",
            max_lines=1,
            min_width=90,
            visible=bounds is not None,
            elem_classes="mwe-number",
            html_attributes=gr.InputHTMLAttributes(autocomplete="off", autocapitalize="off"),
        )
        for word, bound in zip(("from", "to"), bounds or (0, 0), strict=True)
    ]


def _text(name: str, shown: bool) -> Any:
    return gr.Textbox(label=name, max_lines=1, min_width=160, visible=shown, elem_id=f"mwe-{name.lower()}")
