"""Sound, pictures and the map, over HTTP."""

import io
import shutil
from threading import Lock

import matplotlib.image
import numpy as np
import pytest
import soundfile
from PIL import Image

from mwe.audio.mel_settings import MelSettings
from mwe.audio.predict import Hardware
from mwe.page.plane import plane_of
from mwe.page.spectrogram import COLUMNS, mel_picture
from mwe.search import Library
from mwe.search.index import index_library

media = pytest.importorskip("mwe.page.media", reason="Gradio is not installed (extra `demo`)")
guard = pytest.importorskip("mwe.page.guard").guard
Starlette = pytest.importorskip("starlette.applications").Starlette
TestClient = pytest.importorskip("starlette.testclient").TestClient


@pytest.fixture
def client(library):
    routes = media.Media(library, plane_of(library), Lock()).routes
    return TestClient(Starlette(routes=routes, middleware=guard()))


def test_the_sound_of_a_track_is_its_file_whole_or_in_part(client, miniature):
    content = (miniature / "audio/t05.flac").read_bytes()
    whole = client.get("/library/tracks/5/sound")
    assert (whole.content, whole.headers["content-type"]) == (content, "audio/flac")
    part = client.get("/library/tracks/5/sound", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])


@pytest.mark.parametrize(
    "path",
    [
        *("/library/tracks/24/sound", "/library/tracks/-1/sound", "/library/tracks/99999999999999999999999/sound"),
        *("/library/tracks/..%2f..%2fetc%2fpasswd/sound", "/library/tracks/0/../../../etc/passwd", "/etc/passwd"),
        *("/library/tracks/1.0/sound", "/library/tracks/0/library.json", "/library/library.json"),
    ],
)
def test_nothing_but_tracks_is_given_out(client, path):
    assert client.get(path).status_code == 404


def test_other_hosts_are_neither_asked_nor_fetched(client):
    answer = client.get("/library/map.json")
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    for path in ("/gradio_api/file=https://example.com/x", "/gradio_api/FILE=http:/x", "/gradio_api/proxy=https://x/"):
        assert client.get(path).status_code == 403


def test_the_map_names_all_tracks_and_tags(client):
    told = client.get("/library/map.json").json()
    assert [one["name"] for one in told["tracks"]] == [f"t{number:02}" for number in range(24)]
    assert {one["name"] for one in told["tags"]} == {"low", "middle", "high", "pure", "buzzing", "bass drone"}
    assert all(abs(one[axis]) <= 1 for one in told["tracks"] + told["tags"] for axis in "xy")


def test_the_picture_shows_low_tones_at_the_bottom_and_is_bounded(client):
    wave = 0.3 * np.sin(2 * np.pi * 110 * np.arange(60 * 22050) / 22050).astype(np.float32)
    picture = matplotlib.image.imread(io.BytesIO(mel_picture(wave, MelSettings())))
    assert picture.shape[0] == 128
    assert COLUMNS / 2 < picture.shape[1] <= COLUMNS
    bright = picture[..., :3].sum(axis=(1, 2))
    assert bright.argmax() > 120
    answer = client.get("/library/tracks/0/mel.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")


def test_files_that_browsers_do_not_play_are_sent_as_wav_and_lost_ones_are_not_found(run, miniature, tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    wave, rate = soundfile.read(miniature / "audio/t00.flac")
    soundfile.write(music / "a.aiff", wave, rate)
    shutil.copy(miniature / "audio/t01.flac", music / "b.flac")
    shutil.copy(miniature / "audio/t02.flac", music / "c.flac")
    index_library([music], run, tmp_path / "library", hardware=Hardware(workers=0, devices=1, accelerator="cpu"))
    library = Library(tmp_path / "library")
    (music / "b.flac").unlink()
    (music / "c.flac").write_bytes(b"overwritten")
    client = TestClient(Starlette(routes=media.Media(library, plane_of(library), Lock()).routes))
    answer = client.get("/library/tracks/0/sound")
    sent, _ = soundfile.read(io.BytesIO(answer.content))
    assert answer.headers["content-type"] == "audio/wav"
    np.testing.assert_allclose(sent, wave, atol=1e-3)
    for path in ("1/sound", "1/mel.png", "2/mel.png"):
        assert client.get(f"/library/tracks/{path}").status_code == 404


@pytest.fixture
def of_albums(albums):
    library = Library(albums)
    client = TestClient(Starlette(routes=media.Media(library, plane_of(library), Lock()).routes, middleware=guard()))
    return library, lambda name, part: client.get(f"/library/tracks/{library.row_of(name)}/{part}")


def test_covers_are_small_jpegs_of_tracks_alone(of_albums):
    library, asked = of_albums
    answer = asked("Ana Lee/rain.flac", "cover.jpg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.headers["x-content-type-options"] == "nosniff"
    with Image.open(io.BytesIO(answer.content), formats=["JPEG"]) as cover:
        assert cover.size == (media.COVER_SIDE, media.COVER_SIDE)
    assert asked("Bo/loud.flac", "cover.jpg").status_code == 404
    for part in ("cover.png", "folder.jpg", "cover.jpg/..%2f..%2fcover.jpg"):
        assert asked("Ana Lee/rain.flac", part).status_code == 404
    assert media.cover_address(3, library.hit(library.row_of("Bo/loud.flac"))) == ""


def test_a_cut_file_is_seen_as_far_as_it_goes(of_albums):
    answer = of_albums[1]("cut.flac", "mel.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
