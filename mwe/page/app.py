"""The page in Gradio: layout and events. Imported only when a page is served."""

from collections.abc import Sequence
from importlib.resources import files
from threading import Lock
from typing import Any

import gradio as gr

from mwe.page.controls import DEFAULTS, Controls, read
from mwe.page.guard import guard
from mwe.page.handlers import LONGEST_QUERY, Handlers, Options, PageQuery
from mwe.page.markup import head_html, map_html, suggestions_html, welcome_html
from mwe.page.media import TYPES, Media
from mwe.page.panels import playlist_html, problems_html
from mwe.page.plane import plane_of
from mwe.page.problems import Problems
from mwe.page.saved_playlist import SavedPlaylist
from mwe.page.suggest import Suggester
from mwe.search import Library
from mwe.search.grammar import Term

FONTS = "ui-sans-serif", "system-ui", "sans-serif"  # system fonts: Gradio would fetch others
MONOSPACE = "ui-monospace", "monospace"
STYLES = "page.css", "answers.css", "reason.css", "playlist.css", "problems.css", "map.css"
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
        self.problems, self.playlist = Problems(library, lock), SavedPlaylist(library, lock)

    def launch(
        self,
        host: str,
        port: int,
        upload_mb: int,
        share: bool = False,
        browser: bool = False,
        framed_by: Sequence[str] = (),
    ) -> tuple[gr.Blocks, str]:
        """Serve the page in background threads.

        Args:
            host: Address to listen on.
            port: Port to listen on.
            upload_mb: Largest file that may be uploaded, in megabytes.
            share: Whether to open a tunnel from a public address.
            browser: Whether to open a browser.
            framed_by: Sites that may show the page in a frame.

        Returns:
            The blocks, which close the page, and its address.

        Raises:
            OSError: The page cannot listen on the address.
            BadRequestError: One of ``framed_by`` is no address of a site.
        """
        middleware = guard(framed_by)
        blocks = self.blocks(upload_mb)
        routes = [*self.media.routes, *self.problems.routes, *self.playlist.routes]
        blocks.queue(max_size=64, default_concurrency_limit=4)
        _, local, public = blocks.launch(
            server_name=host,
            server_port=port,
            share=share,
            inbrowser=browser,
            prevent_thread_lock=True,
            quiet=True,
            max_file_size=f"{upload_mb}mb",
            app_kwargs={"routes": routes, "middleware": middleware},
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
                    controls, upload = Controls(self.library), _upload(upload_mb)
                    problems = self._problems()
                    answers = _custom_part(welcome_html(), "answers")
                with gr.Column(scale=5, min_width=320, elem_id="mwe-side"):
                    playlist = _custom_part(playlist_html(self.library.root), "playlist")
                    plane = _custom_part(map_html(), "map")
            request, options = gr.State(None), controls.inputs
            quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
            outputs = [query, chips, request, answers]
            gr.on([query.submit, search.click], self._on_submit, [query, *options], [chips, request, answers], **quiet)
            chips.typed(self._on_typing, None, chips, trigger_mode="always_last", **quiet)
            chips.pick(self._on_suggestion, options, outputs, **quiet)
            for part in (answers, plane, playlist, problems):
                part.ask(self._on_click, options, outputs, **quiet)
            upload.upload(self._on_upload, [upload, *options], outputs, **(quiet | {"show_progress": "minimal"}))
            gr.on(controls.changes, self._on_options, [request, *options], [request, answers], **quiet)
            controls.reset.click(lambda: DEFAULTS, None, options, **quiet).then(
                self._on_options, [request, *options], [request, answers], **quiet
            )
        return page

    def _problems(self) -> Any:
        """Return the list of broken files, hidden if there are none."""
        with gr.Accordion("Files with problems", open=False, elem_id="mwe-broken", visible=self.problems.exist()):
            return _custom_part(problems_html(), "problems")

    # Handlers of events; `options` are the values of the controls.

    def _suggestions(self, text: str) -> str:
        return suggestions_html(self.suggester.complete(text))

    def _on_typing(self, event: gr.EventData) -> str:
        return self._suggestions(str(event._data.get("text", ""))[:LONGEST_QUERY])

    def _on_submit(self, text: str, *options: Any) -> tuple[Any, ...]:
        return self._suggestions(""), *self._answered(PageQuery(text), read(*options))

    def _on_suggestion(self, event: gr.EventData, *options: Any) -> tuple[Any, ...]:
        request = PageQuery(str(event._data.get("query", "")))
        return request.text, self._suggestions(request.text), *self._answered(request, read(*options))

    def _on_click(self, event: gr.EventData, *options: Any) -> tuple[Any, ...]:
        request = self.handlers.query_of(event._data)
        if request is None:
            return (gr.skip(),) * 4
        return request.text, self._suggestions(""), *self._answered(request, read(*options))

    def _on_upload(self, path: str | None, *options: Any) -> tuple[Any, ...]:
        request = PageQuery("", Term("file", path)) if path else PageQuery("")
        return "", self._suggestions(""), *self._answered(request, read(*options))

    def _on_options(self, shown: tuple[PageQuery, Options] | None, *options: Any) -> tuple[Any, ...]:
        """Renew the answer, unless the options are those that it has: a field may only have been visited."""
        request, before = shown or (PageQuery(""), read(*DEFAULTS))
        now = read(*options)
        return (gr.skip(), gr.skip()) if now == before else self._answered(request._replace(play=False), now)

    def _answered(self, request: PageQuery, options: Options) -> tuple[tuple[PageQuery, Options], str]:
        """Return what is asked, and its answer; without a query, the tracks that pass the filters."""
        asked = request.term or request.text.strip() or options.filters
        return (request, options), self.handlers.answer(request, options) if asked else welcome_html()


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
