"""The plain reading must be the same mathematics, or its speed says nothing."""

from pathlib import Path

import pytest
import torch

from benchmarks.siamese_stages import Plain, fold_seconds, side_by_side
from siamese_tags.documents import TsvDocuments
from siamese_tags.fold_data import PrimingData
from siamese_tags.losses import (
    context_divergence,
    embedding_distance,
    prediction_loss,
    siamese_loss,
    total_loss,
)
from siamese_tags.networks import ComponentNetwork
from siamese_tags.pairs import targets


@pytest.fixture
def collection(tmp_path):
    lines = [f"song{n}\t{'ab'[n % 2]} {place}" for n in range(24) for place in range(3 + n % 3)]
    (tmp_path / "tags.tsv").write_text("\n".join(lines), encoding="utf-8")
    return TsvDocuments(str(tmp_path / "tags.tsv"))


def test_plain_losses_and_gradients_are_the_package_s(collection):
    tensors = PrimingData(collection, n_topics=3, topic_iterations=5).tensors
    plain = Plain(tensors)
    n_tags = len(tensors.features_TF)
    network = ComponentNetwork(n_tags, 3, n_tags)
    network.load_state_dict(
        {ours: value for ours, value in zip(network.state_dict(), plain.network.state_dict().values(), strict=True)}
    )
    first, second = plain.draw(torch.arange(len(tensors.positives_P2)))
    slow = plain.siamese_of(first, second)
    bags = tensors.membership_DT.float() * 2 - 1
    one, other = (
        network.embed_at(tensors.features_TF, tensors.contexts_DC, e.tag_N, e.document_N) for e in (first, second)
    )
    divergence = context_divergence(*(tensors.contexts_DC[e.document_N] for e in (first, second)))
    predictions = [
        prediction_loss(network.output(e), targets(bags, examples)) for e, examples in ((one, first), (other, second))
    ]
    siamese = siamese_loss(embedding_distance(one, other), divergence, first.sign_N, second.sign_N)
    fast = total_loss(*predictions, siamese)
    torch.testing.assert_close(fast, slow)
    slow.backward()
    fast.backward()
    for ours, theirs in zip(network.parameters(), plain.network.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-4)


def test_both_are_measured(collection):
    figures = side_by_side(collection, epochs=1, rounds=1)
    assert set(figures) == {"single", "siamese"}
    for measured in figures.values():
        assert measured["ratio"] == pytest.approx(measured["plain_seconds_per_epoch"] / measured["seconds_per_epoch"])


def test_fold_is_the_two_fits(miniature_flags, monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])
    seconds = fold_seconds(miniature_flags)
    assert seconds["both"] == seconds["single"] + seconds["siamese"] > 0


@pytest.fixture
def miniature_flags(collection, tmp_path):
    return [
        "--data=lightning_configs/siamese_tags/data/tsv.yaml",
        f"--data.init_args.collection.init_args.path={tmp_path / 'tags.tsv'}",
        "--data.init_args.n_topics=3",
        "--trainer.max_epochs=1",
        "--trainer.accelerator=cpu",
    ]
