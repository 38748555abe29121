"""Splits of the Million Song Dataset for training on audio: the top 50 tags and ECALS. See also ``zeroshot``."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mwe.core.arrays import read_array
from mwe.core.datasets import declared
from mwe.core.errors import BadFileError, MissingDataError, expecting
from mwe.core.files import read_json
from mwe.core.lines import numbered_lines
from mwe.tracks.annotation_matrix import read_matrix
from mwe.tracks.msd_artists import msd_artists
from mwe.tracks.msd_audio import map_folders, msd_audio
from mwe.tracks.pickles import read_plain_pickle
from mwe.tracks.track_tags import SPLITS, TrackReader, TrackTags, tracks_of

TagsOf = dict[str, list[str]]
Splits = dict[str, list[str]]
TAGS = 50
TRAIN = 201_680  # the validation tracks follow in the same public list
REMEDY = "Copy MSD_split again; `mwe data show msd` says from where."
TOP50_GROUPS = {
    "era": "60s 70s 80s 90s 00s",
    "instrument": "guitar instrumental female_vocalist female_vocalists male_vocalists",
    "mood": "acoustic beautiful catchy chill chillout easy_listening happy mellow oldies party sad sexy",
    "genre": "alternative alternative_rock ambient blues classic_rock country dance electro electronic electronica"
    " experimental folk funk hard_rock heavy_metal hip-hop house indie indie_pop indie_rock jazz metal pop"
    " progressive_rock punk rnb rock soul",
}
GROUP_OF = {tag.replace("_", " "): group for group, tags in TOP50_GROUPS.items() for tag in tags.split()}


class MsdTop50Tracks(TrackReader):
    """The 50 most frequent Last.fm tags and the conventional split of 201,680, 11,774 and 28,435 tracks.

    Reads any of the three published forms: tables (``train.csv``), pickles (``filtered_list_train.cP``,
    ``filtered_list_test.cP``, ``msd_id_to_tag_vector.cP``, ``50tagList.txt``), or lists (``train_x_msd_id.txt``,
    ``train_y.npy``, ``50tagList.txt``).

    Args:
        root: Folder with ``MSD_split``; by default ``msd`` under the data root.
        parts: Which of the splits to read.
        form: Which form to read; ``auto`` reads the first one present.
        audio: Folder of the audio files, below ``root`` unless absolute.
    """

    def __init__(
        self,
        root: str | None = None,
        parts: Sequence[str] = SPLITS,
        form: Literal["auto", "tables", "pickles", "lists"] = "auto",
        audio: str = "audio",
    ) -> None:
        self.root = Path(root) if root else declared("msd").root
        self.parts, self.form, self.audio = tuple(parts), form, self.root / audio

    def read(self) -> TrackTags:
        """Read the split.

        Raises:
            MissingDataError: A file of the form is missing.
            BadFileError: A file is damaged.
        """
        folder = self.root / "MSD_split"
        readers = {"tables": _tables, "pickles": _pickles, "lists": _lists}
        names = {"tables": "{}.csv", "pickles": "msd_id_to_tag_vector.cP", "lists": "{}_x_msd_id.txt"}
        present = [form for form, name in names.items() if (folder / name.format(self.parts[0])).is_file()]
        form = self.form if self.form != "auto" else present[0] if present else "tables"
        tags_of, splits = readers[form](folder, self.parts)
        group_of = {tag: GROUP_OF[tag.lower()] for tags in tags_of.values() for tag in tags if tag.lower() in GROUP_OF}
        with expecting(folder, "the files do not fit each other", REMEDY):
            tracks = tracks_of("MSD top 50", tags_of, msd_artists(self.root), group_of, splits=splits)
        return replace(tracks, audio=msd_audio(tracks.track_ids, self.audio, self.root, folder))


class EcalsTracks(TrackReader):
    """ECALS: 1,054 tags of AllMusic and Last.fm with an artist-stratified split (Doh et al., 2023).

    Args:
        root: Folder of ``annotation.json`` and ``ecals_track_split.json``; by default ``ecals`` under the data root.
        audio: Folder of the audio files, below ``root`` unless absolute.
    """

    def __init__(self, root: str | None = None, audio: str = "audio") -> None:
        self.root = Path(root) if root else declared("ecals").root
        self.audio = self.root / audio

    def read(self) -> TrackTags:
        """Read both files; extra tracks belong to the split in their name, else to train.

        Raises:
            BadFileError: A file is not as upstream publishes it.
        """
        declared("ecals").require("annotation.json", "ecals_track_split.json", root=self.root)
        path = self.root / "annotation.json"
        entries, parts = read_json(path), read_json(self.root / "ecals_track_split.json")
        with expecting(path, "not ECALS's annotation", "Fetch it again."):
            tags_of = {track: _list(entry["tag"]) for track, entry in entries.items()}
            artist_of = {track: str(entry["artist_name"]) for track, entry in entries.items()}
            tracks = tracks_of("ECALS", tags_of, artist_of, splits=_ecals_splits(parts))
        return replace(tracks, audio=msd_audio(tracks.track_ids, self.audio, *map_folders(self.root)))


def _ecals_splits(tracks_of_part: dict[str, Any]) -> Splits:
    splits: Splits = {part: [] for part in SPLITS}
    for name, tracks in tracks_of_part.items():
        splits[next((part for part in SPLITS if part in name), "train")] += _list(tracks)
    return {part: list(dict.fromkeys(tracks)) for part, tracks in splits.items()}


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{str(value)[:40]!r} is not a list")
    return value


def _tables(folder: Path, parts: Sequence[str]) -> tuple[TagsOf, Splits]:
    declared("msd").require(*(f"MSD_split/{part}.csv" for part in parts), root=folder.parent)
    tags_of: TagsOf = {}
    splits: Splits = {}
    for part in parts:
        rows = {track: tags for _, track, tags in read_matrix(folder / f"{part}.csv", REMEDY)}
        splits[part] = list(rows)
        tags_of.update(rows)
    return tags_of, splits


def _pickles(folder: Path, parts: Sequence[str]) -> tuple[TagsOf, Splits]:
    tags, path = _tag_list(folder), folder / "msd_id_to_tag_vector.cP"
    train, test, vectors = (
        read_plain_pickle(file) for file in (folder / "filtered_list_train.cP", folder / "filtered_list_test.cP", path)
    )
    with expecting(folder, "the files do not hold lists", REMEDY):
        listed = {"train": train[:TRAIN], "valid": train[TRAIN:], "test": test[:]}
        splits = {part: [str(track) for track in listed[part]] for part in parts}
    with expecting(path, "no tags for a listed track", REMEDY):
        rows = {track: np.ravel(vectors[track]) for tracks in splits.values() for track in tracks}
    return {track: _tags_of_row(row, tags, path) for track, row in rows.items()}, splits


def _lists(folder: Path, parts: Sequence[str]) -> tuple[TagsOf, Splits]:
    tags = _tag_list(folder)
    tags_of: TagsOf = {}
    splits: Splits = {}
    for part in parts:
        path, table = folder / f"{part}_x_msd_id.txt", folder / f"{part}_y.npy"
        for file in (path, table):
            if not file.is_file():
                raise MissingDataError(f"{file} not found. {REMEDY}")
        splits[part] = [line.strip() for _, line in numbered_lines(path, REMEDY) if line.strip()]
        rows = read_array(table, REMEDY)
        if rows.shape != (len(splits[part]), len(tags)):
            message = f"shape {rows.shape} does not fit {len(splits[part])} tracks and {len(tags)} tags"
            raise BadFileError(table, message, REMEDY)
        tags_of |= {track: _tags_of_row(row, tags, table) for track, row in zip(splits[part], rows, strict=True)}
    return tags_of, splits


def _tag_list(folder: Path) -> list[str]:
    path = folder / "50tagList.txt"
    if not path.is_file():
        raise MissingDataError(f"{path} not found. {REMEDY}")
    tags = [line for _, line in islice(numbered_lines(path, REMEDY), TAGS)]
    if len(set(tags) - {""}) != TAGS:
        raise BadFileError(path, f"expected {TAGS} different tags, found {len(set(tags) - {''})}", REMEDY)
    return tags


def _tags_of_row(row: np.ndarray[Any, Any], tags: Sequence[str], path: Path) -> list[str]:
    if len(row) != len(tags) or not np.isin(row, (0, 1)).all():
        raise BadFileError(path, f"expected {len(tags)} zeros and ones per track, found {row[:5]} ...", REMEDY)
    return [tags[column] for column in np.flatnonzero(row).tolist()]
