"""Audio encoders: plain modules from log-mel excerpts to one vector each."""

from mwe.encoders.base import AudioEncoder
from mwe.encoders.cnn1d import CNN1D
from mwe.encoders.mlp import MLP
from mwe.encoders.transformer import MusicTaggingTransformer

__all__ = ["CNN1D", "MLP", "AudioEncoder", "MusicTaggingTransformer"]
