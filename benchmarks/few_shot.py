"""Few-shot tags: how well `mwe learn-tag` finds tracks from 1 to 16 examples, beside the word and the examples alone.

`python -m benchmarks.few_shot '[outputs/clips]' --choose outputs/demo-library` takes libraries whose tracks have tags.
On the one it chooses how many examples the word counts for, and the penalty of the regression; on the others it
measures. Tracks by the artists of the examples are left out where artists are known, and so are tags without a word.

Shape suffixes: N tracks, D dimensions, E examples.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jsonargparse import auto_cli
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from mwe.search import Library
from mwe.search.few_shot import RIDGE, WORD_COUNTS, ExampleLearner
from mwe.search.learn_tag import word_vector

COUNTS = (1, 2, 4, 8, 16)
WORD_GRID = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0, 16.0)
RIDGE_GRID = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
BOOTSTRAP = 2000


class Draw(NamedTuple):
    """Examples of a tag, and the tracks that are ranked.

    Attributes:
        tag: The tag.
        count: Number of examples.
        examples: Rows of the examples.
        ranked: Rows of the tracks that are ranked.
        right: Which of these have the tag.
        word_D: Vector of the word.
    """

    tag: str
    count: int
    examples: np.ndarray
    ranked: np.ndarray
    right: np.ndarray
    word_D: np.ndarray


Method = Callable[[np.ndarray, Draw], np.ndarray]


def draws_of(library: Library, draws: int, seed: int, least: int = 3, same_artists: bool = False) -> Iterator[Draw]:
    """Yield draws of all counts for every tag that has a word and enough tracks.

    Args:
        library: The library.
        draws: Draws of each tag.
        seed: Their seed.
        least: Tracks with the tag, and without, that remain to be found.
        same_artists: Whether tracks by the artists of the examples are ranked too.
    """
    store, rng = library.store, np.random.default_rng(seed)
    artists = np.array([artist or f"track {row}" for row, artist in enumerate(store.artists.to_pylist())])
    for tag in store.given_tags.tags:
        rows = store.rows_of_tag(tag)
        word_D = word_vector(store, tag)
        if word_D is None or not len(rows):
            continue
        has_N = np.isin(np.arange(len(library)), rows)
        for _ in range(draws):
            order = rng.permutation(rows)
            for count in COUNTS:
                examples = order[:count]
                others_N = ~np.isin(artists, artists[examples])
                if same_artists:
                    others_N = ~np.isin(np.arange(len(library)), examples)
                ranked = np.flatnonzero(others_N)
                right = has_N[ranked]
                if len(examples) == count and min(right.sum(), (~right).sum()) >= least:
                    yield Draw(tag, count, examples, ranked, right, word_D)


def by_word(track_ND: np.ndarray, draw: Draw) -> np.ndarray:
    """The word of the tag."""
    return draw.word_D


def by_mean(track_ND: np.ndarray, draw: Draw) -> np.ndarray:
    """The mean of the examples."""
    return track_ND[draw.examples].mean(axis=0)


def by_logistic_regression(track_ND: np.ndarray, draw: Draw) -> np.ndarray:
    """Logistic regression of the examples against all other tracks, both sides of equal weight."""
    label_N = np.isin(np.arange(len(track_ND)), draw.examples)
    fit = LogisticRegression(class_weight="balanced", max_iter=1000).fit(track_ND, label_N)
    direction_D: np.ndarray = fit.coef_[0]
    return direction_D


def learnt(ridge: float = RIDGE, word_counts: float = WORD_COUNTS) -> Method:
    """Return the method of `mwe learn-tag`; without the word if it counts nothing."""
    learners: dict[int, ExampleLearner] = {}

    def method(track_ND: np.ndarray, draw: Draw) -> np.ndarray:
        if id(track_ND) not in learners:
            learners[id(track_ND)] = ExampleLearner(track_ND, ridge)
        learner = learners[id(track_ND)]
        word_D = draw.word_D if word_counts else None
        return learner.direction(track_ND[draw.examples], None, word_D, word_counts)

    return method


class Scores(NamedTuple):
    """ROC-AUC and average precision of draws.

    Attributes:
        tags: Tag of each draw.
        counts: Number of examples of each draw.
        values: ROC-AUC and average precision of each draw, (draws, 2).
    """

    tags: np.ndarray
    counts: np.ndarray
    values: np.ndarray

    def mean(self, count: int, column: int) -> float:
        """Return the mean over tags of the mean over draws."""
        return float(np.mean(self.by_tag(count, column)))

    def by_tag(self, count: int, column: int) -> np.ndarray:
        """Return the mean over the draws of each tag."""
        chosen = self.counts == count
        tags = self.tags[chosen]
        return np.array([self.values[chosen, column][tags == tag].mean() for tag in np.unique(tags)])

    def interval(self, count: int, column: int, rng: np.random.Generator) -> tuple[float, float]:
        """Return the interval of 95 % over tags and draws, both drawn with replacement."""
        chosen = self.counts == count
        tags = self.tags[chosen]
        groups = [self.values[chosen, column][tags == tag] for tag in np.unique(tags)]
        means = []
        for _ in range(BOOTSTRAP):
            drawn = [groups[index] for index in rng.integers(len(groups), size=len(groups))]
            means.append(np.mean([group[rng.integers(len(group), size=len(group))].mean() for group in drawn]))
        low, high = np.percentile(means, [2.5, 97.5])
        return float(low), float(high)


def scored(track_ND: np.ndarray, draws: Sequence[Draw], method: Method) -> Scores:
    """Return the figures of a method on some draws."""
    values = []
    for draw in draws:
        score = track_ND[draw.ranked] @ method(track_ND, draw)
        values.append((roc_auc_score(draw.right, score), average_precision_score(draw.right, score)))
    return Scores(np.array([draw.tag for draw in draws]), np.array([draw.count for draw in draws]), np.array(values))


def chosen_settings(library: Library, draws: Sequence[Draw]) -> tuple[float, float]:
    """Return penalty and count of the word with the best ROC-AUC, averaged over numbers of examples and tags."""
    track_ND = np.asarray(library.matrix_ND, dtype=np.float64)
    settings = [(ridge, count) for ridge in RIDGE_GRID for count in WORD_GRID]
    learners = [ExampleLearner(track_ND, ridge) for ridge in RIDGE_GRID]
    auc_SM = np.stack([_roc_aucs(track_ND, draw, learners) for draw in draws])
    tags, counts = np.array([draw.tag for draw in draws]), np.array([draw.count for draw in draws])
    by_count = [
        np.mean([auc_SM[(tags == tag) & (counts == count)].mean(axis=0) for tag in np.unique(tags[counts == count])], 0)
        for count in np.unique(counts)
    ]
    figures = dict(zip(settings, np.mean(by_count, axis=0).tolist(), strict=True))
    print("| penalty | " + " | ".join(f"word counts {count:g}" for count in WORD_GRID) + " |")
    print("|---" * (len(WORD_GRID) + 1) + "|")
    for ridge in RIDGE_GRID:
        print(f"| {ridge:g} | " + " | ".join(f"{figures[ridge, count]:.4f}" for count in WORD_GRID) + " |")
    return max(figures, key=lambda setting: figures[setting])


def _roc_aucs(track_ND: np.ndarray, draw: Draw, learners: Sequence[ExampleLearner]) -> np.ndarray:
    """Return the ROC-AUC of all penalties and counts of the word at once, by the ranks of the right tracks."""
    ranked_RD, columns = track_ND[draw.ranked], []
    for learner in learners:
        example_R = ranked_RD @ learner.of_examples(track_ND[draw.examples])
        word_R = ranked_RD @ learner.scaled(draw.word_D)
        columns += [len(draw.examples) * example_R + word_counts * word_R for word_counts in WORD_GRID]
    rank_RM = rankdata(np.stack(columns, axis=1), axis=0)
    right, wrong = int(draw.right.sum()), int((~draw.right).sum())
    area_M: np.ndarray = (rank_RM[draw.right].sum(axis=0) - right * (right + 1) / 2) / (right * wrong)
    return area_M


def print_table(library: Library, draws: Sequence[Draw], methods: dict[str, Method], seed: int) -> None:
    """Print ROC-AUC and average precision of all methods by the number of examples."""
    track_ND, rng = np.asarray(library.matrix_ND, dtype=np.float64), np.random.default_rng(seed)
    scores = {name: scored(track_ND, draws, method) for name, method in methods.items()}
    counts = sorted({draw.count for draw in draws})
    tags = {count: len({draw.tag for draw in draws if draw.count == count}) for count in counts}
    for column, measure in enumerate(("ROC-AUC", "average precision")):
        print(f"\n| {measure} | " + " | ".join(f"{count} ({tags[count]} tags)" for count in counts) + " |")
        print("|---" * (len(counts) + 1) + "|")
        for name, figures in scores.items():
            cells = []
            for count in counts:
                low, high = figures.interval(count, column, rng)
                cells.append(f"{figures.mean(count, column):.3f} ({low:.3f} to {high:.3f})")
            print(f"| {name} | " + " | ".join(cells) + " |")


def few_shot(
    measure: Sequence[Path],
    choose: Path | None = None,
    draws: int = 10,
    seed: int = 0,
    least: int = 3,
    same_artists: bool = False,
) -> None:
    """Print figures on libraries, with the settings in use, or with those that are best on another library.

    Args:
        measure: Libraries to measure on.
        choose: Library to choose the settings on.
        draws: Draws of examples of each tag.
        seed: Seed of the draws.
        least: Tracks with the tag, and without, that remain to be found.
        same_artists: Whether tracks by the artists of the examples are ranked too.
    """
    warnings.filterwarnings("ignore", module="sklearn")
    ridge, word_counts = RIDGE, WORD_COUNTS
    if choose is not None:
        library = Library(choose)
        ridge, word_counts = chosen_settings(library, list(draws_of(library, draws, seed, least, same_artists)))
        print(
            f"chosen: penalty {ridge:g}, the word counts {word_counts:g} examples; in use: {RIDGE:g}, {WORD_COUNTS:g}"
        )
    methods = {
        "the word alone": by_word,
        "the mean of the examples": by_mean,
        "logistic regression of the examples": by_logistic_regression,
        "ridge regression of the examples": learnt(ridge, 0.0),
        "`mwe learn-tag`: examples and the word": learnt(ridge, word_counts),
    }
    for path in measure:
        library = Library(path)
        drawn = list(draws_of(library, draws, seed + 1, least, same_artists))
        print(f"\n{path.name}: {len(library):,} tracks, {len({draw.tag for draw in drawn})} tags, {draws} draws each")
        print_table(library, drawn, methods, seed)


if __name__ == "__main__":
    auto_cli(few_shot, as_positional=True)
