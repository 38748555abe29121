"""What players get by the Subsonic API."""

import hashlib
from xml.etree import ElementTree

import pytest

pytest.importorskip("fastapi", reason="FastAPI is not installed (extra `service`)")
from starlette.testclient import TestClient

from mwe.search import Library
from mwe.service.app import service_app
from mwe.service.subsonic_answers import artist_id, artist_of, song_id, track_of

HERE = "http://127.0.0.1"
TOKEN = "0123456789abcdef"
SALT = "c19b2d"
HASH = hashlib.md5((TOKEN + SALT).encode()).hexdigest()
XML = "{http://subsonic.org/restapi}"


@pytest.fixture(scope="module")
def library(folder):
    return Library(folder)


@pytest.fixture
def client(library):
    return TestClient(service_app(library), HERE)


def asked(client, name, **parameters):
    answer = client.get(f"/rest/{name}", params={"f": "json", "v": "1.16.1", "c": "test", **parameters})
    assert answer.status_code == 200
    content = answer.json()["subsonic-response"]
    assert (content["version"], content["type"], content["openSubsonic"]) == ("1.16.1", "mwe", True)
    return content


def failed(client, name, **parameters):
    content = asked(client, name, **parameters)
    assert content["status"] == "failed"
    return content["error"]


def tracks(songs):
    return [track_of(song["id"]) for song in songs]


def test_ping_and_licence_in_both_forms(client):
    assert asked(client, "ping.view")["status"] == "ok"
    assert asked(client, "getLicense")["license"] == {"valid": True}
    answer = client.get("/rest/getLicense.view")
    root = ElementTree.fromstring(answer.content)
    assert (root.tag, root.get("status"), root.get("openSubsonic")) == (f"{XML}subsonic-response", "ok", "true")
    assert root.find(f"{XML}license").get("valid") == "true"
    assert answer.headers["content-type"].startswith("application/xml")


def test_the_extension_is_told_without_a_login(library):
    client = TestClient(service_app(library, token=TOKEN), HERE)
    told = asked(client, "getOpenSubsonicExtensions")["openSubsonicExtensions"]
    assert told == [{"name": "sonicSimilarity", "versions": [1]}]
    root = ElementTree.fromstring(client.get("/rest/getOpenSubsonicExtensions").content)
    assert root.find(f"{XML}openSubsonicExtensions/{XML}versions").text == "1"


@pytest.mark.parametrize(
    ("login", "code"),
    [
        ({"p": TOKEN}, None),
        ({"p": "enc:" + TOKEN.encode().hex()}, None),
        ({"t": HASH, "s": SALT}, None),
        ({"t": HASH.upper(), "s": SALT}, None),
        ({"p": "wrong"}, 40),
        ({"p": "enc:xyz"}, 40),
        ({"p": "enc:ff"}, 40),
        ({"p": ""}, 40),
        ({"t": HASH, "s": SALT + "x"}, 40),
        ({"t": "", "s": SALT}, 10),
        ({"t": HASH}, 10),
        ({}, 10),
    ],
)
def test_the_password_is_the_token(library, login, code):
    client = TestClient(service_app(library, token=TOKEN), "http://music.example")
    for name in ("ping", "search3", "getSimilarSongs2", "unheardOf"):
        content = asked(client, name, u="me", id=song_id("t00"), query="low", **login)
        if code is None:
            assert "error" not in content or name == "unheardOf"
        else:
            assert content["error"]["code"] == code
            assert TOKEN not in content["error"]["message"]
    assert client.get("/v1/library", params={"p": TOKEN}).status_code == 401


def test_similar_songs_are_those_of_the_library(client, library):
    expected = [hit.track_id for hit in library.search("track:t00", 4).hits]
    for name, element in (("getSimilarSongs2", "similarSongs2"), ("getSimilarSongs", "similarSongs")):
        songs = asked(client, name, id=song_id("t00"), count=4)[element]["song"]
        assert tracks(songs) == expected
    assert songs[0]["duration"] > 0
    assert songs[0]["isDir"] is False
    artist = library.row(0)["artist_id"]
    of_artist = asked(client, "getSimilarSongs2", id=artist_id(artist), count=3)["similarSongs2"]["song"]
    assert len(of_artist) == 3
    root = ElementTree.fromstring(client.get("/rest/getSimilarSongs2", params={"id": song_id("t00")}).content)
    found = root.findall(f"{XML}similarSongs2/{XML}song")
    assert len(found) == 23
    assert found[0].get("isDir") == "false"


