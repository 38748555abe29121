"""Runs rows on captioned collections: on text alone, and with sound where audio is on disk."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pytorch_lightning.utilities import rank_zero_only

from mwe.audio.shards import OK, FileStamp
from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError
from mwe.reproduce.zeroshot.captioned import CaptionedTrack
from mwe.reproduce.zeroshot.captions import (
    CAPTIONED,
    PairedResult,
    TextSide,
    TextTask,
    both_directions,
    text_tasks,
)
from mwe.reproduce.zeroshot.rows import PairRow, embedded
from mwe.reproduce.zeroshot.runner import DEAF, AskedRow, TableSettings, Waiting
from mwe.reproduce.zeroshot.text_rows import CHANCE, OVERLAP, TextRow, chance, common_words, text_tower

Rows = dict[str, PairedResult | Waiting]


class CaptionSection(NamedTuple):
    """The rows of a task.

    Attributes:
        title: Name of the task, or of the collection where that is missing.
        about: What was compared, or what it waits for.
        rows: Figures of each row, or what it waits for.
    """

    title: str
    about: str
    rows: Rows


def caption_sections(
    asked: Mapping[str, AskedRow], names: Sequence[str], settings: TableSettings
) -> dict[str, list[CaptionSection]] | None:
    """Measure rows on captioned collections.

    Returns:
        Sections by collection; None on processes other than the first.

    Raises:
        BadFileError: A collection is damaged.
    """
    sections: dict[str, list[CaptionSection]] = {}
    for name in names:
        title, read = CAPTIONED[name]
        try:
            tracks = read()
        except MissingDataError as error:
            sections[name] = [CaptionSection(title, f"waits: {error}", {})]
            continue
        sound = _sound_section(asked, name, title, tracks, settings)
        if rank_zero_only.rank == 0:  # type: ignore[attr-defined]
            alone = [_text_section(asked, task, settings) for task in text_tasks(title, tracks)]
            sections[name] = [*alone, sound]
    return sections if rank_zero_only.rank == 0 else None  # type: ignore[attr-defined]


def _text_section(asked: Mapping[str, AskedRow], task: TextTask, settings: TableSettings) -> CaptionSection:
    rows: Rows = {}
    towers = {label: text_tower(row) if isinstance(row, PairRow) else row for label, row in asked.items()}
    for label, row in {CHANCE: chance(), OVERLAP: common_words(), **towers}.items():
        rows[label] = row if isinstance(row, Waiting) else _text_result(row, task, settings)
    first, second = (f"{len(side.texts):,} of {side.name}" for side in task[1:])
    about = f"{first}, {second}; {len({*task.first.tracks, *task.second.tracks}):,} tracks."
    return CaptionSection(task.title, about, rows)


def _text_result(row: TextRow, task: TextTask, settings: TableSettings) -> PairedResult:
    def make() -> dict[str, Any]:
        vectors = row.encode(task.first.texts, task.second.texts)
        return both_directions((task.first, task.second), vectors, settings.draws).to_dict()

    return PairedResult.of_dict(settings.finished([row.identity, task.identity], make) or {})


def _sound_section(
    asked: Mapping[str, AskedRow], name: str, title: str, tracks: Sequence[CaptionedTrack], settings: TableSettings
) -> CaptionSection:
    files = {track.track_id: file for track in tracks if (file := track.file())}
    heard = [track for track in tracks if track.track_id in files]
    about = f"{sum(len(track.captions) for track in heard):,} captions, {len(heard):,} of {len(tracks):,} tracks."
    title = f"{title}: captions and music"
    if not heard:
        lacking = f"waits for audio: none of {len(tracks):,} files is there, such as {tracks[0].audio[0]}"
        return CaptionSection(title, lacking, {})
    captions = [(caption, track.track_id) for track in heard for caption in track.captions]
    side = TextSide("caption", *(tuple(part) for part in zip(*captions, strict=True)))
    rows: Rows = {}
    for label, row in asked.items():
        if isinstance(row, PairRow):
            result = _sound_result(row, name, side, files, settings)
            if result is not None:
                rows[label] = result
        else:
            rows[label] = row if isinstance(row, Waiting) else Waiting(DEAF)
    return CaptionSection(title, about, rows)


def _sound_result(
    row: PairRow, name: str, side: TextSide, files: Mapping[str, Path], settings: TableSettings
) -> PairedResult | Waiting | None:
    """Return the figures of a pair; None on processes other than the first."""

    def make() -> dict[str, Any] | None:
        folder = settings.kept / "vectors" / f"{name}-{row.model.space}"
        parts = embedded(row.model, list(files.items()), folder, settings.hardware)
        if parts is None:
            return None
        ids = tuple(track for track in files if parts.status(track) == OK)
        if not ids:
            raise BadFileError(next(iter(files.values())), f"none of {len(files)} files could be read", "Mend them.")
        unit_ND = np.stack([parts.embedding(track) for track in ids])
        kept = [index for index, track in enumerate(side.tracks) if track in set(ids)]
        captions = TextSide(
            side.name, tuple(side.texts[index] for index in kept), tuple(side.tracks[index] for index in kept)
        )
        vectors = (text_tower(row).encode(captions.texts, ())[0], unit_ND)
        return both_directions((captions, TextSide("music", (), ids)), vectors, settings.draws).to_dict()

    stamps = [[*FileStamp.of(path)] for path in files.values()]
    try:
        made = settings.finished([row.model.space, name, side, stamps], make)
    except (BadFileError, StaleArtefactError) as error:
        return Waiting(str(error))
    return None if made is None else PairedResult.of_dict(made)
