"""A library of a tower pair answers on the page, in the service, to assistants and players, and makes playlists."""

import re
from threading import Lock

import pytest

from mwe.cli import main
from mwe.search import Library
from mwe.search.index import index_library
from tests.mwe.search.test_index import HERE

QUERY = "slow bass + tag:low"


@pytest.fixture(scope="module")
def folder(clap, music, tmp_path_factory):
    root = tmp_path_factory.mktemp("library-of-a-pair")
    index_library([music], f"clap:{clap}", root / "lib", hardware=HERE)
    return root / "lib"


@pytest.fixture(scope="module")
def found(folder):
    return [hit.track_id for hit in Library(folder).search(QUERY, 3).hits]


def test_the_service_answers_programs_assistants_and_players(folder, found, music):
    pytest.importorskip("fastapi", reason="FastAPI is not installed (extra `service`)")
    from starlette.testclient import TestClient

    from mwe.service.app import service_app

    client = TestClient(service_app(Library(folder)), "http://127.0.0.1")
    answer = client.get("/v1/search", params={"q": QUERY, "k": 3, "why": True}).json()
    assert [hit["track_id"] for hit in answer["hits"]] == found
    assert [term["understood"] for term in answer["hits"][0]["why"]["terms"]] == ["'slow bass'", "tag low"]
    assert client.get("/v1/tags", params={"track": found[0]}).json()["tags"]
    upload = client.post("/v1/tags", params={"name": "0.wav"}, content=(music / "0.wav").read_bytes())
    assert upload.json()["tags"]
    called = {"name": "search", "arguments": {"query": QUERY, "count": 3}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": called}
    told = client.post("/mcp", json=message).json()["result"]["structuredContent"]
    assert [hit["track_id"] for hit in told["hits"]] == found
    songs = client.get("/rest/search3", params={"query": "slow bass", "songCount": 3, "f": "json"}).json()
    assert len(songs["subsonic-response"]["searchResult3"]["song"]) == 3
    assert client.get("/v1/playlist", params={"q": "slow bass", "k": 3, "format": "m3u8"}).text.startswith("#EXTM3U")


def test_the_page_answers(folder, found, music):
    page = pytest.importorskip("mwe.page.handlers", reason="Gradio is not installed (extra `demo`)")
    library = Library(folder)
    html = page.Handlers(library, Lock()).answer(page.PageQuery(QUERY), page.Options(k=3))
    shown = [int(row) for row in re.findall(r'<details[^>]* data-row="(\d+)"', html)]
    assert shown == [library.row_of(track_id) for track_id in found]
    assert "slow bass" in html


def test_playlists_and_neighbours(folder, found, tmp_path, capsys):
    out = tmp_path / "slow.m3u8"
    main(["playlist", QUERY, "--k", "3", "--why", "true", "--library", str(folder), "--out", str(out)])
    named = [line for line in out.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert len(named) == 3
    main(["playlist", "--start", f"track:{found[0]}", "--end", "slow bass", "--k", "3", "--library", str(folder)])
    assert "3 tracks" in capsys.readouterr().out
