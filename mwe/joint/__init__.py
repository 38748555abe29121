"""The audio-word joint embedding: losses, supervision, model, baselines and data."""

from typing import TYPE_CHECKING

from mwe.core.offered import offered_by

if TYPE_CHECKING:
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

# an exported model is used without the packages that only training needs
__getattr__ = offered_by(
    __name__,
    {
        "mwe.joint.audio_word_data": ("AudioWordDataModule",),
        "mwe.joint.baselines": ("DisentangledProxies", "TagClassifier"),
        "mwe.joint.contextual": ("TagsInContext",),
        "mwe.joint.embedding": ("JointEmbedding",),
        "mwe.joint.features": ("FeatureWordDataModule",),
        "mwe.joint.losses": ("AnchorLoss", "InfoNCE", "PrototypeLoss", "Triplet", "cosine_hinge"),
        "mwe.joint.schedules": ("InverseTimeDecay",),
        "mwe.joint.supervision": ("Belonging", "PrototypeSet"),
    },
)
