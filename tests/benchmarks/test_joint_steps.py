"""Attention spelt out is the same mathematics, and every setting takes steps."""

import json

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
    settings = ("eager", "channels_last", "plain_attention", "bf16")
    measure(2, 2, 1, settings, str(tmp_path / "speed.json"))
    found = json.loads((tmp_path / "speed.json").read_text())
    assert set(found["cnn1d"]["seconds_a_step"]) == {"eager", "bf16"}
    assert set(found["transformer"]["speed_against_eager"]) == set(settings)
    assert json.loads(capsys.readouterr().out) == found


def test_steps_change_the_weights():
    steps = Steps("cnn1d", "bf16", 2)
    before = [one.clone() for one in steps.encoder.parameters()]
    assert steps.step() > 0
    assert any(not torch.equal(one, other) for one, other in zip(before, steps.encoder.parameters(), strict=True))
