"""The rows of a zero-shot table: random scores, popularity, and tower pairs.

Shape suffixes: N tracks, T tags, D dimensions.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pytorch_lightning.utilities import rank_zero_only

from mwe.audio.predict import Hardware, Track, unfinished
from mwe.audio.shards import OK, FileStamp
from mwe.core.errors import BadFileError
from mwe.reproduce.real_music_rows import by_words, encoded_words
from mwe.reproduce.zeroshot.judged import JudgedTracks
from mwe.search.collapse import require_spread
from mwe.search.embedding_job import predict_files
from mwe.search.embedding_parts import Parts, PartSettings
from mwe.search.joint_pair import JointPair
from mwe.search.library_model import LibraryModel, library_model
from mwe.search.pair_model import PairModel
from mwe.tower_pairs import TowerPair
from mwe.tower_pairs.encoding import embed_texts

RANDOM, POPULARITY = "random", "popularity"
PART_FILES = 256


class RowName(NamedTuple):
    """A pair that was asked for.

    Attributes:
        label: Name of its row.
        model: Name of the model.
    """

    label: str
    model: str

    @classmethod
    def parse(cls, text: str) -> "RowName":
        """Read ``MODEL`` or ``LABEL=MODEL``.

        Examples:
            >>> RowName.parse("demo model=outputs/demo/joint/seed0"), RowName.parse("open").label
            (RowName(label='demo model', model='outputs/demo/joint/seed0'), 'open')
        """
        label, equals, model = text.partition("=")
        return cls(label, model) if equals and model else cls(text, text)


class PairRow:
    """A tower pair with its label.

    Args:
        label: Name of the row.
        model: The model.
    """

    def __init__(self, label: str, model: LibraryModel) -> None:
        self.label, self.model = label, model

    @classmethod
    def open(cls, name: RowName) -> "PairRow":
        """Open a model.

        Raises:
            MissingDataError: The model, or a package that it needs, is missing.
            BadFileError: The weights cannot be used.
        """
        return cls(name.label, library_model(name.model))

    @cached_property
    def pair(self) -> TowerPair:
        """The model as a tower pair."""
        return self.model.pair if isinstance(self.model, PairModel) else JointPair(self.model)

    @property
    def identity(self) -> str:
        """Name of its space, with the template of tags."""
        return f"{self.model.space} {self.pair.description.template}"

    def tag_scores(self, unit_ND: np.ndarray, tags: Sequence[str]) -> np.ndarray:
        """Return scores of tags (N, T); a column of NaN for a tag that means nothing to the pair.

        A joint embedding knows tags by their word vectors, as a library does; a tower pair is asked by its template.

        Raises:
            BadFileError: It answers all tags alike.
        """
        if not isinstance(self.model, PairModel):
            return by_words(self.label, unit_ND, encoded_words(self.model), tags, []).tag_NT
        unit_TD = embed_texts(self.pair, self.pair.description.prompts(tags))
        require_spread(unit_TD, "tags", self.label)
        score_NT: np.ndarray = unit_ND @ unit_TD.T
        score_NT[:, ~unit_TD.any(axis=1)] = np.nan
        return score_NT


def control_scores(row: str, judged: JudgedTracks) -> np.ndarray:
    """Return scores (N, T) of a row that hears nothing.

    ``random`` draws them; ``popularity`` gives every track the number of tracks that have the tag.
    """
    if row == RANDOM:
        return np.random.default_rng(0).standard_normal(judged.label_NT.shape, dtype=np.float32)
    score_NT: np.ndarray = np.broadcast_to(judged.popularity_T.astype(np.float32), judged.label_NT.shape)
    return score_NT


class HeardTracks(NamedTuple):
    """The tracks of a collection that a pair has heard.

    Attributes:
        unit_ND: Unit vectors.
        judged: The same tracks.
        note: How many could not be heard, and why.
    """

    unit_ND: np.ndarray
    judged: JudgedTracks
    note: str


def embedded(model: LibraryModel, tracks: Sequence[Track], folder: Path, hardware: Hardware) -> Parts | None:
    """Embed audio files, or go on where an earlier job stopped.

    Args:
        model: The model.
        tracks: Tracks and files that are on disk.
        folder: Folder of the vectors.
        hardware: Hardware of the job.

    Returns:
        Vectors and outcomes; None on processes other than the first.
    """
    parts = Parts(folder, model.space)
    known = {track: (source, parts.status(track) or "") for track, _ in tracks if (source := parts.source(track))}
    if pending := unfinished(tracks, known.get):
        settings = PartSettings(folder, model.space, model.dim, parts.next_number, PART_FILES)
        predict_files(model, pending, hardware, settings, spans={})
    return Parts(folder, model.space) if rank_zero_only.rank == 0 else None  # type: ignore[attr-defined]


def heard_tracks(row: PairRow, judged: JudgedTracks, folder: Path, hardware: Hardware) -> HeardTracks | None:
    """Embed the audio files of a collection that are on disk.

    Args:
        row: The pair.
        judged: The tracks.
        folder: Folder of the vectors.
        hardware: Hardware of the job.

    Returns:
        What was heard; None on processes other than the first.

    Raises:
        BadFileError: No file could be read.
    """
    files = zip(judged.track_ids, judged.audio, judged.present_N.tolist(), strict=True)
    tracks = [(track, path) for track, path, present in files if present]
    parts = embedded(row.model, tracks, folder, hardware)
    if parts is None:
        return None
    heard_N = np.array([parts.status(track) == OK for track in judged.track_ids])
    if not heard_N.any():
        reason = parts.columns["detail"][0] if len(parts) else "no file"
        raise BadFileError(judged.audio[0], f"none of {len(tracks)} files could be read ({reason})", "Mend the files.")
    kept = judged.only(heard_N)
    absent, unread = int((~judged.present_N).sum()), int((judged.present_N & ~heard_N).sum())
    notes = [f"{absent:,} files are missing"] * bool(absent) + [f"{unread:,} files cannot be read"] * bool(unread)
    return HeardTracks(np.stack([parts.embedding(track) for track in kept.track_ids]), kept, ", ".join(notes))


def audio_state(judged: JudgedTracks) -> list[tuple[int, int]]:
    """Return size and time of change of every audio file, by which a changed one is noticed."""
    return [tuple(FileStamp.of(path)) for path in judged.audio]  # type: ignore[misc]
