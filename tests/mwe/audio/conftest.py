"""A zoo of audio files, most of them bad."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE = 22050


def tone(seconds=2.0, rate=RATE, pitch=440.0, level=0.3):
    return (level * np.sin(2 * np.pi * pitch * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def write(path, wave, rate=RATE, **how):
    soundfile.write(path, wave, rate, **how)
    return path


def cut(source, target, share=0.5):
    content = source.read_bytes()
    target.write_bytes(content[: int(len(content) * share)])
    return target


def damage(source, target):
    """Overwrite the middle third."""
    content = bytearray(source.read_bytes())
    third = len(content) // 3
    content[third : 2 * third] = bytes(third)
    target.write_bytes(content)
    return target


def claim_wav_seconds(source, target, seconds):
    """Let the header of a 16-bit mono WAV promise more than there is."""
    content = bytearray(source.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = struct.pack("<I", min(2 * RATE * seconds, 0xFFFFFFFF))
    target.write_bytes(content)
    return target


def claim_flac_samples(source, target, samples):
    """Set the 36-bit number of samples in STREAMINFO; 0 means unknown."""
    content = bytearray(source.read_bytes())
    content[21] = content[21] & 0xF0 | samples >> 32
    content[22:26] = struct.pack(">I", samples & 0xFFFFFFFF)
    target.write_bytes(content)
    return target


def good_files(folder: Path) -> None:
    for rate in (8000, 22050, 44100, 48000, 96000):
        write(folder / f"ok_{rate}.wav", tone(rate=rate), rate)
    write(folder / "ok_stereo.flac", np.stack([tone(), tone(pitch=660)], 1))
    write(folder / "ok_six_channels.wav", np.stack([tone()] * 6, 1))
    write(folder / "ok_u8.wav", tone(), subtype="PCM_U8")
    write(folder / "ok_24_bit.flac", tone(), subtype="PCM_24")
    write(folder / "ok_double.wav", tone(), subtype="DOUBLE")
    write(folder / "ok_vorbis.ogg", tone())
    write(folder / "ok_mp3.mp3", tone())
    write(folder / "ok_short.mp3", tone(0.6))
    write(folder / "ok_aiff.aiff", tone())
    write(folder / "ok_mu_law.wav", tone(), subtype="ULAW")
    write(folder / "ok_opus.ogg", tone(rate=48000), 48000, subtype="OPUS")
    cover = b"ID3\x04\0\0\0\0\x4e\x20" + bytes(10_016)  # a tag of 10,016 bytes, as a picture makes it
    (folder / "ok_tagged.mp3").write_bytes(cover + (folder / "ok_mp3.mp3").read_bytes())
    (folder / "ok_wrong_ending.mp3").write_bytes((folder / "ok_22050.wav").read_bytes())
    claim_wav_seconds(folder / "ok_22050.wav", folder / "ok_piped.wav", 1 << 30)
    claim_flac_samples(folder / "ok_24_bit.flac", folder / "ok_piped.flac", 0)


def bad_files(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for ending in ("mp3", "flac", "wav", "aiff", "ogg"):
        whole = write(folder.parent / f"whole.{ending}", tone(6.0))
        cut(whole, folder / f"truncated_{ending}.{ending}")
        if ending in ("mp3", "flac", "ogg"):  # in PCM such a hole is a pause like any other
            damage(whole, folder / f"truncated_middle_{ending}.{ending}")
    claim_wav_seconds(folder / "ok_22050.wav", folder / "truncated_3_hours.wav", 3 * 3600)
    claim_flac_samples(folder / "ok_24_bit.flac", folder / "truncated_3_hours.flac", 3 * 3600 * RATE)
    (folder / "empty_file.mp3").touch()
    write(folder / "empty_but_header.wav", tone(0))
    (folder / "not-audio_page.mp3").write_text("<!DOCTYPE html><html><body>404</body></html>" * 50)
    (folder / "not-audio_bytes.wav").write_bytes(rng.bytes(50_000))
    (folder / "not-audio_bytes.mp3").write_bytes(rng.bytes(50_000))
    (folder / "not-audio_bytes.raw").write_bytes(rng.bytes(50_000))
    (folder / "not-audio_bytes.gsm").write_bytes(rng.bytes(50_000))
    (folder / "not-audio_zeros.wav").write_bytes(bytes(50_000))
    (folder / "not-audio_first_bytes.wav").write_bytes((folder / "ok_22050.wav").read_bytes()[:20])
    (folder / "not-audio_phone.m4a").write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0" + rng.bytes(5000))
    write(folder / "silent_zeros.flac", np.zeros(RATE, np.float32))
    write(folder / "silent_dither.wav", rng.integers(-1, 2, RATE).astype(np.int16))
    write(folder / "silent_opposite_channels.wav", np.stack([tone(), -tone()], 1))
    too_high = tone(pitch=30_000, rate=96000)
    write(folder / "silent_to_us.wav", too_high * np.hanning(len(too_high)), 96000)
    write(folder / "too-short_10_samples.wav", tone(10 / RATE))
    for name, value in (("nan", np.nan), ("infinity", -np.inf), ("huge", 1e30)):
        wave = tone()
        wave[20_000] = value
        write(folder / f"non-finite_{name}.wav", wave, subtype="FLOAT")
    (folder / "missing_folder.wav").mkdir()
    (folder / "missing_in_a_circle.wav").symlink_to(folder / "missing_in_a_circle.wav")


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path]]:
    """Expected outcome and file; the outcome begins the name of the file."""
    folder = tmp_path_factory.mktemp("audio") / "zoo"
    folder.mkdir()
    good_files(folder)
    bad_files(folder)
    files = [*sorted(folder.iterdir()), folder / "missing_file.mp3", folder / "ok_mp3.mp3" / "missing.mp3"]
    return [("missing" if "missing" in path.name else path.name.split("_")[0], path) for path in files]


@pytest.fixture
def clips(tmp_path: Path) -> list[tuple[str, Path]]:
    """Eleven readable clips of 0.7 to 2.7 s, all different."""
    folder = tmp_path / "clips"
    folder.mkdir()
    noise = np.random.default_rng(1)
    return [
        (
            f"clip{i:02d}",
            write(
                folder / f"{i:02d}.flac",
                tone(0.7 + 0.2 * i) + 0.01 * noise.random(int((0.7 + 0.2 * i) * RATE)).astype(np.float32),
            ),
        )
        for i in range(11)
    ]
