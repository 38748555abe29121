"""The catalogue as a pure function of tunes and seed: performers, tags, reviews and splits of the tunes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mwe.tracks.demo.labels import track_labels
from mwe.tracks.demo.performers import Performer, performers
from mwe.tracks.demo.reviews import reviews
from mwe.tracks.demo.tag_words import TAGS
from mwe.tracks.demo.tunes import Tune

ROUNDS = 7
SPLITS = ("train", "valid", "test")
SHARES = (0.7, 0.1, 0.2)
# How much more likely a band picks a tune of a form; 1 by default.
REPERTOIRE: dict[str, dict[str, float]] = {
    "sacred": {"chorale": 8.0, "air": 2.0},
    "baroque": {"chorale": 3.0, "air": 2.0},
    "chamber": {"chorale": 3.0, "air": 2.0},
    "brass band": {"chorale": 2.0, "march": 4.0},
    "ambient": {"chorale": 2.0, "air": 4.0},
    "celtic": {"chorale": 0.2},
    "bluegrass": {"chorale": 0.2, "reel": 2.0},
}


@dataclass(frozen=True, eq=False)
class DemoTrack:
    """One track of the demonstration collection.

    Args:
        id: Track ID, from ``demo-0001``.
        tune: The tune.
        performer: Its performer.
        tags: Tags in the order of the tag table.
        reviews: Invented texts.
        split: train, valid or test, with no performer in two of them.
        split_random: train, valid or test, drawn track by track.
    """

    id: str
    tune: Tune
    performer: Performer
    tags: tuple[str, ...]
    reviews: tuple[str, ...]
    split: str
    split_random: str

    @property
    def path(self) -> str:
        """Path of the audio file below the root of the collection."""
        number = self.id.rpartition("-")[2]
        return f"audio/{number[:2]}/{self.id}.flac"


def catalogue(tunes: Sequence[Tune], seed: int) -> list[DemoTrack]:
    """Return all tracks. Neighbours in the list have different performers, so that its head is a fair miniature.

    Args:
        tunes: Tunes to choose from; each is used at most once.
        seed: Seed of habits, programmes, labels, reviews and splits.
    """
    bands = performers(seed)
    chosen = programmes(tunes, bands, seed)
    players = [bands[i % len(bands)] for i in range(len(chosen))]
    labels = track_labels(chosen, players, seed)
    texts = reviews(labels, seed)
    by_artist, by_track = artist_split(players, labels, seed), random_split(len(chosen), seed)
    return [
        DemoTrack(
            f"demo-{i + 1:04d}", tune, player, tuple(labels[i]), tuple(texts[i]), by_artist[player.id], by_track[i]
        )
        for i, (tune, player) in enumerate(zip(chosen, players, strict=True))
    ]


def programmes(tunes: Sequence[Tune], bands: Sequence[Performer], seed: int) -> list[Tune]:
    """Return the tune of every track. The bands take turns, and pick a form by taste and by the tunes left of it."""
    rng = np.random.default_rng([seed, 2])
    shuffled = [tunes[i] for i in rng.permutation(len(tunes))]
    left = {form: [tune for tune in shuffled if tune.form == form] for form in sorted({tune.form for tune in tunes})}
    forms = list(left)
    chosen = []
    for _ in range(ROUNDS):
        for band in bands:
            taste = REPERTOIRE.get(band.style, {})
            weight = np.array([taste.get(form, 1.0) * len(left[form]) for form in forms])
            form = forms[int(rng.choice(len(forms), p=weight / weight.sum()))]
            chosen.append(left[form].pop())
    return chosen


def artist_split(players: Sequence[Performer], labels: Sequence[Sequence[str]], seed: int) -> dict[str, str]:
    """Return the split of every performer: a random one, improved by exchanges while these cover the tags better.

    Args:
        players: Performer of each track.
        labels: Tags of each track.
        seed: Seed of the start of the search.
    """
    artists = sorted({player.id for player in players})
    rows = {artist: i for i, artist in enumerate(artists)}
    columns = {tag: i for i, tag in enumerate(TAGS)}
    has_AT = np.zeros((len(artists), len(TAGS)))
    for player, tags in zip(players, labels, strict=True):
        has_AT[rows[player.id], [columns[tag] for tag in tags]] = 1.0
    parts = np.random.default_rng([seed, 5]).permutation(np.repeat(np.arange(3), _sizes(len(artists))))
    while True:
        first, second = np.nonzero(parts[:, None] < parts[None, :])
        counts_3T = np.stack([has_AT[parts == part].sum(axis=0) for part in range(3)])
        change_PT = has_AT[second] - has_AT[first]
        counts_3PT = np.repeat(counts_3T[:, None], len(first), axis=1)
        counts_3PT[parts[first], np.arange(len(first))] += change_PT
        counts_3PT[parts[second], np.arange(len(first))] -= change_PT
        worth = _split_worth(counts_3PT)
        best = int(np.argmax(worth))
        if worth[best] <= _split_worth(counts_3T):
            return {artist: SPLITS[part] for artist, part in zip(artists, parts, strict=True)}
        parts[[first[best], second[best]]] = parts[[second[best], first[best]]]


def _split_worth(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the value of a split by the performers of every tag in train, valid and test: (3, ..., tags) to (...)."""
    train, valid, test = counts
    # one test performer makes a tag testable; two make the figure less random
    tested = 4.0 * np.minimum(test, 1) + np.minimum(test, 2)
    worth: NDArray[np.float64] = (tested + 2.0 * np.minimum(train, 2) + 0.5 * np.minimum(valid, 1)).sum(axis=-1)
    return worth


def random_split(count: int, seed: int) -> list[str]:
    """Return the split of every track, drawn without regard to performers."""
    parts: NDArray[np.int64] = np.repeat(np.arange(3), _sizes(count))
    return [SPLITS[part] for part in np.random.default_rng([seed, 6]).permutation(parts)]


def _sizes(count: int) -> tuple[int, int, int]:
    valid, test = round(SHARES[1] * count), round(SHARES[2] * count)
    return count - valid - test, valid, test
