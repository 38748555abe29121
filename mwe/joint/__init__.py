"""The audio-word joint embedding: losses, supervision, model, baselines and data."""

from mwe.joint.audio_word_data import AudioWordDataModule
from mwe.joint.baselines import DisentangledProxies, TagClassifier
from mwe.joint.contextual import TagsInContext
from mwe.joint.embedding import JointEmbedding
from mwe.joint.features import FeatureWordDataModule
from mwe.joint.losses import AnchorLoss, InfoNCE, PrototypeLoss, Triplet, cosine_hinge
from mwe.joint.schedules import InverseTimeDecay
from mwe.joint.supervision import Belonging, PrototypeSet

__all__ = [
    "AnchorLoss",
    "AudioWordDataModule",
    "Belonging",
    "DisentangledProxies",
    "FeatureWordDataModule",
    "InfoNCE",
    "InverseTimeDecay",
    "JointEmbedding",
    "PrototypeLoss",
    "PrototypeSet",
    "TagClassifier",
    "TagsInContext",
    "Triplet",
    "cosine_hinge",
]
