"""CAL500 with the 68 audio features of its copy at Mulan, without names of songs and artists and without audio."""

import warnings
from abc import abstractmethod
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from scipy.io import arff

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from mwe.tracks.track_tags import TrackReader, TrackTags, tag_matrix

FILE = "mulan/cal500.arff"
REMEDY = "Copy it again; `mwe data show cal500` says from where."
# negations, which word vectors do not capture, and repetitions of other tags
LEFT_OUT = ("NOT-", "Genre-Best")
GROUPS = ("Emotion", "Genre", "Instrument", "Song", "Usage", "Vocals")
MISSPELT = {"Angry-Agressive": "Emotion-Angry-Aggressive"}
VALID_SHARE = 8  # one in so many of the songs outside the test split
# In most of the second half of the published file, features and labels are of different songs: between these rows, the
# features of a song are one row above its labels. How well a regression predicts the labels of some songs from others
# shows where that begins and ends, but only to within a few rows; those rows are left out.
SHIFTED = range(235, 482)
UNCLEAR = (*range(212, 235), *range(482, 493))


class FeatureReader(TrackReader):
    """A collection that publishes a vector of audio features for every track."""

    @abstractmethod
    def features(self) -> np.ndarray:
        """Return the features of the tracks in the order of ``read``, float32 (N, F)."""


class FeatureTable(NamedTuple):
    """An annotated feature table.

    Attributes:
        feature_NF: Features, float32.
        labels: Names of the labels.
        label_NL: Whether each row has each label, boolean.
    """

    feature_NF: np.ndarray
    labels: tuple[str, ...]
    label_NL: np.ndarray


