"""The collections that probes are trained and tested on, and how their tracks are divided.

Shape suffixes: N tracks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mwe.core.errors import BadFileError, MissingDataError
from mwe.reproduce.zeroshot.collections import QUESTIONS
from mwe.reproduce.zeroshot.judged import JudgedTracks, TagQuestion, read_judged
from mwe.tracks import GtzanTracks, MagnaTagATuneTracks, MsdTop50Tracks, TrackTags
from mwe.tracks.artist_folds import folds_of_artists
from mwe.tracks.track_tags import SPLITS

FOLDS = 5
SEED = 0


class ProbeSplit(NamedTuple):
    """Rows of tracks in three parts.

    Attributes:
        train: Rows that a probe is trained on.
        valid: Rows by which its settings are chosen.
        test: Rows that it is measured on.
    """

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class ProbeQuestion:
    """A collection for probes.

    Args:
        title: Its name.
        read: Reads it.
        folds: Folds of artists; 0 for the collection's own split.
        least: Tracks with a tag, and without it, below which the tag is left out.
        labelled: Returns which tags of which tracks were judged, (N, T), where not all were.
    """

    title: str
    read: Callable[[], TrackTags]
    folds: int = 0
    least: int = 1
    labelled: Callable[[], np.ndarray] | None = None


@dataclass(frozen=True)
class ProbeTracks:
    """Tracks of a collection with the parts that they are divided into.

    Args:
        judged: The tracks, and what is known of them.
        splits: The only split, or one for each fold.
        official: Whether the split is the collection's own.
    """

    judged: JudgedTracks
    splits: tuple[ProbeSplit, ...]
    official: bool

    def shared_artists(self) -> int:
        """Return how many test tracks are by an artist of training or validation tracks; in folds it is none."""
        artists = np.array(self.judged.artists)
        known = [np.isin(artists[split.test], artists[np.concatenate(split[:2])]).sum() for split in self.splits]
        return int(sum(known))

    def only(self, judged: JudgedTracks) -> "ProbeTracks":
        """Return a part of the tracks.

        Raises:
            MissingDataError: No track of a part of a split is among them.
        """
        row_of = {track: row for row, track in enumerate(judged.track_ids)}
        new_N = np.array([row_of.get(track, -1) for track in self.judged.track_ids])
        parts = [[new_N[rows][new_N[rows] >= 0] for rows in split] for split in self.splits]
        if empty := {name for part in parts for name, rows in zip(SPLITS, part, strict=True) if not len(rows)}:
            raise MissingDataError(f"the sound of any track for {', '.join(sorted(empty))}")
        return ProbeTracks(judged, tuple(ProbeSplit(*part) for part in parts), self.official)


def read_probe_tracks(question: ProbeQuestion) -> ProbeTracks:
    """Read a collection and divide it.

    Tracks of its own split are divided as it says. If that has no validation tracks, a fifth of the training tracks, by
    artists, are for validation. A split in folds is that of ``ArtistFolds``: fold k for the test, the next for
    validation, the others for training.

    Raises:
        MissingDataError: The collection, or a part of its split, is not on disk.
        BadFileError: It is damaged, has no tag that can be measured, or too few artists.

    Examples:
        >>> from mwe.tracks.track_tags import tracks_of
        >>> tags_of = {f"t{row}": ["rock"] if row % 2 else ["calm"] for row in range(12)}
        >>> artist_of = {track: f"artist{row // 2}" for row, track in enumerate(tags_of)}
        >>> tracks = read_probe_tracks(ProbeQuestion("mine", lambda: tracks_of("mine", tags_of, artist_of), folds=3))
        >>> len(tracks.splits), [len(rows) for rows in tracks.splits[0]], tracks.shared_artists()
        (3, [4, 4, 4], 0)
    """
    tracks = question.read()
    judged = read_judged(TagQuestion(question.title, lambda: tracks, "all", "all", question.least, question.labelled))
    try:
        splits = _folds(judged.artists, question.folds) if question.folds else (_own_split(tracks, judged.artists),)
    except ValueError as error:
        raise BadFileError(question.title, str(error), "Give more tracks.") from None
    return ProbeTracks(judged, splits, not question.folds)


def _folds(artists: Sequence[str], folds: int) -> tuple[ProbeSplit, ...]:
    fold_N = folds_of_artists(artists, folds, SEED)
    splits = []
    for fold in range(folds):
        test_N, valid_N = fold_N == fold, fold_N == (fold + 1) % folds
        splits.append(ProbeSplit(*map(np.flatnonzero, (~test_N & ~valid_N, valid_N, test_N))))
    return tuple(splits)


def _own_split(tracks: TrackTags, artists: Sequence[str]) -> ProbeSplit:
    train, valid, test = (np.asarray(tracks.splits[part]) for part in SPLITS)
    for part, rows in (("training", train), ("test", test)):
        if not len(rows):
            raise MissingDataError(f"{tracks.name} has no {part} tracks")
    if not len(valid):
        fold_N = folds_of_artists([artists[row] for row in train.tolist()], FOLDS, SEED)
        train, valid = train[fold_N > 0], train[fold_N == 0]
    return ProbeSplit(train, valid, test)


PROBED = {
    "demo": ProbeQuestion("the demonstration", QUESTIONS["demo"].read, least=2),
    "audio_clips": ProbeQuestion("audio_clips", QUESTIONS["audio_clips"].read, FOLDS, least=2),
    "jamendo_genre": ProbeQuestion("MTG-Jamendo, split 0, genre", QUESTIONS["jamendo_genre"].read),
    "jamendo_instrument": ProbeQuestion("MTG-Jamendo, split 0, instrument", QUESTIONS["jamendo_instrument"].read),
    "jamendo_moodtheme": ProbeQuestion("MTG-Jamendo, split 0, mood/theme", QUESTIONS["jamendo_moodtheme"].read),
    "jamendo_top50": ProbeQuestion("MTG-Jamendo, split 0, top 50", QUESTIONS["jamendo_top50"].read),
    "magnatagatune": ProbeQuestion("MagnaTagATune, top 50", lambda: MagnaTagATuneTracks().read()),
    "msd_top50": ProbeQuestion("MSD, top 50", lambda: MsdTop50Tracks().read()),
    "gtzan": ProbeQuestion("GTZAN, fault-filtered split", lambda: GtzanTracks(filtered=True).read()),
    "cal500": ProbeQuestion("CAL500", QUESTIONS["cal500"].read, FOLDS),
    "openmic": ProbeQuestion("OpenMIC-2018", QUESTIONS["openmic"].read, labelled=QUESTIONS["openmic"].labelled),
}
"""Collections by name."""
