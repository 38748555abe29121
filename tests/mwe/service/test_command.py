"""The command `mwe service`: what it refuses, and a real server."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from mwe.cli import main

TOKEN = "0123456789abcdef"


def test_another_address_needs_a_token(folder, tmp_path):
    pytest.importorskip("fastapi", reason="FastAPI is not installed (extra `service`)")
    with pytest.raises(SystemExit, match=r"--host 0\.0\.0\.0 is reached from other computers, so a token is needed"):
        main(["service", str(folder), "--host", "0.0.0.0"])


@pytest.mark.parametrize("content", ["", "short", "0123456789 abcdef", "0123456789\nabcdef"])
def test_a_token_must_be_long_and_on_one_line(folder, tmp_path, content):
    (tmp_path / "token").write_text(content)
    with pytest.raises(SystemExit, match=r"token: no token of 16 characters or more without spaces\. Write 16"):
        main(["service", str(folder), "--token_file", str(tmp_path / "token")])


def test_what_is_not_there_is_told_in_one_line(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"mwe service: no library in music\. Make one with `mwe index FOLDER"):
        main(["service", "music"])
    with pytest.raises(SystemExit, match=r"mwe service: .*none"):
        main(["service", str(folder), "--token_file", "none"])
    with pytest.raises(SystemExit, match="mwe service: --rate 0: give requests a second, above 0"):
        main(["service", str(folder), "--rate", "0"])
    monkeypatch.setitem(sys.modules, "fastapi", None)
    with pytest.raises(SystemExit, match=r"needs FastAPI and Uvicorn\. Install it with `pip install 'mwe\[service\]'`"):
        main(["service", str(folder)])


def test_a_taken_port_is_told(folder):
    pytest.importorskip("fastapi", reason="FastAPI is not installed (extra `service`)")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"port {port} cannot be listened on: taken"):
            main(["service", str(folder), "--port", str(port)])


@contextlib.contextmanager
def serving(*arguments):
    """A service in a process of its own, and its address."""
    command = [sys.executable, "-m", "mwe", "service", *arguments, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            assert "24 tracks at http://" in line, line + process.stderr.read()
            yield process, line.split(" at ")[1].split()[0]
        finally:
            process.kill()


def asked(address, **headers):
    request = urllib.request.Request(address, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_a_real_server_answers_until_it_is_stopped(folder, miniature):
    pytest.importorskip("fastapi", reason="FastAPI is not installed (extra `service`)")
    with serving(str(folder)) as (process, address):
        assert len(asked(f"{address}v1/search?q=low&k=3")["hits"]) == 3
        content = (miniature / "audio/t03.flac").read_bytes()
        sent = urllib.request.Request(f"{address}v1/similar?k=1", data=content)
        with urllib.request.urlopen(sent, timeout=120) as answer:
            assert json.load(answer)["hits"][0]["track_id"] == "t03"
        port = int(address.rsplit(":", 1)[1].strip("/"))
        with socket.create_connection(("127.0.0.1", port), 30) as raw:  # a client that normalises no path
            raw.sendall(b"GET /v1/../../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: raw.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 404")
        assert b"root:" not in answer
        with socket.create_connection(("127.0.0.1", port), 30) as raw:
            raw.sendall(b"GET /v1/library HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 200_000)
            with contextlib.suppress(ConnectionError):
                assert raw.recv(100).startswith(b"HTTP/1.1 400")
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(30) == 0
        assert "Traceback" not in process.stderr.read()


def test_a_real_server_asks_for_its_token(folder, tmp_path):
    pytest.importorskip("fastapi", reason="FastAPI is not installed (extra `service`)")
    (tmp_path / "token").write_text(TOKEN + "\n")
    with serving(str(folder), "--token_file", str(tmp_path / "token")) as (_, address):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            asked(f"{address}v1/library")
        assert asked(f"{address}v1/library", Authorization=f"Bearer {TOKEN}")["tracks"] == 24


def test_help_says_what_leaves_the_computer(capsys):
    with pytest.raises(SystemExit):
        main(["service", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    for word in (
        "mwe service [LIBRARY]",
        "reads no file that a request names",
        "Nothing is encrypted",
        "/openapi.json",
    ):
        assert word in told


def test_the_server_frees_its_port_at_once(folder):
    pytest.importorskip("fastapi", reason="FastAPI is not installed (extra `service`)")
    with serving(str(folder)) as (process, address):
        asked(f"{address}v1/library")
        os.kill(process.pid, signal.SIGINT)
        process.wait(30)
        time.sleep(0.1)
        socket.create_server(("127.0.0.1", int(address.rsplit(":", 1)[1].strip("/")))).close()
