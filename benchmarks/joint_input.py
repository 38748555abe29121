"""The input path of joint training at the size of MSD's zero-shot split, beside a sampler that works item by item.

The other sampler does what published code for this model does with every item: it takes the track's row from a pandas
table, lists its positive and its negative tags, copies the list of artists to remove the track's own, drops the track
from the index of all, and maps one small file to cut an excerpt. Both read spectrograms of the same lengths and give
the word vectors of one positive and one negative of each supervision. Everything is generated; a few spectrograms
stand for all tracks, so that reading is from memory on both sides. `python -m benchmarks.joint_input --help` lists the
options.
"""

import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jsonargparse import auto_cli
from scipy import sparse
from torch.nn.functional import normalize
from torch.utils.data import DataLoader, Dataset

from benchmarks.corpora import alone, peak_memory
from mwe.audio.mel_settings import MelSettings
from mwe.audio.mels import Ints, Mels
from mwe.core.files import write_json
from mwe.encoders import CNN1D
from mwe.joint import AudioWordDataModule, PrototypeSet, cosine_hinge
from mwe.joint.audio_word_data import SupervisionName
from mwe.tracks import TrackReader, TrackTags
from mwe.words import WordVectors

SUPERVISIONS: tuple[SupervisionName, ...] = ("tag", "artist", "track")
BATCH, FRAMES, TRACK_FRAMES, MELS = 128, 130, 1292, 128  # excerpts of 3 s of tracks of 30 s


class Sizes(NamedTuple):
    """Numbers of what is generated."""

    tracks: int
    tags: int
    artists: int
    dim: int
    stored: int


class Generated(TrackReader):
    """Tracks with ten tags each on average, the frequent ones far more often, and artists of about eleven tracks."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes

    def read(self) -> TrackTags:
        tracks, tags = self.sizes.tracks, self.sizes.tags
        rng = np.random.default_rng(0)
        share = 1 / np.arange(1, tags + 1)
        rows = np.repeat(np.arange(tracks), 10)
        columns = rng.choice(tags, size=len(rows), p=share / share.sum())
        matrix = sparse.csr_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(tracks, tags))
        matrix.sum_duplicates()
        artist = rng.integers(0, self.sizes.artists, tracks)
        splits = {"train": np.arange(tracks), "valid": np.arange(0), "test": np.arange(0)}
        return TrackTags(
            name="generated",
            track_ids=tuple(f"T{track}" for track in range(tracks)),
            artist_ids=tuple(f"A{one}" for one in artist.tolist()),
            tags=tuple(f"tag{tag}" for tag in range(tags)),
            matrix=matrix,
            groups=("",) * tags,
            unseen=np.zeros(tags, dtype=bool),
            splits=splits,
        )


class FewMels(Mels):
    """A few spectrograms in one memory map, shared by all tracks."""

    def __init__(self, path: Path, track_ids: tuple[str, ...]) -> None:
        self.settings, self.n_mels, self.track_ids = MelSettings(), MELS, list(track_ids)
        self._row_of = {name: row for row, name in enumerate(track_ids)}
        self._frames = np.full(len(track_ids), TRACK_FRAMES)
        self._mel_FM = np.load(path, mmap_mode="r")

    def _read(self, row_B: Ints, frame_BL: Ints) -> np.ndarray:
        stored = len(self._mel_FM) // TRACK_FRAMES
        return self._mel_FM[frame_BL + (row_B % stored * TRACK_FRAMES)[:, None]]

    def _missing(self, track_id: str) -> str:
        return "track"


class GeneratedData(AudioWordDataModule):
    """The package's datamodule on generated tracks."""

    def __init__(self, folder: Path, sizes: Sizes, workers: int) -> None:
        super().__init__(Generated(sizes), str(folder), str(folder / "words"), batch_size=BATCH, workers=workers)

    def _mels(self) -> Mels:
        assert self.mel is not None
        return FewMels(self.mel / "mels.npy", self.tracks.track_ids)


class ItemByItem(Dataset[dict[str, Any]]):
    """One item after the other from a pandas table, lists and dictionaries."""

    def __init__(self, tracks: TrackTags, vectors: WordVectors, folder: Path, stored: int) -> None:
        import pandas

        dense = tracks.matrix.toarray().astype(np.int8)
        self.table = pandas.DataFrame(dense, index=list(tracks.track_ids), columns=list(tracks.tags))
        self.artist_of = dict(zip(tracks.track_ids, tracks.artist_ids, strict=True))
        self.artists = sorted(set(tracks.artist_ids))
        self.files = {name: folder / f"{place % stored}.npy" for place, name in enumerate(tracks.track_ids)}
        self.tag = dict(zip(tracks.tags, vectors.of_tags(tracks.tags).vectors, strict=True))
        self.artist = dict(zip(self.artists, vectors.of_artists(self.artists).vectors, strict=True))
        self.track = dict(zip(tracks.track_ids, vectors.of_tracks(tracks.track_ids).vectors, strict=True))

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, index: int) -> dict[str, Any]:
        item = self.table.iloc[index]
        mel_FM = np.load(self.files[item.name], mmap_mode="r")
        start = random.randint(0, len(mel_FM) - FRAMES)
        positives, negatives = list(item[item != 0].index), list(item[item == 0].index)
        own = self.artist_of[item.name]
        artists = list(self.artists)
        artists.remove(own)
        tracks = self.table.index.drop(item.name)
        return {
            "mel": torch.from_numpy(np.array(mel_FM[start : start + FRAMES])),
            "tag": self.tag[random.choice(positives)],
            "other_tag": self.tag[random.choice(negatives)],
            "artist": self.artist[own],
            "other_artist": self.artist[random.choice(artists)],
            "track": self.track[item.name],
            "other_track": self.track[random.choice(tracks)],
        }


