"""What other programs get from a library over HTTP."""

import io
import shutil

import numpy as np
import pytest
import soundfile
from PIL import Image

from mwe.audio import upload_size
from mwe.audio.predict import Hardware
from mwe.search import Library
from mwe.search.index import index_library

pytest.importorskip("fastapi", reason="FastAPI is not installed (extra `service`)")
from starlette.testclient import TestClient

from mwe.service.app import service_app
from mwe.service.limits import ServiceLimits

HERE = "http://127.0.0.1"
RATE = 22050


@pytest.fixture(scope="module")
def library(folder):
    return Library(folder)


@pytest.fixture
def client(library):
    return TestClient(service_app(library, ServiceLimits(rate=1000)), HERE)


def refusal(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.json().keys() == {"error"}
    return answer.json()["error"]


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [hit["track_id"] for hit in answer.json()["hits"]]


def test_search_gives_what_the_library_finds(client, library):
    answer = client.get("/v1/search", params={"q": "low - pure", "k": 3})
    assert answer.json() == {**library.search("low - pure", 3).to_dict()}
    assert len(ids(answer)) == 3
    filtered = client.get("/v1/search", params={"q": "low", "k": 24, "tags": ["low"], "without_tags": "pure"})
    assert all("low" in hit["tags"] and "pure" not in hit["tags"] for hit in filtered.json()["hits"])
    assert 0 < len(ids(filtered)) < 24
    assert len(ids(client.get("/v1/search", params={"q": "low", "k": 24, "per_artist": 1}))) == 6


def test_similar_leaves_out_the_tracks_that_it_is_asked_for(client, library):
    several = client.get("/v1/similar", params={"track": ["t00", "t05"], "k": 24})
    assert sorted(ids(several)) == [f"t{n:02}" for n in range(24) if n not in (0, 5)]
    alone = client.get("/v1/similar", params={"track": "t00", "k": 4})
    assert ids(alone) == [hit.track_id for hit in library.search("track:t00", 4).hits]
    assert refusal(client.get("/v1/similar", params={"track": ["t00", "t99"]}), 404)["kind"] == "not-found"


def test_tags_of_a_track_are_those_of_its_file_sent(client, library, miniature):
    stored = client.get("/v1/tags", params={"track": "t03", "k": 2}).json()
    content = (miniature / "audio/t03.flac").read_bytes()
    sent = client.post("/v1/tags", params={"name": "own song.flac", "k": 2}, content=content).json()
    assert (stored["path"], sent["path"]) == (library.row(3)["path"], "own song.flac")
    assert [tag["tag"] for tag in stored["tags"]] == [tag["tag"] for tag in sent["tags"]]
    assert [tag["cosine"] for tag in stored["tags"]] == pytest.approx([tag["cosine"] for tag in sent["tags"]], abs=1e-3)


def test_tracks_like_an_uploaded_file_begin_with_itself(client, miniature):
    content = (miniature / "audio/t07.flac").read_bytes()
    answer = client.post("/v1/similar", params={"name": "mine.flac", "k": 2}, content=content)
    assert ids(answer)[0] == "t07"
    assert answer.json()["terms"] == [{"weight": 1.0, "understood": "file mine.flac"}]


def test_tracks_say_why_where_it_is_asked_for(client, miniature):
    hits = client.get("/v1/search", params={"q": "low - pure", "k": 3, "why": "true"}).json()["hits"]
    for hit in hits:
        assert [term["understood"] for term in hit["why"]["terms"]] == ["low", "pure"]
        assert sum(term["gave"] for term in hit["why"]["terms"]) == pytest.approx(hit["score"], abs=1e-5)
    similar = client.get("/v1/similar", params={"track": ["t00", "t05"], "why": "true"}).json()["hits"]
    assert [term["understood"] for term in similar[0]["why"]["terms"]] == ["track t00", "track t05"]
    content = (miniature / "audio/t07.flac").read_bytes()
    sent = client.post("/v1/similar", params={"name": "mine.flac", "k": 2, "why": "true"}, content=content)
    assert sent.json()["hits"][1]["why"]["terms"][0]["understood"] == "file mine.flac"
    assert "mwe-service" not in sent.text  # the folder of uploads
    assert all("why" not in hit for hit in client.get("/v1/search", params={"q": "low"}).json()["hits"])


def test_what_the_library_is(client, library):
    told = client.get("/v1/library").json()
    assert (told["tracks"], told["tags"], told["space"]) == (24, 6, library.space)


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/v1/search", 400, "q: Field required"),
        ("/v1/search?q=low&k=0", 400, "k: Input should be greater than or equal to 1"),
        ("/v1/search?q=low&k=501", 400, "k: Input should be less than or equal to 500"),
        (f"/v1/search?q={'low+' * 200}", 400, "q: String should have at most 500 characters"),
        ("/v1/search?q=low+%2B", 400, "nothing follows the last sign"),
        ("/v1/search?q=low&tags=unheard-of", 404, "unknown tag 'unheard-of'"),
        ("/v1/search?q=low+year:1990", 409, "year: asks for"),
        ("/v1/tags?track=../../etc/passwd", 404, "no track '../../etc/passwd' in the library"),
        ("/v1/tags?track=/etc/passwd", 404, "no track '/etc/passwd'"),
        ("/v1/similar?track=file:/etc/passwd", 404, "no track 'file:/etc/passwd'"),
        ("/v1/%2e%2e/%2e%2e/etc/passwd", 404, "Not Found"),
        ("/docs", 404, "Not Found"),
    ],
)
def test_errors_are_json_with_one_clear_line(client, library, path, status, message):
    if status == 409 and library.store.metadata is not None:
        library.store.metadata = None
    told = refusal(client.get(path), status)
    assert message in told["message"]
    assert "\n" not in told["message"]