def read_feature_table(path: Path) -> FeatureTable:
    """Read an ARFF file of numeric features and labels ``{0,1}``, as Mulan publishes multi-label collections.

    Raises:
        BadFileError: The file is not such a table, or a feature is not a finite number.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            rows, metadata = arff.loadarff(path)
    except Exception as error:  # a damaged file can make the parser raise any error
        raise BadFileError(path, f"not an ARFF table ({type(error).__name__}: {error})", REMEDY) from error
    kinds = dict(zip(metadata.names(), metadata.types(), strict=True))
    features = [name for name, kind in kinds.items() if kind == "numeric"]
    labels = [name for name, kind in kinds.items() if kind == "nominal"]
    invalid = next((name for name in labels if set(metadata[name][1] or ()) != {"0", "1"}), None)
    if invalid or not features or not labels or not len(rows):
        message = f"label {invalid!r} is not one of 0 and 1" if invalid else "no row, no numeric feature or no label"
        raise BadFileError(path, message, REMEDY)
    with np.errstate(over="ignore"):  # values too large become infinite and raise below
        feature_NF = np.stack([rows[name] for name in features], axis=1).astype(np.float32)
    if not np.isfinite(feature_NF).all():
        row, column = np.argwhere(~np.isfinite(feature_NF))[0]
        raise BadFileError(path, f"row {row + 1}: {features[column]} is not a finite number", REMEDY)
    return FeatureTable(feature_NF, tuple(labels), np.stack([rows[name] == b"1" for name in labels], axis=1))


class Cal500Tracks(FeatureReader):
    """CAL500 for cross-validation over songs, with tags in plain words: ``Genre--_Brit_Pop`` becomes ``brit pop``.

    Fold k tests on the k-th part of the songs. With ``hold_out`` the k-th part of the tags is unseen, so that every tag
    is unseen in one fold. An instrument and its solo are always in the same part.

    Args:
        fold: Number of the fold.
        n_folds: Number of folds.
        seed: Seed of the parts of songs and tags.
        hold_out: Whether to hold out tags from training.
        inner: Whether to make an inner fold for choosing settings. It leaves out the test songs and unseen tags of the
            fold, tests on the fold's validation songs, and takes another part of the tags as unseen.
        rows: How to match features and labels. ``mended``: by song (468 songs; those whose features are uncertain are
            left out). ``published``: by row (502 songs, half of them with the features of another song).
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
            raise ValueError(f"fold is {fold}; give one of 0 to {n_folds - 1}")
        self.fold, self.n_folds, self.seed, self.hold_out, self.inner = fold, n_folds, seed, hold_out, inner
        self.mended, self.root = rows == "mended", Path(root) if root else None

    @cached_property
    def table(self) -> FeatureTable:
        """The table of the file, read once.

        Raises:
            MissingDataError: The file is missing.
            BadFileError: The file is damaged.
        """
        table = read_feature_table(declared("cal500").require(FILE, root=self.root) / FILE)
        if not self.mended:
            return table
        if len(table.label_NL) <= max(UNCLEAR):
            message = f"{len(table.label_NL)} songs; `rows: mended` expects the 502 of the published file"
            raise BadFileError(FILE, message, f"{REMEDY} Read other tables with `rows: published`.")
        label_row_N = np.setdiff1d(np.arange(len(table.label_NL)), UNCLEAR)
        feature_row_N = label_row_N - np.isin(label_row_N, SHIFTED)
        return FeatureTable(table.feature_NF[feature_row_N], table.labels, table.label_NL[label_row_N])

    def features(self) -> np.ndarray:
        """Return means and deviations of spectral features and MFCCs over the song, float32 (N, 68)."""
        return self.table.feature_NF

    def read(self) -> TrackTags:
        """Read the tags and divide songs and tags into folds."""
        labels = [(column, *spoken_tag(label)) for column, label in enumerate(self.table.labels) if _is_used(label)]
        part_T = self._tag_parts([tag for _, _, tag in labels])
        unseen_T = (part_T == self.fold) & (self.hold_out or self.inner)
        if self.inner:  # leaves out the fold's unseen tags; the next part of the tags is unseen instead
            labels = [label for label, left_out in zip(labels, unseen_T, strict=True) if not left_out]
            part_T = part_T[~unseen_T]
            unseen_T = (part_T == (self.fold + 1) % self.n_folds) & self.hold_out
        label_NT = self.table.label_NL[:, [column for column, _, _ in labels]]
        tags = tuple(tag for _, _, tag in labels)
        songs = len(label_NT)
        return TrackTags(
            name=f"CAL500{'' if self.mended else ', rows as published'}{', settings' if self.inner else ''}",
            track_ids=tuple(f"cal500-{row:03}" for row in range(songs)),
            artist_ids=("",) * songs,
            tags=tags,
            matrix=tag_matrix([[tags[column] for column in np.flatnonzero(label)] for label in label_NT], tags),
            groups=tuple(group for _, group, _ in labels),
            unseen=unseen_T,
            splits=self._splits(songs),
        )

    def _splits(self, songs: int) -> dict[str, np.ndarray]:
        shuffled = np.random.default_rng(self.seed).permutation(songs)
        test = np.array_split(shuffled, self.n_folds)[self.fold]
        others = np.setdiff1d(shuffled, test, assume_unique=True)
        if self.inner:
            # test on the fold's validation songs, and validate on other songs
            test, others = others[:: VALID_SHARE // 2], np.delete(others, np.s_[:: VALID_SHARE // 2])
        chosen = np.zeros(len(others), dtype=bool)
        chosen[::VALID_SHARE] = True
        return {"train": np.sort(others[~chosen]), "valid": np.sort(others[chosen]), "test": np.sort(test)}

    def _tag_parts(self, tags: list[str]) -> np.ndarray:
        """Return the part of each tag, by its name without ``solo``."""
        stems = [tag.removesuffix(" solo") for tag in tags]
        order = np.random.default_rng(self.seed).permutation(sorted(set(stems)))
        part = {stem: number % self.n_folds for number, stem in enumerate(order.tolist())}
        return np.array([part[stem] for stem in stems])


def spoken_tag(label: str) -> tuple[str, str]:
    """Return the group and the plain words of a label such as ``Instrument_-_Electric_Guitar_(clean)-Solo``.

    Labels of voices get the word ``vocals``, since ``strong`` and ``emotional`` also describe songs.

    Examples:
        >>> spoken_tag("Genre--_Brit_Pop")
        ('genre', 'brit pop')
        >>> spoken_tag("Vocals-Breathy")
        ('vocals', 'breathy vocals')
    """
    label = MISSPELT.get(label, label)
    group = next(prefix for prefix in GROUPS if label.startswith(prefix))
    plain = label[len(group) :].replace("RandB", "r&b").translate(str.maketrans("_-()", "    "))
    words = plain.lower().split()
    if group == "Vocals" and not any(word.startswith("vocal") for word in words):
        words.append("vocals")
    return group.lower(), " ".join(words)


def _is_used(label: str) -> bool:
    if label not in MISSPELT and not label.startswith((*LEFT_OUT, *GROUPS)):
        raise BadFileError(FILE, f"label {label!r} has no known group", REMEDY)
    return not label.startswith(LEFT_OUT)
