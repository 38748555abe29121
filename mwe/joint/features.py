"""Published audio features as data of the joint embedding: each track is one frame of features.

Shape suffixes: N tracks, B items of a batch, L frames, F features.
"""

from collections.abc import Sequence

import numpy as np

from mwe.audio.mels import Ints, Mels
from mwe.joint.audio_word_data import AudioWordDataModule
from mwe.joint.contextual import TagsInContext
from mwe.tracks import FeatureReader


class FeatureRows(Mels):
    """A table of features, read like spectrograms of one frame.

    Args:
        track_ids: Track IDs.
        feature_NF: float32 features.
    """

    def __init__(self, track_ids: Sequence[str], feature_NF: np.ndarray) -> None:
        self.track_ids, self.feature_NF = list(track_ids), feature_NF
        self.n_mels = feature_NF.shape[1]
        self._frames = np.ones(len(self.track_ids), dtype=np.int64)
        self._row_of = {track_id: row for row, track_id in enumerate(self.track_ids)}

    def _read(self, row_B: Ints, frame_BL: Ints) -> np.ndarray:
        read_BLF: np.ndarray = np.repeat(self.feature_NF[row_B][:, None], frame_BL.shape[1], axis=1)
        return read_BLF

    def _missing(self, track_id: str) -> str:
        return "track with features"


class FeatureWordDataModule(AudioWordDataModule):
    """A collection's published audio features and words for the joint embedding.

    Args:
        collection: Reader of the collection.
        words: Folder of the word vectors, as ``mwe words train`` or ``mwe words import`` writes it.
        batch_size: Tracks in a training batch, on each device.
        workers: Worker processes of the loaders.
        query_tracks: Whether the test includes query-by-track.
        draws: Draws of the bootstrap over the test tracks for 95 % intervals of every figure; 0 for none.
        repeats: How often an epoch goes through the training tracks.
        context: Tags in context, for supervision by them and for queries of the test.
    """

    def __init__(
        self,
        collection: FeatureReader,
        words: str,
        batch_size: int = 128,
        workers: int = 0,
        query_tracks: bool = False,
        draws: int = 0,
        repeats: int = 1,
        context: TagsInContext | None = None,
    ) -> None:
        super().__init__(
            collection,
            None,
            words,
            batch_size=batch_size,
            test_excerpts=1,
            workers=workers,
            query_tracks=query_tracks,
            draws=draws,
            repeats=repeats,
            context=context,
        )
        self.features = collection

    def _excerpt_frames(self) -> int:
        return 1

    def _mels(self) -> Mels:
        return FeatureRows(self.tracks.track_ids, self.features.features())
