"""Encoders of single tags in a joint embedding: by word vectors, or as a tag with an empty context.

Shape suffixes: T tags, P pairs, W dimensions of a vector, D dimensions of the joint space.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from torch import Tensor, nn

from mwe.core.errors import StaleArtefactError
from mwe.joint.audio_word_data import AudioWordDataModule
from mwe.words.context_vectors import Pair


class TagEncoder(ABC):
    """Maps tags without a context to rows in the joint space.

    Args:
        layer: Layer of the model that encodes the vectors of tags.
    """

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer

    def __call__(self, vectors: Tensor) -> Tensor:
        """Encode vectors into rows in the joint space, (..., D)."""
        encoded: Tensor = self.layer(vectors)
        return encoded

    @abstractmethod
    def vectors(self, data: AudioWordDataModule) -> np.ndarray:
        """Return the vectors of the collection's tags, (T, W); zero where a tag has none."""

    @abstractmethod
    def known(self, data: AudioWordDataModule) -> np.ndarray:
        """Return which of the collection's tags have a vector, (T,)."""

    @abstractmethod
    def vectors_of(self, data: AudioWordDataModule, pairs: Sequence[Pair]) -> np.ndarray:
        """Return the vectors of pairs without context, (P, W)."""


class WordTags(TagEncoder):
    """Encodes a tag from its word vector."""

    def vectors(self, data: AudioWordDataModule) -> np.ndarray:
        """Return the word vectors of the collection's tags."""
        return data.words.tag

    def known(self, data: AudioWordDataModule) -> np.ndarray:
        """Return which tags have a word vector."""
        return data.words.tag_known

    def vectors_of(self, data: AudioWordDataModule, pairs: Sequence[Pair]) -> np.ndarray:
        """Return the word vectors of the tags of pairs."""
        return data.vectors.of_tags([pair.tag for pair in pairs]).vectors


class ContextTags(TagEncoder):
    """Encodes a tag as a tag in an empty context, for a model that learnt no words."""

    def vectors(self, data: AudioWordDataModule) -> np.ndarray:
        """Return the contextual vectors of the collection's tags without a context."""
        return data.in_context.alone()

    def known(self, data: AudioWordDataModule) -> np.ndarray:
        """Return which tags have a contextual vector."""
        return data.in_context.known_T

    def vectors_of(self, data: AudioWordDataModule, pairs: Sequence[Pair]) -> np.ndarray:
        """Return the contextual vectors of the pairs."""
        return data.in_context.embed(pairs)


class UntrainedWords(nn.Linear):
    """The semantic encoder of a model that learnt no words: part of checkpoints, but never trained or used."""

    def __init__(self, word_dim: int, width: int) -> None:
        super().__init__(word_dim, width)
        self.requires_grad_(False)  # otherwise distributed training would wait for its gradient

    def forward(self, input: Tensor) -> Tensor:
        """Reject word vectors.

        Raises:
            StaleArtefactError: Always.
        """
        raise StaleArtefactError(
            "this model learnt from tags in context alone and knows no words. Train it with a weight of `tag` too."
        )
