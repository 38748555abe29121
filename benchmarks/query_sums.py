"""How the terms of a query are best summed: as they are, standardised each or by kind, or by ranks.

On the validation and the test tracks of a run every query of two terms with enough to find is asked: tag + tag,
tag - tag, track + tag and track - tag. What is right goes by the tags: both tags, the one without the other; of a query
with a track, tracks that share a genre with it and have, or lack, the tag. A track is no answer to itself. Measured is
the ROC-AUC of each query; intervals are of differences to the plain sum, by a bootstrap over tracks, which are drawn
both as answers and as queries. `python -m benchmarks.query_sums --help` lists the options.

Shape suffixes: N tracks, T tags, M ways to sum, R draws, P right answers, W wrong ones.
"""

import json
from collections.abc import Iterator
from itertools import combinations, permutations
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from jsonargparse import auto_cli
from scipy.stats import rankdata

from mwe.core.files import write_json
from mwe.core.progress import track
from mwe.search.calibrate import tag_prototypes
from mwe.search.embedding_job import embed_split
from mwe.search.model import TrainedModel

Split = Literal["valid", "test"]
WAYS = ("plain", "standardised", "by kind", "ranks")
LEVEL = 95


class Asked(NamedTuple):
    """A query of two terms.

    Attributes:
        kind: Which sum it is.
        first_N: Cosine of every track with the first term.
        second_N: With the second.
        spreads: Standard deviation of the cosines with a typical term of the kind of either, tracks or tags.
        sign: 1 where the second is added, -1 where it is subtracted.
        right_N: What is to be found.
        asker: The track that asks; -1 where tags do.
    """

    kind: str
    first_N: np.ndarray
    second_N: np.ndarray
    spreads: tuple[float, float]
    sign: int
    right_N: np.ndarray
    asker: int = -1


def queries(
    tag_NT: np.ndarray, track_NN: np.ndarray, label_NT: np.ndarray, genre_T: np.ndarray, least: int
) -> Iterator[Asked]:
    """All queries with at least so many right answers; of a difference also so many that it is to keep away."""
    tags = range(label_NT.shape[1])
    of_tags, of_tracks = (float(np.sqrt(cosine_NX.var(axis=0).mean())) for cosine_NX in (tag_NT, track_NN))
    words, mixed = (of_tags, of_tags), (of_tracks, of_tags)
    for one, other in combinations(tags, 2):
        both_N = label_NT[:, one] & label_NT[:, other]
        if both_N.sum() >= least:
            yield Asked("tag + tag", tag_NT[:, one], tag_NT[:, other], words, 1, both_N)
    for one, other in permutations(tags, 2):
        has_N, also_N = label_NT[:, one], label_NT[:, other]
        if min((has_N & ~also_N).sum(), (has_N & also_N).sum()) >= least:
            yield Asked("tag - tag", tag_NT[:, one], tag_NT[:, other], words, -1, has_N & ~also_N)
    genre_NT = label_NT & genre_T
    for asker in range(len(label_NT)):
        alike_N = (genre_NT & genre_NT[asker]).any(axis=1)
        alike_N[asker] = False
        for tag in np.flatnonzero(~genre_T):
            has_N = label_NT[:, tag]
            if min((alike_N & has_N).sum(), (alike_N & ~has_N).sum()) >= least:
                sign = -1 if has_N[asker] else 1  # less of what it has, more of what it lacks
                right_N = alike_N & (~has_N if sign < 0 else has_N)
                kind = "track - tag" if sign < 0 else "track + tag"
                yield Asked(kind, track_NN[asker], tag_NT[:, tag], mixed, sign, right_N, asker)


def sums(asked: Asked) -> np.ndarray:
    """What each way makes of a query, (M, N)."""
    pairs = [
        (asked.first_N, asked.second_N),
        (asked.first_N / asked.first_N.std(), asked.second_N / asked.second_N.std()),
        (asked.first_N / asked.spreads[0], asked.second_N / asked.spreads[1]),
        (rankdata(asked.first_N), rankdata(asked.second_N)),
    ]
    return np.stack([first_N + asked.sign * second_N for first_N, second_N in pairs])


