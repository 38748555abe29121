"""The audio-word joint embedding: losses, supervision, model and data."""

from mwe.joint.datamodule import AudioWordDataModule
from mwe.joint.embedding import JointEmbedding
from mwe.joint.losses import cosine_hinge
from mwe.joint.supervision import PrototypeSet

__all__ = ["AudioWordDataModule", "JointEmbedding", "PrototypeSet", "cosine_hinge"]
