"""Heard tags written into files only when asked, and taken back."""

import json
import shutil
from pathlib import Path

import pytest
import soundfile

from mwe.audio.tag_writer import read_fields, sound_hash, write_fields
from mwe.cli import main
from mwe.core.errors import CannotWriteError
from mwe.core.files import sha256
from mwe.search import tag_plan
from mwe.search.answers import TagScore

pytest.importorskip("av")
pytest.importorskip("mutagen")


@pytest.fixture
def indexed(miniature, run, tmp_path, monkeypatch):
    """A library of four files: one with a comment, one that takes no tags."""
    monkeypatch.chdir(tmp_path)
    Path("music").mkdir()
    for number in range(3):
        shutil.copy(miniature / f"audio/t{number:02}.flac", f"music/{number}.flac")
    wave, rate = soundfile.read("music/0.flac")
    soundfile.write("music/3.wav", wave, rate)
    write_fields(Path("music/1.flac"), {"comment": ("my own",)})
    main(["index", "music", "--model", str(run), "--workers", "0", "--devices", "1", "--accelerator", "cpu"])
    return Path("music")


def hashes():
    return {path.name: sha256(path) for path in sorted(Path("music").iterdir())}


def test_nothing_is_written_unless_asked(indexed, capsys):
    before = hashes()
    capsys.readouterr()
    main(["write-tags", "--fields", "[comment]", "--least", "0"])
    lines = capsys.readouterr().out.splitlines()
    assert "  comment: - -> heard by mwe: " in lines[1]
    assert any("3.wav: not written: tags are not written into WAVE files" in line for line in lines)
    assert lines[-2] == "4 files: 2 to write, 1 as they are, 1 not writable"
    assert lines[-1].startswith("Nothing was written. Add --write true")
    assert hashes() == before
    assert not Path("outputs/written-tags.jsonl").exists()


def test_what_is_written_comes_back_and_is_undone(indexed, capsys):
    before = {path: (read_fields(path), sound_hash(path)) for path in sorted(indexed.glob("*.flac"))}
    given = ("--fields", "[comment]", "--least", "0", "--replace", "true", "--write", "true", "--format", "json")
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:  # the WAV
        main(["write-tags", *given])
    assert left.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert told["written"] is True
    assert [Path(file["path"]).name for file in told["files"] if file["problem"]] == ["3.wav"]
    for path, (former, sound) in before.items():
        assert read_fields(path)["comment"][0].startswith("heard by mwe: ")
        assert sound_hash(path) == sound
        assert former != read_fields(path)
    # what the user changes meanwhile stays
    write_fields(Path("music/2.flac"), {"comment": ("changed since",)})
    with pytest.raises(SystemExit):
        main(["write-tags", "--undo", "true"])
    assert "2.flac: not written: its tags were changed since" in capsys.readouterr().out
    after = {path: (read_fields(path), sound_hash(path)) for path in before}
    assert after == {**before, Path("music/2.flac"): ({"comment": ("changed since",)}, after[Path("music/2.flac")][1])}
    assert after[Path("music/2.flac")][1] == before[Path("music/2.flac")][1]
    with pytest.raises(SystemExit, match="nothing to undo"):
        main(["write-tags", "--undo", "true"])


def test_single_files_are_heard(indexed, capsys):
    capsys.readouterr()
    main(["write-tags", "music/0.flac", "--fields", "[comment]", "--least", "0", "--k", "1", "--format", "json"])
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert file["new"]["comment"][0].startswith("heard by mwe: ")
    assert "," not in file["new"]["comment"][0]


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (("--fields", "[title]"), "no field title: choose among genre, mood, comment"),
        (("--write", "true", "--undo", "true"), "exclude each other"),
    ],
)
def test_what_makes_no_sense_is_refused(indexed, given, what):
    with pytest.raises(SystemExit, match=f"mwe write-tags: .*{what}"):
        main(["write-tags", *given])


def test_a_file_that_cannot_be_written_is_told_once_and_the_next_is_written(indexed, monkeypatch, tmp_path):
    def full(path, fields):
        if path.name == "0.flac":
            raise CannotWriteError(path, "No space left on device")
        write_fields(path, fields)

    monkeypatch.setattr(tag_plan, "write_fields", full)
    new = {"comment": ("heard",)}
    plan = [tag_plan.PlannedFile(indexed / f"{number}.flac", {}, new, {}) for number in (0, 2)]
    done = list(tag_plan.write_planned(plan, tmp_path / "record.jsonl"))
    assert [file.path.name for file in done] == ["0.flac", "2.flac"]
    assert ["No space left" in file.problem for file in done] == [True, False]
    assert read_fields(indexed / "2.flac")["comment"] == ("heard",)


def test_a_tag_without_a_probability_is_not_written_and_keeps_no_other_from_being(indexed):
    tags = [TagScore("rock", "genre", 0.4, None, True, ""), TagScore("calm", "mood", 0.5, 0.9, True, "")]
    [file] = tag_plan.planned([tag_plan.HeardFile(indexed / "0.flac", tags)], ["comment"])
    assert (file.problem, file.new) == ("", {"comment": ("heard by mwe: calm",)})
