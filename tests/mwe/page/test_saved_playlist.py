"""Playlists of the page over HTTP."""

import json
from threading import Lock

import pytest

from mwe.search import Library
from mwe.search.playlist import Playlist, playlist_json
from mwe.search.playlist_files import playlist_text
from mwe.search.playlist_track import playlist_track

module = pytest.importorskip("mwe.page.saved_playlist", reason="Gradio is not installed (extra `demo`)")
Starlette = pytest.importorskip("starlette.applications").Starlette
TestClient = pytest.importorskip("starlette.testclient").TestClient

NAMES = ["Ana Lee/rain.flac", "Bo/loud.flac", "Ana Lee/snow.flac"]


@pytest.fixture
def client(albums):
    return TestClient(Starlette(routes=module.SavedPlaylist(Library(albums), Lock()).routes))


@pytest.mark.parametrize("form", ["m3u8", "xspf", "csv", "json"])
def test_a_file_is_what_the_writers_of_playlists_make(client, albums, form):
    library = Library(albums)
    rows = [library.row_of(name) for name in NAMES]
    tracks = [playlist_track(library, row, library.hit(row)) for row in rows]
    expected = playlist_json(Playlist(tuple(tracks))) if form == "json" else playlist_text(form, tracks)
    answer = client.post(f"/library/playlist.{form}", json={"tracks": NAMES})
    assert (answer.status_code, answer.text) == (200, expected)
    assert answer.headers["content-disposition"] == f'attachment; filename="playlist.{form}"'
    assert answer.headers["x-missing"] == "0"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_tracks_are_told_as_the_page_shows_them(client, albums):
    told = client.post("/library/playlist/tracks", json={"tracks": [*NAMES[:2], "gone.flac", "rain.flac"]}).json()
    assert told[2:] == [None, None]  # a name of a file is no ID
    assert [(track["name"], track["artist"]) for track in told[:2]] == [("Rain <b>", "Ana Lee"), ("Loud", "Bo")]
    assert told[0]["cover"] == f"library/tracks/{Library(albums).row_of(NAMES[0])}/cover.jpg"
    assert told[1]["cover"] == ""
    assert told[0]["seconds"] == pytest.approx(4, abs=1)


def test_tracks_that_there_are_not_are_never_left_out_silently(client):
    answer = client.post("/library/playlist.csv", json={"tracks": [*NAMES, "/etc/passwd", "../x"]})
    assert (answer.status_code, answer.text) == (409, "2 of 5 tracks are not in the library")


def test_files_that_moved_are_counted(client, albums, monkeypatch):
    monkeypatch.setattr(module.os.path, "exists", lambda path: "snow" not in path)
    answer = client.post("/library/playlist.m3u8", json={"tracks": NAMES})
    assert (answer.status_code, answer.headers["x-missing"]) == (200, "1")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        *((text, 400) for text in ("", "[]", "{}", '{"tracks": []}', '{"tracks": [1]}', '{"tracks": "a"}', "[" * 9000)),
        (json.dumps({"tracks": ["x"] * 1001}), 413),
        (json.dumps({"tracks": ["x" * 1_000_001]}), 413),
    ],
)
def test_what_is_no_list_of_tracks_is_refused(client, body, status):
    assert client.post("/library/playlist.m3u8", content=body).status_code == status


def test_there_are_no_other_formats_and_nothing_to_get(client):
    assert client.post("/library/playlist.exe", json={"tracks": NAMES}).status_code == 404
    assert client.get("/library/playlist.m3u8").status_code == 405
