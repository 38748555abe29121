"""Four-minute songs in the formats of a collection, made cheaply: encoded parts, joined in another order for each song.

Lossy parts are encoded once, and their packets joined. Vorbis, whose packets are of several lengths, is encoded as one
long sound, of which every song is another section. Lossless songs are encoded whole, which is fast.

Suffixes: C channels, N samples.
"""

import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import permutations
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import numpy.typing as npt
import soundfile

Wave = npt.NDArray[np.float32]
Packet = tuple[bytes, int]
"""Content of a packet, and its length in samples."""

RATE = 44_100
PARTS, PARTS_A_SONG = 12, 4
_LEVEL = 0.2
_MID_STREAM = 4096  # samples; a section of a stream does not begin at its zero


class Format(NamedTuple):
    """A format of songs.

    Attributes:
        ending: Ending of the files.
        container: FFmpeg's container.
        codec: FFmpeg's encoder.
        lossless: Whether songs are encoded whole.
        options: Options of the encoder.
        rate: Sample rate in Hz.
    """

    ending: str
    container: str
    codec: str
    lossless: bool = False
    options: tuple[tuple[str, str], ...] = ()
    rate: int = RATE


# MP3 without a reservoir, so that every packet decodes on its own
FORMATS = (
    Format("mp3", "mp3", "libmp3lame", options=(("reservoir", "0"), ("b", "192000"))),
    Format("m4a", "ipod", "aac", options=(("b", "192000"),)),
    Format("alac.m4a", "ipod", "alac", lossless=True),
    Format("flac", "flac", "flac", lossless=True, options=(("compression_level", "0"),)),
    Format("ogg", "ogg", "vorbis"),
    Format("opus", "ogg", "libopus", options=(("b", "128000"),), rate=48_000),
    Format("wav", "wav", "pcm_s16le", lossless=True),
)


def part_wave(number: int, seconds: float, rate: int = RATE) -> Wave:
    """Return a part of a song, (C, N): chords that change, over noise that comes and goes."""
    rng = np.random.default_rng(number)
    at = np.arange(round(seconds * rate)) / rate
    beat = 60 / rng.uniform(80, 160)
    chords = rng.uniform(80, 1200, (16, 4))
    mono = np.zeros(len(at))
    for index, chord in enumerate(chords):
        begin, end = round(index * len(at) / 16), round((index + 1) * len(at) / 16)
        for pitch in chord:
            mono[begin:end] += np.sin(2 * np.pi * pitch * at[begin:end]) * (1 + 0.5 * np.sin(6 * at[begin:end]))
    noise = rng.standard_normal((2, len(at))) * np.exp(-8 * (at % beat))
    return (_LEVEL * (mono / 4 + 0.5 * noise) / 2).astype(np.float32)


def orders(count: int) -> Iterator[tuple[int, ...]]:
    """Yield the parts of each song: no two songs are alike."""
    every = list(permutations(range(PARTS), PARTS_A_SONG))
    step = max(1, len(every) // count)
    yield from (every[number * step % len(every)] for number in range(count))


def write_songs(folder: Path, count: int, seconds: float = 240.0) -> list[Path]:
    """Write songs with tags, the formats in turn, in folders of artists.

    Args:
        folder: Where to.
        count: Number of songs.
        seconds: Length of a song.
    """
    folder.mkdir(parents=True, exist_ok=True)
    waves = {rate: [part_wave(part, seconds / PARTS_A_SONG, rate) for part in range(PARTS)] for rate in (RATE, 48_000)}
    packets = {form: _encoded_parts(folder, form, waves[form.rate]) for form in FORMATS if not form.lossless}
    songs = []
    for number, order in enumerate(orders(count)):
        form = FORMATS[number % len(FORMATS)]
        artist = folder / f"Artist {number % 50:02}"
        artist.mkdir(exist_ok=True)
        songs.append(artist / f"{number:04}.{form.ending}")
        tags = {"title": f"Song {number}", "artist": artist.name, "album": "Weather", "date": "1994"}
        if form.lossless:
            wave_CN = np.concatenate([waves[form.rate][part] for part in order], axis=1)
            _encode(songs[-1], form, wave_CN, tags)
        else:
            template = folder / f"0.{form.ending}"
            if form.codec == "vorbis":
                joined = _section(packets[form][0], number / count, seconds * form.rate)
            else:
                joined = [packet for part in order for packet in packets[form][part]]
            _join(songs[-1], form, joined, template, tags)
    for path in folder.glob("*.*"):
        path.unlink()
    return songs


def _section(packets: Sequence[Packet], share: float, samples: float) -> list[Packet]:
    """Return consecutive packets of a length, which begin at a share of the room that there is for them."""
    ends = np.cumsum([duration for _, duration in packets])
    begin = int(np.searchsorted(ends, share * (ends[-1] - samples)))
    end = int(np.searchsorted(ends, ends[begin] + samples))
    return list(packets[begin:end])


def _encoded_parts(folder: Path, form: Format, waves: Sequence[Wave]) -> list[list[Packet]]:
    """Encode every part into a file of its own, Vorbis into one; return their packets."""
    parts = []
    waves = [np.concatenate(waves, axis=1)] if form.codec == "vorbis" else waves
    for number, wave_CN in enumerate(waves):
        path = folder / f"{number}.{form.ending}"
        if form.codec == "vorbis":  # libsndfile's encoder is the better one; much at once overflows its stack
            with soundfile.SoundFile(path, "w", form.rate, 2, format="OGG", subtype="VORBIS") as file:
                for start in range(0, wave_CN.shape[1], form.rate):
                    file.write(wave_CN[:, start : start + form.rate].T)
        else:
            _encode(path, form, wave_CN, {})
        with av.open(os.fspath(path)) as container:
            stream = container.streams.audio[0]
            scale = Fraction(stream.time_base) * form.rate
            found = [packet for packet in container.demux(stream) if packet.size]
            # those of Vorbis differ, and their own durations are rounded; the last of a part may be cut
            steps = [round(step * scale) for step in np.diff([packet.pts for packet in found]).tolist()]
            usual = round(np.median(steps))
            lengths = [*steps, usual] if form.codec == "vorbis" else [usual] * len(found)
            parts.append([(bytes(packet), length) for packet, length in zip(found, lengths, strict=True)])
    return parts


def _encode(path: Path, form: Format, wave_CN: Wave, tags: dict[str, str]) -> None:
    """Encode a whole file."""
    with av.open(os.fspath(path), "w", format=form.container) as output:
        output.metadata.update(tags)
        stream: Any = output.add_stream(form.codec, rate=form.rate, options=dict(form.options))
        stream.layout = "stereo"
        context = stream.codec_context
        context.open(strict=False)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave_CN), "fltp", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = form.rate, 0, Fraction(1, form.rate)
        resampler = av.AudioResampler(context.format, "stereo", form.rate, frame_size=context.frame_size or 4096)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))


def _join(path: Path, form: Format, packets: Sequence[Packet], template: Path, tags: dict[str, str]) -> None:
    """Write packets into one file."""
    with (
        av.open(os.fspath(template)) as source,
        av.open(os.fspath(path), "w", format=form.container) as output,
    ):
        output.metadata.update(tags)
        stream = output.add_stream_from_template(source.streams.audio[0])
        at = _MID_STREAM if form.codec == "vorbis" else 0
        for content, duration in packets:
            packet = av.Packet(content)
            packet.stream, packet.time_base = stream, Fraction(1, form.rate)
            packet.pts = packet.dts = at
            packet.duration = duration
            at += duration
            output.mux(packet)
