"""Excerpts by seeking are those of the whole; tags and cue sheets of every kind."""

import contextlib
import os
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from mwe.audio.cue_sheet import cue_spans, parse_cue
from mwe.audio.decode import decode
from mwe.audio.excerpts import _SndfileSound, read_excerpts
from mwe.audio.ffmpeg_excerpts import InexactSeekError
from mwe.audio.file_tags import FileTags, tags_of
from mwe.audio.tag_reader import read_tags
from mwe.audio.verdict import UnreadableAudio
from tests.encoded_audio import encode_stream

av = pytest.importorskip("av")

RATE = 44100
SAMPLES = 22050
# container and codec, and how far an excerpt may be from the whole: FFmpeg's AAC and AC-3 fill bands with random noise
KINDS = {
    "a.m4a": ("ipod", "aac", 2e-2),
    "alac.m4a": ("ipod", "alac", 1e-6),
    "a.aac": ("adts", "aac", 2e-2),
    "a.wma": ("asf", "wmav2", 1e-3),
    "a.wv": ("wv", "wavpack", 1e-6),
    "a.tta": ("tta", "tta", 1e-6),
    "a.caf": ("caf", "alac", 1e-6),
    "a.flac": ("flac", "flac", 1e-6),
    "a.mp3": ("mp3", "mp3", 1e-3),
    "a.opus": ("ogg", "libopus", 1e-3),
    "opus.mka": ("matroska", "libopus", 1e-3),
    "flac.mka": ("matroska", "flac", 1e-6),
    "a.ac3": ("ac3", "ac3", 2e-2),
    "a.mp4": ("mp4", "aac", 2e-2),
    "a.avi": ("avi", "mp3", 1e-3),
}


def make(path, container, codec, seconds=6.0, metadata=(), options=None):
    rate = 48000 if codec == "libopus" else RATE
    at = np.arange(int(seconds * rate)) / rate
    mono = 0.2 * np.sin(2 * np.pi * 220 * at) * (np.sin(5 * at) > 0) + 0.1 * np.sin(2 * np.pi * (400 + 90 * at) * at)
    mono = mono + 0.01 * np.random.default_rng(0).standard_normal(len(at))
    with av.open(os.fspath(path), "w", format=container, options=options or {}) as output:
        output.metadata.update(metadata)
        stream = output.add_stream(codec, rate=rate)
        stream.bit_rate = 160_000
        encode_stream(output, stream, np.stack([mono, mono]), rate)
    return path


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    return {name: make(folder / name, *how[:2]) for name, how in KINDS.items()}


def spread(length):
    return [-500, 0, 12_345, 40_000, length - SAMPLES, length - 9000]


@pytest.mark.parametrize("name", KINDS)
def test_excerpts_are_those_of_the_whole(kinds, name):
    found = read_excerpts(kinds[name], spread, SAMPLES)
    wave = decode(kinds[name]).wave
    assert found.verdict.whole_because == ""
    assert found.samples == pytest.approx(len(wave), abs=2)
    padded = np.pad(wave, (500, SAMPLES))
    truth = np.stack([padded[start + 500 : start + 500 + SAMPLES] for start in spread(found.samples)])
    assert np.sqrt(np.mean((found.wave_ES - truth) ** 2)) < KINDS[name][2], name
    whole = read_excerpts(kinds[name], spread(found.samples), SAMPLES, thorough=True)
    np.testing.assert_array_equal(whole.wave_ES, truth)
    assert whole.verdict.whole_because == "asked for"


def test_files_whose_places_cannot_be_told_are_decoded_whole(kinds, tmp_path):
    content = kinds["a.mp3"].read_bytes()
    (tmp_path / "joined.mp3").write_bytes(content + content)
    found = read_excerpts(tmp_path / "joined.mp3", spread, SAMPLES)
    assert "joined" in found.verdict.whole_because
    assert found.samples / 22050 == pytest.approx(12, abs=0.2)


