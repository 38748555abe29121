"""Covers: embedded in every kind of file, beside it, and pictures that are none or too much."""

import base64
import io
import os

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from mwe.audio import cover
from mwe.audio.cover import CoverCache, picture_beside, read_cover
from mwe.audio.tag_reader import read_tags
from mwe.audio.verdict import UnreadableAudio
from tests.encoded_audio import encode_stream

RATE = 44100
RED, BLUE = (200, 30, 40), (20, 60, 200)


def picture(colour, size=(90, 60), form="PNG"):
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, form)
    return written.getvalue()


def colour_of(content):
    """The colour of a JPEG in the middle, and its size."""
    with Image.open(io.BytesIO(content), formats=["JPEG"]) as opened:
        middle = opened.getpixel((opened.width // 2, opened.height // 2))
        return middle, opened.size


def near(content, colour):
    return np.abs(np.subtract(colour_of(content)[0], colour)).max() < 12


def sound(path):
    """A file of half a second, of the kind that its ending says."""
    wave = 0.3 * np.sin(np.arange(RATE // 2) / 9).astype(np.float32)
    if path.suffix == ".m4a":
        with av.open(path, "w") as output:
            encode_stream(output, output.add_stream("aac", rate=RATE), wave[None], RATE)
    else:
        form = {".opus": {"format": "OGG", "subtype": "OPUS"}}.get(path.suffix, {})
        soundfile.write(path, wave, 48000 if path.suffix == ".opus" else RATE, **form)
    return path


def embed(path, *contents):
    """Embed pictures: the last one as the front cover, those before as others."""
    flac, id3, mp4, mutagen = (
        pytest.importorskip(name, reason="mutagen is not installed (extra `tags`)")
        for name in ("mutagen.flac", "mutagen.id3", "mutagen.mp4", "mutagen")
    )
    audio = mutagen.File(path)
    if audio.tags is None:
        audio.add_tags()
    for number, content in enumerate(contents, 1):
        kind = 3 if number == len(contents) else 4  # front and back of the cover
        if path.suffix == ".m4a":
            audio["covr"] = [mp4.MP4Cover(content, mp4.MP4Cover.FORMAT_PNG)]
        elif path.suffix == ".mp3":
            audio.tags.add(id3.APIC(encoding=3, mime="image/png", type=kind, desc=str(number), data=content))
        else:
            block = flac.Picture()
            block.data, block.type, block.mime = content, kind, "image/png"
            if path.suffix == ".flac":
                audio.add_picture(block)
            else:
                audio["metadata_block_picture"] = [base64.b64encode(block.write()).decode()]
    audio.save()
    return path


@pytest.mark.parametrize("ending", ["mp3", "flac", "m4a", "ogg", "opus"])
def test_the_embedded_picture_is_read_and_scaled(tmp_path, ending):
    path = embed(sound(tmp_path / f"a.{ending}"), picture(RED, (900, 600)))
    content = read_cover(path, 120)
    assert near(content, RED)
    assert colour_of(content)[1] == (120, 80)
    assert colour_of(read_cover(path, 5000))[1] == (900, 600)  # never made larger
    assert read_tags(path).cover_bytes == len(picture(RED, (900, 600)))


@pytest.mark.parametrize("ending", ["mp3", "flac"])
def test_of_several_pictures_it_is_the_front(tmp_path, ending):
    path = embed(sound(tmp_path / f"a.{ending}"), picture(RED), picture(BLUE))
    assert near(read_cover(path, 60), BLUE)


def test_a_picture_beside_comes_second_and_names_have_an_order(tmp_path):
    path = sound(tmp_path / "a.flac")
    assert read_cover(path, 60) is None
    for name, colour in (("front.png", (9, 9, 9)), ("Folder.jpg", (90, 90, 90)), ("COVER.JPG", RED)):
        Image.new("RGB", (50, 50), colour).save(tmp_path / name)
        assert picture_beside(path).name == name
        assert near(read_cover(path, 60), colour)
    embed(path, picture(BLUE))
    assert near(read_cover(path, 60), BLUE)
    damaged = embed(sound(tmp_path / "b.flac"), b"\x89PNG\r\n\x1a\n damaged")
    assert near(read_cover(damaged, 60), RED)


def test_what_is_no_picture_is_not_given_out(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("root:x:0:0")
    album = tmp_path / "album"
    album.mkdir()
    path = sound(album / "a.flac")
    (album / "cover.jpg").write_text("root:x:0:0")
    assert read_cover(path, 60) is None
    (album / "cover.jpg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    assert read_cover(path, 60) is None
    (album / "cover.jpg").write_bytes(picture(RED)[:60])
    assert read_cover(path, 60) is None
    (album / "cover.jpg").unlink()
    os.mkfifo(album / "cover.jpg")  # to be opened would wait for ever
    assert picture_beside(path) is None
    (album / "cover.jpg").unlink()
    Image.new("RGB", (9, 9)).save(tmp_path / "private.jpg")
    (album / "cover.jpg").symlink_to(tmp_path / "private.jpg")
    assert picture_beside(path) is None
    Image.new("RGB", (9, 9)).save(album / "scan.jpg")
    (album / "cover.jpg").unlink()
    (album / "cover.jpg").symlink_to("scan.jpg")
    assert picture_beside(path).name == "cover.jpg"


def test_sizes_are_bounded(tmp_path, monkeypatch):
    path = sound(tmp_path / "a.flac")
    Image.new("RGB", (100, 100), RED).save(tmp_path / "cover.png")
    monkeypatch.setattr(cover, "_MAX_PIXELS", 100 * 100 - 1)
    assert read_cover(path, 60) is None
    monkeypatch.setattr(cover, "_MAX_PIXELS", 100 * 100)
    assert near(read_cover(path, 60), RED)
    monkeypatch.setattr(cover, "_MAX_BYTES", (tmp_path / "cover.png").stat().st_size - 1)
    assert read_cover(path, 60) is None


def test_a_missing_file_has_an_outcome_and_from_the_cache_no_cover(tmp_path):
    with pytest.raises(UnreadableAudio, match="missing"):
        read_cover(tmp_path / "gone.mp3", 60)
    Image.new("RGB", (9, 9)).save(tmp_path / "cover.jpg")
    assert CoverCache().cover(tmp_path / "gone.mp3", 60) is None


def test_the_cache_reads_again_what_changed(tmp_path, monkeypatch):
    path, cache, asked = sound(tmp_path / "a.flac"), CoverCache(), []
    monkeypatch.setattr(cover, "guarded", lambda read, path, **how: asked.append(path) or read(path, **how))
    Image.new("RGB", (300, 300), RED).save(tmp_path / "cover.jpg")
    assert near(cache.cover(path, 60), RED)
    assert near(cache.cover(path, 60), RED)
    assert len(asked) == 1
    Image.new("RGB", (301, 301), BLUE).save(tmp_path / "cover.jpg")
    assert near(cache.cover(path, 60), BLUE)
    assert colour_of(cache.cover(path, 10**9))[1] == (301, 301)
    assert len(asked) == 3
