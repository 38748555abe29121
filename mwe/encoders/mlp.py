"""A perceptron on a vector of features that describes a whole track."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from mwe.encoders.base import AudioEncoder


class MLP(AudioEncoder):
    """Features standardised by batch normalisation, hidden layers of ReLU and dropout, a linear layer.

    For collections that publish features in place of audio: a track is an excerpt of one frame, its features stand
    where the mel bands of a spectrogram do. Of several frames the mean is taken.

    Args:
        features: Features of a track.
        hidden: Width of each hidden layer; none makes the encoder linear.
        width: Dimensions of the embedding.
        dropout: Rate of dropout behind each hidden layer.
    """

    def __init__(
        self, features: int = 68, hidden: Sequence[int] = (256,), width: int = 128, dropout: float = 0.5
    ) -> None:
        super().__init__(width)
        # the mean over all batches so far, since the features do not change under training
        layers: list[nn.Module] = [nn.BatchNorm1d(features, affine=False, momentum=None)]
        for inputs, outputs in pairwise((features, *hidden)):
            layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear((features, *hidden)[-1], width))

    def forward(self, frame_BFM: Tensor) -> Tensor:
        """Encode tracks: (batch, frames, features) → (batch, width)."""
        embedding_BD: Tensor = self.layers(frame_BFM.mean(dim=1))
        return embedding_BD
