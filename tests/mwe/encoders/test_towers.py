"""Musicnn and VGG: equal to the originals, any length, frozen or not."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from mwe.encoders import VGG, Musicnn
from mwe.encoders.tower import PooledConvolution

TOWERS = {"musicnn": Musicnn, "vgg": VGG}


def lively(tower):
    """With batch statistics that say something, and channels that are turned round."""
    generator = torch.Generator().manual_seed(0)
    for norm in tower.modules():
        if isinstance(norm, nn.modules.batchnorm._BatchNorm):
            for values, low, high in ((norm.weight, -1, 1), (norm.bias, -1, 1), (norm.running_var, 0.1, 2)):
                values.data.uniform_(low, high, generator=generator)
            norm.running_mean.uniform_(-1, 1, generator=generator)
    return tower.eval()


@pytest.fixture(scope="module")
def reference(data_root) -> dict[str, np.ndarray]:
    """What the original graphs answer."""
    path = Path(data_root).parent / "reference/musicnn.npz"
    if not path.is_file():
        pytest.skip(f"no {path}, which holds what the original graphs answer")
    return dict(np.load(path, allow_pickle=False))


@pytest.mark.data
@pytest.mark.parametrize("collection", ["msd", "mtt"])
@pytest.mark.parametrize("architecture", TOWERS)
def test_probabilities_are_those_of_the_original_graphs(reference, published, architecture, collection):
    tower = TOWERS[architecture].pretrained(collection, output="probabilities")
    expected = reference[f"sigmoid_{collection.upper()}_{architecture}"]
    with torch.no_grad():
        found = tower(torch.from_numpy(reference["mel_BFM"])).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("architecture", TOWERS)
@pytest.mark.parametrize("frames", [1, 7, 129, 188, 400])
def test_excerpts_of_any_length_are_encoded(architecture, frames):
    tower = TOWERS[architecture]().eval()
    mel = torch.rand(1, frames, 96)
    assert tower(mel).shape == (1, tower.width)
    assert tower.width == {"musicnn": 200, "vgg": 256}[architecture]
    assert tower.logits(mel).shape == (1, 50)


def test_musicnn_equals_its_layers_by_plain_operations():
    net, mel = lively(Musicnn()).net, torch.rand(2, 187, 96)

    def norm(layer, x):
        return functional.batch_norm(x, layer.running_mean, layer.running_var, layer.weight, layer.bias, eps=layer.eps)

    image, front = norm(net.input_norm, mel[:, None]), []
    for filters in net.filters:
        frames = filters.convolution.kernel_size[0]
        padded = functional.pad(image, (0, 0, (frames - 1) // 2, frames // 2))
        places = functional.conv2d(padded, filters.convolution.weight, filters.convolution.bias).relu()
        front.append(norm(filters.norm, places).amax(dim=3))
    layers = [torch.cat(front, dim=1)]
    for number, (convolution, of_layer) in enumerate(zip(net.middle, net.middle_norms, strict=True)):
        places = functional.conv1d(layers[-1], convolution.weight, convolution.bias, padding=3).relu()
        layers.append(norm(of_layer, places) + (layers[-1] if number else 0))
    every = torch.cat(layers, dim=1)
    pooled = torch.stack([every.amax(dim=2), every.sum(dim=2) / 187], dim=2).flatten(1)
    dense = functional.linear(norm(net.pooled_norm, pooled), net.dense.weight, net.dense.bias).relu()
    torch.testing.assert_close(net.features(mel), norm(net.dense_norm, dense), atol=1e-4, rtol=1e-4)


def test_the_pools_of_the_vgg_are_those_of_the_published_graphs():
    late = [((2, 2), (2, 2)), ((2, 2), (2, 2)), ((4, 4), (4, 4))]
    first = {"msd": [((4, 1), (4, 1)), ((1, 4), (1, 4))], "mtt": [((4, 1), (2, 2)), ((2, 2), (2, 2))]}
    for collection, pools in first.items():
        filters = VGG(collection).net.filters
        assert [(each.pool.kernel_size, each.pool.stride) for each in filters] == [*pools, *late]


@pytest.mark.parametrize("collection", ["msd", "mtt"])
def test_a_long_excerpt_of_the_vgg_is_the_mean_over_neighbouring_places(collection):
    tower = VGG(collection)
    tower.awaits_weights = False
    tower.eval()
    mel = torch.rand(1, 400, 96)
    places = tower.net.filters[0](tower.net.input_norm(mel.unsqueeze(1)))
    for filters in tower.net.filters[1:]:
        places = filters(places)
    place_PC = places[0, :, :, 0].T
    pairs = torch.stack([place_PC[at : at + 2].flatten() for at in range(len(place_PC) - 1)])
    torch.testing.assert_close(tower(mel)[0], pairs.mean(dim=0))
    torch.testing.assert_close(tower.logits(mel)[0], tower.net.tags(pairs).mean(dim=0))


@pytest.mark.parametrize("architecture", TOWERS)
def test_outputs_and_the_layer_on_top(architecture):
    tower, mel = lively(TOWERS[architecture](output="probabilities")), torch.rand(2, 187, 96)
    torch.testing.assert_close(tower(mel), tower.logits(mel).sigmoid())
    assert tower.width == 50
    headed = TOWERS[architecture](output="logits", head=7)
    assert headed.width == 7
    assert headed(mel).shape == (2, 7)


@pytest.mark.parametrize("architecture", TOWERS)
def test_the_maximum_may_be_taken_before_the_normalisation(architecture):
    image = torch.randn(3, 1, 140, 96)
    for filters in lively(TOWERS[architecture]()).net.filters:
        assert isinstance(filters, PooledConvolution)
        assert (filters.norm.weight < 0).any()
        expected = filters.pool(filters.norm(filters.convolution(image).relu()))
        torch.testing.assert_close(filters(image), expected, atol=1e-5, rtol=1e-4)
        if architecture == "vgg":
            image = expected


@pytest.mark.parametrize("architecture", TOWERS)
def test_an_excerpt_has_the_same_vector_in_any_batch(architecture):
    tower, mel = lively(TOWERS[architecture]()), torch.rand(3, 140, 96)
    torch.testing.assert_close(tower(mel)[1:2], tower(mel[1:2]), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("architecture", TOWERS)
def test_a_frozen_tower_stays_as_it_is_while_its_head_learns(architecture):
    tower = TOWERS[architecture](frozen=True, head=4)
    assert not any(part.training for part in tower.net.modules())
    tower.train()
    before = {name: value.clone() for name, value in tower.state_dict().items()}
    optimiser = torch.optim.SGD([weight for weight in tower.parameters() if weight.requires_grad], lr=0.1)
    for _ in range(2):
        optimiser.zero_grad()
        tower(torch.rand(2, 40, 96)).square().sum().backward()
        optimiser.step()
    changed = {name for name, value in tower.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"head.weight", "head.bias"}
    assert all(weight.grad is None for weight in tower.net.parameters())


@pytest.mark.parametrize("architecture", TOWERS)
def test_every_weight_of_a_tower_that_learns_has_a_gradient(architecture):
    for output in ("features", "logits"):
        tower = TOWERS[architecture](output=output, head=4).train()
        tower(torch.rand(2, 40, 96)).square().sum().backward()
        assert all((weight.grad is not None) == weight.requires_grad for weight in tower.parameters())
        assert tower.net.tags.weight.requires_grad == (output == "logits")


@pytest.mark.parametrize("architecture", TOWERS)
def test_it_can_be_compiled_whole_and_run_in_half_precision(architecture):
    tower, mel = lively(TOWERS[architecture](output="logits")), torch.rand(2, 140, 96)
    expected = tower(mel)
    compiled = torch.compile(tower, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(mel), expected, atol=1e-4, rtol=1e-4)
    with torch.autocast("cpu", torch.bfloat16):
        half = tower(mel).float()
    assert functional.cosine_similarity(half, expected).min() > 0.995


@pytest.mark.slow
@pytest.mark.parametrize("architecture", TOWERS)
def test_compiled_code_computes_the_same(architecture):
    tower, mel = lively(TOWERS[architecture](output="logits")), torch.rand(2, 140, 96)
    with torch.no_grad():
        torch.testing.assert_close(torch.compile(tower)(mel), tower(mel), atol=1e-3, rtol=1e-3)


def test_other_mel_bands_are_refused():
    with pytest.raises(ValueError, match=r"needs 96 mel bands, not 128\. .*towers\.yaml"):
        Musicnn()(torch.rand(1, 187, 128))


def test_weights_that_were_asked_for_and_not_loaded_are_missed():
    tower = Musicnn("msd")
    with pytest.raises(ValueError, match=r"weights of msd were not loaded: call `load_pretrained\(\)`"):
        tower(torch.rand(1, 187, 96))
    holder = nn.ModuleDict({"encoder": tower})
    holder.load_state_dict({name: value.clone() for name, value in holder.state_dict().items()})
    assert torch.isfinite(tower(torch.rand(2, 187, 96))).all()


def test_a_tower_knows_its_tags():
    assert Musicnn("msd").tags[:3] == ("rock", "pop", "alternative")
    assert VGG("mtt").tags[:3] == ("guitar", "classical", "slow")
    assert Musicnn().tags == ()
