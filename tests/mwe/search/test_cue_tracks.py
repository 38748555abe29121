"""Albums in one file with a cue sheet become their tracks."""

import io
from fractions import Fraction
from threading import Lock

import numpy as np
import pytest
import soundfile

from mwe.audio import ffmpeg
from mwe.audio.cue_sheet import WHOLE
from mwe.audio.predict import Hardware
from mwe.core.errors import MissingDataError
from mwe.search import Library, cue_tracks
from mwe.search.cue_tracks import broken_note
from mwe.search.embed import Embedder, embed_files
from mwe.search.index import index_library
from mwe.search.model import TrainedModel
from mwe.search.sources import list_sources
from tests.encoded_audio import encode_stream

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
    assert "1 cue sheet cannot be used; its audio is indexed whole:" in report.note
    assert "weather.cue: not a cue sheet (line 11: '00:99:00' is not a time" in report.note


def flac_with_cue_block(path, starts, seconds):
    """A FLAC with a block of cue points after the first block, each with a code of its recording."""
    soundfile.write(path, np.concatenate([tone(pitch) for pitch in PITCHES.values()]), RATE)
    points = [(number, round(start * RATE), b"USRC17607839") for number, start in enumerate(starts, 1)]
    body = bytes(128) + bytes(8) + b"\x80" + bytes(258) + bytes([len(starts) + 1])
    for number, start, code in points:
        body += start.to_bytes(8, "big") + bytes([number]) + code + bytes(14) + b"\1" + bytes(8) + b"\1" + bytes(3)
    body += (seconds * RATE).to_bytes(8, "big") + b"\xaa" + bytes(27)
    content = path.read_bytes()
    path.write_bytes(content[:42] + b"\5" + len(body).to_bytes(3, "big") + body + content[42:])


def write_with_inner_sheet(path, container, codec, sheet=SHEET, chapters=()):
    """An album with a sheet among its tags, or with chapters."""
    import av

    with av.open(str(path), "w", format=container) as output:
        output.metadata.update({"CUESHEET": sheet} if sheet else {})
        if chapters:
            output.set_chapters([
                {"id": number, "start": start, "end": start + 4, "time_base": Fraction(1), "metadata": {"title": title}}
                for number, (start, title) in enumerate(chapters, 1)
            ])  # fmt: skip
        stream = output.add_stream(codec, rate=RATE)
        encode_stream(output, stream, np.concatenate([tone(pitch) for pitch in PITCHES.values()])[None], RATE)


@pytest.mark.parametrize(
    ("name", "container", "codec"),
    [("a.flac", "flac", "flac"), ("a.wv", "wv", "wavpack"), ("a.tta", "tta", "tta"), ("a.m4b", "ipod", "aac")]
)  # fmt: skip
def test_a_sheet_or_chapters_inside_divide_a_file(run, tmp_path, name, container, codec):
    pytest.importorskip("av")
    music = tmp_path / "music"
    music.mkdir()
    chapters = [(0, "Rain"), (4, "Sun"), (8, "Wind")] if name == "a.m4b" else ()
    write_with_inner_sheet(music / name, container, codec, "" if chapters else SHEET, chapters)
    report = index_library([music], run, tmp_path / "lib", hardware=HERE)
    assert (report.ok, report.skipped, report.note.count("cue sheet")) == (3, {}, 0)
    found = by_name(tmp_path / "lib")
    assert [found[f"{name}#{number:02}"][0].title for number in (1, 2, 3)] == list(PITCHES)
    soundfile.write(tmp_path / "Sun.flac", tone(PITCHES["Sun"]), RATE)
    alone = embed_files(TrainedModel(run), [tmp_path / "Sun.flac"])[0].embedding_D
    assert found[f"{name}#02"][1] @ alone > 0.99
    if not chapters:
        assert found[f"{name}#02"][0].artist == "Bo"
    assert index_library([music], run, tmp_path / "lib", hardware=HERE).reused == 3


def test_cue_points_of_flac_divide_it_and_their_codes_are_no_titles(tmp_path):
    pytest.importorskip("av")
    flac_with_cue_block(tmp_path / "a.flac", (0, 4, 8), 12)
    items = list_sources([tmp_path]).items
    assert [item.span for item in items] == [(0.0, 4.0), (4.0, 8.0), (8.0, np.inf)]
    assert [item.part.track.title for item in items] == ["", "", ""]


def test_a_sheet_beside_a_file_counts_before_that_inside(tmp_path):
    pytest.importorskip("av")
    write_with_inner_sheet(tmp_path / "weather.flac", "flac", "flac", SHEET.replace("Rain", "Hail"))
    assert list_sources([tmp_path]).items[0].part.track.title == "Hail"
    (tmp_path / "weather.cue").write_text(SHEET)
    assert list_sources([tmp_path]).items[0].part.track.title == "Rain"


def test_broken_sheets_inside_are_counted_and_named(tmp_path):
    pytest.importorskip("av")
    for number in range(7):
        sheet = SHEET.replace("00:04:00", "00:99:00")
        write_with_inner_sheet(tmp_path / f"{number}.flac", "flac", "flac", sheet)
    listing = list_sources([tmp_path])
    assert [item.track_id for item in listing.items] == [f"{number}.flac" for number in range(7)]
    lines = broken_note(listing.broken_sheets).splitlines()
    assert lines[0] == "7 cue sheets cannot be used; their audio is indexed whole:"
    assert "0.flac: the cue sheet inside is none (line 11: '00:99:00' is not a time" in lines[1]
    assert (len(lines), lines[-1]) == (7, "and 2 more")


def test_files_without_a_sheet_are_not_opened_for_it(album, monkeypatch):
    (album / "weather.cue").unlink()
    monkeypatch.setattr(cue_tracks, "read_inner_tracks", lambda path: pytest.fail(f"{path} was opened"))
    (album / "cut.flac").write_bytes(b"fLaC\4\xff")
    (album / "short.wv").write_bytes(b"APETAGEX")
    assert len(list_sources([album]).items) == 4


def test_without_ffmpeg_a_sheet_inside_is_told(tmp_path, monkeypatch):
    pytest.importorskip("av")
    write_with_inner_sheet(tmp_path / "a.flac", "flac", "flac")
    (tmp_path / "a.m4b").write_bytes(b"\0\0\0\x0cftypM4B ")

    def missing():
        raise MissingDataError("FFmpeg reads this file: pip install 'mwe[formats]'")

    monkeypatch.setattr(ffmpeg, "load_pyav", missing)
    listing = list_sources([tmp_path])
    assert len(listing.items) == 2
    assert [line.endswith("Type pip install 'mwe[formats]'.") for line in listing.broken_sheets] == [True]


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
