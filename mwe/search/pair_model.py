"""A tower pair as the model of a library.

Shape suffixes: B files of a batch, N texts, D dimensions.
"""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from mwe.audio.preprocessing import WaveformPreprocessing
from mwe.search.file_excerpts import FileBatch
from mwe.tower_pairs import TowerPair, open_pair
from mwe.tower_pairs.encoding import embed_texts, mean_of_excerpts, repeated_to_length


class PairModel:
    """A tower pair with what a library needs of a model.

    Args:
        pair: The pair.
        name: Its name, by which a library opens it again.

    Examples:
        >>> from mwe.tower_pairs import PairDescription
        >>> class Length:
        ...     description = PairDescription("length-1", dim=2, sample_rate=8000, seconds=0.5)
        ...     encode_text = staticmethod(lambda texts: torch.tensor([[len(text), 3.0] for text in texts]))
        >>> model = PairModel(Length(), "class:mine.Length")
        >>> model.dim, len(model.space), model.encode_texts(["calm"]).tolist()
        (2, 16, [[0.8, 0.6]])
    """

    def __init__(self, pair: TowerPair, name: str) -> None:
        self.pair, self.run = pair, name

    @classmethod
    def open(cls, name: str) -> "PairModel":
        """Open a pair by its name, such as ``clap:FOLDER``; see ``mwe.tower_pairs.open_pair``."""
        return cls(*open_pair(name))

    @property
    def dim(self) -> int:
        """Dimensions of the space."""
        return self.pair.description.dim

    @property
    def preprocessing(self) -> WaveformPreprocessing:
        """Preprocessing from an audio file to the excerpts to embed."""
        described = self.pair.description
        return WaveformPreprocessing(described.sample_rate, described.seconds, described.excerpts)

    @property
    def space(self) -> str:
        """Name of the embedding space: a hash of the pair's identity and the preprocessing."""
        content = json.dumps([self.pair.description.identity, self.dim, self.preprocessing.to_dict()], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return unit vectors of texts, (N, D) float32, encoded as they are."""
        return embed_texts(self.pair, texts)


class PairEmbedder(nn.Module):
    """Unit vectors of tracks, from audio files.

    Args:
        pair: The tower pair.
    """

    def __init__(self, pair: TowerPair) -> None:
        super().__init__()
        self.pair = pair

    def forward(self, batch: FileBatch) -> Tensor:
        """Return unit vectors (B, D) of the readable files; short ones are repeated to the length of an excerpt."""
        samples_B = batch.frames_B - 1  # a frame is a sample, beside the first
        with torch.inference_mode():
            return mean_of_excerpts(self.pair, repeated_to_length(batch.wave_BES, samples_B))
