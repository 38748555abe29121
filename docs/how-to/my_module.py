"""A tower pair that hears how bright a sound is, and reads of bright and dark."""

import torch

from mwe.tower_pairs import PairDescription


class MyPair:
    description = PairDescription(
        "brightness-1",  # other weights, another identity
        dim=2,
        sample_rate=8000,  # what encode_audio is given
        seconds=3.0,
        template="a {} sound",  # how a tag is asked
        licence="cc0-1.0",
    )

    def encode_audio(self, waveform_BT, rate):
        change_B = waveform_BT.diff(dim=1).abs().mean(dim=1) / waveform_BT.abs().mean(dim=1)
        return torch.stack([1 - change_B, change_B], dim=1)

    def encode_text(self, texts):
        return torch.tensor([[-0.3, 1.0] if "bright" in text else [1.0, len(text) / 40] for text in texts])
