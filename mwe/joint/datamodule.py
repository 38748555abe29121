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

from mwe.audio.mels import Mels, evenly_spaced
from mwe.audio.npy import NpyMels
from mwe.audio.store import MelStore
from mwe.core.errors import MissingDataError
from mwe.core.resume import ResumableLoader, SeededOrder, global_seed
from mwe.core.sampler import as_read, every_item_once, world_of
from mwe.joint.contextual import PairsOfTracks, TagsInContext, has_all
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


SupervisionName = Literal["tag", "artist", "track", "context"]
SUPERVISIONS: tuple[SupervisionName, ...] = ("tag", "artist", "track", "context")


@dataclass(frozen=True)
class TagWords:
    """Word vectors of a collection's tags.

    Args:
        tag: (T, W) vectors; zero where a tag has none.
        tag_known: Which tags have one.
    """

    tag: np.ndarray
    tag_known: np.ndarray


@dataclass(frozen=True)
class Supervision:
    """The prototypes of one supervision among the tracks of a split.

    Args:
        vectors: (P, W) word vectors of the prototypes.
        belongs: Sparse (N, P): the prototypes of each track.
    """

    vectors: np.ndarray
    belongs: sparse.csr_array


class ExcerptDataset(Dataset[Excerpts]):
    """Excerpts of tracks, a whole batch read at once.

    Args:
        store: The mel store.
        rows: Row in the store of each item.
        tracks: Position in the collection of each item.
        frames: Frames of an excerpt.
        excerpts: Evenly spaced excerpts an item; 0 for one at random, another one every epoch.
    """

    def __init__(self, store: Mels, rows: np.ndarray, tracks: np.ndarray, frames: int, excerpts: int) -> None:
        self.store, self.rows, self.tracks, self.frames, self.excerpts = store, rows, tracks, frames, excerpts
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Take the random excerpts of an epoch, which seed and epoch alone determine."""
        self.epoch = epoch
        self._place: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __getitems__(self, items: list[int]) -> Excerpts:
        """Read the excerpts of several items."""
        rows = self.rows[items]
        room = np.maximum(self.store.lengths(rows) - self.frames, 0)
        track = torch.from_numpy(self.tracks[items])
        if not self.excerpts:
            starts = (self._places()[items] * (room + 1)).astype(np.int64)
            return Excerpts(torch.from_numpy(self.store.crops(rows, starts, self.frames)), track)
        starts = evenly_spaced(room, self.excerpts)
        crops = self.store.crops(np.repeat(rows, self.excerpts), starts.ravel(), self.frames)
        mel = torch.from_numpy(crops.reshape(len(rows), self.excerpts, *crops.shape[1:]))
        return Excerpts(mel, track)

    def _places(self) -> np.ndarray:
        """Where each item's excerpt of the epoch begins, as a share of the room; drawn in every process that reads."""
        if self._place is None:
            self._place = np.random.default_rng([global_seed(), self.epoch]).random(len(self))
        return self._place


