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

from mwe.audio.cut import evenly_spaced
from mwe.audio.mels import Mels
from mwe.audio.npy import NpyMels
from mwe.audio.store import MelStore
from mwe.core.errors import MissingDataError
from mwe.core.resume import ResumableLoader, SeededOrder, global_seed
from mwe.core.sampler import as_read, every_item_once, world_of
from mwe.core.split_rows import S, SplitRows, marked, rows_of, to_train
from mwe.joint.contextual import PairsOfTracks, TagsInContext, has_all
from mwe.joint.supervision import PrototypeSet
from mwe.tracks import SPLITS, TrackReader, TrackTags
from mwe.words import WordVectors


class Excerpts(NamedTuple):
    """A batch.

    Attributes:
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


class ExcerptDataset(Dataset[Excerpts]):
    """Excerpts of tracks, read one whole batch at a time.

    Args:
        store: The mel store.
        rows: Row in the store of each item.
        tracks: Position in the collection of each item.
        frames: Frames of an excerpt.
        excerpts: Evenly spaced excerpts per item; 0 for one random excerpt, drawn anew every epoch.

    Attributes:
        split: Split of the tracks, by which a training knows its own; empty if they do not say.
    """

    def __init__(self, store: Mels, rows: np.ndarray, tracks: np.ndarray, frames: int, excerpts: int) -> None:
        self.store, self.rows, self.tracks, self.frames, self.excerpts = store, rows, tracks, frames, excerpts
        self.split: str = getattr(tracks, "split", "")
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Select the random excerpts of an epoch, which depend only on seed and epoch."""
        self.epoch = epoch
        self._offset: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __getitems__(self, items: list[int]) -> Excerpts:
        """Read the excerpts of several items."""
        rows = self.rows[items]
        room = np.maximum(self.store.lengths(rows) - self.frames, 0)
        track = torch.from_numpy(np.asarray(self.tracks)[items])
        if not self.excerpts:
            starts = (self._offsets()[items] * (room + 1)).astype(np.int64)
            return Excerpts(torch.from_numpy(self.store.crops(rows, starts, self.frames)), track)
        starts = evenly_spaced(room, self.excerpts)
        crops = self.store.crops(np.repeat(rows, self.excerpts), starts.ravel(), self.frames)
        mel = torch.from_numpy(crops.reshape(len(rows), self.excerpts, *crops.shape[1:]))
        return Excerpts(mel, track)

    def _offsets(self) -> np.ndarray:
        """Start of each item's excerpt in this epoch, as a share of the room; drawn in every reading process."""
        if self._offset is None:
            self._offset = np.random.default_rng([global_seed(), self.epoch]).random(len(self))
        return self._offset


