"""The command, and what stands still on the page."""

import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from mwe.cli import main
from mwe.page.markup import error_html, suggestions_html
from mwe.page.suggest import Suggestion


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    """What the command tells Gradio ends with the test."""
    for name in ("GRADIO_ANALYTICS_ENABLED", "GRADIO_TEMP_DIR"):
        monkeypatch.setenv(name, "")


def test_what_is_no_library_is_refused_in_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"mwe serve: no library in music\. Make one with `mwe index FOLDER"):
        main(["serve", "music"])
    with pytest.raises(SystemExit, match=r"mwe serve: no library in outputs/library\."):
        main(["serve", "--port", "7999"])


def test_without_gradio_the_extra_is_named(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    with pytest.raises(SystemExit, match=r"the page needs Gradio\. Install it with `pip install 'mwe\[demo\]'`"):
        main(["serve", str(folder)])


def test_a_taken_port_is_told(folder):
    pytest.importorskip("gradio", reason="Gradio is not installed (extra `demo`)")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"port {port} cannot be listened on: taken"):
            main(["serve", "--library", str(folder), "--port", str(port)])


def test_the_page_is_served_until_it_is_stopped(folder, monkeypatch, capsys):
    gradio = pytest.importorskip("gradio", reason="Gradio is not installed (extra `demo`)")
    import httpx

    found = {}

    def look(blocks):
        page = httpx.get(blocks.local_url)
        found.update(status=page.status_code, text=page.text, uploads=Path(os.environ["GRADIO_TEMP_DIR"]))
        blocks.close(verbose=False)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)  # until the signal is handled

    monkeypatch.setattr(gradio.Blocks, "block_thread", look)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as left:
        main(["serve", str(folder), "--port", str(port)])
    assert (left.value.code, signal.getsignal(signal.SIGTERM)) == (0, before)
    assert found["status"] == 200
    assert "googleapis" not in found["text"]  # Gradio's usual fonts
    assert not found["uploads"].exists()
    assert f"24 tracks at http://127.0.0.1:{port}/" in capsys.readouterr().out


def test_help_says_what_leaves_the_computer(capsys):
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    for word in ("mwe serve [LIBRARY]", "everyone who reaches this computer", "tunnel", "even sample"):
        assert word in told


def test_what_is_said_and_offered_is_text():
    assert error_html('<b> "x"') == '<p class="mwe-error" role="alert">&lt;b&gt; &quot;x&quot;</p>'
    shown = suggestions_html([Suggestion('"<i>', "artist", 'artist:""<i>""'), Suggestion("low", "tag", "low")])
    assert 'data-query="artist:&quot;&quot;&lt;i&gt;&quot;&quot;">&quot;&lt;i&gt;<small>artist</small>' in shown
    assert 'data-query="low">low</button>' in shown
