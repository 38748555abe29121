"""CAL500 with the 68 audio features of its Mulan copy: no names of songs or artists, no audio."""

import warnings
from abc import abstractmethod
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from scipy.io import arff

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from mwe.tracks.tags import TrackReader, TrackTags, tag_matrix

FILE = "mulan/cal500.arff"
REMEDY = "Copy it anew; `mwe data cal500` says from where."
# negations, of which word vectors know nothing, and repetitions of other tags
LEFT_OUT = ("NOT-", "Genre-Best")
GROUPS = ("Emotion", "Genre", "Instrument", "Song", "Usage", "Vocals")
MISSPELT = {"Angry-Agressive": "Emotion-Angry-Aggressive"}
VALID_SHARE = 8  # one in so many of the songs that are not tested on
# In the published file, features and labels of most of its second half are not of the same song: between these rows the
# features of a song stand one row above its labels. Where that begins and ends is known to a few rows only, by how well
# a regression predicts the labels of one part of the songs from another; those rows are left out.
SHIFTED = range(235, 482)
UNCLEAR = (*range(212, 235), *range(482, 493))


class FeatureReader(TrackReader):
    """A collection that publishes a vector of audio features for every track."""

    @abstractmethod
    def features(self) -> np.ndarray:
        """Features of the tracks in the order of ``read``, float32 (N, F)."""


class FeatureTable(NamedTuple):
    """An annotated feature table.

    Attributes:
        feature_NF: float32 features.
        labels: Names of the labels.
        label_NL: Boolean.
    """

    feature_NF: np.ndarray
    labels: tuple[str, ...]
    label_NL: np.ndarray


