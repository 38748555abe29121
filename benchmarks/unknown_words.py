"""Words that the open model lacks: how near their approximate vectors come, and how well nonsense is told from words.

Words of its vocabulary are held out, and approximated in several ways. The peer is a skip-gram with subwords that is
trained here (gensim's FastText) on the open model's own texts, from which these words are taken out. Prints two tables.
`make open-model`, then `python -m benchmarks.unknown_words outputs/open-model/corpus.txt`.

Shape suffixes: N held-out words, V known words, D dimensions.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from gensim.models import FastText
from jsonargparse import auto_cli

from mwe.joint.pretrained import PACKAGED
from mwe.words import WordVectors
from mwe.words.approximation import Approximator, SubwordVectors, plain_words
from mwe.words.english import EnglishWords

HELD_OUT, NONSENSE, NEAREST = 2_000, 1_000, 10
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WEIGHTS = (0.0, 0.25, 0.5, 1.0)


class Sentences:
    """Lines of a corpus without some words.

    Args:
        corpus: The file.
        left_out: The words.
    """

    def __init__(self, corpus: Path, left_out: Sequence[str]) -> None:
        self.corpus, self.left_out = corpus, set(left_out)

    def __iter__(self) -> Iterator[list[str]]:
        """Yield the tokens of every line."""
        with open(self.corpus, encoding="utf-8") as lines:
            for line in lines:
                yield [token for token in line.split() if token not in self.left_out]


class SkipGramSubwords:
    """Vectors of gensim's FastText, trained without the held-out words.

    Args:
        sentences: Its training text.
        dim: Dimensions.
        epochs: Passes over the text.
    """

    def __init__(self, sentences: Sentences, dim: int = 100, epochs: int = 3) -> None:
        self.vectors = FastText(
            sentences, vector_size=dim, window=5, min_count=3, sg=1, negative=5, sample=1e-3, min_n=3, max_n=6,
            bucket=100_000, epochs=epochs, workers=1, seed=0,
        ).wv  # fmt: skip

    def embed(self, words: Sequence[str]) -> np.ndarray:
        """Return the vectors of words at length 1."""
        vector_ND = np.stack([self.vectors[word] for word in words])
        unit_ND: np.ndarray = vector_ND / np.linalg.norm(vector_ND, axis=1, keepdims=True)
        return unit_ND

    embed_once = embed


def figures(direction_ND: np.ndarray, true_ND: np.ndarray, known_VD: np.ndarray) -> tuple[float, float, float]:
    """Return the mean cosine with the true vector, its mean reciprocal rank, and the share of common neighbours."""
    cosine_N = (direction_ND * true_ND).sum(axis=1)
    near_NV, true_NV = direction_ND @ known_VD.T, true_ND @ known_VD.T
    rank_N = 1 + (near_NV > cosine_N[:, None]).sum(axis=1)
    pairs = zip(*(np.argsort(-scores, axis=1)[:, :NEAREST] for scores in (near_NV, true_NV)), strict=True)
    common = [len(set(first) & set(second)) / NEAREST for first, second in pairs]
    return float(cosine_N.mean()), float((1 / rank_N).mean()), float(np.mean(common))


def ways(words: WordVectors, english: SubwordVectors, held_out: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the ways to approximate the held-out words with some vectors of subwords."""
    approximator = Approximator(words, english, held_out)
    subword_NS = approximator.centred(held_out)
    yield "ridge regression", approximator.by_regression(subword_NS)
    yield "mean of the ten nearest", approximator.by_neighbours(subword_NS)
    yield "both", approximator.directions(held_out)


def beside(direction_ND: np.ndarray, true_ND: np.ndarray, known_VD: np.ndarray, weight: float) -> float:
    """Return the mean cosine of a sum with a random known word, held-out word approximated or not."""
    known_ND = known_VD[np.random.default_rng(1).integers(len(known_VD), size=len(true_ND))]
    sums = [known_ND + true_ND, known_ND + weight * direction_ND]
    units = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in sums]
    return float((units[0] * units[1]).sum(axis=1).mean())


