"""Skip-gram and CBOW by gensim."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec

from mwe.core.files import sha256
from mwe.core.manifest import manifest
from mwe.core.progress import advancing
from mwe.corpora.paragraphs import CORPUS
from mwe.words.skipgram_settings import SkipGramSettings
from mwe.words.torch_tokens import token_kinds
from mwe.words.vectors import WordVectors


class _Epochs(CallbackAny2Vec):
    """Advances a progress bar after each epoch."""

    def __init__(self, advance: Any) -> None:
        self.advance = advance

    def on_epoch_end(self, model: Word2Vec) -> None:
        self.advance(1)


def train_gensim(corpus: Path, settings: SkipGramSettings) -> WordVectors:
    """Train on a training file, pair by pair."""
    with advancing(f"{settings.model}, {settings.epochs} epochs", settings.epochs) as advance:
        model = Word2Vec(
            corpus_file=str(corpus),
            vector_size=settings.dim,
            window=settings.window,
            negative=settings.negatives,
            epochs=settings.epochs,
            min_count=settings.min_count,
            alpha=settings.start_rate,
            sample=settings.sample,
            workers=settings.workers,
            seed=settings.seed,
            sg=int(settings.model == "skipgram"),
            callbacks=[_Epochs(advance)],
        )
    tokens, digest = list(model.wv.index_to_key), sha256(corpus)
    made = manifest({CORPUS: digest}, asdict(settings), {"tokens": len(tokens)}, ("gensim", "numpy"))
    vectors = np.asarray(model.wv.vectors, dtype=np.float32)
    return WordVectors(tokens, vectors, token_kinds(corpus, tokens, digest), made)
