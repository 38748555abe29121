"""Musical word embeddings and audio-word joint embeddings for tagging and retrieval."""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mwe.joint import JointEmbedding
    from mwe.search import Library
    from mwe.words import WordVectors

__version__ = "0.1.0"
__all__ = ["JointEmbedding", "Library", "WordVectors", "__version__"]

# ONNX Runtime, which torchmetrics imports where it is installed, reports to its makers unless told not to beforehand
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_ROOMS = {"JointEmbedding": "mwe.joint", "Library": "mwe.search", "WordVectors": "mwe.words"}


def __getattr__(name: str) -> Any:
    """What the package offers at its door, imported when asked for: `import mwe` alone stays fast."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)
