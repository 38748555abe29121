"""Tags in context as supervision and queries: what belongs to a pair, figures of queries, training, stale vectors."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pytorch_lightning import Trainer, seed_everything
from sklearn.metrics import average_precision_score, ndcg_score, roc_auc_score
from torch.nn.functional import normalize

from mwe.core.errors import MissingDataError, StaleArtefactError
from mwe.encoders import MLP
from mwe.joint import FeatureWordDataModule, JointEmbedding, TagsInContext
from mwe.joint.context_queries import measure, rank
from mwe.joint.contextual import PairsOfTracks, TrackQuery, has_all, shares
from mwe.tracks import FeatureReader, tracks_of
from mwe.words import WordVectors
from mwe.words.context_vectors import Pair

TAGS = ("guitar", "acoustic", "folk", "metal", "live", "calm")
FOLK, METAL = ("guitar", "acoustic", "folk"), ("guitar", "metal", "live")


class Songs(FeatureReader):
    """Songs of two kinds that share a tag; what they share and what they do not can be heard."""

    def __init__(self, songs: int = 60) -> None:
        self.songs = songs

    def read(self):
        tags_of = {f"t{n}": [*(FOLK, METAL)[n % 2], *(["calm"] if n % 3 == 0 else [])] for n in range(self.songs)}
        names = list(tags_of)
        half, rest = self.songs // 2, 2 * self.songs // 3
        splits = {"train": names[:half], "valid": names[half:rest], "test": names[rest:]}
        return tracks_of("songs", tags_of, splits=splits)

    def features(self):
        draw = np.random.default_rng(1)
        loud = np.arange(self.songs) % 2
        calm = np.arange(self.songs) % 3 == 0
        heard = np.stack([loud, 1 - loud, calm], axis=1)
        return (heard + 0.1 * draw.standard_normal(heard.shape)).astype("float32")


def words():
    return WordVectors(list(TAGS), np.random.default_rng(0).standard_normal((6, 5)).astype(np.float32))


@pytest.fixture
def folder(tmp_path):
    words().save(tmp_path / "words")
    return str(tmp_path / "words")


@given(st.lists(st.sets(st.sampled_from(TAGS), min_size=1), min_size=1, max_size=8), st.data())
@settings(max_examples=60, deadline=None)
def test_a_pair_belongs_to_the_tracks_that_have_all_of_it(sets, data):
    tracks = tracks_of("made", {f"t{n}": sorted(own) for n, own in enumerate(sets)})
    known = list(tracks.tags)
    pairs = [
        Pair(data.draw(st.sampled_from(known)), tuple(data.draw(st.lists(st.sampled_from(known), max_size=3))))
        for _ in range(4)
    ]
    for row, own in enumerate(sets):
        for column, pair in enumerate(pairs):
            asked = {pair.tag, *pair.context}
            assert shares(tracks, pairs)[row, column] == pytest.approx(len(asked & own) / len(asked))
            assert has_all(tracks, pairs)[row, column] == (asked <= own)


def test_pairs_and_queries_are_drawn_of_seen_tags_of_their_tracks():
    tracks = Songs().read()
    tracks = replace(tracks, unseen=np.array([tag == "calm" for tag in tracks.tags]))
    pairs = PairsOfTracks(TagsInContext(a_track=30, most=2), tracks, words())
    drawn = pairs.drawn(tracks.splits["train"])
    assert len(set(drawn)) == len(drawn) > 20
    assert {len(pair.context) for pair in drawn} == {0, 1, 2}
    for pair in drawn:
        asked = {pair.tag, *pair.context}
        assert asked <= set(FOLK) or asked <= set(METAL)
        assert len(asked) == 1 + len(pair.context)
    assert drawn == pairs.drawn(tracks.splits["train"])
    queries = pairs.queries(tracks.splits["test"])
    assert queries == pairs.queries(tracks.splits["test"])
    of_another_seed = PairsOfTracks(TagsInContext(a_track=30, most=2, seed=1), tracks, words())
    assert queries != of_another_seed.queries(tracks.splits["test"])
    assert len({one.pair for one in queries}) == len(queries) > 10
    for one in queries:
        assert 1 <= len(one.pair.context) <= 2
        assert {one.pair.tag, *one.pair.context} <= set(tracks.of_track(one.track)) - {"calm"}


def test_queries_are_measured_as_scikit_learn_does():
    torch.manual_seed(0)
    tracks, row_ND, tag_TD = Songs(12).read(), torch.randn(12, 4), torch.randn(6, 4)
    queries = [
        TrackQuery(0, Pair("guitar", ("folk",))),
        TrackQuery(1, Pair("metal", ("live", "guitar"))),
        TrackQuery(0, Pair("guitar", ())),  # all tracks have it
        TrackQuery(3, Pair("calm", ("metal",))),
    ]
    place = {tag: row for row, tag in enumerate(tracks.tags)}
    alone = lambda pairs: torch.stack([tag_TD[place[one.tag]] for one in pairs])  # noqa: E731
    ids = torch.arange(12).flip(0)
    found = measure(tracks, ids, row_ND[ids], queries, alone, None)
    assert (len(found.queries), found.excluded, set(found.figures)) == (3, 1, {"alone", "mean", "sum"})
    unit_ND = normalize(row_ND, dim=1).numpy()
    for number, one in enumerate(found.queries):
        asked = [one.pair.tag, *one.pair.context]
        relevant = [set(asked) <= set(tracks.of_track(row)) for row in range(12)]
        share = [len(set(asked) & set(tracks.of_track(row))) / len(asked) for row in range(12)]
        likeness = np.stack([unit_ND @ normalize(tag_TD[place[tag]], dim=0).numpy() for tag in asked])
        mean = normalize(torch.stack([tag_TD[place[tag]] for tag in asked]).mean(dim=0), dim=0).numpy()
        spread = (likeness - likeness.mean(axis=1, keepdims=True)) / likeness.std(axis=1, ddof=1, keepdims=True)
        for way, score in (("alone", likeness[0]), ("mean", unit_ND @ mean), ("sum", spread.sum(axis=0))):
            expected = [average_precision_score(relevant, score), roc_auc_score(relevant, score)]
            expected.append(ndcg_score([share], [score], k=30))
            np.testing.assert_allclose(found.figures[way][number], expected, atol=1e-5)
    assert found.means()["context_ap_mean"] == pytest.approx(float(found.figures["mean"][:, 0].mean()))


def test_a_context_changes_the_ranking_only_where_it_is_asked_for():
    row_ND = normalize(torch.randn(9, 4), dim=1)
    alone = lambda pairs: torch.stack([torch.full((4,), float(len(one.tag))) + torch.eye(4)[0] for one in pairs])  # noqa: E731
    both = lambda pairs: torch.stack([torch.eye(4)[len(one.context)] for one in pairs])  # noqa: E731
    ways = rank(row_ND, [Pair("a"), Pair("a", ("bb",))], alone, both)
    assert ways.context is not None
    torch.testing.assert_close(ways.alone[0], ways.alone[1])
    torch.testing.assert_close(ways.alone[0], ways.mean[0])
    assert not torch.allclose(ways.mean[0], ways.mean[1])
    torch.testing.assert_close(ways.context, row_ND.T[:2])


def trained(folder, context, weights, epochs=30):
    seed_everything(0, verbose=False)
    data = FeatureWordDataModule(Songs(), folder, batch_size=16, context=context)
    model = JointEmbedding(
        5, MLP(3, (16,), 8, 0.0), optimizer=partial(torch.optim.Adam, lr=0.01), **{"tag": 0.0, **weights}
    )
    trainer = Trainer(
        max_epochs=epochs, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(model, data)
    return trainer, model, data


@pytest.mark.parametrize("weights", [{"context": 1.0}, {"tag": 1.0, "context": 1.0}])
def test_a_tag_in_context_finds_what_has_both(folder, weights):
    trainer, model, data = trained(folder, TagsInContext(queries=5), weights)
    [found] = trainer.test(model, data, verbose=False)
    assert found["test/context_auc_context"] > 0.95
    assert found["test/context_auc_context"] > found["test/context_auc_alone"] + 0.1
    assert found["test/context_queries"] > 10
    assert found["test/rocauc_tag_seen"] > 0.7
    if "tag" not in weights:
        with pytest.raises(StaleArtefactError, match="knows no words"):
            model.prototype(torch.zeros(1, 5))


def test_a_model_of_words_is_asked_in_the_ways_that_it_has(folder):
    trainer, model, data = trained(folder, TagsInContext(), {"tag": 1.0}, epochs=1)
    [found] = trainer.test(model, data, verbose=False)
    assert {name for name in found if "_ap_" in name} == {f"test/context_ap_{way}" for way in ("alone", "mean", "sum")}
    with pytest.raises(StaleArtefactError, match="its weight of `context` is 0"):
        model.in_context(torch.zeros(1, 5))
    with pytest.raises(MissingDataError, match="the data has no tags in context"):
        trained(folder, None, {"context": 1.0})


def test_other_vectors_than_those_of_the_training_are_refused(folder, tmp_path, context_arrays):
    given_ = [TagsInContext(str(context_arrays(tmp_path / f"v{seed}", TAGS, seed=seed))) for seed in range(2)]
    trainer, model, data = trained(folder, given_[0], {"context": 1.0}, epochs=1)
    trainer.save_checkpoint(tmp_path / "made.ckpt")
    anew = JointEmbedding(5, MLP(3, (16,), 8), tag=0.0, context=1.0)
    trainer.test(anew, data, ckpt_path=tmp_path / "made.ckpt", verbose=False)
    torch.testing.assert_close(anew.contextual.weight, model.contextual.weight)
    other = FeatureWordDataModule(Songs(), folder, context=given_[1])
    with pytest.raises(StaleArtefactError, match="trained with other tags in context"):
        trainer.test(JointEmbedding(5, MLP(3, (16,), 8), tag=0.0, context=1.0), other, ckpt_path=tmp_path / "made.ckpt")


def test_settings_that_cannot_be_are_refused():
    for given_ in ({"a_track": 0}, {"most": 0}, {"queries": -1}):
        with pytest.raises(ValueError, match="must be"):
            TagsInContext(**given_)
