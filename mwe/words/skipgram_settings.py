"""Settings of skip-gram and CBOW, for both trainers."""

from dataclasses import dataclass
from typing import Literal

# defaults of the trainers; torch divides the rate by the root of a row's summed squared gradients
RATES = {"gensim": 0.025, "torch": 2.0}


@dataclass(frozen=True)
class SkipGramSettings:
    """Settings of the training; the defaults are the paper's (section IV-B).

    Args:
        model: ``skipgram``, or ``cbow``, which predicts a word from the mean of the words around it (gensim only).
        dim: Dimensions of a vector.
        window: Largest distance of two words that are trained together.
        negatives: Negative samples per pair.
        epochs: Passes over the corpus.
        min_count: Tokens that occur less often are dropped; 1 keeps IDs that occur once.
        rate: Initial learning rate; it falls linearly. By default 0.025 (gensim) or 2 (torch, adapted for each token).
            With gensim, IDs that occur once need a higher rate.
        sample: Threshold of the sub-sampling of frequent words; 0 turns it off.
        workers: Threads. With one thread, equal seeds give equal vectors. More threads are faster but not repeatable.
        seed: Seed of the initial vectors and of the sampling.
        trainer: Trainer: ``gensim``, pair by pair, or ``torch``, by matrix products over blocks of tokens.
        block: Tokens per block (torch).
        noise: Noise tokens that the pairs of a block share (torch).
        together: Blocks updated together (torch).
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
        """The initial learning rate: ``rate``, or the default of the trainer."""
        return RATES[self.trainer] if self.rate is None else self.rate
