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
from mwe.core.matrix import read_matrix
from mwe.tracks.build import msd_artists
from mwe.tracks.msd_audio import map_folders, msd_audio
from mwe.tracks.pickles import read_plain_pickle
from mwe.tracks.tags import SPLITS, TrackReader, TrackTags, tag_matrix

REMEDY = "Fetch the split anew; `mwe data msd_zeroshot` says from where."
BLOCK = 4096  # rows of the pickled table turned sparse at once
KEYS = {"tracks": "track_ids_in_key_order.p", "tags": "tag_ids_in_key_order.p"}


class MsdZeroShotTracks(TrackReader):
    """The zero-shot split, from the files published last or the older pickles, whichever the folder has.

    Last: ``tag_split.json``, ``track_split.json``, ``artist_dict.json`` and ``tag_binary.csv``. Older:
    ``track_ids_in_key_order.p``, ``tag_ids_in_key_order.p``, ``all_track_to_tag_bin_matrix.p``,
    ``tag_key_split_TGS01.p``, ``track_keys_AB_TRS01_TGS01.p`` and ``track_keys_C_TRS01_TGS01.p``; artists then come
    from ``track_metadata.db`` or ``unique_tracks.txt``.

    Args:
        root: Folder of the files; by default ``msd_zeroshot`` under the data root.
        audio: Folder of the audio files, below ``root`` unless absolute.
        tag_split: Name of the division of tags, for the older files.
        track_split: Name of the division of tracks, for the older files.
    """

    def __init__(
        self, root: str | None = None, audio: str = "audio", tag_split: str = "TGS01", track_split: str = "TRS01"
    ) -> None:
        self.root = Path(root) if root else declared("msd_zeroshot").root
        self.audio, self.tag_split, self.track_split = self.root / audio, tag_split, track_split

    def read(self) -> TrackTags:
        """Read the split.

        Raises:
            MissingDataError: A file is not there.
            BadFileError: A file is damaged, or files do not fit each other.
        """
        tracks = self._older() if (self.root / KEYS["tracks"]).is_file() else self._last()
        return replace(tracks, audio=msd_audio(tracks.track_ids, self.audio, *map_folders(self.root)))

    def _last(self) -> TrackTags:
        needed = ("tag_split.json", "track_split.json", "artist_dict.json", "tag_binary.csv")
        declared("msd_zeroshot").require(*needed, root=self.root)
        tag_split, track_split, artist_of = (read_json(self.root / name) for name in needed[:3])
        with expecting(self.root, "the splits are not as published", REMEDY):
            seen, unseen = (_texts(tag_split[kind]) for kind in ("seen_tag", "unseen_tag"))
            splits = {part: _texts(track_split[f"{part}_track"]) for part in SPLITS}
            artists = {str(track): str(artist) for track, artist in artist_of.items()}
        tags = [*seen, *unseen]
        rows = {track: own for _, track, own in read_matrix(self.root / "tag_binary.csv", REMEDY)}
        unknown = {tag for own in rows.values() for tag in own} - set(tags)
        if unknown:
            what = f"tag {min(unknown)!r} and {len(unknown) - 1} more are not in tag_split.json"
            raise BadFileError(self.root / "tag_binary.csv", what, REMEDY)
        matrix = tag_matrix(list(rows.values()), tags)
        return self._made(list(rows), tags, matrix, len(seen), splits, artists)

    def _older(self) -> TrackTags:
        ids, tags = (_listed(self.root / KEYS[kind]) for kind in ("tracks", "tags"))
        tag_keys = read_plain_pickle(self.root / f"tag_key_split_{self.tag_split}.p")
        ending = f"{self.track_split}_{self.tag_split}.p"
        both, test = (read_plain_pickle(self.root / f"track_keys_{part}_{ending}") for part in ("AB", "C"))
        with expecting(self.root, "the keys do not fit the lists", REMEDY):
            seen, order = len(tag_keys[0]), [_place(key, tags) for part in tag_keys for key in part]
            keys = {"train": both[0], "valid": both[1], "test": test}
            splits = {part: [ids[_place(key, ids)] for key in own] for part, own in keys.items()}
            named = [tags[key] for key in order]
        matrix = _sparse(self.root / "all_track_to_tag_bin_matrix.p", (len(ids), len(tags)))[:, order]
        return self._made(ids, named, matrix, seen, splits, msd_artists(self.root, declared("msd").root))

    def _made(
        self,
        ids: Sequence[str],
        tags: Sequence[str],
        matrix: sparse.csr_array,
        seen: int,
        splits: dict[str, list[str]],
        artist_of: Mapping[str, str],
    ) -> TrackTags:
        place = {track: row for row, track in enumerate(ids)}
        unknown = next((track for own in splits.values() for track in own if track not in place), None)
        if unknown is not None:
            raise BadFileError(self.root, f"track {unknown!r} of the split has no tags", REMEDY)
        for kind, names in (("tag", tags), ("track of the splits", [one for own in splits.values() for one in own])):
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
                splits={name: np.array([place[one] for one in own], dtype=np.int64) for name, own in splits.items()},
            )


def _texts(given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise TypeError(f"{str(given)[:40]!r} is no list of texts")
    return given


def _place(key: Any, among: Sequence[str]) -> int:
    """A key as a place in a list; a negative one would count from the end."""
    if not 0 <= int(key) < len(among):
        raise IndexError(f"{key} is no place among {len(among)}")
    return int(key)


def _listed(path: Path) -> list[str]:
    found = read_plain_pickle(path)
    if not isinstance(found, list | np.ndarray):
        raise BadFileError(path, f"expected a list, found a {type(found).__name__}", REMEDY)
    return [str(one) for one in found]


def _sparse(path: Path, shape: tuple[int, int]) -> sparse.csr_array:
    """The pickled table of zeros and ones, made sparse block by block."""
    table = read_plain_pickle(path)
    if not isinstance(table, np.ndarray) or table.shape != shape:
        raise BadFileError(path, f"expected a table of {shape[0]} tracks and {shape[1]} tags", REMEDY)

    def blocks() -> Iterator[sparse.csr_array]:
        for at in range(0, max(1, len(table)), BLOCK):
            yield sparse.csr_array(table[at : at + BLOCK] != 0)

    return sparse.csr_array(sparse.vstack(list(blocks()), format="csr"))
