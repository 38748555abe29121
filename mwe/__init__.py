"""Musical word embeddings and audio-word joint embeddings for tagging and retrieval."""

import os
from typing import TYPE_CHECKING

from mwe.core.offered import offered_by

if TYPE_CHECKING:
    from mwe.joint import JointEmbedding
    from mwe.search import Library
    from mwe.words import WordVectors

__version__ = "0.1.0"
__all__ = ["JointEmbedding", "Library", "WordVectors", "__version__"]

# ONNX Runtime, which torchmetrics imports where it is installed, reports to its makers unless told not to beforehand
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__getattr__ = offered_by(
    __name__, {"mwe.joint": ("JointEmbedding",), "mwe.search": ("Library",), "mwe.words": ("WordVectors",)}
)
