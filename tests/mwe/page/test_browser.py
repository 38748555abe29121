"""The page in a real browser: Chromium without a screen, steered by Playwright."""

import re
import shutil
import socket
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
import soundfile

gradio = pytest.importorskip("gradio", reason="Gradio is not installed (extra `demo`)")
sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra `dev`)")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

from mwe.page.app import Page  # noqa: E402 - needs Gradio

QUIET = ("disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update")
BOX = "#mwe-query :is(input, textarea)"
CANVAS = "#mwe-map canvas"
PLAYING = "[...document.querySelectorAll('#mwe-answers audio')].filter((one) => !one.paused && one.currentTime > 0)"


def served(library, tmp_path_factory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        blocks, url = Page(library, 2000).launch("127.0.0.1", port, upload_mb=1)
        yield url
        blocks.close(verbose=False)


@pytest.fixture(scope="module")
def url(folder, tmp_path_factory):
    """Address of the page of the miniature."""
    from mwe.search import Library

    yield from served(Library(folder), tmp_path_factory)


@pytest.fixture(scope="module")
def odd_url(odd, tmp_path_factory):
    """Address of the page of a library whose names try to be markup."""
    yield from served(odd, tmp_path_factory)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", *(f"--{name}" for name in QUIET)]
        )
        yield opened
        opened.close()


@pytest.fixture
def visit(browser):
    """Open a page; in the end nothing may have gone wrong on it, and no other host may have been asked."""
    contexts, wrong, asked = [], [], []

    def open_page(url, **settings):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **settings})
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("dialog", lambda dialog: wrong.append(f"dialog {dialog.message}") or dialog.dismiss())
        page.on("request", lambda request: asked.append(request.url))
        page.goto(url)
        page.wait_for_selector(f"{CANVAS}[data-ready]")
        page.asked = asked
        page.wrong = wrong
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong
    assert [url for url in asked if not re.match(r"http://127\.0\.0\.1:|data:|blob:", url)] == []


def ask(page, text):
    page.fill(BOX, text)
    page.press(BOX, "Enter")


def names(page):
    return page.locator(".mwe-track .mwe-name").all_inner_texts()


def place(page, **wanted):
    """Where a point of the map lies on the screen."""
    page.locator(CANVAS).scroll_into_view_if_needed()
    point = page.evaluate("(wanted) => document.querySelector('#mwe-map canvas').placeOf(wanted)", wanted)
    box = page.locator(CANVAS).bounding_box()
    return box["x"] + point["x"], box["y"] + point["y"]


def test_a_query_finds_tracks_that_play_and_show_what_is_in_them(url, library, visit):
    page = visit(url)
    ask(page, "low - pure")
    page.wait_for_selector(".mwe-track")
    assert names(page) == [hit.track_id for hit in library.search("low - pure", 10).hits]
    assert not [one for one in page.asked if re.search(r"mel\.png|sound", one)]
    page.click(".mwe-track summary >> nth=1")
    page.wait_for_function("document.querySelector('.mwe-track[open] .mwe-mel').naturalWidth > 50")
    # the player's own controls are the browser's: the space bar is theirs too
    page.focus(".mwe-track[open] audio")
    page.keyboard.press("Space")
    page.wait_for_function(f"{PLAYING}.length === 1")
    assert len({one for one in page.asked if one.endswith("mel.png")}) == 1
    page.click(".mwe-track summary >> nth=2")
    page.wait_for_function(f"{PLAYING}.length === 0")
    page.click(".mwe-track[open] .mwe-bar[data-tag='buzzing']")
    page.wait_for_selector("text=tag buzzing")
    assert page.input_value(BOX) == "tag:buzzing"
    page.click(".mwe-track summary >> nth=0")
    page.click(".mwe-track[open] .mwe-ask[data-track]")
    page.wait_for_selector("text=Most similar")
    assert page.input_value(BOX) == f"track:{names(page)[0]}"


