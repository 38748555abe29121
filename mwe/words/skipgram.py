"""Skip-gram with negative sampling over a training file, by gensim (eq. 1)."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gensim
import numpy as np
from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import read_json, sha256
from mwe.core.progress import advancing
from mwe.corpora.paragraphs import kinds_path
from mwe.words.vectors import WordVectors


@dataclass(frozen=True)
class SkipGramSettings:
    """Settings of the training; the defaults are the paper's (section IV-B).

    Args:
        dim: Dimensions of a vector.
        window: Largest distance of two words that are trained together.
        negatives: Negative samples per pair.
        epochs: Passes over the corpus.
        min_count: Tokens that occur less often are dropped; 1 keeps IDs that occur once.
        rate: Learning rate at the start; it falls linearly. IDs that occur once need more than word2vec's 0.025.
        sample: Threshold of the sub-sampling of frequent words; 0 turns it off.
        workers: Threads. One gives equal vectors for equal seeds; more are faster and never twice the same.
        seed: Seed of the initial vectors and of the sampling.
    """

    dim: int = 300
    window: int = 15
    negatives: int = 20
    epochs: int = 15
    min_count: int = 1
    rate: float = 0.025
    sample: float = 1e-3
    workers: int = 1
    seed: int = 0


class _Epochs(CallbackAny2Vec):
    """Tells a progress bar of each epoch."""

    def __init__(self, advance: Any) -> None:
        self.advance = advance

    def on_epoch_end(self, model: Word2Vec) -> None:
        self.advance()


def train_skipgram(corpus: Path, settings: SkipGramSettings | None = None) -> WordVectors:
    """Train word vectors on a training file, a paragraph a line.

    Args:
        corpus: The training file, as ``mwe corpus`` writes it. Without its ``.vocabulary.json`` all tokens are words.
        settings: Settings of the training.

    Raises:
        MissingDataError: The corpus is not there.
        BadFileError: The corpus holds no token.
    """
    settings = settings or SkipGramSettings()
    if not corpus.is_file():
        raise MissingDataError(f"{corpus} not found. Write it with `mwe corpus --out {corpus}`.")
    if not corpus.stat().st_size:
        raise BadFileError(corpus, "holds no token", "Check which parts the corpus was made of.")
    with advancing(f"skip-gram, {settings.epochs} epochs", settings.epochs) as advance:
        model = Word2Vec(
            corpus_file=str(corpus),
            vector_size=settings.dim,
            window=settings.window,
            negative=settings.negatives,
            epochs=settings.epochs,
            min_count=settings.min_count,
            alpha=settings.rate,
            sample=settings.sample,
            workers=settings.workers,
            seed=settings.seed,
            sg=1,
            callbacks=[_Epochs(advance)],
        )
    tokens = list(model.wv.index_to_key)
    listing = kinds_path(corpus)
    kinds = read_json(listing)["kinds"] if listing.is_file() else {}
    made = {"trainer": f"gensim {gensim.__version__}", "settings": asdict(settings), "corpus_sha256": sha256(corpus)}
    vectors = np.asarray(model.wv.vectors, dtype=np.float32)
    return WordVectors(tokens, vectors, [kinds.get(token, "word") for token in tokens], made)
