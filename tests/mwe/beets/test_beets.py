"""The plugin in the real `beet`, each command a process of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mwe.core.files import sha256
from mwe.search import Library
from tests.prepared_processes import Command

pytest.importorskip("beets")
mutagen = pytest.importorskip("mutagen")

CONFIG = """
directory: {music}
library: {home}/items.db
plugins: mwe
import: {{copy: no, write: no, quiet: yes}}
mwe: {{model: {model}, workers: 0, least: 0.0, tags: 2}}
"""
ROOT = Path(__file__).parent.parent.parent.parent
TITLES = {"Rain": "t00", "Sun": "t01", "Snow": "t02", "Wind": "t03"}


class Beet:
    """A home of beets with some files, and its command."""

    def __init__(self, command: Command, root: Path, run: Path, audio: Path) -> None:
        self.command = command
        self.music, self.home = root / "music", root / "home"
        self.music.mkdir()
        self.home.mkdir()
        (self.home / "config.yaml").write_text(CONFIG.format(music=self.music, home=self.home, model=run))
        for title, name in TITLES.items():
            self.add(audio / f"{name}.flac", self.music / f"{title}.flac", title)
        self("import", "-A", "-s", str(self.music))

    def add(self, source: Path, path: Path, title: str) -> None:
        shutil.copy(source, path)
        file = mutagen.File(path)
        file["title"], file["artist"] = title, "Ana" if title in ("Rain", "Sun") else "Bob"
        file.save()

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        env = {**os.environ, "BEETSDIR": str(self.home), "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
        return self.command("beets", *arguments, env=env)

    def __call__(self, *arguments: str) -> list[str]:
        done = self.run(*arguments)
        assert not done.returncode, done.stderr
        return done.stdout.splitlines()

    def refused(self, *arguments: str) -> str:
        done = self.run(*arguments)
        (line,) = [line for line in done.stderr.splitlines() if line]
        assert (done.returncode, done.stdout) == (1, "")
        return line


@pytest.fixture(scope="module")
def beet(miniature, run, tmp_path_factory, command) -> Beet:
    """Beets with four items, all indexed; the year of one is only in the database."""
    made = Beet(command, tmp_path_factory.mktemp("beets"), run, miniature / "audio")
    made("modify", "-y", "-W", "title:Sun", "year=1994", "original_year=1991", "genres=jazz")
    assert made("mwe", "index")[0] == f"4 ok, 0 skipped in {made.home / 'mwe'}"
    return made


def test_answers_are_items_in_the_format_of_beets(beet):
    lines = beet("mwe", "search", "-f", "$title $mwe_score", "low")
    assert sorted(line.split()[0] for line in lines) == sorted(TITLES)
    scores = [float(line.split()[1]) for line in lines]
    assert scores == sorted(scores, reverse=True)
    assert beet("mwe", "search", "-p", "-n", "1", "low") == [str(beet.music / f"{lines[0].split()[0]}.flac")]
    assert set(beet("mwe", "search", "-f", "$title", "--among", "artist:bob", "low")) == {"Snow", "Wind"}


def test_the_library_has_what_the_database_says(beet):
    assert beet("mwe", "search", "-f", "$title", "low", "year:1990..1992") == ["Sun"]
    tags = Library(beet.home / "mwe").search("genre:jazz").hits[0].file_tags
    assert (tags.title, tags.artist, tags.year, tags.genre, tags.bpm) == ("Sun", "Ana", 1991, "jazz", None)


def test_similar_items_do_not_include_those_asked_for(beet):
    assert set(beet("mwe", "similar", "-f", "$title", "artist:ana")) == {"Snow", "Wind"}


def test_a_playlist_takes_words_items_or_both_ends(beet, tmp_path):
    by_words = beet("mwe", "playlist", "low", "-n", "2")
    assert by_words[0] == "#EXTM3U"
    assert all(Path(line).parent == beet.music for line in by_words[2::2])
    out = beet.music / "list.m3u8"
    assert beet("mwe", "playlist", "--like", "title:rain", "-o", str(out), "--relative")[0].startswith("3 tracks, ")
    listed = out.read_text(encoding="utf-8").splitlines()[2::2]
    out.unlink()
    assert sorted(listed) == ["Snow.flac", "Sun.flac", "Wind.flac"]
    path = beet("mwe", "playlist", "--start", "title:rain", "--end", "title:wind", "-n", "2")
    assert [Path(line).stem for line in path[2::2]] == ["Rain", "Wind"]


def test_tags_are_kept_only_when_asked_and_files_stay(beet):
    before = {path: sha256(path) for path in beet.music.iterdir()}
    shown = beet("mwe", "tag", "-f", "$title", "artist:ana")
    assert shown[0].startswith("Rain: - -> ")
    assert shown[-1] == "2 items: 2 to write"
    assert beet("ls", "mwe_tags::.") == []
    beet("mwe", "tag", "--write", "artist:ana")
    heard = beet("ls", "-f", "$mwe_tags", "title:rain")[0].split("; ")
    assert shown[0] == f"Rain: - -> {'; '.join(heard)}"
    assert len(heard) == 2
    assert beet("ls", "-f", "$title", f"mwe_tags:{heard[0]}", "title:rain") == ["Rain"]
    assert beet("mwe", "tag", "artist:ana") == ["2 items: 0 to write"]
    assert {path: sha256(path) for path in beet.music.iterdir()} == before


def test_errors_are_one_line(beet, tmp_path):
    assert "no item of beets matches 'artist:nobody'" in beet.refused("mwe", "similar", "artist:nobody")
    assert "no query" in beet.refused("mwe", "tag")
    assert "no word of the query 'blorf' is known" in beet.refused("mwe", "search", "blorf")
    assert "no command 'find'; there are index, search" in beet.refused("mwe", "find")
    assert "a path needs both ends" in beet.refused("mwe", "playlist", "--start", "title:rain")
    (tmp_path / "other.yaml").write_text(f"mwe: {{library: {tmp_path}/none}}")
    assert "Make one with `beet mwe index`" in beet.refused("-c", str(tmp_path / "other.yaml"), "mwe", "search", "low")


def test_other_commands_of_beets_start_without_our_libraries(beet):
    code = (
        "import sys\nfrom beets.ui import main\nmain(['ls'])\n"
        "assert not {'torch', 'pyarrow', 'sklearn'} & set(sys.modules), 'heavy'"
    )
    env = {**os.environ, "BEETSDIR": str(beet.home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 4), done.stderr


def test_items_that_move_go_or_come(command, miniature, run, tmp_path):
    beet = Beet(command, tmp_path, run, miniature / "audio")
    elsewhere, strange = tmp_path / "elsewhere", os.fsdecode(os.fsencode(beet.music) + b"/\xff wind.flac")
    elsewhere.mkdir()
    beet("remove", "-f", "title:wind")
    os.rename(beet.music / "Wind.flac", strange)
    beet("import", "-A", "-s", str(beet.music))
    assert beet("mwe", "index", "artist:ana")[0].startswith("2 ok, 0 skipped in")
    done = beet.run("mwe", "similar", "-f", "$title", "title:rain", ",", "title:snow")
    assert done.stdout.split() == ["Sun"]
    assert "1 items are not indexed; run `beet mwe index`" in done.stderr
    assert beet("mwe", "index", "artist:bob")[0].startswith("4 ok, 0 skipped (2 unchanged since an earlier run)")
    # a file that moved is named where it is now, and so is one whose name is no Unicode
    beet("move", "-d", str(elsewhere), "title:rain")
    paths = beet("mwe", "playlist", "low")[2::2]
    assert sorted(Path(path).is_relative_to(elsewhere) for path in paths) == [False, False, False, True]
    assert "file://" + str(beet.music) + "/%FF%20wind.flac" in paths
    # beets gives the number of a removed item to the next one
    (number,) = beet("ls", "-f", "$id", "title:wind")
    beet("remove", "-f", "artist:bob")
    rate = 22050
    soundfile.write(tmp_path / "long.flac", np.random.default_rng(0).uniform(-0.1, 0.1, 20 * rate), rate)
    beet.add(tmp_path / "long.flac", beet.music / "Long.flac", "Long")
    beet("import", "-A", "-s", str(beet.music / "Long.flac"))
    assert beet("ls", "-f", "$id", "title:long") == [number]
    done = beet.run("mwe", "search", "-f", "$title", "low")
    assert set(done.stdout.split()) == {"Rain", "Sun"}
    assert "2 tracks are no longer in beets" in done.stderr
    assert beet("mwe", "index")[0].startswith("3 ok, 0 skipped (")
    assert set(beet("mwe", "search", "-f", "$title", "low")) == {"Rain", "Sun", "Long"}
