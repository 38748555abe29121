import struct
import tracemalloc
from collections import Counter

import numpy as np
import pytest
import soundfile

from mwe.audio.decode import decode
from mwe.audio.verdict import UnreadableAudio

RATE = 22050


def outcome(path, **how):
    try:
        decode(path, **how)
    except UnreadableAudio as error:
        return error.reason
    return "ok"


def test_every_file_of_the_zoo_gets_its_verdict(zoo):
    found = {path.name: outcome(path) for _, path in zoo}
    expected = {path.name: verdict for verdict, path in zoo}
    assert found == expected
    assert set(Counter(expected.values())) == {
        "ok", "missing", "empty", "not-audio", "truncated", "non-finite", "silent", "too-short",
    }  # fmt: skip


def test_good_files_give_the_tone_at_the_rate_asked_for(zoo):
    for verdict, path in zoo:
        if verdict != "ok" or "stereo" in path.name:
            continue
        wave, seconds = decode(path)
        assert wave.dtype == np.float32, path
        assert wave.ndim == 1, path
        assert seconds == len(wave) / RATE, path
        assert seconds == pytest.approx(0.6 if "short" in path.name else 2.0, abs=0.06), path
        middle = wave[len(wave) // 4 : -len(wave) // 4]
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
        assert np.argmax(spectrum) * RATE / len(middle) == pytest.approx(440, abs=3), path
        assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(0.3, rel=0.05), path


def test_channels_are_averaged(tmp_path):
    left, right = np.random.default_rng(0).uniform(-0.5, 0.5, (2, RATE)).astype(np.float32)
    soundfile.write(tmp_path / "two.wav", np.stack([left, right], 1), RATE, subtype="FLOAT")
    np.testing.assert_allclose(decode(tmp_path / "two.wav").wave, (left + right) / 2, atol=1e-7)


def test_long_files_are_read_up_to_the_limit_even_across_blocks(tmp_path):
    wave = np.random.default_rng(0).uniform(-0.5, 0.5, 30 * RATE).astype(np.float32)
    soundfile.write(tmp_path / "long.wav", wave, RATE, subtype="FLOAT")
    np.testing.assert_array_equal(decode(tmp_path / "long.wav", max_seconds=20).wave, wave[: 20 * RATE])
    np.testing.assert_array_equal(decode(tmp_path / "long.wav").wave, wave)


def test_a_header_of_three_hours_does_not_take_their_memory(zoo):
    path = next(path for _, path in zoo if path.name == "truncated_3_hours.flac")
    assert soundfile.info(path).duration == 3 * 3600
    tracemalloc.start()
    try:
        assert outcome(path) == "truncated"
        assert outcome(path, max_seconds=1e6) == "truncated"
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20e6  # three hours are 950 MB


def test_a_part_that_is_whole_is_no_truncation(zoo):
    cut = next(path for _, path in zoo if path.name == "truncated_flac.flac")
    assert outcome(cut) == "truncated"
    assert outcome(cut, max_seconds=1) == "ok"


def test_only_a_loss_beyond_the_tolerance_is_a_truncation(tmp_path):
    soundfile.write(tmp_path / "whole.wav", np.full(20 * RATE, 0.1, np.float32), RATE)
    content = (tmp_path / "whole.wav").read_bytes()
    for share, verdict in ((0.96, "ok"), (0.94, "truncated")):
        (tmp_path / "cut.wav").write_bytes(content[: int(share * len(content))])
        assert outcome(tmp_path / "cut.wav") == verdict


def test_the_shortest_clip_is_a_setting(tmp_path):
    soundfile.write(tmp_path / "clip.wav", np.full(RATE // 2, 0.1, np.float32), RATE)
    assert outcome(tmp_path / "clip.wav") == "ok"
    assert outcome(tmp_path / "clip.wav", min_seconds=0.6) == "too-short"


def test_the_message_says_what_was_found(zoo):
    details = {}
    for verdict, path in zoo:
        if verdict != "ok":
            with pytest.raises(UnreadableAudio) as raised:
                decode(path)
            details[path.name] = str(raised.value)
    assert "3.0 s of the 6.0 s" in details["truncated_wav.wav"]
    assert "web page" in details["not-audio_page.mp3"]
    assert "50000 bytes" in details["not-audio_bytes.mp3"]
    assert not any("does not exist" in text for name, text in details.items() if "missing" not in name)


def test_names_that_are_not_unicode_text(tmp_path):
    path = tmp_path / "caf\udce9.wav"
    soundfile.write(tmp_path / "a.wav", np.full(RATE, 0.1, np.float32), RATE)
    try:
        (tmp_path / "a.wav").rename(path)
    except OSError:
        pytest.skip("the file system takes no such name")
    assert outcome(path) == "ok"


def test_a_damaged_header_of_a_wav_is_no_audio(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + b"\xff" * 40)
    assert outcome(tmp_path / "a.wav") in {"not-audio", "empty"}
