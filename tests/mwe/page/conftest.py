"""A library of a trained run of the miniature whose names are as odd as names can be."""

import shutil

import pytest

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