class AudioWordDataModule(LightningDataModule):
    """A collection's audio and words for the joint embedding.

    Args:
        collection: Reader of the collection.
        mel: Folder of the mel store, as ``mwe data mel`` writes it. Without one, the files of the collection must be
            spectrograms (MTG-Jamendo's ``.npy``).
        words: Folder of the word vectors, as ``mwe words train`` or ``mwe words import`` writes it (for instance GloVe
            instead of the paper's own).
        batch_size: Excerpts in a training batch, on each device.
        seconds: Length of an excerpt (the paper: 3).
        test_excerpts: Evenly spaced excerpts per track in evaluation (the published code: 8).
        workers: Worker processes of the loaders.
        test_tracks: Which tracks the test embeds: those of the ``test`` split, or ``all`` for generalized zero-shot
            retrieval, where tags rank all tracks and only the test tracks are tagged (Table VIII).
        query_tracks: Whether the test includes query-by-track, whose cost grows with the square of the tracks.
        draws: Draws of the bootstrap over the test tracks for 95 % intervals of every figure; 0 for none.
        repeats: How often an epoch goes through the training tracks, each time with a new excerpt. Set it above 1 for
            small collections, where epochs would be very short.
        context: Tags in context, for supervision and for queries of the test; none by default.
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
        # test settings belong to the data, not the model: a checkpoint overrides the settings of a model
        self.test_tracks, self.query_tracks, self.draws = test_tracks, query_tracks, draws
        self.vectors = WordVectors.load(self.words_folder)
        self.word_dim = self.vectors.dim
        self.context = context
        self._in_context: PairsOfTracks | None = None
        self.notes: dict[str, int] = {}
        self._tracks: TrackTags | None = None

    @property
    def tracks(self) -> TrackTags:
        """The collection, read on first use."""
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
                raise MissingDataError("the data has no tags in context. Set its `context`, such as TagsInContext.")
            self._in_context = PairsOfTracks(self.context, self.tracks, self.vectors)
        return self._in_context

    @property
    def collection_name(self) -> str:
        """Name of the collection in results."""
        return self.tracks.name

    def setup(self, stage: str) -> None:
        """Open the mel store, find the tracks of each split in it, and look up the word vectors.

        Raises:
            MissingDataError: A split that the stage needs has no track with audio.
        """
        self.store = self._mels()
        has_audio = self.store.has(self.tracks.track_ids)
        self.row = np.full(len(has_audio), -1, dtype=np.int64)
        self.row[has_audio] = self.store.rows_of(
            [self.tracks.track_ids[position] for position in np.flatnonzero(has_audio)]
        )
        self.notes = {
            f"{name}_tracks_without_audio": int((self.row[self.tracks.splits[name]] < 0).sum()) for name in SPLITS
        }
        needed = {"fit": ("train",), "validate": ("valid",), "test": ("test",)}.get(stage, ())
        for name in needed:
            positions = self.tracks.splits[name]
            if not (self.row[positions] >= 0).any():
                raise MissingDataError(
                    f"none of the {len(positions):,} {name} tracks of {self.tracks.name} is in "
                    f"{f'the mel store {self.mel}' if self.mel else 'the folder of its spectrograms'}. Extract them "
                    "with `mwe data mel`."
                )
        tag = self.vectors.of_tags(self.tracks.tags)
        self.words = TagWords(tag.vectors, tag.known)
        self.notes["tags_without_vector"] = int((~tag.known).sum())

    def queries(self) -> Tensor | None:
        """Return which tracks are queries and get tags in a test, (N,); None if all embedded tracks do."""
        if self.test_tracks == "test":
            return None
        queries = torch.zeros(len(self.tracks.track_ids), dtype=torch.bool)
        queries[torch.from_numpy(self.tracks.splits["test"])] = True
        return queries

    def positions(self, split: S) -> SplitRows[S]:
        """Return the positions of a split's tracks that have audio, marked with its name.

        Args:
            split: ``train``, ``valid``, ``test``, or ``all``, whose positions ascend.
        """
        positions = np.arange(len(self.row)) if split == "all" else self.tracks.splits[split]
        return marked(positions[self.row[positions] >= 0], split)

    def seen_tags(self) -> SplitRows[Literal["seen"]]:
        """Return the columns of the tags that a model may learn from, marked as ``seen``."""
        return marked(np.flatnonzero(~self.tracks.unseen), "seen")

    def split(self, name: Literal["train", "valid", "test", "all"], excerpts: int) -> ExcerptDataset:
        """Return the dataset of a split's tracks that have audio."""
        return self._excerpts_of(self.positions(name), excerpts)

    def _excerpts_of(self, positions: SplitRows[S], excerpts: int) -> ExcerptDataset:
        return ExcerptDataset(self.store, self.row[positions], positions, self._excerpt_frames(), excerpts)

    def supervision(self, name: SupervisionName, split: Literal["train", "valid"]) -> PrototypeSet:
        """Return the prototypes of a supervision for the tracks of a split.

        Names without a word vector are left out and counted in ``notes``. Unseen tags are no prototypes.
        """
        if name == "tag":
            seen = rows_of(self.seen_tags(), "seen")
            usable = seen[self.words.tag_known[seen]]
            return PrototypeSet(self.words.tag[usable], self.tracks.matrix[:, np.asarray(usable)], usable.split)
        rows = self.positions(split)
        if name == "context":
            pairs = self.in_context.drawn(rows)
            return PrototypeSet(self.in_context.embed(pairs), has_all(self.tracks, pairs), rows.split)
        ids = self.tracks.artist_ids if name == "artist" else self.tracks.track_ids
        names = sorted({ids[row] for row in rows} - {""})
        looked_up = self.vectors.of_artists(names) if name == "artist" else self.vectors.of_tracks(names)
        self.notes[f"{split}_{name}s_without_vector"] = int((~looked_up.known).sum())
        column_of = {known: column for column, known in enumerate(np.array(names, dtype=object)[looked_up.known])}
        entries = [(row, column_of[ids[row]]) for row in rows if ids[row] in column_of]
        # avoids a copy: 400 MB for MSD
        vectors = looked_up.vectors if looked_up.known.all() else looked_up.vectors[looked_up.known]
        return PrototypeSet(vectors, _table(entries, (len(ids), len(column_of))), rows.split)

    def train_dataloader(self) -> DataLoader[Excerpts]:
        """Load random excerpts of the training tracks in random order."""
        positions = np.tile(to_train(self.positions("train")), self.repeats)
        tracks = self._excerpts_of(marked(positions, "train"), excerpts=0)
        # always the distributed sampler: its order depends only on seed and epoch, so a resumed run continues alike
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
        """Return the positions of a batch's tracks."""
        return batch.track

    def item_names(self, items_B: Tensor) -> list[str]:
        """Return the IDs of tracks."""
        return [self.tracks.track_ids[position] for position in dict.fromkeys(items_B.tolist())]

    def val_dataloader(self) -> DataLoader[Excerpts]:
        """Load evenly spaced excerpts of the validation tracks."""
        return self._evaluation("valid")

    def test_dataloader(self) -> DataLoader[Excerpts]:
        """Load evenly spaced excerpts of the test tracks, or of all tracks."""
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


def _table(entries: list[tuple[int, int]], shape: tuple[int, int]) -> sparse.csr_array:
    rows, columns = np.array(entries, dtype=np.int64).reshape(-1, 2).T
    return sparse.csr_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=shape)
