"""Tokens, hosts and limits of the service."""

import threading
import time

import pytest

pytest.importorskip("fastapi", reason="FastAPI is not installed (extra `service`)")
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from mwe.service.app import service_app
from mwe.service.limits import CLIENTS, RateLimit, ServiceLimits
from mwe.service.shield import Shield

HERE = "http://127.0.0.1"
TOKEN = "correct horse battery".replace(" ", "-")
PATHS = ("/v1/library", "/v1/search?q=low", "/v1/tags?track=t00", "/openapi.json", "/nowhere")


def kind(answer):
    return answer.status_code, answer.json()["error"]["kind"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN]
)
def test_nothing_is_answered_without_the_token(library, path, given):
    client = TestClient(service_app(library, token=TOKEN), "http://music.example")
    answer = client.get(path, headers={} if given is None else {"Authorization": given})
    assert kind(answer) == (401, "no-token")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_with_the_token_any_host_is_answered(library):
    client = TestClient(service_app(library, token=TOKEN), "http://music.example")
    for scheme in ("Bearer", "bearer"):
        answer = client.get("/v1/library", headers={"Authorization": f"{scheme} {TOKEN}"})
        assert answer.status_code == 200
    unprintable = client.get("/v1/library", headers={"Authorization": "Bearer é".encode()})
    assert kind(unprintable) == (401, "no-token")


@pytest.mark.parametrize("host", ["music.example", "127.0.0.1.music.example", "192.168.1.2:7861", "", "[::1"])
def test_without_a_token_names_of_other_hosts_are_refused(library, host):
    client = TestClient(service_app(library), HERE)
    assert kind(client.get("/v1/library", headers={"Host": host})) == (403, "refused")


@pytest.mark.parametrize("host", ["localhost:7861", "127.0.0.1", "127.0.0.2:1", "[::1]:7861"])
def test_without_a_token_this_computer_is_answered(library, host):
    assert TestClient(service_app(library), HERE).get("/v1/library", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://music.example", "null", "http://localhost.music.example"])
def test_pages_of_other_hosts_may_not_ask(library, origin):
    client = TestClient(service_app(library), HERE)
    assert kind(client.get("/v1/library", headers={"Origin": origin})) == (403, "refused")
    assert "access-control-allow-origin" not in client.get("/v1/library").headers


def test_a_client_waits_once_it_has_asked_too_much(library):
    client = TestClient(service_app(library, ServiceLimits(rate=1)), HERE)
    statuses = [client.get("/v1/library").status_code for _ in range(6)]
    assert statuses[:4] == [200] * 4
    refused = client.get("/v1/library")
    assert kind(refused) == (429, "too-many-requests")
    assert refused.headers["retry-after"] == "1"


def test_clients_are_forgotten_in_the_order_of_their_silence():
    limit = RateLimit(0.1, clock=lambda: 0.0)
    assert [limit.wait("first"), limit.wait("first")] == [0.0, 10.0]
    for number in range(CLIENTS):
        limit.wait(str(number))
    assert limit.wait("first") == 0.0
    assert limit.wait(str(CLIENTS - 1)) == 10.0


def test_bodies_are_bounded_whatever_they_declare(library):
    client = TestClient(service_app(library, ServiceLimits(upload_bytes=1000)), HERE)
    assert kind(client.post("/v1/tags", content=bytes(1001))) == (413, "too-large")
    taken = []

    def parts():
        for number in range(100):
            taken.append(number)
            yield bytes(500)

    assert kind(client.post("/v1/tags", content=parts())) == (413, "too-large")  # without a declared length
    assert kind(client.post("/v1/tags", content=bytes(1000))) == (422, "unreadable-file")
    assert kind(client.post("/v1/tags", headers={"Content-Length": "many"})) == (413, "too-large")


def test_a_service_that_is_busy_says_so():
    entered, leave = threading.Event(), threading.Event()

    async def slow(scope, receive, send):
        entered.set()
        while not leave.is_set():
            time.sleep(0.01)
        await PlainTextResponse("done")(scope, receive, send)

    client = TestClient(Shield(slow, ServiceLimits(at_once=1)), HERE)
    first = threading.Thread(target=client.get, args=("/",))
    first.start()
    assert entered.wait(10)
    assert kind(TestClient(client.app, HERE).get("/")) == (503, "busy")
    leave.set()
    first.join(10)
    assert client.get("/").text == "done"


def test_answers_are_neither_cached_nor_framed(library):
    answer = TestClient(service_app(library), HERE).get("/v1/library")
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
