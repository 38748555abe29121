"""The page in Gradio: how its parts stand and what leads to what. Imported only when a page is served."""

from collections.abc import Sequence
from importlib.resources import files
from threading import Lock
from typing import Any

import gradio as gr
import numpy as np

from mwe.page.guard import guard
from mwe.page.handlers import LONGEST_QUERY, Asked, Handlers, Options
from mwe.page.markup import head_html, map_html, suggestions_html, welcome_html
from mwe.page.media import TYPES, Media
from mwe.page.plane import plane_of
from mwe.page.suggest import Suggester
from mwe.search import Filters, Library
from mwe.search.grammar import Term

ANY = "any"
FONTS = "ui-sans-serif", "system-ui", "sans-serif"  # of the system: Gradio would fetch others
MONOSPACE = "ui-monospace", "monospace"
STYLES = "page.css", "answers.css", "map.css"
KEPT = 3600  # seconds that an uploaded file is kept


class Page:
    """The page of a library.

    Args:
        library: The library.
        most_tracks: Tracks on the map, at most.
    """

    def __init__(self, library: Library, most_tracks: int) -> None:
        lock = Lock()
        self.library, self.handlers = library, Handlers(library, lock)
        self.suggester = Suggester(library)
        self.media = Media(library, plane_of(library, most_tracks), lock)

    def launch(
        self, host: str, port: int, upload_mb: int, share: bool = False, browser: bool = False
    ) -> tuple[gr.Blocks, str]:
        """Serve the page in threads of their own.

        Args:
            host: Address to listen on.
            port: Port to listen on.
            upload_mb: Largest file that may be uploaded, in megabytes.
            share: Whether to open a tunnel from a public address.
            browser: Whether to open a browser.

        Returns:
            What closes it, and its address.

        Raises:
            OSError: The address cannot be listened on.
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
            allowed_paths=[],  # Gradio itself gives out what was uploaded and nothing else
            ssr_mode=False,
            footer_links=[],
            theme=gr.themes.Default(neutral_hue="gray", font=FONTS, font_mono=MONOSPACE),
            css="".join(_asset(name) for name in STYLES),
        )
        return blocks, public or local

    def blocks(self, upload_mb: int) -> gr.Blocks:
        """The parts of the page and what leads to what."""
        name = self.library.root.resolve().name
        about = f"{len(self.library):,} tracks, {len(self.library.tags):,} tags"
        made: gr.Blocks = gr.Blocks(
            title=f"{name} - mwe", analytics_enabled=False, delete_cache=(KEPT, KEPT), fill_width=True
        )
        with made:
            gr.HTML(head_html(name, about), elem_id="mwe-head", apply_default_css=False)
            with gr.Row(elem_id="mwe-ask"):
                query = _query_box()
                search = gr.Button("Search", variant="primary", scale=0, elem_id="mwe-search")
            chips = _own_part(self._offer(""), "suggest")
            with gr.Row(elem_id="mwe-page"):
                with gr.Column(scale=6, min_width=320):
                    options, upload = self._options(), _upload(upload_mb)
                    answers = _own_part(welcome_html(), "answers")
                with gr.Column(scale=5, min_width=320):
                    plane = _own_part(map_html(), "map")
            asked = gr.State(None)
            quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
            shown = [query, chips, asked, answers]
            gr.on([query.submit, search.click], self._ask, [query, *options], [chips, asked, answers], **quiet)
            chips.typed(self._typed, None, chips, trigger_mode="always_last", **quiet)
            chips.pick(self._pick, options, shown, **quiet)
            answers.ask(self._click, options, shown, **quiet)
            plane.ask(self._click, options, shown, **quiet)
            upload.upload(self._hear, [upload, *options], shown, **(quiet | {"show_progress": "minimal"}))
            gr.on([one.change for one in options], self._again, [asked, *options], answers, **quiet)
        return made

    def _options(self) -> list[Any]:
        """What narrows the answers, in the order of ``_read``."""
        counts = np.bincount(self.library.column("tags").values.to_numpy(), minlength=len(self.library.tags))
        tags = sorted(tag for tag, count in zip(self.library.tags.tags, counts, strict=True) if count)
        with gr.Accordion("Filters", open=False, elem_id="mwe-filters"):
            with gr.Row():
                per_artist = gr.Radio([ANY, "3", "2", "1"], value=ANY, label="Tracks of one artist", min_width=220)
                k = gr.Radio(["10", "20", "50"], value="10", label="Answers", min_width=160)
            with gr.Row():
                wanted = gr.Dropdown(tags, multiselect=True, label="Must have the tags", min_width=160)
                unwanted = gr.Dropdown(tags, multiselect=True, label="Must not have", min_width=160)
        return [per_artist, k, wanted, unwanted]

    # What follows an event; `given` are the options.

    def _offer(self, text: str) -> str:
        return suggestions_html(self.suggester.complete(text))

    def _typed(self, event: gr.EventData) -> str:
        return self._offer(str(event._data.get("text", ""))[:LONGEST_QUERY])

    def _ask(self, text: str, *given: Any) -> tuple[Any, ...]:
        asked = Asked(text)
        return self._offer(""), asked, self._answer(asked, given)

    def _pick(self, event: gr.EventData, *given: Any) -> tuple[Any, ...]:
        asked = Asked(str(event._data.get("query", "")))
        return asked.text, self._offer(asked.text), asked, self._answer(asked, given)

    def _click(self, event: gr.EventData, *given: Any) -> tuple[Any, ...]:
        asked = self.handlers.asked(event._data)
        if asked is None:
            return (gr.skip(),) * 4
        return asked.text, self._offer(""), asked, self._answer(asked, given)

    def _hear(self, path: str | None, *given: Any) -> tuple[Any, ...]:
        asked = Asked("", Term("file", path)) if path else Asked("")
        return "", self._offer(""), asked, self._answer(asked, given)

    def _again(self, asked: Asked | None, *given: Any) -> str:
        return self._answer(asked._replace(play=False) if asked else Asked(""), given)

    def _answer(self, asked: Asked, given: Sequence[Any]) -> str:
        return self.handlers.answer(asked, _read(*given)) if asked.term or asked.text.strip() else welcome_html()


def _read(per_artist: str, k: str, wanted: Sequence[str] | None, unwanted: Sequence[str] | None) -> Options:
    filters = Filters(tuple(wanted or ()), tuple(unwanted or ()))
    return Options(int(k), None if per_artist == ANY else int(per_artist), filters)


def _own_part(html: str, name: str) -> Any:
    """A part of the page that this package draws itself.

    Its HTML is the value alone, never Gradio's template: in that ``${}`` would be run, whoever wrote it.
    """
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
    with gr.Accordion("Ask with a file of yours", open=False, elem_id="mwe-upload"):
        return gr.File(label=f"Audio file, up to {upload_mb} MB", file_types=["audio", *TYPES], height=110)


def _asset(name: str) -> str:
    return files("mwe.page").joinpath(name).read_text(encoding="utf-8")
