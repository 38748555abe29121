"""Trains and measures probes on collections; what is finished is kept by the identities of pair and collection."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from pytorch_lightning.utilities import rank_zero_only

from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError, UnknownNameError
from mwe.reproduce.probes import classifiers
from mwe.reproduce.probes.classifiers import LabelledVectors
from mwe.reproduce.probes.measures import METHODS, ProbeResult, fold_scores, probe_result
from mwe.reproduce.probes.questions import PROBED, ProbeQuestion, ProbeTracks, read_probe_tracks
from mwe.reproduce.zeroshot.rows import PairRow, audio_state, heard_tracks
from mwe.reproduce.zeroshot.runner import DEAF, AskedRow, TableSettings, Waiting, waits_for_audio

VERSION = 1  # of what is kept; another one is measured again
SETTINGS = {name: getattr(classifiers, name) for name in dir(classifiers) if name.isupper() and name != "PROBES"}


class ProbeSection(NamedTuple):
    """The rows of a collection.

    Attributes:
        tracks: The tracks and how they are divided, or what the collection waits for.
        rows: Figures by method of each row, or what it waits for.
    """

    tracks: ProbeTracks | Waiting
    rows: Mapping[str, Mapping[str, ProbeResult] | Waiting]


class HeardVectors(NamedTuple):
    """What a pair heard of a collection.

    Attributes:
        tracks: The tracks that it heard, and how they are divided.
        vectors: Their vectors and tags.
        word_NT: Their scores by the words of tags.
        note: How many tracks could not be heard, and why.
    """

    tracks: ProbeTracks
    vectors: LabelledVectors
    word_NT: np.ndarray
    note: str


def known_probed(names: Sequence[str]) -> dict[str, ProbeQuestion]:
    """Return the collections of some names, or all.

    Raises:
        UnknownNameError: There is no such collection.
    """
    if unknown := [name for name in names if name not in PROBED]:
        raise UnknownNameError("collection", unknown[0], PROBED)
    return {name: PROBED[name] for name in names or PROBED}


def probe_sections(
    asked: Mapping[str, AskedRow], questions: Mapping[str, ProbeQuestion], settings: TableSettings
) -> dict[str, ProbeSection] | None:
    """Train and measure probes of pairs on collections.

    Returns:
        The rows of each collection; None on processes other than the first.

    Raises:
        BadFileError: A collection is damaged.
    """
    sections: dict[str, ProbeSection] = {}
    for name, question in questions.items():
        try:
            tracks = read_probe_tracks(question)
        except MissingDataError as error:
            sections[name] = ProbeSection(Waiting(f"waits: {error}"), {})
            continue
        rows = {label: _pair_results(row, name, tracks, settings) for label, row in asked.items()}
        sections[name] = ProbeSection(tracks, {label: results for label, results in rows.items() if results})
    return sections if rank_zero_only.rank == 0 else None  # type: ignore[attr-defined]


def _pair_results(
    row: AskedRow, name: str, tracks: ProbeTracks, settings: TableSettings
) -> dict[str, ProbeResult] | Waiting | None:
    """Return the figures of a pair by method; None on processes other than the first."""
    if not isinstance(row, PairRow):
        return row if isinstance(row, Waiting) else Waiting(DEAF)
    if waiting := waits_for_audio(tracks.judged):
        return waiting

    identity = [row.identity, tracks.judged.identity, split_identity(tracks), audio_state(tracks.judged)]

    @cache
    def heard() -> HeardVectors | None:
        return _heard(row, name, tracks, settings)

    results = {}
    try:
        for method in METHODS:
            made = settings.finished(
                ["probe", VERSION, SETTINGS, method, *identity],
                lambda method=method: _measured(method, heard(), settings.draws),  # type: ignore[misc]
            )
            if made is None:
                return None
            results[method] = ProbeResult.of_dict(made)
    except MissingDataError as error:
        return Waiting(f"waits for {error}")
    except (BadFileError, StaleArtefactError) as error:
        return Waiting(str(error))
    return results


def _heard(row: PairRow, name: str, tracks: ProbeTracks, settings: TableSettings) -> HeardVectors | None:
    """Return vectors and tags of the tracks on disk; None on processes other than the first."""
    heard = heard_tracks(row, tracks.judged, settings.vectors(name, row), settings.hardware)
    if heard is None:
        return None
    kept = tracks.only(heard.judged)
    vectors = LabelledVectors(heard.unit_ND, kept.judged.label_NT, kept.judged.judged_NT)
    return HeardVectors(kept, vectors, row.tag_scores(heard.unit_ND, kept.judged.tags), heard.note)


def _measured(method: str, heard: HeardVectors | None, draws: int) -> dict[str, Any] | None:
    if heard is None:
        return None
    tracks, vectors, word_NT, note = heard
    return probe_result(tracks, lambda split: fold_scores(method, vectors, split, word_NT), draws, note).to_dict()


def split_identity(tracks: ProbeTracks) -> str:
    """Return a hash of the parts that tracks are divided into."""
    digest = hashlib.sha256()
    for split in tracks.splits:
        for rows in split:
            digest.update(np.asarray([len(rows), *rows], dtype=np.int64).tobytes())
    return digest.hexdigest()[:16]
