"""Libraries of files of every container: one sound has one vector, however it is packed and however it is read."""

import os
import shutil

import numpy as np
import pytest
import soundfile

from mwe.audio import decoder_process, ffmpeg
from mwe.audio.predict import Hardware
from mwe.search import Library
from mwe.search.embed import embed_files
from mwe.search.index import index_library
from mwe.search.model import TrainedModel
from mwe.search.skipped_tracks import read_skipped
from tests.encoded_audio import encode_stream

av = pytest.importorskip("av")

HERE = Hardware(workers=0, devices=1, accelerator="cpu")
RATE = 44100
# what is encoded, and the containers that the very same packets are put into
PACKED = {
    ("flac", "flac"): {"ogg": "ogg", "mka": "matroska"},
    ("wav", "pcm_s16le"): {"w64": "w64", "avi": "avi", "mov": "mov"},
    ("m4a", "alac"): {"caf": "caf", "mov": "mov", "mka": "matroska"},
    ("wv", "wavpack"): {"mka": "matroska"},
    ("tta", "tta"): {"mka": "matroska"},
    ("mp3", "mp3"): {"mka": "matroska", "avi": "avi", "mp4": "mp4"},
    ("m4a", "aac"): {"mp4": "mp4", "mov": "mov", "mka": "matroska", "aac": "adts", "flv": "flv", "ts": "mpegts"},
    ("ogg", "vorbis"): {"mka": "matroska", "webm": "webm"},
    ("opus", "libopus"): {"mka": "matroska", "webm": "webm", "mp4": "mp4"},
    ("wma", "wmav2"): {},
    ("ac3", "ac3"): {"mka": "matroska", "mp4": "mp4"},
}
FORMATS = {"m4a": "ipod", "wma": "asf", "opus": "ogg"}
LOSSLESS = ("flac", "pcm_s16le", "alac", "wavpack", "tta")


def song(seconds=14.0):
    """Two channels of tones that come and go, over soft noise."""
    at = np.arange(int(seconds * RATE)) / RATE
    tones = [np.sin(2 * np.pi * pitch * at) * (np.sin(at * pace) > 0) for pitch, pace in ((220, 5), (660, 3), (95, 2))]
    mono = 0.15 * np.sum(tones, axis=0) + 0.05 * np.random.default_rng(0).standard_normal(len(at))
    return np.stack([mono, 0.7 * mono]).astype(np.float32)


def encode(path, codec, wave_CN):
    """Write sound by PyAV, or by libsndfile what PyAV only reads."""
    if codec == "vorbis":
        soundfile.write(path, wave_CN.T, RATE)
        return
    rate = 48000 if codec == "libopus" else RATE
    with av.open(os.fspath(path), "w", format=FORMATS.get(path.suffix[1:], path.suffix[1:])) as output:
        stream = output.add_stream(codec, rate=rate)
        if codec not in LOSSLESS:
            stream.bit_rate = 256_000
        encode_stream(output, stream, wave_CN, RATE)


def repack(source, target, container):
    """The same packets in another container."""
    with av.open(os.fspath(source)) as given, av.open(os.fspath(target), "w", format=container) as output:
        stream = output.add_stream_from_template(given.streams.audio[0])
        for packet in given.demux(given.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """Every codec in every container, named by both."""
    folder = tmp_path_factory.mktemp("packed")
    for (ending, codec), others in PACKED.items():
        first = folder / f"{codec}.{ending}"
        encode(first, codec, song())
        for other, container in others.items():
            repack(first, folder / f"{codec}-{container}.{other}", container)
    return folder


@pytest.fixture(scope="module")
def vectors(packed, run, miniature, tmp_path_factory):
    """The vector of every file, read by excerpts and whole."""
    found = []
    for thorough in (False, True):
        out = tmp_path_factory.mktemp("library")
        # beside other music: a library of one sound alone is refused as collapsed
        report = index_library([packed, miniature / "audio"], run, out, hardware=HERE, thorough=thorough)
        assert not report.skipped, read_skipped(out)
        library = Library(out)
        names = library.tracks["track_id"].to_pylist()
        rows = [row for row, name in enumerate(names) if (packed / name).is_file()]
        assert np.abs(np.array(library.tracks["seconds"])[rows] - 14).max() < 0.14
        found.append({names[row]: np.array(library.matrix_ND[row]) for row in rows})
    return found


def test_one_sound_has_one_vector_in_every_container(vectors):
    excerpts, _ = vectors
    assert len(excerpts) == sum(1 + len(others) for others in PACKED.values())
    for (ending, codec), _ in PACKED.items():
        for name, vector in excerpts.items():
            if name.startswith(f"{codec}-"):
                assert vector @ excerpts[f"{codec}.{ending}"] >= 0.999, name
    for name, vector in excerpts.items():
        if name.startswith(LOSSLESS):
            assert vector @ excerpts["flac.flac"] >= 0.999, name


def test_excerpts_give_the_vector_of_the_whole(vectors):
    excerpts, whole = vectors
    assert {name: round(float(vector @ whole[name]), 3) for name, vector in excerpts.items()} == dict.fromkeys(whole, 1)


def test_a_library_made_by_decoding_whole_is_gone_on_with(packed, run, tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    shutil.copy(packed / "flac.flac", music)
    index_library([music], run, tmp_path / "lib", hardware=HERE, thorough=True)
    shutil.copy(packed / "aac.m4a", music)
    report = index_library([music], run, tmp_path / "lib", hardware=HERE)
    assert (report.ok, report.reused) == (2, 1)


def test_what_lacked_its_reader_is_read_once_it_is_there(packed, run, tmp_path, monkeypatch):
    music = tmp_path / "music"
    music.mkdir()
    for name in ("flac.flac", "aac.m4a", "wmav2.wma"):
        shutil.copy(packed / name, music)
    with monkeypatch.context() as without:
        (tmp_path / "none/av").mkdir(parents=True)
        (tmp_path / "none/av/__init__.py").write_text("raise ImportError('not installed')")
        without.syspath_prepend(tmp_path / "none")
        without.setattr(ffmpeg, "is_installed", lambda: False)
        decoder_process.close_processes()
        report = index_library([music], run, tmp_path / "lib", hardware=HERE, max_failed=0.9)
        assert report.skipped == {"needs-extra": 2}
        assert "pip install 'mwe[formats]'" in read_skipped(tmp_path / "lib")["aac.m4a"].detail
        assert index_library([music], run, tmp_path / "lib", hardware=HERE, max_failed=0.9).reused == 3
    decoder_process.close_processes()
    report = index_library([music], run, tmp_path / "lib", hardware=HERE)
    assert (report.ok, report.reused, report.skipped) == (3, 1, {})


def test_damage_that_is_passed_over_is_told(packed, run, tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    content = bytearray((packed / "mp3.mp3").read_bytes())
    content[len(content) // 2 : len(content) // 2 + 100] = bytes(100)
    (music / "damaged.mp3").write_bytes(content)
    report = index_library([music], run, tmp_path / "lib", hardware=HERE)
    assert (report.ok, report.partly_read) == (0, {"damaged": 1})
    assert "0 ok, 0 skipped; 1 read in part: damaged x 1 -> " in str(report)


def test_files_of_a_query_are_read_likewise(packed, run, vectors):
    names = ("aac.m4a", "libopus-webm.webm", "wmav2.wma")
    outcomes = embed_files(TrainedModel(run), [packed / name for name in names])
    for name, outcome in zip(names, outcomes, strict=True):
        np.testing.assert_allclose(outcome.embedding_D, vectors[0][name], atol=1e-5)
