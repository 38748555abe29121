"""The page in Gradio: layout and events. Imported only when a page is served."""

from collections.abc import Sequence
from importlib.resources import files
from threading import Lock
from typing import Any

import gradio as gr
import numpy as np

from mwe.page.guard import guard
from mwe.page.handlers import LONGEST_QUERY, Handlers, Options, PageQuery
from mwe.page.markup import head_html, map_html, suggestions_html, welcome_html
from mwe.page.media import TYPES, Media
from mwe.page.plane import plane_of
from mwe.page.suggest import Suggester
from mwe.search import Filters, Library
from mwe.search.grammar import Term

ANY = "any"
FONTS = "ui-sans-serif", "system-ui", "sans-serif"  # system fonts: Gradio would fetch others
MONOSPACE = "ui-monospace", "monospace"
STYLES = "page.css", "answers.css", "map.css"
UPLOAD_SECONDS = 3600  # lifetime of an uploaded file


class Page:
    """The page of a library.

    Args:
        library: The library.
        max_tracks: Maximum number of tracks on the map.
    """

    def __init__(self, library: Library, max_tracks: int) -> None:
        lock = Lock()
        self.library, self.handlers = library, Handlers(library, lock)
        self.suggester = Suggester(library)
        self.media = Media(library, plane_of(library, max_tracks), lock)

    def launch(
        self, host: str, port: int, upload_mb: int, share: bool = False, browser: bool = False
    ) -> tuple[gr.Blocks, str]:
        """Serve the page in background threads.

        Args:
            host: Address to listen on.
            port: Port to listen on.
            upload_mb: Largest file that may be uploaded, in megabytes.
            share: Whether to open a tunnel from a public address.
            browser: Whether to open a browser.

        Returns:
            The blocks, which close the page, and its address.

        Raises:
            OSError: The page cannot listen on the address.
        """
        blocks = self.blocks(upload_mb)
        blocks.queue(max_size=64, default_concurrency_limit=4)
        _, local, public = blocks.launch(
            server_name=host,
            server_port=port,
            share=share,
            inbrowser=browser,
            prevent_thread_lock=True,
            quiet=True,
            max_file_size=f"{upload_mb}mb",
            app_kwargs={"routes": self.media.routes, "middleware": guard()},
            allowed_paths=[],  # Gradio only serves uploaded files
            ssr_mode=False,
            footer_links=[],
            theme=gr.themes.Default(neutral_hue="gray", font=FONTS, font_mono=MONOSPACE),
            css="".join(_asset(name) for name in STYLES),
        )
        return blocks, public or local

    def blocks(self, upload_mb: int) -> gr.Blocks:
        """Return the layout and the events of the page."""
        name = self.library.root.resolve().name
        about = f"{len(self.library):,} tracks, {len(self.library.tags):,} tags"
        page: gr.Blocks = gr.Blocks(
            title=f"{name} - mwe",
            analytics_enabled=False,
            delete_cache=(UPLOAD_SECONDS, UPLOAD_SECONDS),
            fill_width=True,
        )
        with page:
            gr.HTML(head_html(name, about), elem_id="mwe-head", apply_default_css=False)
            with gr.Row(elem_id="mwe-ask"):
                query = _query_box()
                search = gr.Button("Search", variant="primary", scale=0, elem_id="mwe-search")
            chips = _custom_part(self._suggestions(""), "suggest")
            with gr.Row(elem_id="mwe-page"):
                with gr.Column(scale=6, min_width=320):
                    options, upload = self._options(), _upload(upload_mb)
                    answers = _custom_part(welcome_html(), "answers")
                with gr.Column(scale=5, min_width=320):
                    plane = _custom_part(map_html(), "map")
            request = gr.State(None)
            quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
            outputs = [query, chips, request, answers]
            gr.on([query.submit, search.click], self._on_submit, [query, *options], [chips, request, answers], **quiet)
            chips.typed(self._on_typing, None, chips, trigger_mode="always_last", **quiet)
            chips.pick(self._on_suggestion, options, outputs, **quiet)
            answers.ask(self._on_click, options, outputs, **quiet)
            plane.ask(self._on_click, options, outputs, **quiet)
            upload.upload(self._on_upload, [upload, *options], outputs, **(quiet | {"show_progress": "minimal"}))
            gr.on([option.change for option in options], self._on_options, [request, *options], answers, **quiet)
        return page

    def _options(self) -> list[Any]:
        """Return the controls that filter answers, in the order of ``_read``."""
        counts = np.bincount(self.library.store.column("tags").values.to_numpy(), minlength=len(self.library.tags))
        tags = sorted(tag for tag, count in zip(self.library.tags.tags, counts, strict=True) if count)
        with gr.Accordion("Filters", open=False, elem_id="mwe-filters"):
            with gr.Row():
                per_artist = gr.Radio([ANY, "3", "2", "1"], value=ANY, label="Tracks of one artist", min_width=220)
                k = gr.Radio(["10", "20", "50"], value="10", label="Answers", min_width=160)
            with gr.Row():
                required = gr.Dropdown(tags, multiselect=True, label="Must have the tags", min_width=160)
                excluded = gr.Dropdown(tags, multiselect=True, label="Must not have", min_width=160)
        return [per_artist, k, required, excluded]

    # Handlers of events; `options` are the values of the controls.

    def _suggestions(self, text: str) -> str:
        return suggestions_html(self.suggester.complete(text))

    def _on_typing(self, event: gr.EventData) -> str:
        return self._suggestions(str(event._data.get("text", ""))[:LONGEST_QUERY])

    def _on_submit(self, text: str, *options: Any) -> tuple[Any, ...]:
        request = PageQuery(text)
        return self._suggestions(""), request, self._answer(request, options)

    def _on_suggestion(self, event: gr.EventData, *options: Any) -> tuple[Any, ...]:
        request = PageQuery(str(event._data.get("query", "")))
        return request.text, self._suggestions(request.text), request, self._answer(request, options)

    def _on_click(self, event: gr.EventData, *options: Any) -> tuple[Any, ...]:
        request = self.handlers.query_of(event._data)
        if request is None:
            return (gr.skip(),) * 4
        return request.text, self._suggestions(""), request, self._answer(request, options)

    def _on_upload(self, path: str | None, *options: Any) -> tuple[Any, ...]:
        request = PageQuery("", Term("file", path)) if path else PageQuery("")
        return "", self._suggestions(""), request, self._answer(request, options)

    def _on_options(self, request: PageQuery | None, *options: Any) -> str:
        return self._answer(request._replace(play=False) if request else PageQuery(""), options)

    def _answer(self, request: PageQuery, options: Sequence[Any]) -> str:
        return (
            self.handlers.answer(request, _read(*options)) if request.term or request.text.strip() else welcome_html()
        )


