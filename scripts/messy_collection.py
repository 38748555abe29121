"""Make a collection as people have it: every kind of file that a player plays, and the usual broken ones.

Usage: python scripts/messy_collection.py FOLDER [--songs 5]

Songs are tunes of the demonstration, joined. Needs the extras ``demo`` and ``formats``.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import soundfile
import soxr

from mwe.tracks.demo import build_demo

RATE = 44100
TUNES_A_SONG = 3

Wave = np.ndarray
Maker = Callable[[Path, Wave], None]


class Kind(NamedTuple):
    """A kind of file.

    Attributes:
        ending: Ending of its name.
        make: Writes one.
        expected: What must become of it: ``ok``, ``damaged``, ``truncated``, or the reason why it cannot be read.
        playable: Whether players play any of it, so that it must be indexed.
    """

    ending: str
    make: Maker
    expected: str = "ok"
    playable: bool = True


def encode(path: Path, wave_CN: Wave, container: str, codec: str, rate: int = RATE, layout: str = "stereo",
           streams: int = 1, bit_rate: int = 192_000, options: dict[str, str] | None = None,
           tags: dict[str, str] | None = None, film: bool = False,
           of_container: dict[str, str] | None = None) -> None:  # fmt: skip
    """Write two channels of sound by FFmpeg."""
    with av.open(os.fspath(path), "w", format=container, options=of_container or {}) as output:
        output.metadata.update(tags or {})
        picture: Any = _picture(output) if film else None
        made: list[Any] = [output.add_stream(codec, rate=rate, options=options or {}) for _ in range(streams)]
        for stream in made:
            stream.layout = layout
            if codec in ("tta", "wavpack"):  # whose first format has 8 bits
                stream.format = "s16" if codec == "tta" else "s16p"
            if not options and codec not in ("flac", "alac", "tta", "wavpack") and not codec.startswith("pcm"):
                stream.bit_rate = bit_rate
            stream.codec_context.open(strict=False)
        if picture is not None:
            for number in range(10):
                shade = np.full((64, 64, 3), 20 * number, np.uint8)
                output.mux(picture.encode(av.VideoFrame.from_ndarray(shade, "rgb24")))
            output.mux(picture.encode(None))
        for number, stream in enumerate(made):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave_CN / (number + 1)), "fltp", "stereo")
            frame.sample_rate, frame.pts = RATE, 0
            context = stream.codec_context
            resampler = av.AudioResampler(context.format, layout, rate, frame_size=context.frame_size or 4096)
            for piece in (*resampler.resample(frame), *resampler.resample(None)):
                output.mux(stream.encode(piece))
            output.mux(stream.encode(None))


def _picture(output: Any) -> Any:
    """A stream of moving pictures."""
    stream = output.add_stream("mpeg4", rate=1)
    stream.width = stream.height = 64
    stream.pix_fmt = "yuv420p"
    return stream


def by_ffmpeg(container: str, codec: str, **how: Any) -> Maker:
    """What writes a file by FFmpeg."""
    return lambda path, wave_CN: encode(path, wave_CN, container, codec, **how)


def by_libsndfile(**how: Any) -> Maker:
    """What writes a file by libsndfile."""

    def make(path: Path, wave_CN: Wave) -> None:
        rate = how.get("samplerate", RATE)
        wave_NC = soxr.resample(wave_CN.T, RATE, rate)[:, : how.get("channels", 2)]
        given = {"samplerate": rate, "channels": wave_NC.shape[1], **how}
        with soundfile.SoundFile(path, "w", **given) as file:
            for start in range(0, len(wave_NC), rate):  # much Vorbis at once overflows libsndfile's stack
                file.write(wave_NC[start : start + rate])

    return make


def changed(make: Maker, change: Callable[[bytes], bytes]) -> Maker:
    """What writes a file and then changes its bytes."""

    def made(path: Path, wave_CN: Wave) -> None:
        make(path, wave_CN)
        path.write_bytes(change(path.read_bytes()))

    return made


def content(data: bytes) -> Maker:
    """What writes the same bytes whatever the song."""
    return lambda path, _: path.write_bytes(data) and None


def without_header(data: bytes) -> bytes:
    """An MP3 without the frame that states its length."""
    mark = max(data.find(b"Xing"), data.find(b"Info"))
    return data[data.find(b"\xff\xfb", mark) :]


def scratched(data: bytes) -> bytes:
    """1,500 damaged bytes in the middle."""
    middle = len(data) // 2
    return data[:middle] + np.random.default_rng(0).bytes(1500) + data[middle + 1500 :]


def half(data: bytes) -> bytes:
    """The first half."""
    return data[: len(data) // 2]


def encrypted(data: bytes) -> bytes:
    """An M4A as a shop protects it: marked, and its sound mixed with a key, so that no player plays it."""
    begin = data.index(b"mdat") + 4
    end = begin - 8 + int.from_bytes(data[begin - 8 : begin - 4], "big")
    sound = np.frombuffer(data[begin:end], np.uint8)
    key = np.random.default_rng(0).integers(0, 256, len(sound), np.uint8)
    return data[:begin].replace(b"mp4a", b"drms") + (sound ^ key).tobytes() + data[end:].replace(b"mp4a", b"drms")


MP3 = by_ffmpeg("mp3", "mp3", tags={"title": "Rain", "artist": "Ana Lee", "album": "Weather"})
AAC = by_ffmpeg("ipod", "aac", tags={"title": "Rain", "artist": "Ana Lee", "date": "1994"})
AAC_INDEX_FIRST = by_ffmpeg("ipod", "aac", of_container={"movflags": "faststart"})
WAV = by_libsndfile(format="WAV")
KINDS = {
    "WAV, 16 bit": Kind("wav", WAV),
    "WAV, 24 bit": Kind("wav", by_libsndfile(format="WAV", subtype="PCM_24")),
    "WAV, float, 96 kHz": Kind("wav", by_libsndfile(format="WAV", subtype="FLOAT", samplerate=96000)),
    "WAV, A-law, 8 kHz, mono": Kind("wav", by_libsndfile(format="WAV", subtype="ALAW", samplerate=8000, channels=1)),
    "WAV, ADPCM": Kind("wav", by_ffmpeg("wav", "adpcm_ms")),
    "AIFF": Kind("aiff", by_libsndfile(format="AIFF")),
    "AU": Kind("au", by_libsndfile(format="AU")),
    "W64": Kind("w64", by_ffmpeg("w64", "pcm_s16le")),
    "CAF with ALAC": Kind("caf", by_ffmpeg("caf", "alac")),
    "FLAC": Kind("flac", by_ffmpeg("flac", "flac", tags={"ARTIST": "Ana Lee"})),
    "FLAC, 7.1": Kind("flac", by_ffmpeg("flac", "flac", layout="7.1")),
    "FLAC in Ogg": Kind("oga", by_ffmpeg("ogg", "flac")),
    "FLAC in Matroska": Kind("mka", by_ffmpeg("matroska", "flac")),
    "Ogg Vorbis": Kind("ogg", by_libsndfile(format="OGG", subtype="VORBIS")),
    "Opus": Kind("opus", by_ffmpeg("ogg", "libopus", rate=48000)),
    "Opus in WebM": Kind("webm", by_ffmpeg("webm", "libopus", rate=48000)),
    "MP3, constant rate": Kind("mp3", MP3),
    "MP3, variable rate": Kind("mp3", by_ffmpeg("mp3", "mp3", options={"q": "4"})),
    "MP3, variable rate, no header": Kind("mp3", changed(by_ffmpeg("mp3", "mp3", options={"q": "4"}), without_header)),
    "MP3, two joined": Kind("mp3", changed(MP3, lambda data: data + data)),
    "MP3, scratched": Kind("mp3", changed(MP3, scratched), "damaged"),
    "MP3 called .ogg": Kind("ogg", MP3),
    "MP2": Kind("mp2", by_ffmpeg("mp2", "mp2")),
    "M4A with AAC": Kind("m4a", AAC),
    "M4A with ALAC": Kind("m4a", by_ffmpeg("ipod", "alac")),
    "M4B": Kind("m4b", AAC),
    "AAC, bare": Kind("aac", by_ffmpeg("adts", "aac")),
    "WMA": Kind("wma", by_ffmpeg("asf", "wmav2")),
    "WMA 1": Kind("wma", by_ffmpeg("asf", "wmav1")),
    "WavPack": Kind("wv", by_ffmpeg("wv", "wavpack")),
    "True Audio": Kind("tta", by_ffmpeg("tta", "tta")),
    "AC-3": Kind("ac3", by_ffmpeg("ac3", "ac3")),
    "E-AC-3": Kind("eac3", by_ffmpeg("eac3", "eac3")),
    "AMR": Kind("amr", by_ffmpeg("amr", "libopencore_amrnb", rate=8000, layout="mono", bit_rate=12_200)),
    "Film: MP4": Kind("mp4", by_ffmpeg("mp4", "aac", film=True)),
    "Film: Matroska": Kind("mkv", by_ffmpeg("matroska", "ac3", film=True)),
    "Film: MOV": Kind("mov", by_ffmpeg("mov", "pcm_s16le", film=True)),
    "Film: AVI": Kind("avi", by_ffmpeg("avi", "mp3", film=True)),
    "Film: MPEG-TS": Kind("ts", by_ffmpeg("mpegts", "mp2", film=True)),
    "Film: Flash": Kind("flv", by_ffmpeg("flv", "mp3")),
    "Two languages": Kind("mka", by_ffmpeg("matroska", "aac", streams=2)),
    "FLAC, scratched": Kind("flac", changed(by_ffmpeg("flac", "flac"), scratched), "damaged"),
    "Opus, half": Kind("opus", changed(by_ffmpeg("ogg", "libopus", rate=48000), half), "truncated"),
    "WAV, half": Kind("wav", changed(WAV, half), "truncated"),
    "MP3, half": Kind("mp3", changed(MP3, half), "truncated"),
    "FLAC, half": Kind("flac", changed(by_ffmpeg("flac", "flac"), half), "truncated"),
    "M4A, half, index first": Kind("m4a", changed(AAC_INDEX_FIRST, half), "truncated"),
    "M4A, half": Kind("m4a", changed(AAC, half), "truncated", playable=False),
    "Bought (DRM)": Kind("m4p", changed(AAC, encrypted), "encrypted", playable=False),
    "Web page": Kind("mp3", content(b"<!DOCTYPE html>" * 200), "not-audio", playable=False),
    "Nothing": Kind("mp3", content(b""), "empty", playable=False),
}


def write_songs(folder: Path, count: int) -> list[Wave]:
    """Two channels of some songs, each of several tunes of the demonstration."""
    root = build_demo(folder, limit=TUNES_A_SONG * count, workers=1)
    tunes = [soundfile.read(path, dtype="float32", always_2d=True) for path in sorted((root / "audio").rglob("*.flac"))]
    waves = [soxr.resample(wave_NC[:, [0, -1]], rate, RATE).T * 0.7 for wave_NC, rate in tunes]
    return [np.concatenate(waves[number::count], axis=1).astype(np.float32) for number in range(count)]


def write_collection(folder: Path, songs: Sequence[Wave]) -> dict[str, Kind]:
    """Write every song as every kind of file, in folders named after artists.

    Args:
        folder: Where to.
        songs: Two channels each.

    Returns:
        The kind of every file, by its path in the folder.
    """
    kinds: dict[str, Kind] = {}
    for number, wave_CN in enumerate(songs):
        for name, kind in KINDS.items():
            artist = folder / ("Ana Lee", "Björk & Søn", "日本の歌", "X" * 120, "no tags")[number % 5]
            artist.mkdir(parents=True, exist_ok=True)
            path = artist / f"{number + 1:02} {name.replace(':', ' -')}.{kind.ending}"
            kind.make(path, wave_CN)
            kinds[path.relative_to(folder).as_posix()] = kind
    return kinds


def main() -> None:
    """Write a collection."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--songs", type=int, default=5)
    given = parser.parse_args()
    kinds = write_collection(given.folder / "music", write_songs(given.folder / "tunes", given.songs))
    print(f"{len(kinds)} files of {len(KINDS)} kinds in {given.folder / 'music'}")


if __name__ == "__main__":
    main()
