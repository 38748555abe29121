"""The Space of the docs: its app serves an exported model and a few songs, and reaches no other host."""

import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from mwe.core.errors import BadRequestError
from mwe.search.model_export import export_run

pytest.importorskip("gradio", reason="Gradio is not installed (extra `demo`)")
ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/how-to/share.md").read_text(encoding="utf-8").split("## Show it in a Space")[1]
APP = re.search(r"```python\n(.*?)```", PAGE, re.S)[1]
REQUIREMENTS, README = re.findall(r"```text\n(.*?)```", PAGE, re.S)
ALONE = """
import socket

def refused(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "localhost", "::1"):
        raise OSError(f"{address} is another host")
    return connect(self, address)

connect, socket.socket.connect = socket.socket.connect, refused
"""


@pytest.fixture
def space(run, miniature, tmp_path):
    """The repository of a Space, with the folder of a model in place of its name on the Hub; and its port."""
    export_run(run, tmp_path / "my-model", "cc-by-4.0")
    (tmp_path / "songs").mkdir()
    for number in range(3):
        shutil.copy(miniature / f"audio/t{number:02}.flac", tmp_path / f"songs/{number}.flac")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    listening = APP.replace("owner/my-model", "my-model").replace('"0.0.0.0"', f'"127.0.0.1", "--port", "{port}"')
    (tmp_path / "app.py").write_text(listening, encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text(ALONE, encoding="utf-8")
    return tmp_path, port


def answered(process, address, seconds=120):
    """The first answer of a server that starts."""
    import httpx

    for _ in range(10 * seconds):
        assert process.poll() is None, process.communicate()[0]
        try:
            return httpx.get(address, timeout=60)
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"no answer from {address}")


def test_the_app_of_the_docs_serves_a_model_without_another_host(space, monkeypatch):
    import httpx

    folder, port = space
    monkeypatch.setenv("PYTHONPATH", f"{folder}:{ROOT}")
    command = [sys.executable, "app.py"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            page = answered(process, f"http://127.0.0.1:{port}/")
            sound = httpx.get(f"http://127.0.0.1:{port}/library/tracks/0/sound", timeout=60)
        finally:
            process.terminate()
        told = process.communicate(timeout=60)[0]
    assert (page.status_code, sound.status_code) == (200, 200)
    assert "frame-ancestors 'self' https://huggingface.co" in page.headers["content-security-policy"]
    assert sound.content == (folder / "songs/0.flac").read_bytes()
    assert "3 ok" in told
    assert "3 tracks at http://127.0.0.1" in told


def test_the_other_files_of_the_space_fit_this_package():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = re.fullmatch(r"mwe\[([a-z,]+)\]\n", REQUIREMENTS)[1].split(",")
    assert set(extras) <= set(project["optional-dependencies"])
    front = yaml.safe_load(README.strip().removeprefix("---").removesuffix("---"))
    gradio = next(need for need in project["optional-dependencies"]["demo"] if need.startswith("gradio"))
    lowest = re.search(r">=([\d.]+)", gradio)[1]
    assert front["sdk_version"].startswith(lowest)
    assert (front["sdk"], front["app_file"]) == ("gradio", "app.py")
    assert f"Python :: {front['python_version']}" in " ".join(project["classifiers"])


def test_only_sites_may_frame_the_page():
    from mwe.page.guard import guard

    guard(["https://huggingface.co", "http://localhost:8000"])
    for wrong in ("huggingface.co", "https://a.org; script-src *", "*", "https://a.org b.org"):
        with pytest.raises(BadRequestError, match="is no address of a site"):
            guard([wrong])
