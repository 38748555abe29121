import math

import pytest

from mwe.audio.cue_sheet import CueTrack, Span, cue_spans, parse_cue, read_cue
from mwe.audio.file_tags import FileTags
from mwe.core.errors import BadFileError

SHEET = """REM GENRE Jazz
REM DATE 1994
PERFORMER "Ana Lee"
TITLE "Weather"
FILE "weather.wav" WAVE
  TRACK 01 AUDIO
    TITLE "Rain"
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE Sun and wind
    PERFORMER "Bo"
    INDEX 00 03:18:00
    INDEX 01 03:20:15
  TRACK 03 MODE1/2352
    INDEX 01 09:00:00
"""


ALBUM = ("Weather", "Ana Lee", "1994", "Jazz")
RAIN = CueTrack("weather.wav", 1, "Rain", "Ana Lee", 0.0, *ALBUM)
SUN = CueTrack("weather.wav", 2, "Sun and wind", "Bo", 200.2, *ALBUM)


def test_tracks_have_their_titles_performers_and_places():
    assert parse_cue(SHEET) == (RAIN, SUN)
    assert SUN.tags == FileTags("Sun and wind", "Bo", "Ana Lee", "Weather", 2, year=1994, genre="Jazz")


def test_spans_reach_to_the_next_track_and_the_end():
    assert cue_spans(parse_cue(SHEET), "/music/weather.flac", 400.0) == (Span(RAIN, 200.2), Span(SUN, 400.0))
    assert [span.seconds for span in cue_spans(parse_cue(SHEET), "a.flac")] == [(0.0, 200.2), (200.2, math.inf)]


def test_tracks_behind_the_end_are_left_out():
    assert cue_spans(parse_cue(SHEET), "weather.flac", 100.0) == (Span(RAIN, 100.0),)
    assert cue_spans(parse_cue(SHEET), "weather.flac", 0.0) == ()


def test_a_sheet_of_several_files_gives_each_its_own():
    sheet = SHEET.replace("  TRACK 02", 'FILE "B side.wav" WAVE\n  TRACK 02').replace("03:20:15", "00:01:00")
    assert [span.track.title for span in cue_spans(parse_cue(sheet), "B side.flac", 60)] == ["Sun and wind"]
    assert [span.track.title for span in cue_spans(parse_cue(sheet), "weather.flac", 60)] == ["Rain"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_encodings(tmp_path, encoding):
    (tmp_path / "a.cue").write_bytes(SHEET.replace("Rain", "Régen").encode(encoding))
    assert read_cue(tmp_path / "a.cue")[0].title == "Régen"


@pytest.mark.parametrize("text", ["", "no sheet", 'FILE "a" WAVE\nTRACK 01 AUDIO\nINDEX 01 1:99:00', "\0\0"])
def test_what_is_no_sheet_is_named(tmp_path, text):
    (tmp_path / "a.cue").write_text(text)
    with pytest.raises(BadFileError, match=r"a\.cue"):
        read_cue(tmp_path / "a.cue")
