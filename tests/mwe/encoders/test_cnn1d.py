"""The 1D-CNN: shapes, layers as in the paper, batch independence."""

import numpy as np
import pytest
import torch
from torch import nn

from mwe.encoders import CNN1D


@pytest.mark.parametrize("frames", [1, 7, 130, 500])
def test_any_excerpt_length_gives_one_vector(frames):
    encoder, mel = CNN1D().eval(), torch.randn(2, frames, 128)
    encoder.blocks[0].running_mean.uniform_(-1, 1)
    places_BDP = encoder.blocks(mel.transpose(1, 2))
    assert encoder(mel).shape == (2, 100)
    torch.testing.assert_close(encoder(mel), places_BDP.sum(dim=2) / places_BDP.shape[2])


@pytest.mark.parametrize("frames", [1, 130])
def test_statistics_of_the_bands_are_added_and_have_a_gradient_where_nothing_moves(frames):
    torch.manual_seed(0)
    encoder, plain = CNN1D(statistics=True), CNN1D()
    mel = torch.zeros(3, frames, 128, requires_grad=True)
    encoder(mel).sum().backward()
    assert torch.isfinite(mel.grad).all()
    plain.load_state_dict({name: one for name, one in encoder.state_dict().items() if name.startswith("blocks.")})
    encoder.eval()
    plain.eval()
    mel = torch.randn(3, frames, 128)
    band = plain.blocks[0](mel.transpose(1, 2)).detach().numpy()
    steps = np.diff(band) if frames > 1 else 0 * band
    spread = [np.sqrt(of.var(axis=2) + 1e-5) for of in (band, steps)]
    given = np.concatenate([band.mean(axis=2), *spread], axis=1)
    added = encoder.statistics(torch.from_numpy(given))
    torch.testing.assert_close(encoder(mel), plain(mel) + added, atol=1e-5, rtol=1e-5)


def test_layers_are_those_of_the_paper():
    encoder = CNN1D()
    convolutions = [layer for layer in encoder.blocks if isinstance(layer, nn.Conv1d)]
    assert [(layer.out_channels, layer.kernel_size[0]) for layer in convolutions] == [
        (128, 4), (128, 4), (128, 4), (128, 2), (100, 1),
    ]  # fmt: skip
    pools = [layer.kernel_size for layer in encoder.blocks if isinstance(layer, nn.MaxPool1d)]
    assert pools == [4, 4, 4, 2, 2]
    assert encoder.width == 100


def test_an_excerpt_has_the_same_vector_in_any_batch():
    encoder, mel = CNN1D().eval(), torch.randn(9, 130, 128)
    torch.testing.assert_close(encoder(mel)[3:4], encoder(mel[3:4]), atol=1e-5, rtol=0)


def test_settings_that_differ_in_number_are_refused():
    with pytest.raises(ValueError, match="differ in number"):
        CNN1D(channels=(8, 8))