def test_excerpts_refuse_what_the_whole_refuses(tmp_path):
    soundfile.write(tmp_path / "silent.flac", np.zeros(RATE, np.float32), RATE)
    soundfile.write(tmp_path / "short.flac", np.full(100, 0.1, np.float32), RATE)
    soundfile.write(tmp_path / "whole.wav", np.full(4 * RATE, 0.1, np.float32), RATE)
    (tmp_path / "cut.wav").write_bytes((tmp_path / "whole.wav").read_bytes()[: RATE // 2])
    for name, reason in (
        ("silent.flac", "silent"), ("short.flac", "too-short"), ("cut.wav", "truncated"), ("none.wav", "missing")
    ):  # fmt: skip
        with pytest.raises(UnreadableAudio) as raised:
            read_excerpts(tmp_path / name, spread, SAMPLES)
        assert raised.value.reason == reason


CUT = ("a.m4a", "alac.m4a", "a.wma", "a.tta", "a.flac", "a.mp3", "a.opus", "flac.mka", "a.wav")


@pytest.mark.parametrize("name", CUT)
def test_a_cut_file_is_read_as_far_as_it_goes(tmp_path, name):
    """By seeking as by decoding whole, as long as FFmpeg plays it, and named truncated; `decode` refuses it."""
    how = ("wav", "pcm_s16le") if name == "a.wav" else KINDS[name][:2]
    path = make(tmp_path / name, *how, options={"movflags": "faststart"} if name.endswith("m4a") else None)
    path.write_bytes(path.read_bytes()[: int(0.6 * path.stat().st_size)])
    played = 0.0
    with av.open(os.fspath(path)) as container:
        for packet in container.demux(audio=0):
            with contextlib.suppress(av.FFmpegError):
                played += sum(frame.samples / frame.sample_rate for frame in packet.decode())
    by_seeking, whole = (read_excerpts(path, spread, SAMPLES, thorough=thorough) for thorough in (False, True))
    assert by_seeking.samples == pytest.approx(whole.samples, abs=2)
    assert whole.samples / 22050 == pytest.approx(played, rel=0.01)
    np.testing.assert_allclose(by_seeking.wave_ES, whole.wave_ES, atol=0.05)
    for verdict in (by_seeking.verdict, whole.verdict):
        assert verdict.condition == "truncated"
        assert not verdict.damaged_at
        assert str(verdict).startswith(f"truncated: {verdict.seconds:.1f} s")
        assert verdict.large_loss or verdict.lost_seconds > (0.5 if name == "a.wma" else 2)
    with pytest.raises(UnreadableAudio, match=f"truncated: {whole.verdict.seconds:.1f} s"):
        decode(path)


def test_a_part_before_the_cut_is_complete(kinds, tmp_path):
    (tmp_path / "a.mp3").write_bytes(kinds["a.mp3"].read_bytes()[:80_000])
    assert read_excerpts(tmp_path / "a.mp3", [0], SAMPLES, span=(1.0, 2.0)).verdict.condition == "ok"
    with pytest.raises(UnreadableAudio, match="truncated"):
        read_excerpts(tmp_path / "a.mp3", [0], SAMPLES, span=(5.0, 6.0))


TAGS = {"title": "Rain", "artist": "Ana Lee", "album": "Weather", "genre": "Jazz", "date": "1994", "track": "3/12"}


@pytest.mark.parametrize("name", ["a.m4a", "a.wma", "a.flac", "a.mp3", "a.opus", "opus.mka", "a.mp4"])
def test_tags_of_every_kind(tmp_path, name):
    path = make(tmp_path / name, *KINDS[name][:2], seconds=1.0, metadata=TAGS)
    found = read_tags(path)
    assert (found.title, found.artist, found.album, found.genre) == ("Rain", "Ana Lee", "Weather", "Jazz")
    assert (found.year, found.track) == (1994, 3)


def test_names_and_values_of_tags_are_guarded():
    assert tags_of({}) == FileTags()
    found = tags_of({
        "ALBUM ARTIST": "Ana", "TBPM": "128.5", "InitialKey": "Am", "REPLAYGAIN_TRACK_GAIN": "-7.25 dB", "disc": "2/2",
        "MusicBrainz Track Id": "c0ffee", "date": "no year", "track": "A1\x1b[31m", "title": "a\n\x00b\ud800",
    })  # fmt: skip
    assert (found.album_artist, found.bpm, found.key, found.replaygain_track) == ("Ana", 128.5, "Am", -7.25)
    assert (found.disc, found.musicbrainz_track, found.year, found.title) == (2, "c0ffee", None, "a b?")


def test_an_album_in_one_file_gives_its_tracks_by_seeking(kinds):
    sheet = 'FILE "a.wav" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 00:02:00'
    spans = cue_spans(parse_cue(sheet), kinds["a.flac"], 6.0)
    found = read_excerpts(kinds["a.flac"], [round(span.track.start * 22050) for span in spans], SAMPLES)
    wave = decode(kinds["a.flac"]).wave
    np.testing.assert_allclose(found.wave_ES[1], wave[44100 : 44100 + SAMPLES], atol=1e-6)


@pytest.mark.parametrize("name", ["a.flac", "a.mp3", "a.m4a"])
@pytest.mark.parametrize("thorough", [False, True])
def test_a_span_is_read_as_if_it_were_a_file(kinds, name, thorough):
    wave = decode(kinds[name]).wave
    found = read_excerpts(kinds[name], [0, 22050], SAMPLES, span=(2.0, 4.5), thorough=thorough)
    assert (found.samples, found.kept) == (round(2.5 * 22050), round(2.5 * 22050))
    tolerance = KINDS[name][2]
    inner = slice(200, -200)  # at the ends the filter that resamples has other neighbours
    np.testing.assert_allclose(found.wave_ES[0][inner], wave[44100 : 44100 + SAMPLES][inner], atol=tolerance)
    np.testing.assert_allclose(found.wave_ES[1][inner], wave[66150 : 66150 + SAMPLES][inner], atol=tolerance)
    to_the_end = read_excerpts(kinds[name], [0], SAMPLES, span=(5.0, np.inf), thorough=thorough)
    assert to_the_end.samples / 22050 == pytest.approx(1.0, abs=0.1)
    with pytest.raises(UnreadableAudio, match="too-short"):
        read_excerpts(kinds[name], [0], SAMPLES, span=(7.0, np.inf), thorough=thorough)


def test_a_span_beyond_the_longest_part_that_is_read_is_reached(kinds):
    found = read_excerpts(kinds["a.flac"], [0], SAMPLES, span=(4.0, np.inf), max_seconds=1.5)
    assert found.samples == round(1.5 * 22050)


@pytest.mark.parametrize("thorough", [False, True])
def test_a_silent_span_is_told(tmp_path, thorough):
    wave = np.concatenate([np.full(2 * RATE, 0.1), np.zeros(2 * RATE)]).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", wave, RATE)
    with pytest.raises(UnreadableAudio, match="silent"):
        read_excerpts(tmp_path / "a.wav", [0, SAMPLES], SAMPLES, span=(2.5, 4.0), thorough=thorough)


@pytest.mark.parametrize("there", [0, 60, 99])
def test_a_file_that_is_shorter_than_it_says_is_read_in_order_instead(there):
    place = [0]

    def read(frames, **how):
        return np.zeros((min(frames, max(0, there - place[0])), 1), np.float32)

    file = SimpleNamespace(
        samplerate=10, frames=100, channels=1, extra_info="", seek=lambda start: place.__setitem__(0, start), read=read
    )
    with pytest.raises(InexactSeekError, match="shorter than its header says"):
        _SndfileSound(file, max_seconds=100.0)
