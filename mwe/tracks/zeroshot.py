"""The zero-shot split of the Million Song Dataset (Choi et al., 2019; Tables II and VIII).

900 seen and 226 unseen tags; 349,516, 38,836 and 18,057 tracks.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError, expecting
from mwe.core.files import read_json
from mwe.tracks.annotation_matrix import read_matrix
from mwe.tracks.msd_artists import msd_artists
from mwe.tracks.msd_audio import map_folders, msd_audio
from mwe.tracks.pickles import read_plain_pickle
from mwe.tracks.track_tags import SPLITS, TrackReader, TrackTags, tag_matrix

REMEDY = "Fetch the split again; `mwe data show msd_zeroshot` says from where."
BLOCK = 4096  # rows of the pickled table made sparse at once
KEYS = {"tracks": "track_ids_in_key_order.p", "tags": "tag_ids_in_key_order.p"}


class MsdZeroShotTracks(TrackReader):
    """The zero-shot split, from the latest published files or from the older pickles, whichever the folder has.

    Latest: ``tag_split.json``, ``track_split.json``, ``artist_dict.json`` and ``tag_binary.csv``. Older:
    ``track_ids_in_key_order.p``, ``tag_ids_in_key_order.p``, ``all_track_to_tag_bin_matrix.p``,
    ``tag_key_split_TGS01.p``, ``track_keys_AB_TRS01_TGS01.p`` and ``track_keys_C_TRS01_TGS01.p``; artists then come
    from ``track_metadata.db`` or ``unique_tracks.txt``.

    Args:
        root: Folder of the files; by default ``msd_zeroshot`` under the data root.
        audio: Folder of the audio files, below ``root`` unless absolute.
        tag_split: Name of the split of tags, for the older files.
        track_split: Name of the split of tracks, for the older files.
    """

    def __init__(
        self, root: str | None = None, audio: str = "audio", tag_split: str = "TGS01", track_split: str = "TRS01"
    ) -> None:
        self.root = Path(root) if root else declared("msd_zeroshot").root
        self.audio, self.tag_split, self.track_split = self.root / audio, tag_split, track_split

    def read(self) -> TrackTags:
        """Read the split.

        Raises:
            MissingDataError: A file is missing.
            BadFileError: A file is damaged, or files do not fit each other.
        """
        tracks = self._older() if (self.root / KEYS["tracks"]).is_file() else self._latest()
        return replace(tracks, audio=msd_audio(tracks.track_ids, self.audio, *map_folders(self.root)))

    def _latest(self) -> TrackTags:
        needed = ("tag_split.json", "track_split.json", "artist_dict.json", "tag_binary.csv")
        declared("msd_zeroshot").require(*needed, root=self.root)
        tag_split, track_split, artist_of = (read_json(self.root / name) for name in needed[:3])
        with expecting(self.root, "the splits are not as published", REMEDY):
            seen, unseen = (_texts(tag_split[kind]) for kind in ("seen_tag", "unseen_tag"))
            splits = {part: _texts(track_split[f"{part}_track"]) for part in SPLITS}
            artists = {str(track): str(artist) for track, artist in artist_of.items()}
        tags = [*seen, *unseen]
        rows = {track: tags_of_track for _, track, tags_of_track in read_matrix(self.root / "tag_binary.csv", REMEDY)}
        unknown = {tag for tags_of_track in rows.values() for tag in tags_of_track} - set(tags)
        if unknown:
            message = f"tag {min(unknown)!r} and {len(unknown) - 1} more are not in tag_split.json"
            raise BadFileError(self.root / "tag_binary.csv", message, REMEDY)
        matrix = tag_matrix(list(rows.values()), tags)
        return self._track_tags(list(rows), tags, matrix, len(seen), splits, artists)

    def _older(self) -> TrackTags:
        ids, tags = (_listed(self.root / KEYS[kind]) for kind in ("tracks", "tags"))
        tag_keys = read_plain_pickle(self.root / f"tag_key_split_{self.tag_split}.p")
        ending = f"{self.track_split}_{self.tag_split}.p"
        both, test = (read_plain_pickle(self.root / f"track_keys_{part}_{ending}") for part in ("AB", "C"))
        with expecting(self.root, "the keys do not fit the lists", REMEDY):
            seen, order = len(tag_keys[0]), [_checked_index(key, tags) for part in tag_keys for key in part]
            keys = {"train": both[0], "valid": both[1], "test": test}
            splits = {part: [ids[_checked_index(key, ids)] for key in part_keys] for part, part_keys in keys.items()}
            ordered = [tags[key] for key in order]
        matrix = _sparse(self.root / "all_track_to_tag_bin_matrix.p", (len(ids), len(tags)))[:, order]
        return self._track_tags(ids, ordered, matrix, seen, splits, msd_artists(self.root, declared("msd").root))

    def _track_tags(
        self,
        ids: Sequence[str],
        tags: Sequence[str],
        matrix: sparse.csr_array,
        seen: int,
        splits: dict[str, list[str]],
        artist_of: Mapping[str, str],
    ) -> TrackTags:
        row_of = {track: row for row, track in enumerate(ids)}
        unknown = next((track for tracks in splits.values() for track in tracks if track not in row_of), None)
        if unknown is not None:
            raise BadFileError(self.root, f"track {unknown!r} of the split has no tags", REMEDY)
        for kind, names in (
            ("tag", tags),
            ("track of the splits", [track for tracks in splits.values() for track in tracks]),
        ):
            if names and (twice := Counter(names).most_common(1)[0])[1] > 1:
                raise BadFileError(self.root, f"{kind} {twice[0]!r} is listed more than once", REMEDY)
        with expecting(self.root, "the files do not fit each other", REMEDY):
            return TrackTags(
                name="MSD zero-shot",
                track_ids=tuple(ids),
                artist_ids=tuple(artist_of.get(track, "") for track in ids),
                tags=tuple(tags),
                matrix=matrix,
                groups=("",) * len(tags),
                unseen=np.arange(len(tags)) >= seen,
                splits={
                    name: np.array([row_of[track] for track in tracks], dtype=np.int64)
                    for name, tracks in splits.items()
                },
            )


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise TypeError(f"{str(value)[:40]!r} is not a list of texts")
    return value


def _checked_index(key: Any, names: Sequence[str]) -> int:
    """Return a key as an index into a list. Negative keys are errors: they would count from the end."""
    if not 0 <= int(key) < len(names):
        raise IndexError(f"{key} is not an index into a list of {len(names)}")
    return int(key)


def _listed(path: Path) -> list[str]:
    items = read_plain_pickle(path)
    if not isinstance(items, list | np.ndarray):
        raise BadFileError(path, f"expected a list, found a {type(items).__name__}", REMEDY)
    return [str(item) for item in items]


def _sparse(path: Path, shape: tuple[int, int]) -> sparse.csr_array:
    """Return the pickled table of zeros and ones, made sparse block by block."""
    table = read_plain_pickle(path)
    if not isinstance(table, np.ndarray) or table.shape != shape:
        raise BadFileError(path, f"expected a table of {shape[0]} tracks and {shape[1]} tags", REMEDY)

    def blocks() -> Iterator[sparse.csr_array]:
        for start in range(0, max(1, len(table)), BLOCK):
            yield sparse.csr_array(table[start : start + BLOCK] != 0)

    return sparse.csr_array(sparse.vstack(list(blocks()), format="csr"))
