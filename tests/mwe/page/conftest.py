"""A library of a trained run of the miniature whose names are as odd as names can be."""

import shutil

import pytest
from PIL import Image

from mwe.audio.predict import Hardware
from mwe.search import Library
from mwe.search.index import index_library

HERE = Hardware(workers=0, devices=1, accelerator="cpu")
ODD = "<img src=x onerror=alert(1)> ${alert(1)} `{{value}}`"


@pytest.fixture(scope="session")
def odd(run, miniature, tmp_path_factory) -> Library:
    """A library of three tracks whose names, artists and tags try to be markup, templates or query signs."""
    root = tmp_path_factory.mktemp("odd")
    music = root / "music"
    music.mkdir()
    for number in range(3):
        shutil.copy(miniature / f"audio/t{number:02}.flac", music / f"{number}.flac")
    rows = [
        f"{ODD}\tSimon + Garfunkel\t0.flac\tlow|a - b",
        f"two\t{ODD}\t1.flac\t{ODD}|Bass Drone",
        "three\tÉdith Piaf\t2.flac\tlow",
    ]
    (music / "tracks.tsv").write_text("\n".join(["track_id\tartist_id\tpath\ttags", *rows]) + "\n", encoding="utf-8")
    index_library([music], run, root / "library", hardware=HERE)
    return Library(root / "library")


@pytest.fixture(scope="session")
def albums(run, miniature, tmp_path_factory):
    """A library of five tagged tracks, of which an album has a cover, and of broken files."""
    mutagen = pytest.importorskip("mutagen.flac", reason="mutagen is not installed (extra `tags`)")
    root = tmp_path_factory.mktemp("albums")
    music = root / "music"
    tagged = {
        "Ana Lee/rain.flac": ("Rain <b>", "Ana Lee", "Weather", "1994", "Jazz", "120"),
        "Ana Lee/snow.flac": ("Snow", "Ana Lee", "Weather", "1994", "Jazz", "96"),
        "Bo/loud.flac": ("Loud", "Bo", "Noise", "2003", "Rock", "140"),
        "Bo/soft.flac": ("Soft", "Bo", "Noise", "2003", "Ambient", ""),
        "plain.flac": ("", "", "", "", "", ""),
    }
    for number, (name, values) in enumerate(tagged.items()):
        (music / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(miniature / f"audio/t{number:02}.flac", music / name)
        audio = mutagen.FLAC(music / name)
        keys = ("title", "artist", "album", "date", "genre", "bpm")
        audio.update({key: value for key, value in zip(keys, values, strict=True) if value})
        audio.save()
    Image.new("RGB", (300, 300), (200, 30, 40)).save(music / "Ana Lee/cover.jpg")
    whole = (miniature / "audio/t07.flac").read_bytes()
    (music / "cut.flac").write_bytes(whole[: int(0.6 * len(whole))])
    (music / "page.mp3").write_text("<html>")
    (music / "empty.mp3").touch()
    index_library([music], run, root / "library", hardware=HERE, max_failed=0.9)
    return root / "library"
