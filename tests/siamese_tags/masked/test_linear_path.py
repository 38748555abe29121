import numpy as np
import pytest
import torch

from siamese_tags.masked.encoder import ContextEncoder
from siamese_tags.masked.linear_path import LinearPath
from siamese_tags.masked.rules.linear import DropoutEase


@pytest.fixture
def train():
    return np.random.default_rng(0).random((50, 9)) < 0.4


def test_it_is_the_rule_times_its_strength(train):
    path, rule = LinearPath(9, 6.0), DropoutEase(10.0, 0.75, centred=True)
    path.fit(train, 10.0, 0.75)
    rule.fit(train)
    revealed = train[:7] & (np.arange(9) % 2 == 0)
    np.testing.assert_allclose(path(torch.tensor(revealed)).numpy(), 6 * rule.score(revealed), rtol=1e-4, atol=1e-5)


def test_a_new_tag_gets_what_a_ridge_regression_on_the_known_ones_gives(train):
    path = LinearPath(7, 1.0)
    path.fit(train[:, :7], 3.0, 0.5)
    wider = path.extended(2)
    wider.fit_new(torch.tensor(train), 7, 3.0, 0.5)
    inputs = train[:, :7] - train[:, :7].mean(axis=0)
    penalty = np.diag(3.0 + (inputs**2).sum(axis=0))
    weight = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ (train[:, 7:] - train[:, 7:].mean(axis=0)))
    revealed = train[:5]
    expected = train[:, 7:].mean(axis=0) + (2.0 * revealed[:, :7] - train[:, :7].mean(axis=0)) @ weight
    scores = wider(torch.tensor(revealed)).numpy()
    np.testing.assert_allclose(scores[:, 7:], expected, rtol=1e-4, atol=1e-5)
    # known tags are scored as before, and by known tags only
    np.testing.assert_allclose(scores[:, :7], path(torch.tensor(revealed[:, :7])).numpy(), rtol=1e-5)


def test_it_is_added_to_the_logits_and_kept_with_the_weights(train):
    torch.manual_seed(0)
    encoder = ContextEncoder(9, width=6, members=2, linear=2.0).eval()
    encoder.linear.fit(train, 10.0, 0.75)
    revealed = torch.tensor(train[:4])
    plain = ContextEncoder(9, width=6, members=2).eval()
    plain.load_state_dict({name: value for name, value in encoder.state_dict().items() if "linear." not in name})
    torch.testing.assert_close(encoder(revealed), plain(revealed) + encoder.linear(revealed))
    again = ContextEncoder(**encoder.settings).eval()
    again.load_state_dict(encoder.state_dict())
    torch.testing.assert_close(again(revealed), encoder(revealed))
    wider = encoder.extended(torch.zeros(2, 3, 6), torch.zeros(2, 3))
    torch.testing.assert_close(wider(torch.nn.functional.pad(revealed, (0, 3)))[:, :9], encoder(revealed))
    assert not any(name.startswith("linear") for name, _ in encoder.named_parameters())