def test_suggestions_are_taken_and_near_names_are_told(url, visit):
    page = visit(url)
    page.locator(BOX).press_sequentially("high - buz")
    page.click(".mwe-chip[data-query='high - buzzing']")
    page.wait_for_selector(".mwe-track")
    assert page.input_value(BOX) == "high - buzzing"
    ask(page, "lwo")
    page.wait_for_selector(".mwe-error:has-text('nearest: low')")


def test_suggestions_follow_whatever_changes_the_text(url, visit):
    page = visit(url)
    for change in ("bass", "Backspace", "Control+A", "Control+X", "Control+V"):
        page.focus(BOX)
        page.keyboard.press(change) if change[0].isupper() else page.keyboard.insert_text(change)
    page.wait_for_selector(".mwe-chip:has-text('bass drone')")
    page.fill(BOX, "")
    page.wait_for_function("document.querySelectorAll('.mwe-chip').length === 6")
    page.fill(BOX, "zzzz")
    page.wait_for_function("document.querySelectorAll('.mwe-chip').length === 0")


def test_one_track_of_an_artist(url, visit):
    page = visit(url)
    ask(page, "low")
    page.wait_for_selector(".mwe-track")
    page.click("#mwe-filters button")
    page.get_by_role("radio", name="1", exact=True).check()
    page.wait_for_function("document.querySelectorAll('.mwe-track').length === 6")
    artists = page.locator(".mwe-track .mwe-artist").all_inner_texts()
    assert len(set(artists)) == len(artists) == 6


def test_an_uploaded_file_gets_tags_and_neighbours_and_a_broken_one_a_kind_word(url, visit, miniature, tmp_path):
    page = visit(url)
    page.click("#mwe-upload button")
    upload = page.locator("#mwe-upload input[type=file]")
    upload.set_input_files(miniature / "audio/t01.flac")
    page.wait_for_selector("text=Most similar")
    assert names(page)[:2] == ["t01.flac", "t01"]
    assert page.locator(".mwe-track[open] .mwe-bar").count() == 6
    page.evaluate("document.querySelector('.mwe-track[open] audio').play()")
    page.wait_for_function(f"{PLAYING}.length === 1")
    cut = tmp_path / "cut.wav"
    soundfile.write(cut, 0.3 * np.sin(np.arange(6 * 22050) / 9), 22050)
    cut.write_bytes(cut.read_bytes()[:10_000])
    page.click("#mwe-upload [aria-label='Clear'], #mwe-upload [title='Clear']")
    upload.set_input_files(cut)
    page.wait_for_selector(".mwe-error")
    assert page.inner_text(".mwe-error") == (
        "cut.wav: truncated: 0.2 s of the 6.0 s it states; at least 0.5 s are needed. Query with another file."
    )


def test_a_large_file_is_refused(url, visit, tmp_path):
    (tmp_path / "large.wav").write_bytes(bytes(1_200_000))
    page = visit(url)
    page.click("#mwe-upload button")
    page.set_input_files("#mwe-upload input[type=file]", tmp_path / "large.wav")
    page.wait_for_selector("text=exceed the maximum allowed size of 1.0 M")
    # what Gradio's browser part logs of it
    page.wrong.clear()


def test_the_map_plays_tracks_asks_for_tags_and_zooms(url, visit):
    page = visit(url)
    page.mouse.click(*place(page, track=7))
    page.wait_for_selector("text=Most similar")
    assert names(page)[0] == "t07"
    page.wait_for_function(f"{PLAYING}.length === 1")
    page.mouse.click(*place(page, tag="bass drone"))
    page.wait_for_selector("text=tag bass drone")
    before = place(page, track=7), place(page, track=8)
    page.mouse.move(*before[0])
    page.mouse.wheel(0, -400)
    after = place(page, track=7), place(page, track=8)
    # the point below the pointer stays, the others go apart
    assert np.hypot(*np.subtract(before[0], after[0])) < 2
    assert np.hypot(*np.subtract(*after)) > 2 * np.hypot(*np.subtract(*before))
    page.mouse.down()
    page.mouse.move(before[0][0] + 60, before[0][1] + 30, steps=3)
    page.mouse.up()
    moved = place(page, track=7)
    np.testing.assert_allclose(np.subtract(moved, after[0]), (60, 30), atol=2)
    page.click(".mwe-all")
    np.testing.assert_allclose(place(page, track=8), before[1], atol=1)


