"""Skip-gram with negative sampling over a training file (eq. 1), by gensim or by matrix products in torch; CBOW."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from mwe.core.errors import BadFileError, MissingDataError, NotFiniteLossError, UnknownNameError
from mwe.core.files import sha256
from mwe.core.manifest import SETTINGS, fits, manifest
from mwe.corpora.paragraphs import CORPUS
from mwe.words.vectors import WordVectors, saved_before

# each trainer's own: torch divides it by the root of a row's summed squared gradients
RATES = {"gensim": 0.025, "torch": 2.0}


@dataclass(frozen=True)
class SkipGramSettings:
    """Settings of the training; the defaults are the paper's (section IV-B).

    Args:
        model: ``skipgram``, or ``cbow``: a word is predicted from the mean of the words around it (gensim only).
        dim: Dimensions of a vector.
        window: Largest distance of two words that are trained together.
        negatives: Negative samples per pair.
        epochs: Passes over the corpus.
        min_count: Tokens that occur less often are dropped; 1 keeps IDs that occur once.
        rate: Learning rate at the start; it falls linearly. By default 0.025 (gensim) or 2 (torch, adapted for each
            token). With gensim, IDs that occur once need more.
        sample: Threshold of the sub-sampling of frequent words; 0 turns it off.
        workers: Threads. One gives equal vectors for equal seeds; more are faster and never twice the same.
        seed: Seed of the initial vectors and of the sampling.
        trainer: What trains: ``gensim``, pair by pair, or ``torch``, by matrix products over blocks of tokens.
        block: Tokens of a block (torch).
        noise: Noise tokens that the pairs of a block share (torch).
        together: Blocks that ascend together (torch).
        accelerator: ``auto``, ``cpu`` or ``gpu`` (torch).
        devices: Devices, as Lightning's Trainer takes them (torch).
    """

    model: Literal["skipgram", "cbow"] = "skipgram"
    dim: int = 300
    window: int = 15
    negatives: int = 20
    epochs: int = 15
    min_count: int = 1
    rate: float | None = None
    sample: float = 1e-3
    workers: int = 1
    seed: int = 0
    trainer: Literal["gensim", "torch"] = "gensim"
    block: int = 64
    noise: int = 128
    together: int = 8
    accelerator: str = "auto"
    devices: int | str = "auto"

    @property
    def start_rate(self) -> float:
        """The rate given, else the trainer's own."""
        return RATES[self.trainer] if self.rate is None else self.rate


def train_skipgram(corpus: Path, settings: SkipGramSettings | None = None) -> WordVectors:
    """Train word vectors on a training file, a paragraph a line.

    Args:
        corpus: The training file, as ``mwe corpus`` writes it. Without its ``.vocabulary.json`` all tokens are words.
        settings: Settings of the training.

    Raises:
        MissingDataError: The corpus is not there.
        BadFileError: The corpus holds no token.
        UnknownNameError: The trainer does not know the model.
        NotFiniteLossError: The training ran away, and the vectors are NaN or infinite.
    """
    settings = settings or SkipGramSettings()
    if settings.trainer == "torch" and settings.model != "skipgram":
        raise UnknownNameError("model (torch trains skipgram only, gensim both)", settings.model, ["skipgram"])
    settings = replace(settings, rate=settings.start_rate)
    if not corpus.is_file():
        raise MissingDataError(f"{corpus} not found. Write it with `mwe corpus --out {corpus}`.")
    if not corpus.stat().st_size:
        raise BadFileError(corpus, "holds no token", "Check which parts the corpus was made of.")
    vectors = _trained(corpus, settings)
    broken = np.flatnonzero(~np.isfinite(vectors.vectors.sum(axis=1, dtype=float)))  # a sum keeps NaN and infinity
    if len(broken):
        raise NotFiniteLossError(
            f"not finite: {len(broken)} of {len(vectors)} word vectors, {vectors.tokens[broken[0]]!r} among them. "
            f"Take a lower rate than --settings.rate {settings.start_rate:g}; nothing was written."
        )
    vectors.made[SETTINGS] = asdict(settings)
    return vectors


def trained_before(corpus: Path, folder: Path, settings: SkipGramSettings | None = None) -> bool:
    """Whether a folder holds the word vectors of this very training file and these settings already."""
    settings = settings or SkipGramSettings()
    found = saved_before(folder)
    if found is None or not corpus.is_file():
        return False
    return fits(found.made, manifest({CORPUS: sha256(corpus)}, asdict(replace(settings, rate=settings.start_rate))))


def _trained(corpus: Path, settings: SkipGramSettings) -> WordVectors:
    # either trainer takes seconds to import, which looking words up should not cost
    if settings.trainer == "gensim":
        from mwe.words.gensim_skipgram import train_gensim

        return train_gensim(corpus, settings)
    from mwe.words.torch_skipgram import SkipGram, train_blocks

    model = SkipGram(
        dim=settings.dim,
        window=settings.window,
        negatives=settings.negatives,
        rate=settings.start_rate,
        sample=settings.sample,
        block=settings.block,
        noise=settings.noise,
        together=settings.together,
        workers=settings.workers,
        seed=settings.seed,
    )
    return train_blocks(corpus, model, settings.epochs, settings.min_count, settings.accelerator, settings.devices)
