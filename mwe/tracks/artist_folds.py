"""Any collection divided into folds for cross-validation, so that no artist is in two folds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mwe.tracks.track_tags import TrackReader, TrackTags


class ArtistFolds(TrackReader):
    r"""Another collection, with splits by artist in place of its own.

    All tracks of an artist are in the same fold. Artists are dealt out from the one with most tracks to the one with
    fewest, each to the fold that has fewest tracks so far; artists with equally many tracks in random order. Fold k is
    the test set, the next fold the validation set, and the others are for training. A track of an unknown artist counts
    as an artist of its own.

    Args:
        collection: Reader of the collection.
        fold: Number of the test fold, from 0.
        n_folds: Number of folds, at least 3.
        seed: Seed of the order of artists.

    Raises:
        ValueError: There is no such fold, or there are too few folds.

    Examples:
        >>> from pathlib import Path
        >>> from mwe.tracks import JamendoTracks
        >>> rows = ["TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"]
        >>> for number, artist in enumerate("aaabbc"):
        ...     rows.append(f"track_{number}\tartist_{artist}\talbum\t{number}.mp3\t30\tgenre---rock")
        >>> _ = Path("some.tsv").write_text("\n".join(rows) + "\n")
        >>> tracks = ArtistFolds(JamendoTracks(root=".", file="some.tsv"), fold=0, n_folds=3).read()
        >>> {name: [tracks.artist_ids[row] for row in rows] for name, rows in tracks.splits.items()}
        {'train': ['artist_c'], 'valid': ['artist_b', 'artist_b'], 'test': ['artist_a', 'artist_a', 'artist_a']}
    """

    def __init__(self, collection: TrackReader, fold: int = 0, n_folds: int = 5, seed: int = 0) -> None:
        if n_folds < 3:
            raise ValueError(f"n_folds is {n_folds}; training, validation and test need 3 or more")
        if not 0 <= fold < n_folds:
            raise ValueError(f"fold is {fold}; give one of 0 to {n_folds - 1}")
        self.collection, self.fold, self.n_folds, self.seed = collection, fold, n_folds, seed

    def read(self) -> TrackTags:
        """Read the collection and divide it; see its reader for further errors.

        Raises:
            ValueError: There are fewer artists than folds.
        """
        tracks = self.collection.read()
        pairs = zip(tracks.artist_ids, tracks.track_ids, strict=True)
        artists = [artist or f"track {track}" for artist, track in pairs]
        fold_N = folds_of_artists(artists, self.n_folds, self.seed, tracks.name)
        valid = (self.fold + 1) % self.n_folds
        splits = {
            "train": np.flatnonzero((fold_N != self.fold) & (fold_N != valid)),
            "valid": np.flatnonzero(fold_N == valid),
            "test": np.flatnonzero(fold_N == self.fold),
        }
        return replace(tracks, name=f"{tracks.name}, fold {self.fold + 1} of {self.n_folds} by artist", splits=splits)


def folds_of_artists(artists: Sequence[str], n_folds: int, seed: int = 0, name: str = "the collection") -> np.ndarray:
    """Return the fold of each track, (N,), so that no artist is in two.

    Args:
        artists: Artist of each track, N of them.
        n_folds: Number of folds.
        seed: Seed of the order of artists with equally many tracks.
        name: Name of the collection in errors.

    Raises:
        ValueError: There are fewer artists than folds.

    Examples:
        >>> folds_of_artists(["Air", "Air", "Air", "Can", "Can", "Moby"], n_folds=2).tolist()
        [0, 0, 0, 1, 1, 1]
    """
    tracks_by_artist = Counter(artists)
    if len(tracks_by_artist) < n_folds:
        raise ValueError(f"{name} has {len(tracks_by_artist)} artists; they do not make {n_folds} folds")
    shuffled = np.random.default_rng(seed).permutation(sorted(tracks_by_artist)).tolist()
    sizes, fold_of = [0] * n_folds, {}
    for artist in sorted(shuffled, key=lambda artist: -tracks_by_artist[artist]):
        fold_of[artist] = sizes.index(min(sizes))
        sizes[fold_of[artist]] += tracks_by_artist[artist]
    return np.array([fold_of[artist] for artist in artists])