def weighted_areas(score_MN: np.ndarray, right_N: np.ndarray, wrong_N: np.ndarray, count_RN: np.ndarray) -> np.ndarray:
    """ROC-AUC of each way in each draw, (M, R), ties by half; NaN where a draw has nothing right or nothing wrong."""
    positive_RP, negative_RW = count_RN[:, right_N], count_RN[:, wrong_N]
    pairs_R = positive_RP.sum(axis=1) * negative_RW.sum(axis=1)
    found = []
    for score_N in score_MN:
        difference_PW = score_N[right_N][:, None] - score_N[wrong_N]
        won_PW = (difference_PW > 0) + 0.5 * (difference_PW == 0)
        found.append(((positive_RP @ won_PW) * negative_RW).sum(axis=1))
    return np.stack(found) / np.where(pairs_R > 0, pairs_R, np.nan)


def measure(trained: TrainedModel, split: Split, least: int, draws: int, seed: int) -> dict[str, dict[str, object]]:
    """Means over the queries of each kind, and intervals of their differences to the plain sum."""
    tracks = trained.data.tracks
    label_NT = tracks.matrix[trained.data.positions(split)].toarray()
    prototype_TD, known_T = tag_prototypes(tracks.tags, trained)
    unit_ND, genre_T = embed_split(trained, split), np.array([group == "genre" for group in tracks.groups])
    tag_NT, label_NT, genre_T = (unit_ND @ prototype_TD.T)[:, known_T], label_NT[:, known_T], genre_T[known_T]
    rng, count = np.random.default_rng(seed), len(unit_ND)
    # the first row is no draw but the tracks as they are
    count_RN = np.concatenate([np.ones((1, count)), rng.multinomial(count, np.full(count, 1 / count), draws)])
    area_MR: dict[str, list[np.ndarray]] = {}
    weight_R: dict[str, list[np.ndarray]] = {}
    for asked in track(list(queries(tag_NT, unit_ND @ unit_ND.T, label_NT, genre_T, least)), f"queries, {split}"):
        wrong_N = ~asked.right_N
        if asked.asker >= 0:
            wrong_N[asked.asker] = False
        area_MR.setdefault(asked.kind, []).append(weighted_areas(sums(asked), asked.right_N, wrong_N, count_RN))
        weight_R.setdefault(asked.kind, []).append(np.ones(1 + draws) if asked.asker < 0 else count_RN[:, asked.asker])
    return {kind: _summary(np.stack(own), np.stack(weight_R[kind])) for kind, own in area_MR.items()}


def _summary(area_QMR: np.ndarray, weight_QR: np.ndarray) -> dict[str, object]:
    weight_QMR = weight_QR[:, None] * ~np.isnan(area_QMR)
    mean_MR = (np.nan_to_num(area_QMR) * weight_QMR).sum(axis=0) / weight_QMR.sum(axis=0)
    told: dict[str, object] = {"queries": len(area_QMR)}
    for way, own_R in zip(WAYS, mean_MR, strict=True):
        told[way] = round(float(own_R[0]), 4)
    for way, own_R in zip(WAYS[1:], mean_MR[1:], strict=True):
        low, high = np.percentile((own_R - mean_MR[0])[1:], [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
        better = float((area_QMR[:, WAYS.index(way), 0] > area_QMR[:, 0, 0]).mean())
        told[f"{way} - plain"] = [round(float(value), 4) for value in (own_R[0] - mean_MR[0, 0], low, high)]
        told[f"{way}, share of queries better"] = round(better, 3)
    return told


def main(
    run: Path = Path("outputs/demo/joint/seed0"),
    least: int = 3,
    draws: int = 500,
    seed: int = 0,
    out: Path | None = None,
) -> None:
    """Compare the ways to sum.

    Args:
        run: Run folder of a joint embedding.
        least: Right answers that a query must have.
        draws: Draws of the bootstrap.
        seed: Seed of the draws.
        out: JSON file to write.
    """
    trained = TrainedModel(run)
    trained.data.setup("test")
    splits: tuple[Split, ...] = ("valid", "test")
    found = {split: measure(trained, split, least, draws, seed) for split in splits}
    print(json.dumps(found, indent=2))
    if out is not None:
        write_json(out, found)


if __name__ == "__main__":
    auto_cli(main, as_positional=False)
