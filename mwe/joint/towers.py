"""Both encoders of an exported joint embedding, without what only training needs: they load in half the time.

Shape suffixes: B tracks, E excerpts, F frames, M mel bands, D dimensions of the joint space.
"""

from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from mwe.core.errors import BadFileError, StaleArtefactError
from mwe.encoders import AudioEncoder
from mwe.joint.pretrained import (
    CONFIG,
    REMEDY,
    Average,
    Description,
    build_encoder,
    load_weights,
    read_description,
)


def mean_of_excerpts(excerpts_BED: Tensor, average: Average) -> Tensor:
    """Return track embeddings: the mean over the excerpts of each track, (B, D).

    Args:
        excerpts_BED: The encoder's vectors.
        average: Whether the mean is of ``unit`` vectors or of ``raw`` ones, as in the published code.

    Examples:
        >>> import torch
        >>> mean_of_excerpts(torch.tensor([[[3.0, 4.0], [0.0, 5.0]]]), "unit")
        tensor([[0.3000, 0.9000]])
    """
    excerpts_BED = excerpts_BED.float()
    return (normalize(excerpts_BED, dim=-1) if average == "unit" else excerpts_BED).mean(dim=1)


def encoded_excerpts(encoder: nn.Module, mel_BEFM: Tensor) -> Tensor:
    """Return an audio encoder's vectors of the excerpts of tracks, (B, E, D)."""
    excerpts: Tensor = encoder(mel_BEFM.flatten(0, 1).float())
    return excerpts.reshape(*mel_BEFM.shape[:2], -1)


class JointTowers(nn.Module):
    """Audio encoder f and semantic encoder g, as ``mwe export`` writes them and ``JointEmbedding`` trains them.

    Args:
        word_dim: Dimensions of the word vectors.
        encoder: Audio encoder f.
        average: Vectors whose mean is a track's embedding; see ``mean_of_excerpts``.

    Attributes:
        described: What the folder says of the model, if it was loaded from one.
    """

    described: Description

    contextual = None  # an export has no encoder of tags in context
    context_identity = ""

    def __init__(self, word_dim: int, encoder: AudioEncoder, average: Average) -> None:
        super().__init__()
        self.encoder, self.average = encoder, average
        self.semantic = nn.Linear(word_dim, encoder.width)

    @classmethod
    def from_folder(cls, folder: Path) -> Self:
        """Load an exported model, in evaluation mode.

        Raises:
            MissingDataError: There is no exported model in the folder.
            BadFileError: The model is damaged, or its configuration names an unknown class.
        """
        described = read_description(folder)
        try:
            with torch.device("meta"):
                towers = cls(described.word_dim, build_encoder(described.encoder), described.average)
        except (ValueError, RuntimeError, TypeError) as error:
            raise BadFileError(folder / CONFIG, f"the model cannot be built ({error})", REMEDY) from error
        load_weights(towers, folder)
        towers.described = described
        return towers.eval()

    def embed(self, mel_BEFM: Tensor) -> Tensor:
        """Compute track embeddings from the spectrograms of their excerpts, (B, D)."""
        return self.rows(encoded_excerpts(self.encoder, mel_BEFM))

    def rows(self, excerpts_BED: Tensor) -> Tensor:
        """Compute track embeddings from the encoder's vectors of their excerpts, (B, D)."""
        return mean_of_excerpts(excerpts_BED, self.average)

    def row_width(self) -> int:
        """Return the number of values in a track embedding."""
        return self.encoder.width

    def prototype(self, words: Tensor) -> Tensor:
        """Encode word vectors (..., word_dim) by the semantic encoder g."""
        encoded: Tensor = self.semantic(words)
        return encoded

    def in_context(self, vectors: Tensor) -> Tensor:
        """Refuse to encode pairs of a tag and a context.

        Raises:
            StaleArtefactError: Always: an export has no encoder of them.
        """
        raise StaleArtefactError("an export has no encoder of tags in context. Use the run folder.")
