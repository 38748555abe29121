"""Tags written into files: they come back, others and the sound stay, and a failure leaves the file as it was."""

import numpy as np
import pytest
import soundfile

from mwe.audio import tag_writer
from mwe.audio.tag_reader import read_tags
from mwe.audio.tag_writer import read_fields, sound_hash, write_fields
from mwe.core.errors import BadFileError
from tests.encoded_audio import encode_stream

av = pytest.importorskip("av")
mutagen = pytest.importorskip("mutagen")

RATE = 48_000
CODECS = {"mp3": ("mp3", "libmp3lame"), "m4a": ("ipod", "aac"), "flac": ("flac", "flac"), "opus": ("ogg", "libopus")}
ENDINGS = (*CODECS, "ogg")


def song(path, tagged=True):
    """Write two seconds of noise, with a title, an artist and a comment of a program."""
    wave = (0.1 * np.random.default_rng(0).standard_normal(2 * RATE)).astype(np.float32)
    if path.suffix == ".ogg":
        soundfile.write(path, wave, RATE, format="OGG")
    else:
        container, codec = CODECS[path.suffix[1:]]
        with av.open(str(path), "w", format=container) as output:
            stream = output.add_stream(codec, rate=RATE)
            encode_stream(output, stream, wave[None], RATE)
    if tagged:
        audio = mutagen.File(path, easy=True)
        if audio.tags is None:
            audio.add_tags()
        audio["title"], audio["artist"] = "Rain", "Ana Lee"
        audio.save()
    return path


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("tagged", [True, False])
def test_fields_come_back_and_all_else_stays(tmp_path, ending, tagged):
    path = song(tmp_path / f"a.{ending}", tagged)
    sound, former = sound_hash(path), read_fields(path)
    fields = {"genre": ("Rock", "Indie Pop"), "mood": ("calm",), "comment": ("heard by mwe: ñ, 雨",)}
    write_fields(path, fields)
    assert read_fields(path) == {**former, **fields}
    assert sound_hash(path) == sound
    tags = read_tags(path)
    assert (tags.title, tags.artist) == (("Rain", "Ana Lee") if tagged else ("", ""))
    assert "Rock" in tags.genre
    write_fields(path, {name: former.get(name, ()) for name in fields})
    assert read_fields(path) == former
    assert read_tags(path).title == tags.title
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_comments_of_programs_stay(tmp_path):
    path = song(tmp_path / "a.mp3")
    from mutagen.id3 import COMM, ID3

    tags = ID3(path)
    tags.add(COMM(encoding=3, lang="eng", desc="iTunNORM", text=["0001"]))
    tags.save()
    write_fields(path, {"comment": ("mine",)})
    assert read_fields(path)["comment"] == ("mine",)
    assert ID3(path).getall("COMM:iTunNORM")[0].text == ["0001"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_failure_leaves_the_file_as_it_was(tmp_path, ending, monkeypatch):
    path = song(tmp_path / f"a.{ending}")
    before = path.read_bytes()
    hashes = iter(["before", "after"])
    with monkeypatch.context() as changed:
        changed.setattr(tag_writer, "sound_hash", lambda _: next(hashes))
        with pytest.raises(BadFileError, match=r"would change the sound\. The file is unchanged"):
            write_fields(path, {"genre": ("Rock",)})
    assert path.read_bytes() == before
    with monkeypatch.context() as changed:
        changed.setattr(tag_writer, "_change", lambda *_: None)
        with pytest.raises(BadFileError, match="tags come back as"):
            write_fields(path, {"genre": ("Rock",)})
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_other_kinds_and_damaged_files_are_named(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(800), 8000)
    (tmp_path / "page.mp3").write_text("<html>")
    (tmp_path / "text.txt").write_text("none")
    for name, what in (("a.wav", "not written into WAVE files"), ("page.mp3", ""), ("text.txt", "not a kind of file")):
        with pytest.raises(BadFileError, match=rf"{name}: .*{what}"):
            write_fields(tmp_path / name, {"genre": ("Rock",)})


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "music").mkdir()
    path = song(tmp_path / "music/a.flac")
    (tmp_path / "link.flac").symlink_to(path)
    write_fields(tmp_path / "link.flac", {"genre": ("Rock",)})
    assert (tmp_path / "link.flac").is_symlink()
    assert read_fields(path)["genre"] == ("Rock",)
