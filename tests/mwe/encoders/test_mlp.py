"""The perceptron on features: shapes, standardised input, frames averaged."""

import pytest
import torch

from mwe.encoders import MLP


@pytest.mark.parametrize("hidden", [(), (16,), (16, 8)])
def test_shapes_and_gradients(hidden):
    encoder = MLP(features=5, hidden=hidden, width=7)
    given = encoder(torch.randn(6, 1, 5))
    assert given.shape == (6, 7)
    assert encoder.width == 7
    given.square().sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


def test_units_of_the_features_do_not_matter():
    torch.manual_seed(0)
    encoder, feature_BF = MLP(features=5, dropout=0.0), torch.randn(64, 1, 5)
    units = torch.tensor([1.0, 100.0, 10.0, 1000.0, 50.0])
    plain = encoder.train()(feature_BF)
    torch.testing.assert_close(encoder(feature_BF * units + 3), plain, atol=1e-3, rtol=1e-3)


def test_evaluation_goes_by_the_mean_over_training():
    torch.manual_seed(0)
    encoder, feature_BF = MLP(features=5, hidden=(), dropout=0.0), 3 + 2 * torch.randn(1000, 1, 5)
    for batch in feature_BF.split(100):
        encoder(batch)
    whole = (feature_BF[:, 0] - feature_BF.mean(dim=(0, 1))) / feature_BF[:, 0].std(dim=0)
    expected = encoder.layers[1](whole)
    torch.testing.assert_close(encoder.eval()(feature_BF), expected, atol=0.1, rtol=0.1)
    torch.testing.assert_close(encoder(feature_BF.repeat(1, 3, 1)), encoder(feature_BF))