def nonsense(words: Sequence[str], draw: Callable[[], str]) -> list[str]:
    """Return strings of 4 to 12 letters that are none of the words."""
    known, drawn = set(words), []
    while len(drawn) < NONSENSE:
        text = draw()
        if 4 <= len(text) <= 12 and text not in known:
            drawn.append(text)
    return drawn


def markov(words: Sequence[str], order: int, rng: random.Random) -> Callable[[], str]:
    """Return a source of strings whose letters follow each other as in the words."""
    following: dict[str, Counter[str]] = defaultdict(Counter)
    for word in words:
        padded = "^" * order + word + "$"
        for at in range(len(word) + 1):
            following[padded[at : at + order]][padded[at + order]] += 1

    def draw() -> str:
        text = "^" * order
        while not text.endswith("$"):
            counts = following[text[-order:]]
            text += rng.choices(list(counts), list(counts.values()))[0]
        return text[order:-1]

    return draw


def refusals(words: Sequence[str], held_out: Sequence[str], english: EnglishWords) -> Iterator[tuple[str, ...]]:
    """Yield rows: strings, and the share of them that each rule takes for words.

    The rule by subwords takes what has as many letters a subword as all but 5 % of the held-out words have.
    """
    rng = random.Random(0)
    sizes = [len(word) for word in held_out]
    drawn = {
        "held-out words": [word for word in held_out if len(word) >= 4],
        "random letters": nonsense(words, lambda: "".join(rng.choices(LETTERS, k=rng.choice(sizes)))),
        "shuffled words": nonsense(words, lambda: "".join(rng.sample(word := rng.choice(held_out), len(word)))),
        "letters in pairs": nonsense(words, markov(words, 2, rng)),
        "letters in threes": nonsense(words, markov(words, 3, rng)),
    }
    per_subword = {name: [len(text) / len(english.subwords(text)) for text in texts] for name, texts in drawn.items()}
    least = float(np.quantile(per_subword["held-out words"], 0.05))
    for name, texts in drawn.items():
        listed = np.mean([text in english for text in texts])
        yield name, f"{listed:.3f}", f"{np.mean(np.array(per_subword[name]) >= least):.3f}"


def unknown_words(corpus: Path, epochs: int = 3) -> None:
    """Print both tables.

    Args:
        corpus: Training text of the open model's word vectors.
        epochs: Passes of the peer over it.
    """
    words, english = WordVectors.load(PACKAGED / "words"), EnglishWords.load()
    tokens = [words.tokens[row] for row in plain_words(words)]
    order = np.random.default_rng(0).permutation(len(tokens))
    held_out = [tokens[row] for row in order[:HELD_OUT].tolist()]
    reference = Approximator(words, english, held_out)
    true_ND = reference.known_directions(words, held_out)
    known_VD = reference.known_directions(words, reference.tokens)
    peer = SkipGramSubwords(Sentences(corpus, held_out), epochs=epochs)
    print("| subwords | map | cosine | reciprocal rank | common neighbours |\n|---|---|---|---|---|")
    for name, vectors in (("wordllama", english), ("skip-gram trained here", peer)):
        for way, direction_ND in ways(words, vectors, held_out):
            cells = " | ".join(f"{value:.3f}" for value in figures(direction_ND, true_ND, known_VD))
            print(f"| {name} | {way} | {cells} |")
    direction_ND = reference.directions(held_out)
    exchanged_ND = direction_ND[np.random.default_rng(2).permutation(len(direction_ND))]
    cells = " | ".join(f"{value:.3f}" for value in figures(exchanged_ND, true_ND, known_VD))
    print(f"| control: vectors exchanged | both | {cells} |\n")
    for weight in WEIGHTS:
        print(f"weight {weight}: {beside(direction_ND, true_ND, known_VD, weight):.3f}")
    print("\n| strings | in the list | letters a subword |\n|---|---|---|")
    for row in refusals(tokens, held_out, english):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    auto_cli(unknown_words)
