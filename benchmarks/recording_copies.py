"""Copies of recordings, made in many ways: other codecs, levels, beginnings, lengths and masters; and covers."""

import os
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import numpy.typing as npt
import scipy.signal
import soundfile
import soxr

from mwe.tracks.demo.performers import performers
from mwe.tracks.demo.render import SAMPLE_RATE, render
from mwe.tracks.demo.tunes import read_tunes

Wave = npt.NDArray[np.float32]
RATE = 44_100
ORIGINAL, COVER = "original", "cover"
LEAST_TO_EDIT = 10.0  # seconds; shorter recordings are not made shorter


class Kind(NamedTuple):
    """A kind of copy.

    Attributes:
        name: Its name.
        change: What is done to the samples.
        container: Container that it is written in.
        codec: Codec.
        bit_rate: Bits a second; 0 for a lossless codec.
        shortens: Whether the copy is shorter.
    """

    name: str
    change: Callable[[Wave, np.random.Generator], Wave]
    container: str = "flac"
    codec: str = "flac"
    bit_rate: int = 0
    shortens: bool = False


def same(wave: Wave, rng: np.random.Generator) -> Wave:
    """The samples as they are."""
    return wave


def softer(wave: Wave, rng: np.random.Generator) -> Wave:
    """12 dB softer."""
    return wave * np.float32(10 ** (-12 / 20))


def clipped(wave: Wave, rng: np.random.Generator) -> Wave:
    """6 dB louder than full scale, clipped."""
    return np.clip(wave * np.float32(2 / np.abs(wave).max()), -1, 1)


def silence_before(wave: Wave, rng: np.random.Generator) -> Wave:
    """Up to 4 s of silence before."""
    return np.concatenate([np.zeros(round(rng.uniform(0.5, 4) * RATE), np.float32), wave])


def applause_before(wave: Wave, rng: np.random.Generator) -> Wave:
    """5 s of noise that swells and fades, such as applause, before."""
    count = 5 * RATE
    noise = rng.standard_normal(count).astype(np.float32) * np.hanning(count).astype(np.float32)
    return np.concatenate([noise * np.float32(np.sqrt(np.mean(wave**2))), wave])


def middle_cut(wave: Wave, rng: np.random.Generator) -> Wave:
    """Without its middle third."""
    return np.concatenate([wave[: len(wave) // 3], wave[-(len(wave) // 3) :]])


def shortened(wave: Wave, rng: np.random.Generator) -> Wave:
    """Its first 60 %, faded out over 4 s."""
    part = wave[: round(0.6 * len(wave))].copy()
    fade = min(4 * RATE, len(part))
    part[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return part


def mastered(wave: Wave, rng: np.random.Generator) -> Wave:
    """Another master: more bass and treble, compressed and limited."""
    bass = scipy.signal.sosfilt(scipy.signal.butter(1, 200, fs=RATE, output="sos"), wave)
    treble = scipy.signal.sosfilt(scipy.signal.butter(1, 5000, "high", fs=RATE, output="sos"), wave)
    coloured = wave + 0.7 * bass + 0.7 * treble
    window = RATE // 10
    level = np.sqrt(np.convolve(coloured**2, np.ones(window) / window, "same")) if len(wave) < window else None
    if level is None:
        summed = np.cumsum(np.concatenate([np.zeros(window), coloured**2]))
        level = np.sqrt(np.maximum(summed[window:] - summed[:-window], 0) / window)
    compressed = coloured / np.maximum(level, 0.01) ** 0.5
    return np.tanh(2 * compressed / np.abs(compressed).max()).astype(np.float32)


def handed_on(wave: Wave, rng: np.random.Generator) -> Wave:
    """Softer, with silence before; the kind adds a low bit rate."""
    return silence_before(softer(wave, rng), rng)


KINDS = (
    Kind("MP3, 128 kbit/s", same, "mp3", "libmp3lame", 128_000),
    Kind("Ogg Vorbis", same, "ogg", "vorbis"),
    Kind("AAC in M4A, 96 kbit/s", same, "ipod", "aac", 96_000),
    Kind("Opus, 48 kbit/s", same, "ogg", "libopus", 48_000),
    Kind("12 dB softer", softer),
    Kind("6 dB beyond full scale, clipped", clipped),
    Kind("silence before, 0.5 to 4 s", silence_before),
    Kind("applause before, 5 s", applause_before),
    Kind("radio edit: middle third cut out", middle_cut, shortens=True),
    Kind("radio edit: first 60 %, faded out", shortened, shortens=True),
    Kind("other master: equalised, compressed", mastered),
    Kind("softer, later, MP3 at 64 kbit/s", handed_on, "mp3", "libmp3lame", 64_000),
)
ENDINGS = {"mp3": "mp3", "ipod": "m4a", "flac": "flac", "vorbis": "ogg", "libopus": "opus"}


def encode(path: Path, wave: Wave, kind: Kind) -> None:
    """Write mono samples."""
    if kind.codec in ("flac", "vorbis"):  # FFmpeg of PyAV has no good Vorbis encoder
        with soundfile.SoundFile(path, "w", RATE, 1, format="FLAC" if kind.codec == "flac" else "OGG") as file:
            for start in range(0, len(wave), RATE):  # much Vorbis at once overflows libsndfile's stack
                file.write(np.clip(wave[start : start + RATE], -1, 1))
        return
    rate = 48_000 if kind.codec == "libopus" else RATE
    with av.open(os.fspath(path), "w", format=kind.container) as output:
        stream: Any = output.add_stream(kind.codec, rate=rate)
        stream.layout, stream.bit_rate = "mono", kind.bit_rate
        stream.codec_context.open(strict=False)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[None]), "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        context = stream.codec_context
        resampler = av.AudioResampler(context.format, "mono", rate, frame_size=context.frame_size or 4096)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))


class Made(NamedTuple):
    """A file that was made.

    Attributes:
        recording: Name of its recording.
        kind: Name of its kind.
        path: The file.
        seconds: Its length.
    """

    recording: str
    kind: str
    path: Path
    seconds: float


def copies(recordings: Mapping[str, Wave], folder: Path, rng: np.random.Generator) -> list[Made]:
    """Write recordings and their copies of all kinds."""
    made = []
    for name, wave in recordings.items():
        seconds = len(wave) / RATE
        made.append(Made(name, ORIGINAL, folder / f"{name}.flac", seconds))
        encode(made[-1].path, wave, Kind(ORIGINAL, same))
        for number, kind in enumerate(KINDS):
            if kind.shortens and seconds < LEAST_TO_EDIT:
                continue
            changed = kind.change(wave, rng)
            ending = ENDINGS.get(kind.codec) or ENDINGS[kind.container]
            made.append(Made(name, kind.name, folder / f"{name}-{number}.{ending}", len(changed) / RATE))
            encode(made[-1].path, changed, kind)
    return made


def played(tunes: int, bands: int, seed: int) -> dict[str, Wave]:
    """Tunes of the demonstration, each by several performers, by the numbers of both."""
    rng = np.random.default_rng(seed)
    all_tunes, all_bands = read_tunes(), performers(1)
    found = {}
    for tune in rng.permutation(len(all_tunes))[:tunes].tolist():
        for band in rng.permutation(len(all_bands))[:bands].tolist():
            wave = render(all_tunes[tune], all_bands[band], [seed, tune])
            found[f"{tune}-{band}"] = soxr.resample(wave, SAMPLE_RATE, RATE)
    return found