@pytest.mark.parametrize("term", ["file:{path}", "low + file:{path}", "low - FILE:{path}", '"file:{path}"'])
def test_no_file_of_this_computer_is_read_by_name(client, miniature, term):
    path = (miniature / "audio/t03.flac").resolve()
    answer = client.get("/v1/search", params={"q": term.format(path=path)})
    assert answer.status_code in (400, 404)
    assert "hits" not in answer.json()


def test_what_is_no_audio_is_refused_by_the_name_that_was_sent(client, monkeypatch):
    told = refusal(client.post("/v1/tags?name=../../a.mp3", content=b"<html>"), 422)
    assert told["message"] == "a.mp3: not-audio: a web page or XML, 6 bytes"
    assert refusal(client.post("/v1/similar?name=a.mp3", content=b"<html>"), 422)["kind"] == "unreadable-file"
    assert "the body is empty" in refusal(client.post("/v1/tags"), 400)["message"]
    tone = io.BytesIO()
    soundfile.write(tone, 0.3 * np.sin(np.arange(6 * RATE) / 9), RATE, format="WAV")
    monkeypatch.setattr(upload_size, "MAX_SAMPLES", 5 * RATE)
    told = refusal(client.post("/v1/tags?name=long.wav", content=tone.getvalue()), 422)
    assert told["message"].startswith("long.wav: 22,050 samples a second for 6 seconds")


def test_the_description_is_openapi_and_names_every_route(client):
    described = client.get("/openapi.json").json()
    assert described["openapi"].startswith("3.")
    routes = {(path, method) for path, methods in described["paths"].items() for method in methods}
    assert {("/v1/search", "get"), ("/v1/similar", "post"), ("/v1/tags", "get"), ("/v1/tags", "post")} <= routes
    assert described["paths"].pop("/v1/cover")["get"]["responses"]["200"]["content"].keys() == {"image/jpeg"}
    for methods in described["paths"].values():
        for route in methods.values():
            assert "$ref" in route["responses"]["200"]["content"]["application/json"]["schema"]
            assert {"400", "401", "404", "413", "429"} <= route["responses"].keys()
            assert route["summary"]


def test_a_failure_is_told_without_its_details(library, monkeypatch):
    def fail(*_):
        raise RuntimeError("secret")

    client = TestClient(service_app(library), HERE, raise_server_exceptions=False)
    monkeypatch.setattr(type(library), "answer", fail)
    assert "secret" not in refusal(client.get("/v1/search?q=low"), 500)["message"]


def test_covers_are_given_out_for_tracks_of_the_library_alone(folder, run, miniature, tmp_path):
    music = tmp_path / "music"
    (music / "with").mkdir(parents=True)
    (music / "without").mkdir()
    for number, name in enumerate(("with/a.flac", "without/b.flac")):
        shutil.copy(miniature / f"audio/t0{number}.flac", music / name)
    Image.new("RGB", (400, 200), (200, 30, 40)).save(music / "with/Folder.jpg")
    index_library([music], run, tmp_path / "library", hardware=Hardware(workers=0, devices=1, accelerator="cpu"))
    client = TestClient(service_app(Library(tmp_path / "library"), ServiceLimits(rate=1000)), HERE)
    answer = client.get("/v1/cover", params={"track": "with/a.flac", "side": 100})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(answer.content), formats=["JPEG"]).size == (100, 50)
    assert "no cover" in refusal(client.get("/v1/cover", params={"track": "without/b.flac"}), 404)["message"]
    for name in ("with/Folder.jpg", str(music / "with/Folder.jpg"), "../with/a.flac"):
        refusal(client.get("/v1/cover", params={"track": name}), 404)
    refusal(client.get("/v1/cover", params={"track": "with/a.flac", "side": 5000}), 400)
    songs = client.get("/rest/search3?f=json&query=").json()["subsonic-response"]["searchResult3"]["song"]
    art = {song["path"].rpartition("/")[2]: song.get("coverArt") for song in songs}
    assert art["b.flac"] is None
    picture = client.get("/rest/getCoverArt.view", params={"id": art["a.flac"], "size": 80})
    assert Image.open(io.BytesIO(picture.content), formats=["JPEG"]).size == (80, 40)
    for identifier in (songs[1]["id"], "tr-bm9uZQ", "../../etc/passwd"):
        told = client.get("/rest/getCoverArt", params={"id": identifier, "f": "json"}).json()["subsonic-response"]
        assert told["error"]["code"] == 70