class AudioWordDataModule(LightningDataModule):
    """A collection's audio and words for the joint embedding.

    Args:
        collection: Reader of the collection.
        mel: Folder of the mel store, as ``mwe mel`` writes it; without one the collection's own files are taken for
            spectrograms (MTG-Jamendo's ``.npy``).
        words: Folder of the word vectors, as ``mwe words`` or ``mwe words-import`` writes it (GloVe in place of the
            paper's own, for instance).
        batch_size: Excerpts in a training batch, on each device.
        seconds: Length of an excerpt (the paper: 3).
        test_excerpts: Evenly spaced excerpts a track is embedded from in evaluation (the published code: 8).
        workers: Worker processes of the loaders.
        test_tracks: Which tracks the test embeds: those of the ``test`` split, or ``all`` for generalized zero-shot
            retrieval, where tags rank all tracks and only the test tracks are tagged (Table VIII).
        query_tracks: Whether the test includes query-by-track; its work grows with the square of the tracks.
        draws: Draws of the bootstrap over the test tracks for 95 % intervals of every figure; 0 for none.
        repeats: How often an epoch goes through the training tracks, each time with a new excerpt; above 1 for small
            collections, where an epoch of one excerpt a track is over in no time.
        context: Tags in context, for supervision by them and for queries of the test; none by default.
    """

    def __init__(
        self,
        collection: TrackReader,
        mel: str | None,
        words: str,
        batch_size: int = 128,
        seconds: float = 3.0,
        test_excerpts: int = 8,
        workers: int = 0,
        test_tracks: Literal["test", "all"] = "test",
        query_tracks: bool = True,
        draws: int = 0,
        repeats: int = 1,
        context: TagsInContext | None = None,
    ) -> None:
        super().__init__()
        self.reader, self.words_folder, self.mel = collection, Path(words), Path(mel) if mel else None
        self.batch_size, self.seconds, self.test_excerpts = batch_size, seconds, test_excerpts
        self.workers, self.repeats = workers, repeats
        # these belong to the test, not the model: what a checkpoint says of a model replaces what is given with it
        self.test_tracks, self.query_tracks, self.draws = test_tracks, query_tracks, draws
        self.vectors = WordVectors.load(self.words_folder)
        self.word_dim = self.vectors.dim
        self.context = context
        self._in_context: PairsOfTracks | None = None
        self.notes: dict[str, int] = {}
        self._tracks: TrackTags | None = None

    @property
    def tracks(self) -> TrackTags:
        """The collection, read at the first use."""
        if self._tracks is None:
            self._tracks = self.reader.read()
        return self._tracks

    @property
    def in_context(self) -> PairsOfTracks:
        """Pairs of a tag and a context.

        Raises:
            MissingDataError: The data has no tags in context.
        """
        if self._in_context is None:
            if self.context is None:
                raise MissingDataError("the data has no tags in context. Give it `context`, such as TagsInContext.")
            self._in_context = PairsOfTracks(self.context, self.tracks, self.vectors)
        return self._in_context

    @property
    def collection_name(self) -> str:
        """What results call the collection."""
        return self.tracks.name

    def setup(self, stage: str) -> None:
        """Open the mel store, find each split's tracks in it and look the words up.

        Raises:
            MissingDataError: No track of a split that the stage needs has audio.
        """
        self.store = self._mels()
        has_audio = self.store.has(self.tracks.track_ids)
        self.row = np.full(len(has_audio), -1, dtype=np.int64)
        self.row[has_audio] = self.store.rows_of([self.tracks.track_ids[place] for place in np.flatnonzero(has_audio)])
        self.notes = {
            f"{name}_tracks_without_audio": int((self.row[self.tracks.splits[name]] < 0).sum()) for name in SPLITS
        }
        needed = {"fit": ("train",), "validate": ("valid",), "test": ("test",)}.get(stage, ())
        for name in needed:
            places = self.tracks.splits[name]
            if not (self.row[places] >= 0).any():
                raise MissingDataError(
                    f"none of the {len(places):,} {name} tracks of {self.tracks.name} is in "
                    f"{f'the mel store {self.mel}' if self.mel else 'the folder of its spectrograms'}. Extract them "
                    "with `mwe mel`."
                )
        tag = self.vectors.of_tags(self.tracks.tags)
        self.words = TagWords(tag.vectors, tag.known)
        self.notes["tags_without_vector"] = int((~tag.known).sum())

    def queries(self) -> Tensor | None:
        """Which tracks are tagged and queried by in a test, (N,); nothing where all that are embedded are."""
        if self.test_tracks == "test":
            return None
        queries = torch.zeros(len(self.tracks.track_ids), dtype=torch.bool)
        queries[torch.from_numpy(self.tracks.splits["test"])] = True
        return queries

    def places(self, split: Literal["train", "valid", "test", "all"]) -> np.ndarray:
        """Positions of the tracks of a split that have audio; those of ``all`` in ascending order."""
        wanted = np.arange(len(self.row)) if split == "all" else self.tracks.splits[split]
        return wanted[self.row[wanted] >= 0]

    def split(self, name: Literal["train", "valid", "test", "all"], excerpts: int) -> ExcerptDataset:
        """The tracks of a split that have audio."""
        places = self.places(name)
        return ExcerptDataset(self.store, self.row[places], places, self._excerpt_frames(), excerpts)

    def supervision(self, name: SupervisionName, split: Literal["train", "valid"]) -> Supervision:
        """The prototypes that tracks of a split are drawn to; what has no word vector is left out and counted.

        Unseen tags are no prototypes.
        """
        if name == "tag":
            usable = self.words.tag_known & ~self.tracks.unseen
            return Supervision(self.words.tag[usable], self.tracks.matrix[:, usable.nonzero()[0]])
        places = self.places(split)
        if name == "context":
            drawn = self.in_context.drawn(places)
            return Supervision(self.in_context.embed(drawn), has_all(self.tracks, drawn))
        own = (self.tracks.artist_ids, self.tracks.track_ids)[name == "track"]
        names = sorted({own[place] for place in places} - {""})
        found = self.vectors.of_artists(names) if name == "artist" else self.vectors.of_tracks(names)
        self.notes[f"{split}_{name}s_without_vector"] = int((~found.known).sum())
        column = {one: place for place, one in enumerate(np.array(names, dtype=object)[found.known])}
        pairs = [(place, column[own[place]]) for place in places if own[place] in column]
        # at the size of MSD a copy takes 400 MB
        vectors = found.vectors if found.known.all() else found.vectors[found.known]
        return Supervision(vectors, _table(pairs, (len(own), len(column))))

    def train_dataloader(self) -> DataLoader[Excerpts]:
        """Random excerpts of the training tracks, in random order."""
        tracks = self.split("train", excerpts=0)
        tracks.rows, tracks.tracks = np.tile(tracks.rows, self.repeats), np.tile(tracks.tracks, self.repeats)
        # always the distributed sampler: its order depends on seed and epoch alone, so a resumed run goes on alike
        return ResumableLoader(
            tracks,
            SeededOrder(tracks, *world_of(self), shuffle=True, seed=global_seed()),
            self.batch_size,
            drop_last=len(tracks) >= self.batch_size,
            num_workers=self.workers,
            collate_fn=as_read,
            pin_memory=torch.cuda.is_available(),
        )

    def batch_items(self, batch: Excerpts) -> Tensor:
        """Positions of a batch's tracks."""
        return batch.track

    def item_names(self, items_B: Tensor) -> list[str]:
        """IDs of tracks."""
        return [self.tracks.track_ids[place] for place in dict.fromkeys(items_B.tolist())]

    def val_dataloader(self) -> DataLoader[Excerpts]:
        """Evenly spaced excerpts of the validation tracks."""
        return self._evaluation("valid")

    def test_dataloader(self) -> DataLoader[Excerpts]:
        """Evenly spaced excerpts of the test tracks, or of all."""
        return self._evaluation(self.test_tracks)

    def _evaluation(self, name: Literal["valid", "test", "all"]) -> DataLoader[Excerpts]:
        tracks = self.split(name, self.test_excerpts)
        size = max(1, self.batch_size // self.test_excerpts)
        return every_item_once(self, tracks, size, num_workers=self.workers, pin_memory=torch.cuda.is_available())

    def _excerpt_frames(self) -> int:
        return self.store.settings.frames(self.seconds)

    def _mels(self) -> Mels:
        if self.mel is not None:
            return MelStore.open(self.mel)
        return NpyMels(dict(zip(self.tracks.track_ids, self.tracks.audio, strict=bool(self.tracks.audio))))


def _table(pairs: list[tuple[int, int]], shape: tuple[int, int]) -> sparse.csr_array:
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return sparse.csr_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=shape)