def test_sonic_matches_have_similarities_from_0_to_1(client, library):
    matches = asked(client, "getSonicSimilarTracks", id=song_id("t00"), count=23)["sonicMatch"]
    hits = library.search("track:t00", 23).hits
    assert tracks([match["entry"] for match in matches]) == [hit.track_id for hit in hits]
    similar = [match["similarity"] for match in matches]
    assert similar == pytest.approx([(1 + hit.score) / 2 for hit in hits], abs=1e-5)
    assert 1 >= similar[0] > similar[-1] >= 0
    assert len(asked(client, "getSonicSimilarTracks", id=song_id("t00"))["sonicMatch"]) == 10


def test_a_sonic_path_leads_from_one_song_to_another(client):
    path = asked(client, "findSonicPath", startSongId=song_id("t00"), endSongId=song_id("t20"), count=5)["sonicMatch"]
    found = tracks([match["entry"] for match in path])
    assert (found[0], found[-1]) == ("t00", "t20")
    assert 2 <= len(found) <= 5
    assert path[0]["similarity"] == pytest.approx(1, abs=1e-5)
    error = failed(client, "findSonicPath", startSongId=song_id("t00"), endSongId=song_id("t00"))
    assert error["code"] == 70


def test_a_search_finds_names_first_then_sound(client, library):
    everything = asked(client, "search3", query='""', songCount=500)["searchResult3"]["song"]
    assert tracks(everything) == [f"t{number:02}" for number in range(24)]
    page = asked(client, "search3", query="", songCount=5, songOffset=22)["searchResult3"]["song"]
    assert tracks(page) == ["t22", "t23"]
    artist = library.row(7)["artist_id"]
    named = asked(client, "search3", query=artist, songCount=2)["searchResult3"]["song"]
    assert all(library.row(library.row_of(track))["artist_id"] == artist for track in tracks(named))
    sounding = asked(client, "search3", query="low", songCount=3)["searchResult3"]["song"]
    assert tracks(sounding) == [hit.track_id for hit in library.search("low", 3).hits]
    assert asked(client, "search3", query="blorfqq")["searchResult3"]["song"] == []


def test_no_file_of_this_computer_is_read(client, miniature):
    path = str((miniature / "audio/t03.flac").resolve())
    assert asked(client, "search3", query=f"file:{path}")["searchResult3"]["song"] == []
    for name in (song_id("/etc/passwd"), song_id("../../etc/passwd"), "file:/etc/passwd", "tr-%%%", "al-1"):
        assert failed(client, "getSimilarSongs2", id=name)["code"] == 70
        assert failed(client, "findSonicPath", startSongId=name, endSongId=song_id("t00"))["code"] == 70


@pytest.mark.parametrize(
    ("name", "parameters", "code"),
    [
        ("getSimilarSongs2", {}, 10),
        ("findSonicPath", {"startSongId": song_id("t00")}, 10),
        ("getSimilarSongs2", {"id": song_id("t00"), "count": "-1"}, 10),
        ("getSonicSimilarTracks", {"id": song_id("t00"), "count": "²"}, 10),
        ("getSimilarSongs2", {"id": artist_id("nobody")}, 70),
        ("stream", {"id": song_id("t00")}, 0),
        ("search3", {"query": "low", "songCount": "9" * 5000}, 10),
    ],
)
def test_errors_have_the_codes_of_the_api(client, name, parameters, code):
    assert failed(client, name, **parameters)["code"] == code


def test_identifiers_are_read_back_and_nothing_else():
    for name in ("rain", "Ana Lee/Über & <rain>.mp3", "a?b"):
        assert track_of(song_id(name)) == name
        assert artist_of(artist_id(name)) == name
        assert track_of(artist_id(name)) is None
    assert track_of("tr-_w") is None  # no UTF-8
