"""The 1D-CNN: shapes, layers as in the paper, batch independence."""

import pytest
import torch
from torch import nn

from mwe.encoders import CNN1D


@pytest.mark.parametrize("frames", [1, 7, 130, 500])
def test_any_excerpt_length_gives_one_vector(frames):
    assert CNN1D().eval()(torch.randn(2, frames, 128)).shape == (2, 100)


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
