"""Playlists over HTTP."""

import pytest

pytest.importorskip("fastapi", reason="FastAPI is not installed (extra `service`)")
from starlette.testclient import TestClient

from mwe.search import Library
from mwe.search.playlist import make_playlist
from mwe.search.playlist_request import PlaylistRequest
from mwe.service.app import service_app


@pytest.fixture(scope="module")
def library(folder):
    return Library(folder)


@pytest.fixture
def client(library):
    return TestClient(service_app(library), "http://127.0.0.1")


def test_a_playlist_is_that_of_the_library(client, library):
    answer = client.get("/v1/playlist", params={"q": "low", "k": 5})
    made = make_playlist(library, PlaylistRequest("low", k=5))
    assert [track["track_id"] for track in answer.json()["tracks"]] == [track.hit.track_id for track in made.tracks]
    assert [track["position"] for track in answer.json()["tracks"]] == [1, 2, 3, 4, 5]
    assert answer.json()["minutes"] == pytest.approx(made.minutes, abs=0.01)


def test_a_path_has_both_ends(client):
    tracks = client.get("/v1/playlist", params={"start": "t00", "end": "t20", "k": 5}).json()["tracks"]
    assert (tracks[0]["track_id"], tracks[-1]["track_id"]) == ("t00", "t20")


def test_a_playlist_says_why(client):
    tracks = client.get("/v1/playlist", params={"start": "t00", "end": "t20", "k": 5, "why": "true"}).json()["tracks"]
    assert [track["why"]["terms"][0]["understood"] for track in tracks[1:]] == [
        f"track {track['track_id']}" for track in tracks[:-1]
    ]


@pytest.mark.parametrize(("form", "begins"), [("m3u8", "#EXTM3U"), ("xspf", "<?xml"), ("csv", "position,title")])
def test_players_get_files(client, library, form, begins):
    answer = client.get("/v1/playlist", params={"q": "low", "k": 2, "format": form})
    assert answer.text.startswith(begins)
    assert library.row(0)["path"].rpartition("/")[0] in answer.text
    assert "json" not in answer.headers["content-type"]


def test_no_file_of_this_computer_is_read(client, miniature, tmp_path, monkeypatch):
    path = (miniature / "audio/t03.flac").resolve()
    (tmp_path / "low").write_bytes(path.read_bytes())
    (tmp_path / "list.m3u8").write_text(f"{path}\n")
    monkeypatch.chdir(tmp_path)
    for end in (str(tmp_path / "low"), "low", "file:low", f"file:{path}", "track:t00"):
        answer = client.get("/v1/playlist", params={"start": end, "end": "t20"})
        assert answer.status_code == 404, answer.text
    for query in ("file:low", "playlist:list.m3u8", "low - playlist:list.m3u8"):
        answer = client.get("/v1/playlist", params={"q": query})
        assert (answer.status_code, answer.json()["error"]["kind"]) == (400, "bad-request")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("", "nothing to choose tracks by: give a query, or start and end"),
        ("start=t00", "a path needs both ends: give start and end"),
        ("q=low&minutes=0", "minutes: Input should be greater than 0"),
        ("q=low&least=2", "least: Input should be less than or equal to 1"),
        ("q=low&format=pls", "format: Input should be"),
        ("start=t00&end=t00", "the path begins and ends with the same track"),
    ],
)
def test_what_does_not_go_together_is_told(client, asked, message):
    answer = client.get(f"/v1/playlist?{asked}")
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]