def test_everything_can_be_done_from_the_keyboard(url, visit):
    page = visit(url)
    page.focus(BOX)
    page.keyboard.type("hi")
    page.wait_for_selector(".mwe-chip:has-text('high')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(".mwe-track")
    focused = "document.activeElement"
    page.wait_for_function(f"{focused} === document.querySelector('{BOX}')")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate(f"{focused}.matches('.mwe-track summary')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(".mwe-track[open] audio")
    while not page.evaluate(f"{focused}.matches('[data-track]')"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Most similar")
    page.focus(CANVAS)
    page.keyboard.press("ArrowRight")
    told = page.inner_text("#mwe-map .mwe-live")
    page.keyboard.press("ArrowUp")
    assert told
    assert page.inner_text("#mwe-map .mwe-live") != told
    page.keyboard.press("+")
    before = page.input_value(BOX)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "(before) => document.querySelector('#mwe-query input, #mwe-query textarea').value !== before", arg=before
    )


def test_on_a_phone(url, visit):
    page = visit(url, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, color_scheme="dark")
    ask(page, "low + pure")
    page.wait_for_selector(".mwe-track")
    page.tap(".mwe-track summary >> nth=0")
    page.wait_for_function("document.querySelector('.mwe-track[open] .mwe-mel').naturalWidth > 50")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    boxes = [one.bounding_box() for one in page.locator(".mwe-track[open] :is(audio, button)").all()]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in boxes)
    page.touchscreen.tap(*place(page, track=11))
    page.wait_for_selector("text=Most similar")
    # who taps on the map further down is brought up to the answer
    page.wait_for_function("Math.abs(document.querySelector('#mwe-answers').getBoundingClientRect().top) < 300")
    assert names(page)[0] == "t11"


def test_names_are_never_markup(odd_url, visit):
    page = visit(odd_url)
    ask(page, "low")
    page.wait_for_selector(".mwe-track")
    assert page.locator("#mwe-answers img[src=x]").count() == 0
    assert any("${alert(1)} `{{value}}`" in name for name in names(page))
    page.fill(BOX, "")
    page.locator(BOX).press_sequentially("<img")
    page.wait_for_selector(".mwe-chip:has-text('onerror')")
    page.click(".mwe-chip:has-text('onerror')")
    page.wait_for_function("document.querySelector('#mwe-answers').innerText.includes('artist')")
    page.mouse.move(*place(page, track=0))
    page.mouse.move(*(value + 1 for value in place(page, track=0)))
    assert page.locator(".mwe-tip img").count() == 0


def test_of_the_files_here_only_tracks_are_given_out(url, folder, miniature):
    for path in ("/etc/passwd", folder / "library.json", miniature / "audio/t00.flac", miniature / "tracks.tsv"):
        assert httpx.get(f"{url}gradio_api/file={path}").status_code == 403
    assert httpx.get(f"{url}gradio_api/file=http://127.0.0.1/x").status_code == 403
    assert httpx.get(f"{url}library/tracks/0/sound").status_code == 200
    assert httpx.get(f"{url}library/tracks/../../../../etc/passwd").status_code in (403, 404)
    config = httpx.get(f"{url}config").json()
    (upload,) = [one["id"] for one in config["components"] if one["type"] == "file"]
    (hear,) = [place for place, one in enumerate(config["dependencies"]) if one["inputs"][:1] == [upload]]
    for path in ("/etc/passwd", str(miniature / "audio/t00.flac")):
        given = {"path": path, "meta": {"_type": "gradio.FileData"}}
        sent = {"data": [given, "any", "10", [], []], "fn_index": hear, "session_hash": "forged"}
        assert httpx.post(f"{url}gradio_api/queue/join", json=sent).status_code == 200
        told = httpx.get(f"{url}gradio_api/queue/data?session_hash=forged").text
        assert '"success":false' in told
        assert "root:" not in told
    assert httpx.get(url).headers["content-security-policy"].startswith("default-src 'self'")
