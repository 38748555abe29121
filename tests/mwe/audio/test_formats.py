"""Every kind of file that a collection holds, made on the fly, and what goes wrong in them."""

import contextlib
import os
import struct

import numpy as np
import pytest
import soundfile

from mwe.audio import decode as decoding
from mwe.audio.decode import decode, read_whole
from mwe.audio.mpeg_frames import count_frames
from mwe.audio.verdict import UnreadableAudio, Verdict
from tests.encoded_audio import encode_stream

av = pytest.importorskip("av")

RATE = 44100
KINDS = {
    "aac.m4a": ("ipod", "aac"),
    "alac.m4a": ("ipod", "alac"),
    "adts.aac": ("adts", "aac"),
    "wma.wma": ("asf", "wmav2"),
    "wavpack.wv": ("wv", "wavpack"),
    "tta.tta": ("tta", "tta"),
    "alac.caf": ("caf", "alac"),
    "flac.flac": ("flac", "flac"),
    "mp3.mp3": ("mp3", "mp3"),
    "mp2.mp2": ("mp2", "mp2"),
    "opus.opus": ("ogg", "libopus"),
    "opus.mka": ("matroska", "libopus"),
    "opus.webm": ("webm", "libopus"),
    "flac.mka": ("matroska", "flac"),
    "aac.mkv": ("matroska", "aac"),
    "ac3.ac3": ("ac3", "ac3"),
    "eac3.eac3": ("eac3", "eac3"),
    "mp3.avi": ("avi", "mp3"),
    "aac.mp4": ("mp4", "aac"),
    "aac.mov": ("mov", "aac"),
    "mp2.ts": ("mpegts", "mp2"),
    "pcm.w64": ("w64", "pcm_s16le"),
    "pcm.aiff": ("aiff", "pcm_s16be"),
    "pcm.au": ("au", "pcm_s16be"),
}