def read_feature_table(path: Path) -> FeatureTable:
    """Read an ARFF file of numeric features and labels ``{0,1}``, as Mulan publishes multi-label collections.

    Raises:
        BadFileError: It is no such file, or a feature is not a finite number.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            table, described = arff.loadarff(path)
    except Exception as error:  # the parser raises whatever a damaged file makes it stumble over
        raise BadFileError(path, f"not an ARFF table ({type(error).__name__}: {error})", REMEDY) from error
    kinds = dict(zip(described.names(), described.types(), strict=True))
    features = [name for name, kind in kinds.items() if kind == "numeric"]
    labels = [name for name, kind in kinds.items() if kind == "nominal"]
    wrong = next((name for name in labels if set(described[name][1] or ()) != {"0", "1"}), None)
    if wrong or not features or not labels or not len(table):
        what = f"label {wrong!r} is not one of 0 and 1" if wrong else "no row, no numeric feature or no label"
        raise BadFileError(path, what, REMEDY)
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is named below
        feature_NF = np.stack([table[name] for name in features], axis=1).astype(np.float32)
    if not np.isfinite(feature_NF).all():
        row, column = np.argwhere(~np.isfinite(feature_NF))[0]
        raise BadFileError(path, f"row {row + 1}: {features[column]} is not a finite number", REMEDY)
    return FeatureTable(feature_NF, tuple(labels), np.stack([table[name] == b"1" for name in labels], axis=1))


class Cal500Tracks(FeatureReader):
    """CAL500 for cross-validation over songs, tags in the words that people use: ``Genre--_Brit_Pop`` is ``brit pop``.

    In fold k, the k-th part of the songs is tested on. With ``hold_out`` the k-th part of the tags is unseen, so that
    over the folds every tag is unseen once; an instrument and its solo are always in one part.

    Args:
        fold: Number of the fold.
        n_folds: Number of folds.
        seed: Seed of the parts of songs and tags.
        hold_out: Whether tags are held back from training.
        inner: To choose settings by: the test songs and the unseen tags of the fold are left out altogether, its
            validation songs are tested on, and another part of the tags is unseen.
        rows: Whether features are put to the labels of their own song (``mended``: 468 songs, those left out whose
            features cannot be told), or taken with those of their row (``published``: 502 songs, half of them with the
            features of another song).
        root: Folder of the collection; by default ``cal500`` under the data root.

    Raises:
        ValueError: There is no such fold.
    """

    def __init__(
        self,
        fold: int = 0,
        n_folds: int = 5,
        seed: int = 0,
        hold_out: bool = True,
        inner: bool = False,
        rows: Literal["mended", "published"] = "mended",
        root: str | None = None,
    ) -> None:
        if not 0 <= fold < n_folds:
            raise ValueError(f"fold {fold} asked for, but there are folds 0 to {n_folds - 1}")
        self.fold, self.n_folds, self.seed, self.hold_out, self.inner = fold, n_folds, seed, hold_out, inner
        self.mended, self.root = rows == "mended", Path(root) if root else None

    @cached_property
    def table(self) -> FeatureTable:
        """The file, read once.

        Raises:
            MissingDataError: It is not there.
            BadFileError: It is damaged.
        """
        found = read_feature_table(declared("cal500").require(FILE, root=self.root) / FILE)
        if not self.mended:
            return found
        if len(found.label_NL) <= max(UNCLEAR):
            what = f"{len(found.label_NL)} songs, not the 502 of which it is known where features and labels part"
            raise BadFileError(FILE, what, f"{REMEDY} Other tables can be read with `rows: published`.")
        label_row_N = np.setdiff1d(np.arange(len(found.label_NL)), UNCLEAR)
        feature_row_N = label_row_N - np.isin(label_row_N, SHIFTED)
        return FeatureTable(found.feature_NF[feature_row_N], found.labels, found.label_NL[label_row_N])

    def features(self) -> np.ndarray:
        """Means and deviations of spectral features and MFCCs over the song, float32 (N, 68)."""
        return self.table.feature_NF

    def read(self) -> TrackTags:
        """Read the tags and divide songs and tags into folds."""
        named = [(place, *spoken_tag(label)) for place, label in enumerate(self.table.labels) if _kept(label)]
        part_T = self._tag_parts([tag for _, _, tag in named])
        unseen_T = (part_T == self.fold) & (self.hold_out or self.inner)
        if self.inner:  # the unseen tags proper are not looked at, the next part of them stands in
            named = [own for own, gone in zip(named, unseen_T, strict=True) if not gone]
            part_T = part_T[~unseen_T]
            unseen_T = (part_T == (self.fold + 1) % self.n_folds) & self.hold_out
        label_NT = self.table.label_NL[:, [place for place, _, _ in named]]
        tags = tuple(tag for _, _, tag in named)
        songs = len(label_NT)
        return TrackTags(
            name=f"CAL500{'' if self.mended else ', rows as published'}{', settings' if self.inner else ''}",
            track_ids=tuple(f"cal500-{row:03}" for row in range(songs)),
            artist_ids=("",) * songs,
            tags=tags,
            matrix=tag_matrix([[tags[place] for place in np.flatnonzero(own)] for own in label_NT], tags),
            groups=tuple(group for _, group, _ in named),
            unseen=unseen_T,
            splits=self._splits(songs),
        )

    def _splits(self, songs: int) -> dict[str, np.ndarray]:
        shuffled = np.random.default_rng(self.seed).permutation(songs)
        test = np.array_split(shuffled, self.n_folds)[self.fold]
        others = np.setdiff1d(shuffled, test, assume_unique=True)
        if self.inner:
            # the validation songs of the fold are tested on, others stand in for them
            test, others = others[:: VALID_SHARE // 2], np.delete(others, np.s_[:: VALID_SHARE // 2])
        chosen = np.zeros(len(others), dtype=bool)
        chosen[::VALID_SHARE] = True
        return {"train": np.sort(others[~chosen]), "valid": np.sort(others[chosen]), "test": np.sort(test)}

    def _tag_parts(self, tags: list[str]) -> np.ndarray:
        """The part of each tag, by its name without ``solo``."""
        stems = [tag.removesuffix(" solo") for tag in tags]
        order = np.random.default_rng(self.seed).permutation(sorted(set(stems)))
        part = {stem: place % self.n_folds for place, stem in enumerate(order.tolist())}
        return np.array([part[stem] for stem in stems])


def spoken_tag(label: str) -> tuple[str, str]:
    """Group and plain words of a label: ``Instrument_-_Electric_Guitar_(clean)-Solo``, ``Vocals-Breathy``.

    What describes a voice is said of a voice, since ``strong`` and ``emotional`` also describe songs.
    """
    label = MISSPELT.get(label, label)
    group = next(one for one in GROUPS if label.startswith(one))
    plain = label[len(group) :].replace("RandB", "r&b").translate(str.maketrans("_-()", "    "))
    words = plain.lower().split()
    if group == "Vocals" and not any(word.startswith("vocal") for word in words):
        words.append("vocals")
    return group.lower(), " ".join(words)


def _kept(label: str) -> bool:
    if label not in MISSPELT and not label.startswith((*LEFT_OUT, *GROUPS)):
        raise BadFileError(FILE, f"a label without a known group: {label!r}", REMEDY)
    return not label.startswith(LEFT_OUT)
