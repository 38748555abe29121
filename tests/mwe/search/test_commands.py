"""The commands on libraries, through the front door."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mwe
from mwe.cli import main


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


HERE = ("--workers", "0", "--devices", "1", "--accelerator", "cpu")


@pytest.fixture
def indexed(miniature, run, capsys):
    """A library where the commands look for one."""
    main(["index", str(miniature), "--model", str(run), *HERE])
    return capsys.readouterr().out


def out_of(capsys, *command):
    main([*command])
    return capsys.readouterr().out


def test_index_tells_what_became_of_the_files(indexed, miniature, run, capsys):
    assert "24 ok, 0 skipped in outputs/library" in indexed
    assert "scores calibrated on 4 validation tracks" in indexed
    # the model is known to the library, and several sources are taken
    Path("page.mp3").write_text("<html>")
    main(["index", str(miniature), "page.mp3", *HERE])
    assert "24 ok, 1 skipped: not-audio x 1 -> outputs/library/skipped.tsv (24 unchanged" in capsys.readouterr().out


def test_a_collection_is_indexed_by_its_reader(miniature, run, capsys):
    given = ("--collection", "FolderTracks", "--collection.root", str(miniature), "--model", str(run))
    assert "24 ok, 0 skipped" in out_of(capsys, "index", *given, *HERE)
    assert json.loads(out_of(capsys, "search", "low", "--k", "1", "--format", "json"))["hits"][0]["tags"][0] == "low"
    with pytest.raises(SystemExit, match="mwe index: nothing to index"):
        main(["index", "--model", str(run)])


def test_index_fails_when_too_much_does(run, capsys):
    Path("music").mkdir()
    for number in range(3):
        Path(f"music/{number}.mp3").write_text("<html>")
    with pytest.raises(SystemExit, match=r"mwe index: .*skipped\.tsv: 3 of 3 files cannot be embedded"):
        main(["index", "music", "--model", str(run), *HERE])


def test_search_shows_a_table_or_json(indexed, capsys):
    shown = out_of(capsys, "search", "low - pure", "--k", "3")
    assert "+1 low\n-1 pure\n" in shown
    assert "t03" in shown
    found = json.loads(out_of(capsys, "search", "the low zzz", "--format", "json", "--k", "2", "--per_artist", "1"))
    assert found["notes"] == ["unknown: 'zzz'", "left out as stop words: the"]
    assert [hit["tags"][0] for hit in found["hits"]] == ["low", "low"]
    assert len({hit["artist_id"] for hit in found["hits"]}) == 2
    given = ("--tags", "[low, buzzing]", "--without_artists", "[artist0]", "--format", "json")
    hits = json.loads(out_of(capsys, "search", "low", *given))["hits"]
    assert {hit["track_id"] for hit in hits} == {"t09", "t15", "t21"}
    assert "no track answers this" in out_of(capsys, "search", "low", "--tags", "[low]", "--without_tags", "[low]")


def test_names_with_brackets_are_shown_as_they_are(run, miniature, capsys):
    Path("music").mkdir()
    shutil.copy(miniature / "audio/t00.flac", "music/[red] a.flac")
    main(["index", "music", "--model", str(run), *HERE])
    assert "[red] a.flac" in out_of(capsys, "search", "low")


def test_what_cannot_be_answered_is_one_line(indexed):
    for query, what in (
        ("tag:lwo", "unknown tag 'lwo' .*nearest: 'low'"),
        ("low -", "nothing follows the last sign"),
        ("qqqq", "no word of the query 'qqqq' is known"),
        ("file:none.ogg", r"none\.ogg: missing: no such file"),
    ):
        with pytest.raises(SystemExit, match=f"mwe search: .*{what}"):
            main(["search", query])
    with pytest.raises(SystemExit, match=r"mwe search: no library in none\. Make one with `mwe index"):
        main(["search", "low", "--library", "none"])


@pytest.mark.parametrize(
    ("command", "option", "values"),
    [
        (("search", "low"), "k", ("0", "-3", "x", "1.5")),
        (("search", "low"), "per_artist", ("0", "-1")),
        (("tag", "some.ogg"), "k", ("0",)),
        (("index", "music"), "workers", ("-1",)),
        (("index", "music"), "nodes", ("0",)),
        (("index", "music"), "max_failed", ("-0.1", "1.5")),
        (("library", "ann"), "recall", ("2", "-1")),
        (("library", "ann"), "cells", ("0",)),
    ],
)
def test_numbers_that_make_no_sense_are_refused(command, option, values, capsys):
    for value in values:
        with pytest.raises(SystemExit) as stopped:
            main([*command, f"--{option}", value])
        assert stopped.value.code == 2
        assert f'"{option}"' in capsys.readouterr().err


def test_tag_shows_groups_and_exits_with_1_for_a_file_it_cannot_use(indexed, miniature, capsys):
    shown = out_of(capsys, "tag", str(miniature / "audio/t00.flac"), "--k", "1")
    assert "probability" in shown
    assert "pure" in shown
    Path("page.mp3").write_text("<html>")
    with pytest.raises(SystemExit, match=r"mwe tag: page\.mp3: not-audio: .* 1 of 2 files could not be tagged"):
        main(["tag", str(miniature / "audio/t00.flac"), "page.mp3", "--format", "json"])
    good, bad = json.loads(capsys.readouterr().out)
    assert {one["tag"]: one["seen"] for one in good["tags"]}["bass drone"] is False
    assert (bad["status"], bad["tags"]) == ("not-audio", [])


def test_a_library_is_exported(indexed, capsys):
    assert "24 tracks of embedding space" in out_of(capsys, "library", "export", "out.parquet")
    assert Path("out.parquet").stat().st_size > 1000


def test_an_approximate_index_is_made_and_used(indexed, capsys):
    pytest.importorskip("faiss", reason="FAISS is not installed (extra `ann`)")
    assert "24 tracks in 1 cells" in out_of(capsys, "library", "ann")
    hits = [
        json.loads(out_of(capsys, "search", "low", "--approximate", flag, "--format", "json"))["hits"]
        for flag in ("true", "false")
    ]
    assert [hit["track_id"] for hit in hits[0]] == [hit["track_id"] for hit in hits[1]]


def test_the_package_offers_its_doors():
    assert mwe.Library.__name__ == "Library"
    assert mwe.WordVectors.__module__ == "mwe.words.vectors"
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = mwe.Nothing
    program = "import mwe, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_the_example_of_the_page_runs(indexed, miniature, capsys):
    page = (Path(mwe.__file__).parent.parent / "docs/how-to/search.md").read_text(encoding="utf-8")
    example = page.split("```python\n")[1].split("```")[0]
    shutil.copy(miniature / "audio/t00.flac", "some.ogg")
    exec(example.replace("calm + piano - drums", "low + pure - high"), {})
    assert "low" in capsys.readouterr().out


@pytest.mark.slow
def test_two_devices_by_the_command_line(miniature, run):
    command = [sys.executable, "-m", "mwe", "index", str(miniature), "--model", str(run), "--workers", "0"]
    more = ["--accelerator", "cpu", "--devices", "2", "--strategy", "ddp"]
    done = subprocess.run(
        [*command, *more], check=True, timeout=200, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True
    )
    assert done.stdout.decode().count("24 ok, 0 skipped") == 1
