"""Tag rank prediction as a test run: figures, counts, errors, two processes."""

import numpy as np
import pytest
import torch
from pytorch_lightning import Trainer
from torch.nn.functional import normalize

from mwe.core.errors import MissingDataError, UnknownNameError
from mwe.metrics import tag_rank
from mwe.tracks import TrackReader, TrackTags, tag_matrix
from mwe.words import WordVectors
from mwe.words.tagrank import TagRankData, TagRankPrediction

TAGS = ("rock", "deep house", "piano", "unheard", "sad", "happy")
GROUPS = ("genre", "genre", "instrument", "genre", "mood/theme", "mood/theme")
TRACKS = (("rock", "sad"), ("rock", "piano", "sad"), ("deep house", "happy"), ("piano", "happy", "sad"), ("unheard",))


class Made(TrackReader):
    """Five tracks, six tags, one of them without a word vector."""

    def read(self):
        names = tuple(f"t{number}" for number in range(len(TRACKS)))
        return TrackTags(
            name="made",
            track_ids=names,
            artist_ids=("",) * len(TRACKS),
            tags=TAGS,
            matrix=tag_matrix(TRACKS, TAGS),
            groups=GROUPS,
            unseen=np.zeros(len(TAGS), dtype=bool),
            splits={},
        )


@pytest.fixture
def words(tmp_path):
    tokens = ["rock", "deep", "house", "piano", "sad", "happy"]
    rng = np.random.default_rng(0)
    vectors = WordVectors(tokens, rng.standard_normal((6, 4)).astype(np.float32))
    return vectors.save(tmp_path / "words")


def measured(data, **trainer):
    runner = Trainer(accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False, **trainer)
    return runner.test(TagRankPrediction(), datamodule=data, verbose=False)[0]


def test_a_test_run_gives_the_figures_of_the_function(words):
    data = TagRankData(Made(), str(words), batch_size=2)
    found = measured(data)
    known = [0, 1, 2, 4, 5]
    unit = normalize(torch.from_numpy(WordVectors.load(words).of_tags([TAGS[tag] for tag in known]).vectors), dim=1)
    matrix = tag_matrix(TRACKS, TAGS).toarray().astype(np.float32)
    counts = torch.from_numpy((matrix.T @ matrix)[np.ix_(known, known)])
    expected = tag_rank(unit, counts, torch.tensor([GROUPS[tag] == "mood/theme" for tag in known]))
    assert found == pytest.approx({f"test/{name}": float(value) for name, value in expected.items()})
    assert data.notes == {"tags": 6, "context_tags": 2, "tags_without_vector": 1, "tags_left_out": 0}
    assert 0 < found["test/ndcg_average"] <= 1


def test_run_together_tags_context_by_words_and_a_common_vocabulary(words, tmp_path):
    data = TagRankData(Made(), str(words), context=[], context_words=["house", "sad"], spelt={"unheard": "happy piano"})
    data.setup("test")
    assert data.context_T.tolist() == [False, True, False, False, True, False]
    assert data.notes == {"tags": 6, "context_tags": 2, "tags_without_vector": 0, "tags_left_out": 0}
    found = WordVectors.load(words)
    np.testing.assert_allclose(data.known_tags.vectors[3], (found["happy"] + found["piano"]) / 2, rtol=1e-6)
    WordVectors(["rock", "sad", "happy"], np.ones((3, 4), dtype=np.float32)).save(tmp_path / "few")
    data = TagRankData(Made(), str(words), among=str(tmp_path / "few"))
    data.setup("test")
    assert data.known_tags.positions.tolist() == [0, 4, 5]
    assert data.notes == {"tags": 6, "context_tags": 2, "tags_without_vector": 1, "tags_left_out": 2}
    with pytest.raises(UnknownNameError, match="unknown tag 'rok'"):
        TagRankData(Made(), str(words), spelt={"rok": "rock"}).setup("test")


def test_an_unknown_group_and_vectors_without_any_tag_are_answered(words, tmp_path):
    with pytest.raises(UnknownNameError, match="nearest: 'mood/theme'"):
        TagRankData(Made(), str(words), context=["mood"]).setup("test")
    WordVectors(["other"], np.ones((1, 4), dtype=np.float32)).save(tmp_path / "other")
    with pytest.raises(MissingDataError, match="knows no tag of made"):
        TagRankData(Made(), str(tmp_path / "other")).setup("test")
