"""Tools for assistants by the Model Context Protocol."""

import json

import pytest

pytest.importorskip("fastapi", reason="FastAPI is not installed (extra `service`)")
from starlette.testclient import TestClient

from mwe.search import Library
from mwe.service.app import service_app

HERE = "http://127.0.0.1"
TOKEN = "0123456789abcdef"


@pytest.fixture(scope="module")
def library(folder):
    return Library(folder)


@pytest.fixture
def client(library):
    return TestClient(service_app(library), HERE)


def asked(client, method, **params):
    answer = client.post("/mcp", json={"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
    content = answer.json()
    assert (answer.status_code, content["jsonrpc"], content["id"]) == (200, "2.0", 7)
    return content


def called(client, name, **arguments):
    return asked(client, "tools/call", name=name, arguments=arguments)["result"]


@pytest.mark.parametrize(("given", "told"), [("2025-03-26", "2025-03-26"), ("2099-01-01", "2025-06-18")])
def test_a_client_and_the_service_agree_on_a_version(client, given, told):
    result = asked(client, "initialize", protocolVersion=given, capabilities={}, clientInfo={"name": "test"})["result"]
    assert (result["protocolVersion"], result["capabilities"], result["serverInfo"]["name"]) == (
        told,
        {"tools": {}},
        "mwe",
    )
    acknowledged = client.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (acknowledged.status_code, acknowledged.content) == (202, b"")
    assert asked(client, "ping")["result"] == {}


def test_every_tool_says_what_it_does_and_takes(client):
    tools = {tool["name"]: tool for tool in asked(client, "tools/list")["result"]["tools"]}
    assert tools.keys() == {"search", "similar", "tags", "playlist"}
    for tool in tools.values():
        assert tool["description"].endswith(".")
        assert tool["inputSchema"]["type"] == "object"
        assert tool["annotations"]["readOnlyHint"]
    assert tools["search"]["inputSchema"]["required"] == ["query"]


def test_tools_answer_what_the_library_finds(client, library):
    result = called(client, "search", query="low - pure", count=3)
    expected = [hit.track_id for hit in library.search("low - pure", 3).hits]
    assert [hit["track_id"] for hit in result["structuredContent"]["hits"]] == expected
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    similar = called(client, "similar", tracks=["t00"], count=2)["structuredContent"]["hits"]
    assert [hit["track_id"] for hit in similar] == [hit.track_id for hit in library.search("track:t00", 2).hits]
    assert called(client, "tags", track="t00")["structuredContent"]["tags"]
    assert called(client, "playlist", query="low", minutes=0.3)["structuredContent"]["tracks"]


@pytest.mark.parametrize(
    ("name", "arguments", "tracks"),
    [
        ("search", {"query": "low - pure"}, "hits"),
        ("similar", {"tracks": ["t00"]}, "hits"),
        ("playlist", {"query": "low", "minutes": 0.3}, "tracks"),
    ],
)
def test_tools_say_why_when_asked(client, name, arguments, tracks):
    explained = called(client, name, **arguments, why=True)["structuredContent"][tracks]
    assert explained
    assert all(track["why"]["terms"] for track in explained)
    silent = called(client, name, **arguments)["structuredContent"][tracks]
    assert silent == [{key: value for key, value in track.items() if key != "why"} for track in explained]


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("search", {"query": "file:/etc/passwd"}, "the service reads no files by name"),
        ("playlist", {"query": "playlist:/etc/passwd"}, "the service reads no files by name"),
        ("similar", {"tracks": ["/etc/passwd"]}, "no track '/etc/passwd' in the library"),
        ("tags", {"track": "nobody"}, "no track 'nobody' in the library"),
        ("search", {"query": "blorfqq"}, "no word of the query 'blorfqq' is known"),
        ("search", {}, "query: Field required"),
        ("search", {"query": "low", "count": 51}, "count: Input should be less than or equal to 50"),
        ("search", {"query": "low", "path": "/etc"}, "path: Extra inputs are not permitted"),
    ],
)
def test_errors_of_tools_are_for_the_assistant_to_read(client, name, arguments, message):
    result = called(client, name, **arguments)
    assert result["isError"] is True
    assert message in result["content"][0]["text"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, -32700),
        (b"[" * 50_000, 400, -32700),
        (b"[]", 400, -32600),
        (b'{"id": 1, "method": "ping"}', 400, -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": 3}', 400, -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": ["ping"]}', 200, -32601),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "resources/list"}', 200, -32601),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": ["x"]}}', 200, -32602),
    ],
)
def test_what_is_no_message_is_refused(client, body, status, code):
    answer = client.post("/mcp", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_messages_are_bounded_and_need_the_token(client, library):
    assert client.post("/mcp", content=bytes(100_001)).status_code == 413
    assert client.get("/mcp").status_code == 405
    assert client.post("/mcp", headers={"Origin": "https://music.example"}).status_code == 403
    with_token = TestClient(service_app(library, token=TOKEN), HERE)
    assert with_token.post("/mcp", json={}).status_code == 401
    assert asked(TestClient(with_token.app, HERE, headers={"Authorization": f"Bearer {TOKEN}"}), "ping")["result"] == {}