def _read(per_artist: str, k: str, required: Sequence[str] | None, excluded: Sequence[str] | None) -> Options:
    filters = Filters(tuple(required or ()), tuple(excluded or ()))
    return Options(int(k), None if per_artist == ANY else int(per_artist), filters)


def _custom_part(html: str, name: str) -> Any:
    """Return a part of the page with this package's own HTML."""
    return gr.HTML(html, js_on_load=_asset(f"{name}.js"), elem_id=f"mwe-{name}", apply_default_css=False)


def _query_box() -> gr.Textbox:
    return gr.Textbox(
        label="Search by words, tags, artists",
        placeholder="calm + piano - drums",
        container=False,
        lines=1,
        max_lines=1,
        autofocus=True,
        elem_id="mwe-query",
        html_attributes=gr.InputHTMLAttributes(
            autocomplete="off", autocapitalize="off", spellcheck=False, enterkeyhint="search"
        ),
    )


def _upload(upload_mb: int) -> gr.File:
    with gr.Accordion("Query with your own file", open=False, elem_id="mwe-upload"):
        return gr.File(label=f"Audio file, up to {upload_mb} MB", file_types=["audio", *TYPES], height=110)


def _asset(name: str) -> str:
    return files("mwe.page").joinpath(name).read_text(encoding="utf-8")
