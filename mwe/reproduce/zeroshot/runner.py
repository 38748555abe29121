"""Runs tower pairs on tag collections; what is finished is kept by the identities of both."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pytorch_lightning.utilities import rank_zero_only

from mwe.audio.predict import Hardware
from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError, UnknownNameError
from mwe.core.files import read_json, write_json
from mwe.reproduce.zeroshot.captions import CAPTIONED
from mwe.reproduce.zeroshot.collections import QUESTIONS
from mwe.reproduce.zeroshot.judged import JudgedTracks, TagQuestion, read_judged
from mwe.reproduce.zeroshot.rows import (
    POPULARITY,
    RANDOM,
    PairRow,
    RowName,
    audio_state,
    control_scores,
    heard_tracks,
)
from mwe.reproduce.zeroshot.tag_figures import DRAWS, TagResult, tag_result
from mwe.reproduce.zeroshot.text_rows import WORDS, TextRow, word_vectors

DEAF = "reads words, and hears nothing"
VERSION = 1  # of what is kept; another one is measured again


class Waiting(NamedTuple):
    """A row or a collection without figures.

    Attributes:
        reason: What it waits for, or why it has none.
    """

    reason: str


AskedRow = PairRow | TextRow | Waiting
"""A row that was asked for: a pair, word vectors, or what is missing."""


class TagSection(NamedTuple):
    """The rows of a collection.

    Attributes:
        judged: What is known of its tracks, or what it waits for.
        rows: Figures of each row, or what it waits for.
    """

    judged: JudgedTracks | Waiting
    rows: dict[str, TagResult | Waiting]


class TableSettings(NamedTuple):
    """TableSettings of a table.

    Attributes:
        kept: Folder of vectors and finished results.
        draws: Draws of the bootstrap.
        hardware: Hardware of the jobs.
    """

    kept: Path
    draws: int = DRAWS
    hardware: Hardware = Hardware()

    def vectors(self, name: str, row: PairRow) -> Path:
        """Return the folder of the vectors of a pair on a collection."""
        return self.kept / "vectors" / f"{name}-{row.model.space}"

    def finished(self, identity: Sequence[Any], make: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
        """Return a kept result, or make and keep it.

        Args:
            identity: What the result depends on.
            make: Makes it; None where this process makes none.
        """
        content = json.dumps([VERSION, self.draws, *identity], sort_keys=True)
        path = self.kept / "results" / f"{hashlib.sha256(content.encode()).hexdigest()[:24]}.json"
        if path.is_file():
            kept: dict[str, Any] = read_json(path)
            return kept
        made = make()
        if made is not None:
            write_json(path, made)
        return made


def known_collections(names: Sequence[str]) -> tuple[dict[str, TagQuestion], list[str]]:
    """Return the tag collections and the captioned collections among some names, or all.

    Raises:
        UnknownNameError: There is no such collection.
    """
    every = [*QUESTIONS, *CAPTIONED]
    if unknown := [name for name in names if name not in every]:
        raise UnknownNameError("collection", unknown[0], every)
    chosen = names or every
    return {name: QUESTIONS[name] for name in chosen if name in QUESTIONS}, [
        name for name in chosen if name in CAPTIONED
    ]


def open_rows(names: Iterable[RowName]) -> dict[str, AskedRow]:
    """Open pairs, and word vectors by ``words:FOLDER``; those that are missing say what they wait for."""
    rows: dict[str, AskedRow] = {}
    for name in names:
        try:
            folder = name.model.removeprefix(WORDS)
            rows[name.label] = word_vectors(Path(folder)) if folder != name.model else PairRow.open(name)
        except MissingDataError as error:
            rows[name.label] = Waiting(f"waits: {error}")
    return rows


def tag_sections(
    asked: dict[str, AskedRow], questions: dict[str, TagQuestion], settings: TableSettings
) -> dict[str, TagSection] | None:
    """Measure pairs on tag collections.

    Returns:
        The rows of each collection; None on processes other than the first.

    Raises:
        BadFileError: A collection is damaged.
    """
    sections: dict[str, TagSection] = {}
    for name, question in questions.items():
        try:
            judged = read_judged(question)
        except MissingDataError as error:
            sections[name] = TagSection(Waiting(f"waits: {error}"), {})
            continue
        heard = {label: _pair_result(row, name, judged, settings) for label, row in asked.items()}
        if rank_zero_only.rank == 0:  # type: ignore[attr-defined]
            controls = {row: _control_result(row, judged, settings) for row in (RANDOM, POPULARITY)}
            sections[name] = TagSection(
                judged, {**controls, **{row: result for row, result in heard.items() if result}}
            )
    return sections if rank_zero_only.rank == 0 else None  # type: ignore[attr-defined]


def waits_for_audio(judged: JudgedTracks) -> Waiting | None:
    """Return what tracks wait for of which no file is on disk."""
    if judged.present_N.any():
        return None
    example = f"such as {judged.audio[0]}" if judged.audio else "the collection names none"
    return Waiting(f"waits for audio: none of {len(judged.track_ids):,} files is there, {example}")


def _control_result(row: str, judged: JudgedTracks, settings: TableSettings) -> TagResult | Waiting:
    note = "" if row == RANDOM or judged.trained else "of these tracks themselves"

    def make() -> dict[str, Any]:
        return tag_result(control_scores(row, judged), judged, settings.draws, note).to_dict()

    made = settings.finished([row, judged.identity], make)
    return TagResult.of_dict(made or {})


def _pair_result(row: AskedRow, name: str, judged: JudgedTracks, settings: TableSettings) -> TagResult | Waiting | None:
    """Return the figures of a pair; None on processes other than the first."""
    if not isinstance(row, PairRow):
        return row if isinstance(row, Waiting) else Waiting(DEAF)
    if waiting := waits_for_audio(judged):
        return waiting

    def make() -> dict[str, Any] | None:
        heard = heard_tracks(row, judged, settings.vectors(name, row), settings.hardware)
        if heard is None:
            return None
        scores_NT = row.tag_scores(heard.unit_ND, judged.tags)
        return tag_result(scores_NT, heard.judged, settings.draws, heard.note).to_dict()

    try:
        made = settings.finished([row.identity, judged.identity, audio_state(judged)], make)
    except (BadFileError, StaleArtefactError) as error:
        return Waiting(str(error))
    return None if made is None else TagResult.of_dict(made)
