"""Skip-gram with negative sampling (eq. 1) and CBOW over a training file, by gensim or by matrix products in torch."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from mwe.core.errors import BadFileError, MissingDataError, NotFiniteLossError, UnknownNameError
from mwe.core.files import sha256
from mwe.core.manifest import SETTINGS, fits, manifest
from mwe.corpora.paragraphs import CORPUS
from mwe.words.skipgram_settings import SkipGramSettings
from mwe.words.vectors import WordVectors, saved_before


def train_skipgram(corpus: Path, settings: SkipGramSettings | None = None) -> WordVectors:
    """Train word vectors on a training file with one paragraph per line.

    Args:
        corpus: The training file, as ``mwe words corpus`` writes it. Without its ``.vocabulary.json`` all tokens
            are words.
        settings: Settings of the training.

    Raises:
        MissingDataError: The corpus does not exist.
        BadFileError: The corpus holds no token.
        UnknownNameError: The trainer does not know the model.
        NotFiniteLossError: The training diverged, and vectors are NaN or infinite.
    """
    settings = settings or SkipGramSettings()
    if settings.trainer == "torch" and settings.model != "skipgram":
        raise UnknownNameError("model (torch trains skipgram only, gensim both)", settings.model, ["skipgram"])
    settings = replace(settings, rate=settings.start_rate)
    if not corpus.is_file():
        raise MissingDataError(f"{corpus} not found. Write it with `mwe words corpus --out {corpus}`.")
    if not corpus.stat().st_size:
        raise BadFileError(corpus, "holds no token", "Check the sources of the corpus.")
    vectors = _trained(corpus, settings)
    broken = np.flatnonzero(~np.isfinite(vectors.vectors.sum(axis=1, dtype=float)))  # a sum keeps NaN and infinity
    if len(broken):
        raise NotFiniteLossError(
            f"not finite: {len(broken)} of {len(vectors)} word vectors, {vectors.tokens[broken[0]]!r} among them. "
            f"Use a lower rate than --settings.rate {settings.start_rate:g}; nothing was written."
        )
    vectors.made[SETTINGS] = asdict(settings)
    return vectors


def trained_before(corpus: Path, folder: Path, settings: SkipGramSettings | None = None) -> bool:
    """Return whether a folder already holds the word vectors of the same training file and settings."""
    settings = settings or SkipGramSettings()
    saved = saved_before(folder)
    if saved is None or not corpus.is_file():
        return False
    return fits(saved.made, manifest({CORPUS: sha256(corpus)}, asdict(replace(settings, rate=settings.start_rate))))


def _trained(corpus: Path, settings: SkipGramSettings) -> WordVectors:
    # each trainer takes seconds to import, which a lookup of words should not pay for
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
