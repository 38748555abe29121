"""The list of broken files: what the reports of the library say, and how it is searched."""

import shutil
from threading import Lock

import pytest

from mwe.search import Library

problems = pytest.importorskip("mwe.page.problems", reason="Gradio is not installed (extra `demo`)")
Starlette = pytest.importorskip("starlette.applications").Starlette
TestClient = pytest.importorskip("starlette.testclient").TestClient


@pytest.fixture
def asked(albums):
    client = TestClient(Starlette(routes=problems.Problems(Library(albums), Lock()).routes))
    return lambda text="": client.get("/library/problems.json", params={"q": text}).json()


def test_files_that_were_not_indexed_and_cut_ones_are_listed(asked, albums):
    told = asked()
    assert (told["total"], told["matching"], len(told["files"])) == (3, 3, 3)
    assert told["reasons"] == [{"reason": reason, "count": 1} for reason in ("empty", "not-audio", "truncated")]
    files = {file["track_id"]: file for file in told["files"]}
    assert files["empty.mp3"]["seconds"] is files["empty.mp3"]["row"] is None
    cut = files["cut.flac"]
    assert Library(albums).row(cut["row"])["track_id"] == "cut.flac"
    assert 1 < cut["seconds"] < 3.5
    assert f"{cut['seconds']:.1f} s of the" in cut["detail"]


def test_all_words_of_a_search_count_in_names_and_reasons(asked):
    assert [file["track_id"] for file in asked("NÓT audio")["files"]] == ["page.mp3"]
    assert [file["track_id"] for file in asked("page.mp3 web")["files"]] == ["page.mp3"]
    assert asked("page truncated") == {"total": 3, "matching": 0, "reasons": [], "files": []}


def test_a_long_list_is_shown_in_part(albums, monkeypatch):
    monkeypatch.setattr(problems, "SHOWN", 2)
    client = TestClient(Starlette(routes=problems.Problems(Library(albums), Lock()).routes))
    told = client.get("/library/problems.json").json()
    assert (told["matching"], len(told["files"])) == (3, 2)


def test_without_any_there_is_no_list_and_a_damaged_report_is_named(folder, albums, tmp_path):
    assert problems.Problems(Library(albums), Lock()).exist()
    assert not problems.Problems(Library(folder), Lock()).exist()
    shutil.copytree(albums, tmp_path / "copy")
    (tmp_path / "copy/skipped.tsv").write_text("track_id\tpath\nonly\n")
    client = TestClient(Starlette(routes=problems.Problems(Library(tmp_path / "copy"), Lock()).routes))
    answer = client.get("/library/problems.json")
    assert answer.status_code == 500
    assert "skipped.tsv" in answer.json()["error"]
