"""A perceptron on a vector of features of a whole track."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from mwe.encoders.audio_encoder import AudioEncoder


class MLP(AudioEncoder):
    """Standardisation by batch normalisation, hidden layers with ReLU and dropout, and a linear layer.

    For collections that publish features instead of audio: a track is an excerpt of one frame, with features instead
    of the mel bands of a spectrogram. Several frames are averaged.

    Args:
        features: Features of a track.
        hidden: Width of each hidden layer; an empty list makes the encoder linear.
        width: Dimensions of the embedding.
        dropout: Dropout rate after each hidden layer.

    Examples:
        >>> import torch
        >>> MLP(features=68, hidden=(32,), width=16)(torch.randn(4, 1, 68)).shape
        torch.Size([4, 16])
    """

    def __init__(
        self, features: int = 68, hidden: Sequence[int] = (256,), width: int = 128, dropout: float = 0.5
    ) -> None:
        super().__init__(width)
        # averages all batches so far, since the features do not change during training
        layers: list[nn.Module] = [nn.BatchNorm1d(features, affine=False, momentum=None)]
        for inputs, outputs in pairwise((features, *hidden)):
            layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear((features, *hidden)[-1], width))

    def forward(self, frame_BFM: Tensor) -> Tensor:
        """Encode tracks: (batch, frames, features) → (batch, width)."""
        embedding_BD: Tensor = self.layers(frame_BFM.mean(dim=1))
        return embedding_BD