def generate(folder: Path, sizes: Sizes) -> None:
    """Spectrograms in one file and in a file each, and word vectors of all tags, artists and tracks."""
    rng = np.random.default_rng(0)
    mel_FM = rng.random((sizes.stored * TRACK_FRAMES, MELS), dtype=np.float32).astype(np.float16)
    np.save(folder / "mels.npy", mel_FM)
    for place in range(sizes.stored):
        np.save(folder / f"{place}.npy", mel_FM[place * TRACK_FRAMES : (place + 1) * TRACK_FRAMES])
    tokens = [f"tag{tag}" for tag in range(sizes.tags)]
    tokens += [f"artist:a{artist}" for artist in range(sizes.artists)]
    tokens += [f"track:t{track}" for track in range(sizes.tracks)]
    WordVectors(tokens, rng.standard_normal((len(tokens), sizes.dim), dtype=np.float32)).save(folder / "words")


def _prepared(folder: Path, sizes: Sizes, workers: int = 0) -> tuple[GeneratedData, dict[str, PrototypeSet]]:
    torch.set_num_threads(1)
    data = GeneratedData(folder, sizes, workers)
    data.setup("fit")
    return data, {name: data.supervision(name, "train") for name in SUPERVISIONS}


def _drawn(prototypes: dict[str, PrototypeSet], track_B: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    for own in prototypes.values():
        drawn = own.draw(track_B)
        yield own.vectors_PW[drawn.positive_B], own.vectors_PW[drawn.negative_BK]


def package_items(folder: Path, sizes: Sizes, batches: int) -> dict[str, float]:
    """Items a CPU second of the package's loader and sampling."""
    data, prototypes = _prepared(folder, sizes)
    before, read = time.process_time(), 0
    for _, batch in zip(range(batches), data.train_dataloader(), strict=False):
        for _ in _drawn(prototypes, batch.track):
            pass
        read += len(batch.track)
    return {"items_a_second": read / (time.process_time() - before), "peak_mb": peak_memory()}


def item_by_item(folder: Path, sizes: Sizes, items: int) -> dict[str, float]:
    """Items a CPU second of the sampler over a pandas table, collation included."""
    torch.set_num_threads(1)
    data = ItemByItem(Generated(sizes).read(), WordVectors.load(folder / "words"), folder, sizes.stored)
    loader = DataLoader(data, batch_size=min(BATCH, items), shuffle=True)
    before, read = time.process_time(), 0
    for batch in loader:
        read += len(batch["tag"])
        if read >= items:
            break
    return {"items_a_second": read / (time.process_time() - before), "peak_mb": peak_memory()}


def training_shares(folder: Path, sizes: Sizes, batches: int, workers: int) -> dict[str, float]:
    """Share of training the 1D-CNN that is not spent waiting for a batch: in CPU time without workers, else in wall."""
    data, prototypes = _prepared(folder, sizes, workers)
    clock = time.process_time if workers == 0 else time.perf_counter
    encoder, semantic = CNN1D(), torch.nn.Linear(sizes.dim, CNN1D().width)
    optimizer = torch.optim.SGD([*encoder.parameters(), *semantic.parameters()], lr=0.001, momentum=0.9)
    batch_of = iter(data.train_dataloader())
    waiting = computing = 0.0
    for place in range(batches + 3):
        start = clock()
        batch = next(batch_of)
        fetched = clock()
        anchor_BD = normalize(encoder(batch.mel.float()), dim=-1)
        loss = torch.stack(
            [
                cosine_hinge(anchor_BD, semantic(positive), semantic(negative), 0.4, 1).mean()
                for positive, negative in _drawn(prototypes, batch.track)
            ]
        ).sum()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        if place >= 3:
            waiting, computing = waiting + fetched - start, computing + clock() - fetched
    return {
        "compute_share": computing / (computing + waiting),
        "items_a_second": batches * BATCH / (computing + waiting),
    }


def measure(
    tracks: int = 349_516,
    tags: int = 900,
    artists: int = 32_000,
    dim: int = 300,
    stored: int = 256,
    batches: int = 300,
    items: int = 768,
    steps: int = 40,
    out: str = "outputs/benchmarks/joint_input.json",
) -> None:
    """Measure both samplers, and how much of training the 1D-CNN is computing; prints and writes JSON.

    Args:
        tracks: Training tracks.
        tags: Tags.
        artists: Artists.
        dim: Dimensions of the word vectors.
        stored: Spectrograms that stand for those of all tracks.
        batches: Batches of the package's loader.
        items: Items of the other sampler.
        steps: Training steps.
        out: The JSON file.
    """
    sizes = Sizes(tracks, tags, artists, dim, min(stored, tracks))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        alone(generate, folder, sizes)
        ours, other = alone(package_items, folder, sizes, batches), alone(item_by_item, folder, sizes, items)
        figures = {
            "sizes": sizes._asdict(),
            "package": ours,
            "item_by_item": other,
            "ratio": ours["items_a_second"] / other["items_a_second"],
            "training_without_workers": alone(training_shares, folder, sizes, steps, 0),
            "training_with_one_worker": alone(training_shares, folder, sizes, steps, 1),
        }
    write_json(Path(out), figures)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    auto_cli(measure, as_positional=False)
