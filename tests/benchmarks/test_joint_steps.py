"""Attention spelt out is the same mathematics, and every setting takes steps."""

import json
from itertools import pairwise

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from benchmarks import joint_steps
from benchmarks.joint_steps import ENCODERS, Steps, measure, plain_attention
from mwe.encoders import MusicTaggingTransformer


def test_plain_attention_is_the_library_s():
    query, key, value = torch.randn(3, 2, 4, 7, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(plain_attention(query, key, value), scaled_dot_product_attention(query, key, value))


def test_every_setting_is_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(joint_steps, "alone", lambda work, *given: work(*given))
    small = lambda: MusicTaggingTransformer(channels=2, width=8, heads=2, layers=1)  # noqa: E731
    monkeypatch.setitem(ENCODERS, "transformer", small)
    settings = ("eager", "channels_last", "plain_attention", "bf16", "channels_last_bf16")
    measure(2, 2, 1, settings, str(tmp_path / "speed.json"))
    found = json.loads((tmp_path / "speed.json").read_text())
    assert set(found["cnn1d"]["seconds_a_step"]) == {"eager", "bf16"}
    assert set(found["transformer"]["speed_against_eager"]) == set(settings)
    assert json.loads(capsys.readouterr().out) == found


def test_the_operations_are_those_of_the_convolutions():
    """By hand: two for every weight, output place and excerpt; a step needs them again for weights and for inputs."""
    frames, channels, kernels, pools = 130, (128, 128, 128, 128, 128, 100), (4, 4, 4, 2, 1), (4, 4, 4, 2, 2)
    forward = 0
    for (inputs, outputs), kernel, pool in zip(pairwise(channels), kernels, pools, strict=True):
        places = frames + 2 * (kernel // 2) - kernel + 1
        forward += 2 * inputs * outputs * kernel * places
        frames = -(-places // pool)
    found = joint_steps.operations("cnn1d")
    assert found["forward"] == pytest.approx(forward / 1e9)
    assert found["step"] == pytest.approx(3 * forward / 1e9)


def test_steps_change_the_weights():
    steps = Steps("cnn1d", "bf16", 2)
    before = [one.clone() for one in steps.encoder.parameters()]
    assert steps.step() > 0
    assert any(not torch.equal(one, other) for one, other in zip(before, steps.encoder.parameters(), strict=True))
