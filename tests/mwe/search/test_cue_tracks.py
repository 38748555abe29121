"""Albums in one file with a cue sheet become their tracks."""

import io
from threading import Lock

import numpy as np
import pytest
import soundfile

from mwe.audio.cue_sheet import WHOLE
from mwe.audio.predict import Hardware
from mwe.search import Library
from mwe.search.embed import Embedder, embed_files
from mwe.search.index import index_library
from mwe.search.model import TrainedModel
from mwe.search.sources import list_sources

HERE = Hardware(workers=0, devices=1, accelerator="cpu")
RATE = 22050
PITCHES = {"Rain": 150.0, "Sun": 900.0, "Wind": 3000.0}
SHEET = """PERFORMER "Ana Lee"
TITLE "Weather"
REM DATE 1994
FILE "weather.wav" WAVE
  TRACK 01 AUDIO
    TITLE "Rain"
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Sun"
    PERFORMER "Bo"
    INDEX 01 00:04:00
  TRACK 03 AUDIO
    TITLE "Wind"
    INDEX 01 00:08:00
"""


def tone(pitch, seconds=4):
    at = np.arange(seconds * RATE) / RATE
    return (0.3 * np.sin(2 * np.pi * pitch * at) * (np.sin(5 * at) > 0)).astype(np.float32)


@pytest.fixture
def album(tmp_path):
    """A folder with three tracks of four seconds in one file, and a single track."""
    folder = tmp_path / "music"
    folder.mkdir()
    soundfile.write(folder / "weather.flac", np.concatenate([tone(pitch) for pitch in PITCHES.values()]), RATE)
    soundfile.write(folder / "other.flac", tone(500.0), RATE)
    (folder / "weather.cue").write_text(SHEET)
    return folder


def by_name(root):
    library = Library(root)
    names = library.tracks["track_id"].to_pylist()
    return {name: (library.store.file_tags(row), library.matrix_ND[row]) for row, name in enumerate(names)}


def test_an_album_becomes_its_tracks(album, run, tmp_path):
    out = tmp_path / "lib"
    report = index_library([album], run, out, hardware=HERE)
    assert (report.ok, report.skipped) == (4, {})
    found = by_name(out)
    assert list(found) == ["other.flac", "weather.flac#01", "weather.flac#02", "weather.flac#03"]
    assert [found[f"weather.flac#{number:02}"][0].title for number in (1, 2, 3)] == list(PITCHES)
    sun = found["weather.flac#02"][0]
    assert (sun.artist, sun.album_artist, sun.album, sun.track, sun.year) == ("Bo", "Ana Lee", "Weather", 2, 1994)
    # each has the vector of its own sound
    for number, (title, pitch) in enumerate(PITCHES.items(), 1):
        soundfile.write(tmp_path / f"{title}.flac", tone(pitch), RATE)
        alone = embed_files(TrainedModel(run), [tmp_path / f"{title}.flac"])[0].embedding_D
        np.testing.assert_allclose(found[f"weather.flac#{number:02}"][1], alone, atol=1e-3)
    library = Library(out)
    np.testing.assert_allclose(np.array(library.tracks["seconds"]), 4, atol=0.01)
    assert [hit.track_id for hit in library.search("artist:Bo title:sun").hits] == ["weather.flac#02"]
    assert index_library([album], run, out, hardware=HERE).reused == 4


def test_another_sheet_changes_tracks_and_titles(album, run, tmp_path, monkeypatch):
    out, counts, mels = tmp_path / "lib", [], Embedder.mels
    index_library([album], run, out, hardware=HERE)
    before = by_name(out)
    monkeypatch.setattr(Embedder, "mels", lambda self, batch: counts.append(len(batch.frames_B)) or mels(self, batch))
    (album / "weather.cue").write_text(SHEET.replace("Rain", "Hail"))
    report = index_library([album], run, out, hardware=HERE)
    assert (report.reused, counts) == (4, [])
    assert by_name(out)["weather.flac#01"][0].title == "Hail"
    (album / "weather.cue").write_text(SHEET.replace("00:08:00", "00:09:00"))
    report = index_library([album], run, out, hardware=HERE)
    assert (report.ok, report.reused, sum(counts)) == (4, 2, 2)
    after = by_name(out)
    np.testing.assert_array_equal(after["weather.flac#01"][1], before["weather.flac#01"][1])
    assert np.abs(after["weather.flac#02"][1] - before["weather.flac#02"][1]).max() > 1e-3
    (album / "weather.cue").unlink()
    report = index_library([album], run, out, hardware=HERE)
    assert (report.ok, report.removed) == (2, 3)


