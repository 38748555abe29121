"""Audio encoders: modules that map each log-mel excerpt to one vector."""

from mwe.encoders.audio_encoder import AudioEncoder
from mwe.encoders.cnn1d import CNN1D
from mwe.encoders.mlp import MLP
from mwe.encoders.musicnn import Musicnn
from mwe.encoders.tag_bridge import TagBridge
from mwe.encoders.transformer import MusicTaggingTransformer
from mwe.encoders.vgg import VGG

__all__ = ["CNN1D", "MLP", "VGG", "AudioEncoder", "MusicTaggingTransformer", "Musicnn", "TagBridge"]
