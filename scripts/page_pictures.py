"""Make the pictures of the page in docs/images: a collection of tagged albums, its library, and Chromium.

Usage: python scripts/page_pictures.py FOLDER [--only search]

Albums are tunes of the demonstration. Players and covers are made up; titles, books and years are real. What
lies in FOLDER is used again. Needs the extras ``demo``, ``formats`` and ``tags``, Playwright and Chromium.
"""

import argparse
import csv
import random
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutagen.flac
from PIL import Image, ImageDraw

from mwe.core.files import atomic_write
from mwe.search import Library
from mwe.search.index import index_library
from mwe.tracks.demo import build_demo

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs/images"
PORT = 7869
TRACKS = 150
BOOKS = {"O'Neill's Music of Ireland": 1903, "Ryan's Mammoth Collection": 1883}
INKS = ("#f4efe4", "#1f3a4d", "#c8553d", "#e0a458", "#419d78", "#2d3047", "#93b7be", "#7a4b6a")
QUERY = "calm + harp - drums"
UPLOADED: list[Path] = []  # a file to query with


def cover(name: str) -> Image.Image:
    """Return a made-up cover: arcs in three colours, the same ones for a name every time."""
    draw_from = random.Random(name)
    ground, *inks = draw_from.sample(INKS, 3)
    picture = Image.new("RGB", (480, 480), ground)
    draw = ImageDraw.Draw(picture)
    x, y = draw_from.choice(((0, 0), (480, 0), (240, 480), (240, 240)))
    for ring in range(draw_from.randint(4, 7), 0, -1):
        radius = ring * draw_from.randint(44, 58)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=inks[ring % 2])
    return picture


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def make_albums(demo: Path, music: Path) -> None:
    """Write tagged albums, each of a performer, some of them without a cover, and three broken files."""
    performers = {row["artist_id"]: row for row in rows(demo / "performers.tsv")}
    tunes = {row["track_id"]: row for row in rows(demo / "provenance.tsv")}
    for track in rows(demo / "tracks.tsv")[:TRACKS]:
        tune, performer = tunes[track["track_id"]], performers[track["artist_id"]]
        played = [name for name in (performer["lead"], performer["second"] or performer["harmony"]) if name]
        artist = " & ".join(name.capitalize() for name in played) + f" {track['artist_id'][-2:]}"
        title = re.sub(r'"', "", tune["title"]).split(",")[0].strip()
        book = tune["collection"]
        folder = music / artist / re.sub(r"[^\w' ]", "", book)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{re.sub(r'[^a-zA-Z ]', '', title)}.flac"
        shutil.copy(demo / track["path"], path)
        audio = mutagen.flac.FLAC(path)
        audio.update({"title": title, "artist": artist, "album": book, "genre": tune["form"].capitalize()})
        audio["bpm"] = f"{100 * float(performer['tempo']):.0f}"
        if book in BOOKS:
            audio["date"] = str(BOOKS[book])
        audio.save()
        if int(track["artist_id"][-2:]) % 5:
            cover(artist + book).save(folder / "cover.jpg")
    whole = next(music.rglob("*.flac")).read_bytes()
    for name, content in (("Bonus", whole[: len(whole) // 2]), ("Notes", b"<html>"), ("Empty", b"")):
        (music / f"{name}.flac").write_bytes(content)


def library_in(folder: Path) -> Library:
    """Return the library of the albums in a folder, which are made and indexed where they are not yet."""
    music, root = folder / "music", folder / "Old Tunes"
    if not root.is_dir():
        if not (folder / "demo/MANIFEST.json").is_file():
            build_demo(folder / "demo")
        shutil.rmtree(music, ignore_errors=True)
        make_albums(folder / "demo", music)
        index_library([music], Path("open"), root)
    return Library(root)


def ask(page: Any, query: str = QUERY) -> None:
    """Type a query, and wait for its tracks and their covers."""
    page.fill("#mwe-query :is(input, textarea)", query)
    page.keyboard.press("Enter")
    page.wait_for_selector(".mwe-item")


def settle(page: Any) -> None:
    """Wait for pictures, and take the pointer away."""
    page.mouse.move(0, 0)
    seen = "one.checkVisibility() && one.getBoundingClientRect().top < innerHeight"
    page.wait_for_function(f"[...document.images].filter((one) => {seen}).every((one) => one.complete)")


def add(page: Any, *ranks: int) -> None:
    """Add tracks of the answer to the playlist."""
    for rank in ranks:
        page.click(f".mwe-add >> nth={rank}")


def search_picture(page: Any) -> None:
    """An answer with the playlist and the map."""
    ask(page)
    add(page, 0, 2, 3, 5)
    page.evaluate("document.activeElement.blur()")


def why_picture(page: Any) -> None:
    """A track that says why it is there."""
    ask(page)
    add(page, 1)
    page.click(".mwe-track summary >> nth=0")
    page.click(".mwe-track[open] [data-why]")


def filter_picture(page: Any) -> None:
    """The filters, and an answer that keeps to them."""
    page.click("#mwe-filters button >> nth=0")
    page.fill("#mwe-filters .mwe-number :is(input, textarea) >> nth=0", "1890")
    page.fill("#mwe-filters .mwe-number :is(input, textarea) >> nth=2", "95")
    ask(page, "lively fiddle")
    page.click("#mwe-broken button >> nth=0")
    page.wait_for_selector(".mwe-problems li")
    page.evaluate("window.scrollTo(0, 0)")


def map_picture(page: Any) -> None:
    """A track that was clicked on the map plays, in the dark."""
    ask(page, "bagpipe")
    row = int(page.get_attribute(".mwe-track >> nth=0", "data-row") or 0)
    where = "(row) => document.querySelector('#mwe-map canvas').placeOf({ track: row })"
    for _ in range(2):
        box, point = page.locator("#mwe-map canvas").bounding_box(), page.evaluate(where, row)
        page.mouse.move(box["x"] + point["x"], box["y"] + point["y"])
        page.mouse.wheel(0, -250)
    page.mouse.click(box["x"] + point["x"], box["y"] + point["y"])
    page.wait_for_selector("text=Most similar")


def file_picture(page: Any) -> None:
    """Tags and neighbours of an uploaded file."""
    page.click("#mwe-upload button >> nth=0")
    page.set_input_files("#mwe-upload input[type=file]", UPLOADED)
    page.wait_for_selector("text=Most similar")
    page.click("#mwe-upload button >> nth=0")


def phone_picture(page: Any) -> None:
    """The answers on a phone."""
    ask(page)
    add(page, 0, 1)
    page.evaluate("window.scrollTo(0, 0)")


DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
PICTURES: dict[str, tuple[dict[str, Any], Callable[[Any], None]]] = {
    "search": (DESKTOP, search_picture),
    "why": (DESKTOP, why_picture),
    "filters": ({"viewport": {"width": 1280, "height": 1320}}, filter_picture),
    "map": ({**DESKTOP, "color_scheme": "dark"}, map_picture),
    "file": (DESKTOP, file_picture),
    "phone": (PHONE, phone_picture),
    "phone-dark": ({**PHONE, "color_scheme": "dark"}, why_picture),
}


def main() -> None:
    """Make the pictures."""
    from playwright.sync_api import sync_playwright

    from mwe.page.app import Page

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=PICTURES)
    parser.add_argument("--out", type=Path, default=IMAGES)
    args = parser.parse_args()
    library = library_in(args.folder)
    UPLOADED.append(next(Path(path) for path in library.tracks["path"].to_pylist() if "Reel" in path or "Harp" in path))
    blocks, url = Page(library, 2000).launch("127.0.0.1", PORT, upload_mb=50)
    chromium = next(path for name in ("chromium", "google-chrome") if (path := shutil.which(name)))
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, (settings, act) in PICTURES.items():
            if args.only not in (None, name):
                continue
            page = browser.new_context(**settings).new_page()
            page.goto(url)
            page.wait_for_selector("#mwe-map canvas[data-ready]")
            act(page)
            settle(page)
            page.screenshot(path=f"{scratch}/taken.png")
            with atomic_write(args.out / f"page-{name}.png") as temporary:
                quantized = Image.open(f"{scratch}/taken.png").convert("RGB").quantize(256, dither=Image.Dither.NONE)
                quantized.save(temporary, "PNG", optimize=True)
            page.context.close()
        browser.close()
    blocks.close(verbose=False)


if __name__ == "__main__":
    main()
