"""The Music Tagging Transformer: the published layers by plain operations, lengths, batches, compilation."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from mwe.encoders import MusicTaggingTransformer


def small(**settings):
    torch.manual_seed(0)
    return MusicTaggingTransformer(**{"channels": 4, "width": 16, "layers": 2, "positions": 40, **settings})


def by_plain_operations(encoder, mel):
    """The same network from functions alone: explicit softmax attention, pools over (bands, frames)."""

    def norm(layer, x):
        return functional.batch_norm(x, layer.running_mean, layer.running_var, layer.weight, layer.bias)

    def conv(layer, x):
        return functional.conv2d(x, layer.weight, layer.bias, padding=1)

    image = norm(encoder.normalise, mel.transpose(1, 2)[:, None])
    for block, pool in zip(encoder.convolutions, ((2, 2), (2, 2), (2, 1)), strict=True):
        first, first_norm, _, second, second_norm = block.straight
        straight = norm(second_norm, conv(second, norm(first_norm, conv(first, image)).relu()))
        same = isinstance(block.shortcut, nn.Identity)
        shortcut = image if same else norm(block.shortcut[1], conv(block.shortcut[0], image))
        image = functional.max_pool2d((straight + shortcut).relu(), pool)
    batch, channels, bands, frames = image.shape
    places = [image[:, :, :, place].reshape(batch, channels * bands) for place in range(frames)]
    sequence = torch.stack([encoder.cls_token.expand(batch, -1), *(encoder.to_width(place) for place in places)], 1)
    sequence = sequence + encoder.position_SD[: frames + 1]
    for layer in encoder.layers:
        normed, attention = layer.attention[0](sequence), layer.attention[1]
        query, key, value = (normed @ part.T for part in attention.query_key_value.weight.chunk(3))
        heads = []
        for own in torch.arange(sequence.shape[2]).chunk(attention.heads):
            score = query[..., own] @ key[..., own].transpose(1, 2) / math.sqrt(len(own))
            heads.append(score.softmax(-1) @ value[..., own])
        sequence = sequence + attention.out[0](torch.cat(heads, -1))
        normed, rise, fall = layer.feed_forward[0](sequence), layer.feed_forward[1], layer.feed_forward[4]
        sequence = sequence + fall(functional.gelu(rise(normed)))
    return sequence[:, 0]


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("frames", [4, 37, 130])
def test_equals_the_published_layers_by_plain_operations(frames, channels_last):
    encoder = small(channels_last=channels_last)
    encoder.train()
    encoder(torch.randn(8, 130, 128))  # the batch norms have seen something
    encoder.eval()
    mel = torch.randn(3, frames, 128)
    torch.testing.assert_close(encoder(mel), by_plain_operations(encoder, mel), atol=2e-5, rtol=1e-5)


def test_sizes_are_those_of_the_publications():
    def sizes(encoder):
        return sum(parameter.numel() for parameter in encoder.parameters())

    def expected(channels, width):
        norm = 2 * channels
        first = 9 * channels + channels
        further = 9 * channels * channels + channels
        convolutions = 2 * (first + norm) + further + norm + 4 * (further + norm)
        layer = 4 * width + 4 * width * width + width + 8 * width * width + 5 * width
        return 2 + convolutions + 16 * channels * width + width + 514 * width + 4 * layer

    assert sizes(MusicTaggingTransformer()) == expected(128, 256)
    assert sizes(MusicTaggingTransformer(width=64)) == expected(128, 64)
    published = MusicTaggingTransformer(width=64)
    assert len(published.layers) == 4
    assert all(layer.attention[1].heads == 8 for layer in published.layers)
    assert published(torch.randn(2, 130, 128)).shape == (2, 64)


def test_lengths_the_positions_do_not_cover_are_refused():
    encoder = small(positions=10).eval()
    for frames in (4, 40, 43):
        assert encoder(torch.randn(1, frames, 128)).shape == (1, 16)
    for frames in (3, 44):
        with pytest.raises(ValueError, match=f"{frames} frames does not fit: 10 learnt positions allow 4 to 43"):
            encoder(torch.randn(1, frames, 128))


def test_settings_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="width 20 is not a multiple of the 8 heads"):
        MusicTaggingTransformer(width=20)
    with pytest.raises(ValueError, match="mels is 7; three pools"):
        MusicTaggingTransformer(mels=7)


def test_an_excerpt_has_the_same_vector_in_any_batch():
    encoder, mel = small().eval(), torch.randn(5, 130, 128)
    torch.testing.assert_close(encoder(mel)[3:4], encoder(mel[3:4]), atol=1e-5, rtol=1e-5)


def test_place_matters_and_every_weight_gets_a_gradient():
    encoder = small(dropout=0.0)
    mel = torch.randn(4, 64, 128)
    encoder(mel).square().sum().backward()
    used = 1 + 64 // 4
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is not None, name
        reached = parameter.grad[:used] if name == "position_SD" else parameter.grad
        assert torch.isfinite(reached).all(), name
        assert reached.abs().sum() > 0 or "straight.0.bias" in name or "straight.3.bias" in name, name
    encoder.eval()
    assert not torch.allclose(encoder(mel), encoder(mel.flip(1)), atol=1e-3)


def test_other_numbers_of_bands_fit():
    for mels in (8, 96):
        assert small(mels=mels)(torch.randn(2, 141, mels)).shape == (2, 16)
