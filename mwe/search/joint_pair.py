"""A joint embedding as a tower pair, so that it can be measured beside others.

Shape suffixes: B sounds, T samples, E excerpts, V words, N texts, D dimensions.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import soxr
import torch
from torch import Tensor

from mwe.audio.cut import Cut
from mwe.audio.excerpts import cut_excerpts
from mwe.audio.loudness import at_loudness
from mwe.search.embed import Embedder
from mwe.search.file_excerpts import FileBatch
from mwe.search.library_model import library_model
from mwe.search.model import TrainedModel
from mwe.search.pair_model import PairModel
from mwe.search.query_meaning import NothingKnownError, meaning_of_words
from mwe.search.unknown_words import UnknownWords
from mwe.tower_pairs import PairDescription, TowerPair
from mwe.tower_pairs.weights import licence_of
from mwe.words import WordVectors


class JointPair:
    """A joint embedding as a tower pair. A text is the mean of its words, as a query in a library is.

    Args:
        trained: The joint embedding.
    """

    def __init__(self, trained: TrainedModel) -> None:
        trained.require_means()
        self.trained, preprocessing = trained, trained.preprocessing
        self._embedder = Embedder(trained).eval()
        self.description = PairDescription(
            trained.space,
            dim=trained.dim,
            sample_rate=preprocessing.sample_rate,
            seconds=preprocessing.seconds,
            excerpts=preprocessing.excerpts,
            licence=licence_of(trained.run),
        )

    def encode_audio(self, waveform_BT: Tensor, rate: int) -> Tensor:
        """Return unit vectors (B, D) of excerpts (B, T)."""
        return self._encoded(waveform_BT, rate, excerpts=1)

    def encode_whole(self, waveform_BT: Tensor, rate: int) -> Tensor:
        """Return unit vectors (B, D) of whole sounds (B, T), equal to those of files of them in a library."""
        return self._encoded(waveform_BT, rate, self.description.excerpts)

    @torch.inference_mode()
    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """Return unit vectors (N, D) of texts; zeros for a text without any word that is known or approximated."""
        return torch.from_numpy(np.stack([self._text(text) for text in texts]))

    @torch.inference_mode()
    def _encoded(self, waveform_BT: Tensor, rate: int, excerpts: int) -> Tensor:
        how = self.trained.preprocessing
        cut = Cut.of(how.mel, how.seconds, excerpts)
        waves, kept = [], []
        for wave_T in waveform_BT.cpu().numpy():
            resampled_T = wave_T if rate == how.sample_rate else soxr.resample(wave_T, rate, how.sample_rate, "HQ")
            wave_ES, length = cut_excerpts(resampled_T, cut.starts, cut.samples, how.sample_rate, how.trim)
            waves.append(wave_ES if how.loudness is None else at_loudness(wave_ES, how.sample_rate, how.loudness))
            kept.append(cut.frames(length))
        device = next(self._embedder.parameters()).device
        wave_BES = torch.from_numpy(np.stack(waves)).to(device)
        batch = FileBatch((), (), wave_BES, torch.tensor(kept, device=device), (), ())
        unit_BD: Tensor = self._embedder(batch)
        return unit_BD

    def _text(self, text: str) -> np.ndarray:
        try:
            return meaning_of_words(self._words, text, self._unknown_words).vector_D
        except NothingKnownError:
            return np.zeros(self.description.dim, np.float32)

    @cached_property
    def _words(self) -> WordVectors:
        """The vocabulary in the joint space."""
        words = self.trained.words
        return WordVectors(words.tokens, self.trained.encode_words(np.asarray(words.vectors)), words.kinds, words.made)

    @cached_property
    def _unknown_words(self) -> UnknownWords:
        return UnknownWords(self._words)


def tower_pair(name: str | Path) -> TowerPair:
    """Open any model as a tower pair.

    Args:
        name: A model of this package, or a tower pair, such as ``clap:FOLDER``; see ``library_model``.

    Raises:
        MissingDataError: The model, or a package that it needs, is missing.
        BadFileError: The weights cannot be used.
        StaleArtefactError: The words of a joint embedding cannot be averaged.

    Examples:
        >>> pair = tower_pair("open")
        >>> pair.description.sample_rate, pair.description.licence
        (16000, 'other')
        >>> pair.encode_text(["calm piano"]).shape
        torch.Size([1, 228])
    """
    model = library_model(name)
    return model.pair if isinstance(model, PairModel) else JointPair(model)
