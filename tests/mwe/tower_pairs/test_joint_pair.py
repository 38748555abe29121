"""Joint embeddings as tower pairs: the vectors of a library, from sounds in memory and from texts."""

import numpy as np
import pytest
import torch

from mwe.search import Library
from mwe.search.embed import embed_files
from mwe.search.index import index_library
from mwe.search.joint_pair import JointPair, tower_pair
from mwe.search.model import TrainedModel
from mwe.tower_pairs.encoding import embed_texts, embed_waveforms
from tests.mwe.search.test_index import HERE


@pytest.fixture(scope="module")
def pair():
    return tower_pair("open")


def test_sounds_in_memory_have_the_vectors_of_their_files(pair, music, tones):
    names, repeats = (0, 3, 6), (0.6, 2.4, 4.2)
    outcomes = embed_files(TrainedModel("open"), [music / f"{name}.wav" for name in names])
    for name, seconds, outcome in zip(names, repeats, outcomes, strict=True):
        wave_T = np.tile(tones[name].numpy(), 5)[: int(seconds * 16_000)]
        [unit_D] = embed_waveforms(pair, wave_T[None], 16_000)
        np.testing.assert_allclose(unit_D, outcome.embedding_D, atol=1e-4)


def test_a_sound_has_the_same_vector_in_every_batch(pair):
    wave_BT = 0.1 * torch.randn(3, 48_000, generator=torch.Generator().manual_seed(0))
    together_BD = pair.encode_audio(wave_BT, 16_000)
    torch.testing.assert_close(together_BD[1:2], pair.encode_audio(wave_BT[1:2], 16_000), atol=1e-5, rtol=0)


def test_texts_are_understood_as_in_a_library(run, miniature, tmp_path):
    index_library([miniature], run, tmp_path / "lib", hardware=HERE)
    library, pair = Library(tmp_path / "lib"), JointPair(TrainedModel(run))
    texts = ["low", "a low and rather buzzing tone", "bass drone"]
    for text, unit_D in zip(texts, embed_texts(pair, texts), strict=True):
        scores = [hit.score for hit in library.search(text, k=3).hits]
        assert scores == pytest.approx(sorted(library.matrix_ND @ unit_D, reverse=True)[:3], abs=1e-4)


def test_a_text_without_known_words_is_zero(run):
    row_ND = embed_texts(JointPair(TrainedModel(run)), ["low", "xqzzy"])
    assert np.linalg.norm(row_ND, axis=1) == pytest.approx([1, 0])
