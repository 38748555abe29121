"""Musical word embeddings and audio-word joint embeddings for tagging and retrieval."""

__version__ = "0.1.0"
