"""Excerpts cut from samples are those of the mel store, whatever else is in the batch."""

import numpy as np
import pytest
import soundfile
import torch

from mwe.audio.cut import Cut
from mwe.audio.excerpts import read_excerpts
from mwe.audio.extract import extract_mels
from mwe.audio.logmel import LogMel
from mwe.audio.mel_settings import MelSettings
from mwe.audio.predict import Hardware
from mwe.audio.preprocessing import Preprocessing
from mwe.audio.store import MelStore
from mwe.search import Library
from mwe.search.embed import Embedder, embed_files
from mwe.search.embedding_job import embed_split
from mwe.search.embedding_parts import Parts
from mwe.search.file_excerpts import FileDataset, collate
from mwe.search.index import index_library
from mwe.search.model import TrainedModel

RATE = 22050


@pytest.mark.parametrize(
    "settings", [MelSettings(), MelSettings(n_fft=2048, hop_length=512), MelSettings(hop_length=300)]
)
@pytest.mark.parametrize("seconds", [0.6, 2.99, 3.0, 3.7, 11.3])
def test_frames_of_cut_excerpts_are_those_of_the_whole(settings, seconds, rng, tmp_path):
    wave = rng.standard_normal(int(seconds * RATE)).astype(np.float32) * 0.1
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    logmel, cut = LogMel(settings), Cut.of(settings, 3.0, 4)
    whole_TM = logmel(torch.from_numpy(wave)[None])[0]
    excerpts = read_excerpts(tmp_path / "a.wav", cut.starts, cut.samples)
    frames = cut.frames(excerpts.kept)
    assert frames == len(whole_TM)
    mel_ETM = logmel(torch.from_numpy(excerpts.wave_ES))
    starts = np.rint(max(frames - cut.length, 0) * np.linspace(0, 1, 4)).astype(int)
    for start, mel_TM in zip(starts, mel_ETM, strict=True):
        own = min(cut.length, frames)
        torch.testing.assert_close(mel_TM[cut.margin : cut.margin + own], whole_TM[start : start + own])


@pytest.fixture
def clips(tmp_path, rng):
    """Files shorter and longer than an excerpt, of several rates."""
    found = []
    for number, seconds in enumerate((0.7, 2.0, 3.0, 4.1, 9.0, 5.5, 1.3)):
        rate = (RATE, 44100, 16000)[number % 3]
        path = tmp_path / f"{number}.flac"
        soundfile.write(path, 0.2 * rng.standard_normal(int(seconds * rate)), rate)
        found.append(path)
    return found


def test_excerpts_are_those_that_the_datamodule_reads_from_a_store(run, clips, tmp_path):
    trained = TrainedModel(run)
    extract_mels([(path.name, path) for path in clips], tmp_path / "mel", workers=0, accelerator="cpu", devices=1)
    store = MelStore.open(tmp_path / "mel")
    batch = collate([FileDataset([(path.name, path) for path in clips], trained.preprocessing)[i] for i in range(7)])
    mel_BELM = Embedder(trained).mels(batch)
    length = store.settings.frames(3.0)
    for path, mel_ELM in zip(clips, mel_BELM, strict=True):
        room = max(int(store.frames([path.name])[0]) - length, 0)
        starts = np.rint(room * np.linspace(0, 1, 8)).astype(np.int64)
        crops = store.crops(np.repeat(store.rows_of([path.name]), 8), starts, length)
        # one step of float16: transforms of other lengths may round differently
        np.testing.assert_allclose(mel_ELM.float().numpy(), crops.astype(np.float32), rtol=1e-3, atol=1e-3)


def test_a_file_has_one_embedding_alone_and_in_any_batch(run, clips):
    trained = TrainedModel(run)
    embedder = Embedder(trained).eval()
    alone = np.stack([embed_files(trained, [path])[0].embedding_D for path in clips])
    np.testing.assert_allclose(np.linalg.norm(alone, axis=1), 1, atol=1e-5)
    dataset = FileDataset([(path.name, path) for path in clips], trained.preprocessing)
    for order in ([0, 1, 2, 3, 4, 5, 6], [6, 2, 4], [5, 5, 0]):
        with torch.inference_mode():
            together = embedder(collate([dataset[place] for place in order])).numpy()
        np.testing.assert_allclose(together, alone[order], atol=1e-5)


def test_a_file_has_one_embedding_with_any_number_of_threads(run, clips):
    trained, threads = TrainedModel(run), torch.get_num_threads()
    found = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            found.append(np.stack([outcome.embedding_D for outcome in embed_files(trained, clips)]))
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_allclose(found[1], found[0], atol=1e-5)


def test_any_number_of_workers_gives_the_same_library(music, run, tmp_path):
    found = []
    for workers in (0, 2):
        hardware = Hardware(workers, devices=1, accelerator="cpu")
        index_library([music], run, tmp_path / f"{workers}", hardware=hardware)
        library = Library(tmp_path / f"{workers}")
        found.append((library.tracks["track_id"].to_pylist(), np.array(library.matrix_ND)))
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_files_and_the_runs_own_store_give_the_same_embeddings(run, prepared):
    trained = TrainedModel(run)
    trained.data.setup("test")
    places = trained.data.positions("test")
    paths = [trained.data.tracks.audio[place] for place in places]
    found = np.stack([outcome.embedding_D for outcome in embed_files(trained, paths)])
    np.testing.assert_allclose(found, embed_split(trained, "test"), atol=2e-3)


def test_a_batch_without_a_readable_file_is_one_like_any_other(run, tmp_path):
    (tmp_path / "page.mp3").write_text("<html>")
    trained = TrainedModel(run)
    outcomes = embed_files(trained, [tmp_path / "page.mp3", tmp_path / "none.ogg"])
    assert [one.row.status for one in outcomes] == ["not-audio", "missing"]
    assert all(one.embedding_D is None for one in outcomes)


def test_files_that_are_no_parts_are_left_alone(tmp_path):
    for name in ("part-of-something.parquet", "part-7.parquet"):
        (tmp_path / name).write_text("notes")
    parts = Parts(tmp_path, "space")
    assert (parts.next_number, len(parts.index_of)) == (0, 0)


def test_preprocessing_survives_json():
    given = Preprocessing(MelSettings(hop_length=256), 2.5, 4)
    assert Preprocessing.from_dict(given.to_dict()) == given
