"""The bridge of the open model: two views of the evidence, and towers that are no part of its state."""

import pytest
import torch

from mwe.encoders import TagBridge

SMALL = {"word_dim": 4, "context_dim": 6, "hidden": 8}


@pytest.fixture
def bridge(cached_weights):
    torch.manual_seed(0)
    bridge = TagBridge(weight=2.0, **SMALL)
    bridge.load_pretrained()
    return bridge.eval()


@pytest.fixture
def mel_BFM():
    return 4 * torch.rand(3, 187, 96, generator=torch.Generator().manual_seed(0))


def test_both_views_have_their_length(bridge, mel_BFM):
    heard_BD = bridge(mel_BFM)
    assert heard_BD.shape == (3, 10)
    torch.testing.assert_close(heard_BD[:, :4].norm(dim=1), torch.ones(3))
    torch.testing.assert_close(heard_BD[:, 4:].norm(dim=1), torch.full((3,), 2.0))


def test_evidence_is_what_a_tower_says_less_what_was_expected(bridge, mel_BFM):
    bridge.prior_C.copy_(torch.arange(100.0))
    bridge.used_C[3] = 0
    expected = torch.cat([tower(mel_BFM) for tower in bridge.towers.values()], dim=1) - torch.arange(100.0)
    expected[:, 3] = 0
    torch.testing.assert_close(bridge.evidence(mel_BFM), expected)
    assert len(bridge.classes) == 100


def test_evidence_of_towers_with_the_same_classes_is_their_mean(cached_weights, mel_BFM):
    both = TagBridge(["msd_musicnn", "msd_vgg"], **SMALL).eval()
    both.load_pretrained()
    first, second = (tower(mel_BFM) for tower in both.towers.values())
    torch.testing.assert_close(both.evidence(mel_BFM), (first + second) / 2)


def test_towers_are_no_part_of_the_state_and_come_with_it(bridge, mel_BFM):
    state = bridge.state_dict()
    assert not any(name.startswith("towers.") for name in state)
    with torch.device("meta"):
        other = TagBridge(weight=2.0, **SMALL)
    other.to_empty(device="cpu").load_state_dict(state)
    torch.testing.assert_close(other.eval()(mel_BFM), bridge(mel_BFM))


def test_towers_never_learn(bridge, mel_BFM):
    bridge.train()(mel_BFM).sum().backward()
    assert all(parameter.grad is None for parameter in bridge.towers.parameters())
    assert bridge.words.weight.grad is not None
    assert bridge.context.out.weight.grad is not None


@pytest.mark.parametrize("name", ["msd", "mtt_resnet", "fma_musicnn"])
def test_an_unknown_tower_is_named(name):
    with pytest.raises(ValueError, match=f"unknown tower '{name}', expected one of msd_musicnn"):
        TagBridge([name])
