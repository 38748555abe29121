"""Captions: retrieval between texts of the same track, and between captions and sound, in both directions.

Shape suffixes: Q queries, C candidates, D dimensions, K values of K, R draws.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch

from mwe.core.datasets import declared
from mwe.metrics import drawn_medians, paired_recall
from mwe.metrics.bootstrap import drawn_counts, drawn_means
from mwe.metrics.paired import RETRIEVAL_KS
from mwe.reproduce.zeroshot.captioned import CaptionedTrack, music_caps, song_describer
from mwe.reproduce.zeroshot.tag_figures import DRAWS, Interval

FIGURES = (*(f"R@{k}" for k in RETRIEVAL_KS), "median rank")


class TextSide(NamedTuple):
    """Texts of one side of a retrieval.

    Attributes:
        name: What they are, such as ``caption``.
        texts: The texts.
        tracks: Track of each.
    """

    name: str
    texts: tuple[str, ...]
    tracks: tuple[str, ...]


class TextTask(NamedTuple):
    """Two sides of texts, each of which is asked for the other.

    Attributes:
        title: Name of the task.
        first: One side.
        second: The other.
    """

    title: str
    first: TextSide
    second: TextSide

    @property
    def identity(self) -> str:
        """Hash of all texts and tracks."""
        return hashlib.sha256(json.dumps(self).encode()).hexdigest()[:16]


class PairedResult(NamedTuple):
    """Figures of a row, by direction.

    Attributes:
        directions: Figures by name, by direction such as ``tags → caption``.
        queries: Number of queries by direction.
        unknown: Number of texts that mean nothing to the row.
    """

    directions: Mapping[str, Mapping[str, Interval]]
    queries: Mapping[str, int]
    unknown: int

    def to_dict(self) -> dict[str, Any]:
        """Return the content for JSON."""
        directions = {
            direction: {name: [*figure] for name, figure in figures.items()}
            for direction, figures in self.directions.items()
        }
        return {"directions": directions, "queries": dict(self.queries), "unknown": self.unknown}

    @classmethod
    def of_dict(cls, content: Mapping[str, Any]) -> "PairedResult":
        """Return the result from the content of a JSON file."""
        directions = {
            direction: {name: Interval(*values) for name, values in figures.items()}
            for direction, figures in content["directions"].items()
        }
        return cls(directions, content["queries"], content["unknown"])


def captions_of_one_track(title: str, tracks: Sequence[CaptionedTrack]) -> TextTask:
    """Return the task to find the second caption of a track by its first; tracks with one caption are left out."""
    several = [track for track in tracks if len(track.captions) > 1]
    ids = tuple(track.track_id for track in several)
    first, second = (tuple(track.captions[number] for track in several) for number in (0, 1))
    return TextTask(title, TextSide("first caption", first, ids), TextSide("second caption", second, ids))


def tags_and_captions(title: str, tracks: Sequence[CaptionedTrack]) -> TextTask:
    """Return the task to find captions by the tags of their track, joined by commas; tracks without tags are left out.

    Examples:
        >>> track = CaptionedTrack("1", ("A calm song", "Soft guitar"), ("calm", "guitar"), ())
        >>> task = tags_and_captions("mine", [track])
        >>> task.first.texts, task.second.texts
        (('calm, guitar',), ('A calm song', 'Soft guitar'))
    """
    tagged = [track for track in tracks if track.tags]
    tags = TextSide("tags", tuple(", ".join(track.tags) for track in tagged), tuple(track.track_id for track in tagged))
    captions = [(caption, track.track_id) for track in tagged for caption in track.captions]
    return TextTask(title, tags, TextSide("caption", *(tuple(part) for part in zip(*captions, strict=True))))


def _jamendo_tracks() -> list[CaptionedTrack]:
    return song_describer(jamendo=[declared("mtg_jamendo").root / "audio"])


CAPTIONED: dict[str, tuple[str, Callable[[], list[CaptionedTrack]]]] = {
    "song_describer": ("Song Describer, valid subset", _jamendo_tracks),
    "musiccaps": ("MusicCaps", music_caps),
    "musiccaps_eval": ("MusicCaps, evaluation set of AudioSet", partial(music_caps, evaluation=True)),
}
"""Captioned collections by name: title, and what reads them."""


def text_tasks(title: str, tracks: Sequence[CaptionedTrack]) -> list[TextTask]:
    """Return the tasks on text alone of a captioned collection."""
    tasks = [tags_and_captions(f"{title}: tags and captions, text alone", tracks)]
    if any(len(track.captions) > 1 for track in tracks):
        tasks.append(captions_of_one_track(f"{title}: captions of the same track, text alone", tracks))
    return tasks


def paired_figures(
    query_QD: np.ndarray, candidate_CD: np.ndarray, tracks: tuple[Sequence[str], Sequence[str]], draws: int = DRAWS
) -> dict[str, Interval]:
    """Return recall and median rank of one direction, with intervals by drawing the tracks of the queries.

    Args:
        query_QD: Unit vectors of the queries.
        candidate_CD: Unit vectors of the candidates.
        tracks: Track of each query, and of each candidate.
        draws: Draws of the bootstrap. The candidates stay the same.
    """
    number_of = {track: number for number, track in enumerate(sorted({*tracks[0], *tracks[1]}))}
    track_Q, track_C = (torch.tensor([number_of[track] for track in side]) for side in tracks)
    recall = paired_recall(torch.from_numpy(query_QD), torch.from_numpy(candidate_CD), track_Q, track_C)
    drawn, place_Q = torch.unique(track_Q, return_inverse=True)
    counts_RQ = drawn_counts(len(drawn), draws)[:, place_Q]
    figures = {
        name: Interval.of(float(recall.hit_QK[:, column].nanmean()), drawn_means(recall.hit_QK[:, column], counts_RQ))
        for column, name in enumerate(FIGURES[:-1])
    }
    every_1Q = torch.ones(1, len(recall.rank_Q), dtype=torch.uint8)
    median = float(drawn_medians(recall.rank_Q, every_1Q))
    return {**figures, FIGURES[-1]: Interval.of(median, drawn_medians(recall.rank_Q, counts_RQ))}


def both_directions(
    sides: tuple[TextSide, TextSide], vectors: tuple[np.ndarray, np.ndarray], draws: int = DRAWS
) -> PairedResult:
    """Return the figures of two sides, each asked for the other.

    Args:
        sides: The sides.
        vectors: Unit vectors of each; zeros for what means nothing.
        draws: Draws of the bootstrap.
    """
    directions, queries = {}, {}
    for asked, given in ((0, 1), (1, 0)):
        direction = f"{sides[asked].name} → {sides[given].name}"
        tracks = (sides[asked].tracks, sides[given].tracks)
        directions[direction] = paired_figures(vectors[asked], vectors[given], tracks, draws)
        queries[direction] = len(sides[asked].tracks)
    unknown = sum(int((~unit_ND.any(axis=1)).sum()) for unit_ND in vectors)
    return PairedResult(directions, queries, unknown)