def test_a_broken_sheet_is_named_and_its_file_indexed_whole(album, run, tmp_path):
    (album / "weather.cue").write_text(SHEET.replace("00:04:00", "00:99:00"))
    report = index_library([album], run, tmp_path / "lib", hardware=HERE)
    assert list(by_name(tmp_path / "lib")) == ["other.flac", "weather.flac"]
    assert "weather.cue: not a cue sheet (line 11: '00:99:00' is not a time" in report.note
    assert "Its audio file is indexed whole." in report.note


@pytest.mark.parametrize(
    ("audio", "sheet", "named", "divided"),
    [
        ("weather.flac", "weather.cue", "weather.wav", True),
        ("weather.flac", "weather.flac.cue", "anything.wav", True),
        ("weather.flac", "weather.cue", "C:\\\\rips\\\\WEATHER.WAV", True),
        ("weather.flac", "cd.CUE", "weather.flac", True),
        ("weather.flac", "cd.cue", "another.wav", False),
        ("weather.flac", ".weather.cue", "weather.wav", False),
    ],
)
def test_which_file_a_sheet_divides(tmp_path, audio, sheet, named, divided):
    (tmp_path / audio).touch()
    (tmp_path / sheet).write_text(SHEET.replace("weather.wav", named))
    for source in (tmp_path, tmp_path / audio):
        items = list_sources([source]).items
        assert len(items) == (3 if divided else 1), items
        assert items[-1].span == ((8.0, np.inf) if divided else WHOLE)


def test_a_sheet_with_a_file_for_each_track_divides_none(tmp_path):
    lines = "".join(f'FILE "{name}.wav" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n' for name in "abc")
    (tmp_path / "cd.cue").write_text(lines)
    for name in "abc":
        (tmp_path / f"{name}.flac").touch()
    assert [item.track_id for item in list_sources([tmp_path]).items] == ["a.flac", "b.flac", "c.flac"]


def test_tracks_that_a_sheet_puts_behind_the_end_are_skipped(album, run, tmp_path):
    (album / "weather.cue").write_text(SHEET.replace("00:08:00", "09:00:00"))
    report = index_library([album], run, tmp_path / "lib", hardware=HERE)
    assert (report.ok, report.skipped) == (3, {"too-short": 1})


def test_the_page_plays_and_draws_each_track_alone(album, run, tmp_path):
    media = pytest.importorskip("mwe.page.media", reason="Gradio is not installed (extra `demo`)")
    handlers, plane_of = pytest.importorskip("mwe.page.handlers"), pytest.importorskip("mwe.page.plane").plane_of
    starlette, testing = (pytest.importorskip(f"starlette.{name}") for name in ("applications", "testclient"))
    wave, rate = soundfile.read(album / "weather.flac")
    (album / "weather.flac").unlink()
    soundfile.write(album / "weather.aiff", wave, rate)  # which browsers do not play
    index_library([album], run, tmp_path / "lib", hardware=HERE)
    library = Library(tmp_path / "lib")
    routes = media.Media(library, plane_of(library), Lock()).routes
    client = testing.TestClient(starlette.Starlette(routes=routes))
    for row, pitch in enumerate(PITCHES.values(), 1):
        answer = client.get(f"/library/tracks/{row}/sound")
        sent, _ = soundfile.read(io.BytesIO(answer.content))
        np.testing.assert_allclose(sent, tone(pitch), atol=1e-3)
        assert client.get(f"/library/tracks/{row}/mel.png").status_code == 200
    html = handlers.Handlers(library, Lock()).answer(handlers.PageQuery("low title:sun"))
    assert 'src="library/tracks/2/sound"' in html
    soundfile.write(album / "weather.flac", wave, rate)
    (album / "weather.aiff").unlink()
    index_library([album], run, tmp_path / "lib", hardware=HERE)
    html = handlers.Handlers(Library(tmp_path / "lib"), Lock()).answer(handlers.PageQuery("low title:sun"))
    assert 'src="library/tracks/2/sound#t=4.00,8.00"' in html
