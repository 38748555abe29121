"""Query-by-tag and query-by-track of word vectors as a test run, on all pairs and on those kept out of the corpus."""

import numpy as np
import pytest
from pytorch_lightning import Trainer
from sklearn.metrics import roc_auc_score

from mwe.corpora.heldout import hold_out, write_held_out
from mwe.tracks import TrackReader, TrackTags, tag_matrix
from mwe.words import WordVectors
from mwe.words.retrieval import WordDataModule, WordRetrieval

RNG = np.random.default_rng(3)
LABELS = RNG.random((30, 6)) < 0.4
TAGS = tuple(f"tag{number}" for number in range(6))


class Made(TrackReader):
    """Thirty tracks with tags at random."""

    def read(self):
        return TrackTags(
            name="made",
            track_ids=tuple(f"t{row}" for row in range(30)),
            artist_ids=("",) * 30,
            tags=TAGS,
            matrix=tag_matrix([[TAGS[tag] for tag in np.flatnonzero(own)] for own in LABELS], TAGS),
            groups=("",) * 6,
            unseen=np.zeros(6, dtype=bool),
            splits={"test": np.arange(12, 30)},
        )


@pytest.fixture
def words(tmp_path):
    tokens = [*TAGS, *(f"track:t{row}" for row in range(30))]
    vectors = RNG.standard_normal((36, 5)).astype(np.float32)
    WordVectors(tokens, vectors).save(tmp_path / "words")
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return tmp_path / "words", unit[6:] @ unit[:6].T


def measured(**settings):
    runner = Trainer(accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False)
    return runner.test(WordRetrieval(), datamodule=WordDataModule(Made(), **settings), verbose=False)[0]


def test_all_pairs(words):
    folder, score = words
    expected = np.mean([roc_auc_score(LABELS[:, tag], score[:, tag]) for tag in range(6)])
    assert measured(words=str(folder))["test/rocauc_tag"] == pytest.approx(expected, abs=1e-6)


def test_queries_are_a_part_of_the_tracks_that_are_ranked(words):
    folder, score = words
    found = measured(words=str(folder), queries="test")
    expected = np.mean([roc_auc_score(LABELS[:, tag], score[:, tag]) for tag in range(6)])
    assert found["test/rocauc_tag"] == pytest.approx(expected, abs=1e-6)
    alone = measured(words=str(folder), split="test")
    names = [name for name in alone if "recall" in name or "clip" in name]
    assert len(names) >= 12
    assert {name: found[name] for name in names} == pytest.approx({name: alone[name] for name in names})


def test_held_out_pairs_alone_are_found_and_trained_ones_left_out(words, tmp_path):
    folder, score = words
    tracks = Made().read()
    _, held = hold_out(tracks, 0.3, seed=1)
    write_held_out(tmp_path / "held.tsv", tracks, held)
    held = held.toarray()
    asked = ~LABELS | held
    by_tag = [roc_auc_score(held[asked[:, tag], tag], score[asked[:, tag], tag]) for tag in range(6)]
    found = measured(words=str(folder), held_out=str(tmp_path / "held.tsv"))
    assert found["test/rocauc_tag"] == pytest.approx(np.mean(by_tag), abs=1e-6)
    # a track without a held-out tag shares none with any other
    assert found["test/recall_any_excluded"] >= (~held.any(axis=1)).sum()
