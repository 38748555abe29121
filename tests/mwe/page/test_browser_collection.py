"""The page of a tagged collection in Chromium: covers, the playlist, filters, broken files, and why."""

import csv
import json
import re
from pathlib import Path

import pytest

from mwe.search import Library

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra `dev`)")
from tests.mwe.page.test_browser import (
    BOX,
    CANVAS,
    CHROMIUM,
    ask,
    browser,
    names,
    served,
    visit,
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
__all__ = ["browser", "visit"]  # fixtures
LISTED = ".mwe-list li .mwe-name"


@pytest.fixture(scope="module")
def url(albums, tmp_path_factory):
    """Address of the page of the albums."""
    yield from served(Library(albums), tmp_path_factory)


def listed(page):
    return page.locator(LISTED).all_inner_texts()


def add(page, name):
    page.get_by_role("button", name=f"{name} in the playlist", exact=True).click()


def saved(page, form):
    with page.expect_download() as download:
        page.click(f".mwe-save [data-form={form}]")
    assert download.value.suggested_filename == f"playlist.{form}"
    return Path(download.value.path()).read_text(encoding="utf-8")


def test_titles_come_first_and_covers_are_those_of_the_albums(url, visit):
    page = visit(url)
    ask(page, "low")
    page.wait_for_selector(".mwe-item")
    rain = page.locator(".mwe-item", has_text="Rain <b>")
    assert rain.locator(".mwe-artist").inner_text() == "Ana Lee · Weather, 1994"
    page.wait_for_function("document.querySelectorAll('.mwe-cover img').length === 2")
    page.wait_for_function("[...document.querySelectorAll('.mwe-cover img')].every((one) => one.naturalWidth === 160)")
    assert page.locator(".mwe-item", has_text="Loud").locator(".mwe-cover img").count() == 0
    boxes = [cover.bounding_box() for cover in page.locator(".mwe-track .mwe-cover").all()]
    assert {(box["x"], box["width"], box["height"]) for box in boxes} == {(boxes[0]["x"], 52, 52)}


def test_a_playlist_is_clicked_together_kept_and_saved(url, albums, visit):
    page = visit(url)
    ask(page, "low")
    page.wait_for_selector(".mwe-item")
    assert page.is_visible("text=Add tracks with their + button")
    for name in ("Loud", "Rain <b>", "Soft", "Snow"):
        add(page, name)
    assert listed(page) == ["Loud", "Rain <b>", "Soft", "Snow"]
    assert page.inner_text(".mwe-sum") in ("4 tracks, 15 s", "4 tracks, 16 s")  # 3.5 + 3.75 + 4 + 4.25
    page.click("[aria-label='Move up: Soft']")
    page.click("[aria-label='Remove: Snow']")
    assert listed(page) == ["Loud", "Soft", "Rain <b>"]
    page.reload()
    page.wait_for_selector(f"{CANVAS}[data-ready]")
    page.wait_for_function(f"document.querySelectorAll('{LISTED}').length === 3")
    assert listed(page) == ["Loud", "Soft", "Rain <b>"]
    page.wait_for_selector(".mwe-list .mwe-cover img")  # told anew by the server
    ids = ["Bo/loud.flac", "Bo/soft.flac", "Ana Lee/rain.flac"]
    assert [row["track_id"] for row in csv.DictReader(saved(page, "csv").splitlines())] == ids
    assert [track["track_id"] for track in json.loads(saved(page, "json"))["tracks"]] == ids
    music = albums.parent / "music"
    assert saved(page, "m3u8").splitlines()[2::2] == [str(music / name) for name in ids]
    assert saved(page, "xspf").count("<location>file:///") == 3
    page.wait_for_selector("text=Saved 3 tracks.")
    ask(page, "low")
    page.wait_for_selector(".mwe-add[aria-pressed=true]")
    assert page.locator(".mwe-add[aria-pressed=true]").count() == 3
    add(page, "Loud")  # once more takes it out
    assert listed(page) == ["Soft", "Rain <b>"]
    page.click("text=Add all to the playlist")
    assert len(listed(page)) == 6
    page.click(".mwe-list .mwe-name >> nth=1")
    page.wait_for_selector("text=Most similar")
    assert names(page)[0] == "Rain <b>"
    page.click(".mwe-save .mwe-clear")
    assert listed(page) == []
    page.click("text=Undo")
    assert len(listed(page)) == 6


def test_what_the_library_no_longer_has_is_marked_and_left_out_with_a_word(url, visit):
    page = visit(url)
    key = page.get_attribute(".mwe-list", "data-library")
    kept = [{"id": "gone.flac", "name": "Gone <i>"}, {"id": "Bo/loud.flac", "name": "Old name"}, {"id": 7}, None]
    page.evaluate("([key, kept]) => localStorage.setItem(`mwe-playlist ${key}`, kept)", [key, json.dumps(kept)])
    page.reload()
    page.wait_for_selector(".mwe-gone >> text=no longer in the library")
    assert listed(page) == ["Gone <i>", "Loud"]
    assert [row["title"] for row in csv.DictReader(saved(page, "csv").splitlines())] == ["Loud"]
    page.wait_for_selector("text=Saved 1 track; 1 track left out: no longer in the library.")
    page.evaluate("(key) => localStorage.setItem(`mwe-playlist ${key}`, 'damaged')", key)
    page.reload()
    page.wait_for_selector(f"{CANVAS}[data-ready]")
    assert listed(page) == []


def test_the_playlist_is_ordered_from_the_keyboard(url, visit):
    page = visit(url)
    ask(page, "low")
    page.wait_for_selector(".mwe-item")
    for name in ("Loud", "Soft", "Snow"):
        page.get_by_role("button", name=f"{name} in the playlist", exact=True).focus()
        page.keyboard.press("Enter")
    page.focus("[aria-label='Move down: Loud']")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert listed(page) == ["Soft", "Snow", "Loud"]
    # at the end it can only go up
    assert page.evaluate("document.activeElement.ariaLabel") == "Move up: Loud"
    page.focus("[aria-label='Remove: Soft']")
    page.keyboard.press("Space")
    assert listed(page) == ["Snow", "Loud"]
    assert page.evaluate("document.activeElement.ariaLabel") == "Remove: Snow"
    assert page.inner_text(".mwe-said") == "Soft removed."


def test_filters_are_conditions_and_only_those_that_the_files_have(url, visit):
    page = visit(url)
    page.click("#mwe-filters button")
    assert page.get_attribute("#mwe-filters .mwe-number :is(input, textarea) >> nth=0", "placeholder") == "1994"
    ask(page, "low")
    page.wait_for_function("document.querySelectorAll('.mwe-item').length === 6")
    page.fill("#mwe-filters .mwe-number :is(input, textarea) >> nth=0", "2000")
    page.keyboard.press("Tab")
    page.wait_for_selector("text=only year 2000..")
    assert sorted(names(page)) == ["Loud", "Soft"]
    page.fill("#mwe-genre input", "rock")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=only genre rock")
    assert names(page) == ["Loud"]
    page.click("#mwe-reset")
    page.wait_for_function("document.querySelectorAll('.mwe-item').length === 6")
    page.fill("#mwe-album textarea, #mwe-album input", "weather")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=only album weather")
    # without a query, what passes the filters is listed
    ask(page, "")
    page.wait_for_function("document.querySelectorAll('.mwe-score:empty').length === 2")
    page.fill("#mwe-filters .mwe-number :is(input, textarea) >> nth=2", "150")
    page.fill("#mwe-filters .mwe-number :is(input, textarea) >> nth=3", "120")
    page.keyboard.press("Enter")
    page.wait_for_selector(".mwe-error:has-text('bpm:150..120 ends before it begins')")


def test_a_field_that_is_only_visited_leaves_the_answer_as_it_is(url, visit):
    page = visit(url)
    page.click("#mwe-filters button")
    ask(page, "low")
    page.wait_for_selector(".mwe-item")
    page.evaluate("document.querySelector('.mwe-item').marked = true")
    page.focus("#mwe-filters .mwe-number :is(input, textarea) >> nth=0")
    with page.expect_response(re.compile("queue/join")):
        page.focus(BOX)
    page.wait_for_function("document.querySelectorAll('.mwe-item').length === 6")
    assert page.evaluate("document.querySelector('.mwe-item').marked")


def test_an_answer_explains_itself(url, albums, visit):
    page = visit(url)
    ask(page, "low - pure")
    page.wait_for_selector(".mwe-item")
    page.click(".mwe-track summary >> text=Loud")
    why = page.locator(".mwe-track[open] .mwe-why")
    assert not why.is_visible()
    page.click(".mwe-track[open] [data-why]")
    assert why.is_visible()
    assert page.get_attribute(".mwe-track[open] [data-why]", "aria-expanded") == "true"
    told = [row.split("\n") for row in why.locator("li").all_inner_texts()]
    terms = {row[0]: float(row[1].replace("\N{MINUS SIGN}", "-")) for row in told[:3]}
    assert list(terms) == ["low", "not pure", "score"]
    assert terms["low"] + terms["not pure"] == pytest.approx(terms["score"], abs=0.011)
    assert "bpm 140" in why.inner_text()
    page.click(".mwe-track[open] [data-why]")
    assert not why.is_visible()


def test_broken_files_are_listed_and_searched(url, visit):
    page = visit(url)
    assert not [address for address in page.asked if "problems" in address]
    page.click("#mwe-broken button")
    page.wait_for_function("document.querySelectorAll('.mwe-problems li').length === 3")
    assert page.inner_text(".mwe-counts") == "3 files: 1 empty, 1 not-audio, 1 truncated."
    page.fill(".mwe-problems input", "cut")
    page.wait_for_function("document.querySelectorAll('.mwe-problems li').length === 1")
    assert "s in the library" in page.inner_text(".mwe-problems li")
    page.click(".mwe-problems li button")
    page.wait_for_selector("text=Most similar")
    assert names(page)[0] == "cut.flac"


def test_on_a_phone_a_bar_leads_to_the_playlist(url, visit):
    page = visit(url, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    ask(page, "low")
    page.wait_for_selector(".mwe-item")
    page.tap(".mwe-add >> nth=0")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    boxes = [part.bounding_box() for part in page.locator(".mwe-item :is(.mwe-cover, .mwe-name, .mwe-add)").all()]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in boxes)
    page.tap(".mwe-jump")
    page.wait_for_function("document.querySelector('.mwe-list').getBoundingClientRect().top < 700")
    page.wait_for_selector(".mwe-jump", state="hidden")
    acts = [part.bounding_box() for part in page.locator(".mwe-acts button").all()]
    assert all(box["x"] + box["width"] <= 360 and box["height"] >= 30 for box in acts)


def test_contrast_of_text_is_enough_in_light_and_dark(url, visit):
    for scheme in ("light", "dark"):
        page = visit(url, color_scheme=scheme)
        ask(page, "low")
        page.wait_for_selector(".mwe-item")
        add(page, "Loud")
        for part in (".mwe-artist", ".mwe-score", ".mwe-clock", ".mwe-sum", ".mwe-add[aria-pressed=true]"):
            assert page.evaluate(CONTRAST, part) >= 4.5, (scheme, part)


CONTRAST = """(part) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (paint) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = paint;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    const [x, y, z] = [r, g, b].map((one) => ((one /= 255) <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return a < 255 ? null : 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  let ground = null;
  const text = document.querySelector(part);
  for (let one = text; one && ground === null; one = one.parentElement)
    ground = light(getComputedStyle(one).backgroundColor);
  const [low, high] = [light(getComputedStyle(text).color), ground].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}"""
