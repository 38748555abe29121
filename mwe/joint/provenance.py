"""Short hashes of the data of a run: equal hashes mean equal tags, splits, words and spectrograms."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from mwe.audio.store_settings import SETTINGS_FILE
from mwe.core.files import sha256
from mwe.joint.audio_word_data import AudioWordDataModule
from mwe.tracks import TrackTags

DIGITS = 16


def data_hashes(data: AudioWordDataModule) -> dict[str, str]:
    """Hash the collection, the word vectors and the mel store of a datamodule that is set up.

    The hash of a mel store covers its settings and indices, which record the state of every audio file. The hash of
    published spectrograms covers only their names.
    """
    return {
        "collection": _collection(data.tracks),
        "words": _files(data.words_folder, ("vocabulary.json", "vectors.npy")),
        "mel": _text(data.store.track_ids) if data.mel is None else _store(data.mel),
    }


def _collection(tracks: TrackTags) -> str:
    digest = hashlib.sha256()
    for part in (tracks.track_ids, tracks.artist_ids, tracks.tags, tracks.groups):
        digest.update(_text(part).encode())
    matrix = tracks.matrix.sorted_indices()
    for numbers in (
        matrix.indptr,
        matrix.indices,
        tracks.unseen,
        *(tracks.splits[name] for name in sorted(tracks.splits)),
    ):
        digest.update(np.ascontiguousarray(numbers, dtype=np.int64).tobytes())
    return digest.hexdigest()[:DIGITS]


def _store(root: Path) -> str:
    return _files(root, (SETTINGS_FILE, *sorted(path.name for path in root.glob("shard-*.parquet"))))


def _files(root: Path, names: Iterable[str]) -> str:
    return _text(sha256(root / name) for name in names)


def _text(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:DIGITS]
