"""Log-mel excerpts and the words that supervise them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from pytorch_lightning import LightningDataModule
from scipy import sparse
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mwe.audio.store import MelStore
from mwe.core.errors import MissingDataError
from mwe.core.sampler import as_read, every_item_once
from mwe.tracks import SPLITS, TrackReader, TrackTags
from mwe.words import WordVectors


class Excerpts(NamedTuple):
    """A batch.

    Args:
        mel: float16 log-mel, (batch, frames, mels) in training, (batch, excerpts, frames, mels) in evaluation.
        track: Position of each track in the collection, int64.
    """

    mel: Tensor
    track: Tensor


@dataclass(frozen=True)
class Words:
    """Word vectors of a collection's tags, artists and tracks.

    Args:
        tag: (T, W) vectors of the tags.
        tag_known: Which tags have one.
        artist: (A, W) vectors of the artists that have one and a training track.
        artist_of: Sparse (N, A): the artist of each training track.
        track: (M, W) vectors of the training tracks that have one.
        track_of: Sparse (N, M).
    """

    tag: np.ndarray
    tag_known: np.ndarray
    artist: np.ndarray
    artist_of: sparse.csr_array
    track: np.ndarray
    track_of: sparse.csr_array


class ExcerptDataset(Dataset[Excerpts]):
    """Excerpts of tracks, a whole batch read at once.

    Args:
        store: The mel store.
        rows: Row in the store of each item.
        tracks: Position in the collection of each item.
        frames: Frames of an excerpt.
        excerpts: Evenly spaced excerpts an item; 0 for one at random.
    """

    def __init__(self, store: MelStore, rows: np.ndarray, tracks: np.ndarray, frames: int, excerpts: int) -> None:
        self.store, self.rows, self.tracks, self.frames, self.excerpts = store, rows, tracks, frames, excerpts
        self.lengths = store.frames()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitems__(self, items: list[int]) -> Excerpts:
        """Read the excerpts of several items."""
        rows = self.rows[items]
        room = np.maximum(self.lengths[rows] - self.frames, 0)
        track = torch.from_numpy(self.tracks[items])
        if not self.excerpts:
            starts = (torch.rand(len(rows)).numpy() * (room + 1)).astype(np.int64)
            return Excerpts(torch.from_numpy(self.store.crops(rows, starts, self.frames)), track)
        share = np.linspace(0, 1, self.excerpts) if self.excerpts > 1 else np.array([0.5])
        starts = np.rint(room[:, None] * share[None]).astype(np.int64)
        crops = self.store.crops(np.repeat(rows, self.excerpts), starts.ravel(), self.frames)
        mel = torch.from_numpy(crops.reshape(len(rows), self.excerpts, *crops.shape[1:]))
        return Excerpts(mel, track)


class AudioWordDataModule(LightningDataModule):
    """A collection's audio and words for the joint embedding.

    Args:
        collection: Reader of the collection.
        mel: Folder of the mel store, as ``mwe mel`` writes it.
        words: Folder of the word vectors, as ``mwe words train`` writes it.
        batch_size: Excerpts in a training batch, on each device.
        seconds: Length of an excerpt (the paper: 3).
        test_excerpts: Evenly spaced excerpts a track is embedded from in evaluation (the published code: 8).
        workers: Worker processes of the loaders.
        repeats: How often an epoch goes through the training tracks, each time with a new excerpt; above 1 for small
            collections, where an epoch of one excerpt a track is over in no time.
    """

    def __init__(
        self,
        collection: TrackReader,
        mel: str,
        words: str,
        batch_size: int = 128,
        seconds: float = 3.0,
        test_excerpts: int = 8,
        workers: int = 0,
        repeats: int = 1,
    ) -> None:
        super().__init__()
        self.reader, self.mel, self.words_folder = collection, Path(mel), Path(words)
        self.batch_size, self.seconds, self.test_excerpts = batch_size, seconds, test_excerpts
        self.workers, self.repeats = workers, repeats
        self.vectors = WordVectors.load(self.words_folder)
        self.word_dim = self.vectors.dim
        self.notes: dict[str, int] = {}
        self._tracks: TrackTags | None = None

    @property
    def tracks(self) -> TrackTags:
        """The collection, read at the first use."""
        if self._tracks is None:
            self._tracks = self.reader.read()
        return self._tracks

    @property
    def collection_name(self) -> str:
        """What results call the collection."""
        return self.tracks.name

    def setup(self, stage: str) -> None:
        """Open the mel store, find each split's tracks in it and look the words up.

        Raises:
            MissingDataError: No track of a split that the stage needs has audio.
        """
        self.store = MelStore.open(self.mel)
        has_audio = self.store.has(self.tracks.track_ids)
        row = np.full(len(has_audio), -1, dtype=np.int64)
        row[has_audio] = self.store.rows_of([self.tracks.track_ids[place] for place in np.flatnonzero(has_audio)])
        self.rows = {name: row[self.tracks.splits[name]] for name in SPLITS}
        self.notes = {f"{name}_tracks_without_audio": int((rows < 0).sum()) for name, rows in self.rows.items()}
        needed = {"fit": ("train",), "validate": ("valid",), "test": ("test",)}.get(stage, ())
        for name in needed:
            if not (self.rows[name] >= 0).any():
                raise MissingDataError(
                    f"none of the {len(self.rows[name]):,} {name} tracks of {self.tracks.name} is in the mel store "
                    f"{self.mel}. Extract them with `mwe mel`."
                )
        self.words = self._words()

    def split(self, name: Literal["train", "valid", "test"], excerpts: int) -> ExcerptDataset:
        """The tracks of a split that have audio."""
        has_audio = self.rows[name] >= 0
        frames = self.store.settings.frames(self.seconds)
        return ExcerptDataset(
            self.store, self.rows[name][has_audio], self.tracks.splits[name][has_audio], frames, excerpts
        )

    def train_dataloader(self) -> DataLoader[Excerpts]:
        """Random excerpts of the training tracks, in random order."""
        tracks = self.split("train", excerpts=0)
        tracks.rows, tracks.tracks = np.tile(tracks.rows, self.repeats), np.tile(tracks.tracks, self.repeats)
        return DataLoader(
            tracks,
            batch_size=self.batch_size,
            shuffle=True,
            drop_last=len(tracks) >= self.batch_size,
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
            collate_fn=as_read,
            pin_memory=torch.cuda.is_available(),
        )

    def val_dataloader(self) -> DataLoader[Excerpts]:
        """Evenly spaced excerpts of the validation tracks."""
        return self._evaluation("valid")

    def test_dataloader(self) -> DataLoader[Excerpts]:
        """Evenly spaced excerpts of the test tracks."""
        return self._evaluation("test")

    def _evaluation(self, name: Literal["valid", "test"]) -> DataLoader[Excerpts]:
        tracks = self.split(name, self.test_excerpts)
        size = max(1, self.batch_size // self.test_excerpts)
        return every_item_once(self, tracks, size, num_workers=self.workers, pin_memory=torch.cuda.is_available())

    def _words(self) -> Words:
        tracks, train = self.tracks, self.tracks.splits["train"]
        train = train[self.rows["train"] >= 0]
        tag = self.vectors.of_tags(tracks.tags)
        names = sorted({tracks.artist_ids[place] for place in train} - {""})
        artist = self.vectors.of_artists(names)
        artists = {name: column for column, name in enumerate(np.array(names, dtype=object)[artist.known])}
        artist_of = [
            (place, artists[tracks.artist_ids[place]]) for place in train if tracks.artist_ids[place] in artists
        ]
        track = self.vectors.of_tracks([tracks.track_ids[place] for place in train])
        track_of = list(zip(train[track.known].tolist(), range(int(track.known.sum())), strict=True))
        total = len(tracks.track_ids)
        self.notes |= {
            "tags_without_vector": int((~tag.known).sum()),
            "train_artists_without_vector": int((~artist.known).sum()),
            "train_tracks_without_vector": int((~track.known).sum()),
        }
        return Words(
            tag=tag.vectors,
            tag_known=tag.known,
            artist=artist.vectors[artist.known],
            artist_of=_table(artist_of, (total, len(artists))),
            track=track.vectors[track.known],
            track_of=_table(track_of, (total, len(track_of))),
        )


def _table(pairs: list[tuple[int, int]], shape: tuple[int, int]) -> sparse.csr_array:
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return sparse.csr_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=shape)