def song(seconds=4.0, rate=RATE, seed=0):
    """Two channels of tones that come and go, over soft noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    tones = [
        np.sin(2 * np.pi * pitch * time) * (np.sin(2 * np.pi * time / period) > 0)
        for pitch, period in ((220, 0.7), (660, 1.1), (1760, 1.7), (95, 2.3))
    ]
    mono = 0.12 * np.sum(tones, axis=0)
    return (np.stack([mono, 0.7 * mono]) + 0.01 * rng.standard_normal((2, len(time)))).astype(np.float32)


def encode(path, wave_CN, container, codec, rate=RATE, streams=1, options=None, bit_rate=192_000):
    """Write sound by PyAV."""
    if codec == "libopus":
        rate = 48000
        wave_CN = song(wave_CN.shape[1] / RATE, rate)
    with av.open(os.fspath(path), "w", format=container) as output:
        made = [output.add_stream(codec, rate=rate, options=options or {}) for _ in range(streams)]
        for stream in made:
            stream.layout = "stereo"
            if options is None:
                stream.bit_rate = bit_rate
        for number, stream in enumerate(made):
            encode_stream(output, stream, wave_CN / (number + 1), rate)
    return path


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    return {name: encode(folder / name, song(), *how) for name, how in KINDS.items()}


def reason(path, **how):
    with pytest.raises(UnreadableAudio) as raised:
        read_whole(path, **how)
    return raised.value.reason, raised.value.detail


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_gives_the_same_sound(kinds, name):
    wave, verdict = read_whole(kinds[name])
    assert len(wave) / 22050 == pytest.approx(4.0, rel=0.02), name
    assert str(verdict) == "ok"
    assert verdict.ok
    truth = decoding.soxr.resample(song().mean(axis=0), RATE, 22050, quality="HQ")
    # encoders delay by up to a few frames where the container cannot say so
    middle = truth[20000:60000] / np.linalg.norm(truth[20000:60000])
    windows = np.lib.stride_tricks.sliding_window_view(wave, 40000)[19800:24000]
    likeness = windows @ middle / np.linalg.norm(windows, axis=1)
    assert max(likeness) > (0.85 if name == "wma.wma" else 0.97), name  # FFmpeg's own encoder is a poor one


def test_decoders_print_nothing(kinds, capfd, tmp_path):
    for path in kinds.values():
        content = bytearray(path.read_bytes())
        content[len(content) // 2 : len(content) // 2 + 400] = os.urandom(400)
        (tmp_path / path.name).write_bytes(content)
        with contextlib.suppress(UnreadableAudio):
            read_whole(tmp_path / path.name)
    assert capfd.readouterr() == ("", "")


def test_an_mp3_of_variable_rate_without_a_header_is_read_whole(tmp_path):
    quiet = np.concatenate([0.001 * song(8), song(8)], axis=1)
    encode(tmp_path / "a.mp3", quiet, "mp3", "mp3", options={"q": "4"})
    content = (tmp_path / "a.mp3").read_bytes()
    first = content.find(b"Xing")
    first = first if first >= 0 else content.find(b"Info")
    start = content.rfind(b"\xff\xfb", 0, first)
    following = content.find(b"\xff\xfb", first)
    (tmp_path / "b.mp3").write_bytes(content[following:])
    assert start >= 0
    assert count_frames(tmp_path / "a.mp3").stated_samples
    assert not count_frames(tmp_path / "b.mp3").stated_samples
    for name in ("a.mp3", "b.mp3"):
        assert len(decode(tmp_path / name).wave) / 22050 == pytest.approx(16, abs=0.16)


def test_joined_mp3s_are_read_to_the_end(kinds, tmp_path):
    content = kinds["mp3.mp3"].read_bytes()
    (tmp_path / "joined.mp3").write_bytes(content + content)
    assert count_frames(tmp_path / "joined.mp3").joined == 1
    wave, verdict = read_whole(tmp_path / "joined.mp3")
    assert len(wave) / 22050 == pytest.approx(8, abs=0.1)
    assert verdict.reader == "FFmpeg"


def test_damage_is_passed_over_and_named(kinds, tmp_path):
    content = bytearray(kinds["mp3.mp3"].read_bytes())
    content[len(content) // 2 : len(content) // 2 + 100] = b"\xff" * 100
    (tmp_path / "damaged.mp3").write_bytes(content)
    wave, verdict = read_whole(tmp_path / "damaged.mp3")
    assert len(wave) / 22050 == pytest.approx(4, abs=0.1)
    assert verdict.damaged_at
    assert verdict.damaged_at[0] == pytest.approx(2, abs=0.3)
    assert str(verdict).startswith("ok: damaged at ")
    assert not verdict.ok


@pytest.mark.parametrize("name", ["alac.m4a", "alac.caf", "tta.tta", "wma.wma", "flac.mka", "mp3.mp3", "opus.opus"])
def test_half_a_file_is_truncated(kinds, tmp_path, name):
    content = kinds[name].read_bytes()
    if name in ("alac.m4a", "alac.caf"):  # the index stands at the end; FFmpeg needs it
        (tmp_path / name).write_bytes(content[: content.rindex(b"moov" if name == "alac.m4a" else b"pakt") - 8])
        kind = "MP4 or M4A" if name == "alac.m4a" else "CAF"
        assert reason(tmp_path / name) == ("truncated", f"{kind} without the index that stands at its end")
        return
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    wave, verdict = read_whole(tmp_path / name)
    assert verdict.condition == "truncated"
    assert len(wave) / 22050 == pytest.approx(2, abs=1.0)  # a packet of True Audio lasts a second


def test_the_first_of_several_streams_is_read_and_said(tmp_path):
    encode(tmp_path / "two.mka", song(2), "matroska", "flac", streams=2)
    wave, verdict = read_whole(tmp_path / "two.mka")
    assert "audio stream 1 of 2" in str(verdict)
    np.testing.assert_allclose(wave, decode(encode(tmp_path / "one.mka", song(2), "matroska", "flac")).wave, atol=1e-6)


def test_names_of_any_length_and_bytes(kinds, tmp_path):
    folder = tmp_path
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(6):
            os.mkdir("x" * 200, dir_fd=here)
            deeper = os.open("x" * 200, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here, folder = deeper, folder / ("x" * 200)
    finally:
        os.close(here)
    for name in ("mp3.mp3", "aac.m4a", "flac.flac", "pcm.au"):
        target = os.fsencode(folder) + b"/caf\xe9 " + name.encode()
        with open(target, "wb") as file:
            file.write(kinds[name].read_bytes())
        assert len(os.fsencode(target)) > 1024
        assert len(decode(os.fsdecode(target)).wave) / 22050 == pytest.approx(4, abs=0.1)


def test_without_the_extra_the_kind_and_the_remedy_are_named(kinds, monkeypatch):
    monkeypatch.setattr(decoding.ffmpeg, "is_installed", lambda: False)
    for name, kind in (("aac.m4a", "M4A"), ("wma.wma", "WMA"), ("wavpack.wv", "WavPack"), ("opus.mka", "Matroska")):
        outcome, detail = reason(kinds[name])
        assert outcome == "needs-extra"
        assert kind in detail
        assert "pip install 'mwe[formats]'" in detail
    assert str(read_whole(kinds["flac.flac"]).verdict) == "ok"
    assert str(read_whole(kinds["mp3.mp3"]).verdict) == "ok"


def test_protected_files_are_named(kinds, tmp_path):
    content = kinds["aac.m4a"].read_bytes()
    assert content.count(b"mp4a") == 1
    (tmp_path / "bought.m4p").write_bytes(content.replace(b"mp4a", b"drms"))  # named before its sound is decoded
    outcome, detail = reason(tmp_path / "bought.m4p")
    assert outcome == "encrypted"
    assert "DRM" in detail


def test_a_playlist_in_disguise_opens_nothing(kinds, tmp_path):
    (tmp_path / "a.mp3").write_text(f"ffconcat version 1.0\nfile '{kinds['wma.wma']}'\n")
    (tmp_path / "b.mp3").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{kinds['adts.aac']}\n#EXT-X-ENDLIST\n"
    )
    for name in ("a.mp3", "b.mp3"):
        assert reason(tmp_path / name)[0] == "not-audio"


def test_a_header_of_a_huge_file_takes_no_memory(kinds, tmp_path):
    content = bytearray(kinds["tta.tta"].read_bytes())
    content[14:18] = struct.pack("<I", 3 * 3600 * RATE)
    (tmp_path / "huge.tta").write_bytes(content)
    assert reason(tmp_path / "huge.tta")[0] in {"truncated", "not-audio"}


def test_verdicts_are_one_line():
    found = Verdict(10, "FFmpeg", "mp3", tuple(float(second) for second in range(6)), 0.2, "audio stream 1 of 3")
    assert (
        str(found)
        == "ok: damaged at 0.0, 1.0, 2.0 s and 3 more places; 10.0 s of the 10.2 s it states; audio stream 1 of 3"
    )


def test_libsndfile_reads_what_it_reads_whole(tmp_path):
    soundfile.write(tmp_path / "a.wav", song().T, RATE)
    assert read_whole(tmp_path / "a.wav").verdict.reader == "libsndfile"


@pytest.mark.parametrize(("layout", "codec"), [("7.1", "aac"), ("7.1", "pcm_s16le"), ("5.1", "flac")])
def test_many_channels_are_averaged(tmp_path, layout, codec):
    """PyAV's own conversion to an array reads beyond the memory of a frame of eight planes."""
    tone = (0.4 * np.sin(np.arange(2 * RATE) / 20)).astype(np.float32)
    with av.open(os.fspath(tmp_path / "a.mkv"), "w", format="matroska") as output:
        stream = output.add_stream(codec, rate=RATE)
        stream.layout = layout
        stream.codec_context.open(strict=False)
        channels = stream.layout.nb_channels
        level_C = np.arange(1, channels + 1, dtype=np.float32)[:, None] / channels
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray((tone * level_C).T.reshape(1, -1)), "flt", layout)
        frame.sample_rate, frame.pts = RATE, 0
        resampler = av.AudioResampler(
            stream.codec_context.format, layout, RATE, frame_size=stream.codec_context.frame_size or 4096
        )
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    wave, verdict = read_whole(tmp_path / "a.mkv", sample_rate=RATE)
    assert str(verdict) == "ok"
    level = np.abs(wave[RATE // 2 : RATE]).max()
    assert level == pytest.approx(0.4 * (channels + 1) / (2 * channels), rel=0.1)
