"""Joint training on the Million Song Dataset rehearsed: generated files of the size of its zero-shot split.

Measured are the datamodule's time and memory until a training can begin, its loader, and how long a validation and a
test take. Tags and splits stand in files as they are published, word vectors in a folder as ``mwe words train`` writes
it. The mel store has full tracks of 30 s in full shards. All shards are the first one over again: by default as hard
links, so that a store of 134 GB takes the room of one shard and is read from memory; with ``--linked false`` as files
of their own, whose reading is then measured from the disk too. `python -m benchmarks.scale --help` lists the options.
"""

import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from jsonargparse import auto_cli
from pytorch_lightning import Callback, LightningModule, Trainer

from benchmarks.corpora import alone, measured, peak_memory
from benchmarks.joint_input import BATCH, MELS, SUPERVISIONS, TRACK_FRAMES
from benchmarks.joint_metrics import generated_labels
from mwe.audio.mel_settings import MelSettings
from mwe.audio.shards import FileStamp, MelRow, MelShardWriter, ShardName, shard_names
from mwe.audio.store_settings import declare_settings
from mwe.core.files import write_json
from mwe.core.tokens import artist_token, track_token
from mwe.encoders import CNN1D
from mwe.joint import AudioWordDataModule, JointEmbedding
from mwe.tracks.zeroshot import MsdZeroShotTracks
from mwe.words import WordVectors

SHARD = 812  # tracks of 30 s in a shard of 2^20 frames
LIMIT_MB = 2048.0


class Sizes(NamedTuple):
    """Numbers of what is generated; tracks that are in neither ``valid`` nor ``test`` are for training."""

    tracks: int
    valid: int
    test: int
    tags: int
    unseen: int
    artists: int
    dim: int


def track_ids(tracks: int) -> list[str]:
    """Names as long as those of MSD."""
    return [f"TR{track:016}" for track in range(tracks)]


def write_collection(folder: Path, sizes: Sizes) -> None:
    """The four files of the zero-shot split."""
    rng = np.random.default_rng(0)
    ids, tags = track_ids(sizes.tracks), [f"tag{tag}" for tag in range(sizes.tags)]
    artist_N = rng.integers(0, sizes.artists, sizes.tracks)
    order = [ids[place] for place in rng.permutation(sizes.tracks).tolist()]
    test, valid, train = np.split(np.array(order), [sizes.test, sizes.test + sizes.valid])
    unseen = set(rng.choice(sizes.tags, sizes.unseen, replace=False).tolist())
    files: dict[str, Any] = {
        "track_split": {"train_track": train.tolist(), "valid_track": valid.tolist(), "test_track": test.tolist()},
        "tag_split": {
            "seen_tag": [tag for place, tag in enumerate(tags) if place not in unseen],
            "unseen_tag": [tags[place] for place in sorted(unseen)],
        },
        "artist_dict": {track: f"AR{artist:016}" for track, artist in zip(ids, artist_N.tolist(), strict=True)},
    }
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    labels = generated_labels(sizes.tracks, sizes.tags, 10)
    with open(folder / "tag_binary.csv", "wb") as table:
        table.write((",".join(["", *tags]) + "\n").encode())
        for track, start, stop in zip(ids, labels.indptr[:-1], labels.indptr[1:], strict=True):
            line = bytearray(b",0" * sizes.tags)
            for tag in labels.indices[start:stop].tolist():
                line[2 * tag + 1] = ord("1")
            table.write(track.encode() + line + b"\n")


def write_words(folder: Path, sizes: Sizes) -> None:
    """Word vectors of all tags, artists and tracks."""
    tokens = [f"tag{tag}" for tag in range(sizes.tags)]
    tokens += [artist_token(f"AR{artist:016}") for artist in range(sizes.artists)]
    tokens += [track_token(track) for track in track_ids(sizes.tracks)]
    vectors = np.random.default_rng(0).standard_normal((len(tokens), sizes.dim), dtype=np.float32)
    WordVectors(tokens, vectors).save(folder)


def write_store(folder: Path, stored: int, linked: bool) -> dict[str, float]:
    """Spectrograms of the first tracks; what they take on disk, or would if they were not linked."""
    rng, ids = np.random.default_rng(0), track_ids(stored)
    declare_settings(folder, MelSettings(), {})
    writer = MelShardWriter(folder, shard_tracks=SHARD)
    for track in ids[:SHARD]:
        row = MelRow(track, f"{track[2]}/{track[3]}/{track}.clip.mp3", FileStamp(480_000, 1), loudness_db=-20.0)
        writer.append(row, rng.random((TRACK_FRAMES, MELS), dtype=np.float32))
    writer.flush()
    first = ShardName(0, 0)
    index = pq.read_table(first.path(folder, "parquet"))
    for number, start in enumerate(range(SHARD, stored, SHARD), 1):
        own = ids[start : start + SHARD]
        npy, parquet = (ShardName(number, 0).path(folder, ending) for ending in ("npy", "parquet"))
        (os.link if linked else shutil.copyfile)(first.path(folder, "npy"), npy)
        pq.write_table(index.slice(0, len(own)).set_column(0, "track_id", pa.array(own)), parquet)
    held = min(stored, SHARD)
    sizes = {ending: first.path(folder, ending).stat().st_size / held for ending in ("npy", "parquet")}
    return {"gigabytes": sum(path.stat().st_size for path in folder.glob("*.npy")) / 1e9} | {
        "bytes_a_track": sizes["npy"],
        "bytes_a_track_of_index": sizes["parquet"],
    }


def _data(folder: Path, **more: Any) -> AudioWordDataModule:
    torch.set_num_threads(1)
    reader = MsdZeroShotTracks(str(folder / "tags"))
    return AudioWordDataModule(reader, str(folder / "mel"), str(folder / "words"), batch_size=BATCH, **more)


def own_memory() -> float:
    """Memory of this process in megabytes that is no file's: what the kernel cannot take back."""
    told = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line for line in told.splitlines() if line.startswith("RssAnon:")).split()[1]) / 1024


def set_up(folder: Path) -> dict[str, Any]:
    """Everything until a training could begin: words, tags, mel store, prototypes of all supervisions."""
    made: dict[str, Any] = {}

    def prototypes() -> None:
        for split in ("train", "valid"):
            for name in SUPERVISIONS:
                made[f"{split} {name}"] = made["data"].supervision(name, split)

    stages = {
        "words": measured(lambda: made.update(data=_data(folder))),
        "tags": measured(lambda: made["data"].tracks),
        "store": measured(lambda: made["data"].setup("fit")),
        "prototypes": measured(prototypes),
    }
    totals = {name: sum(own[name] for own in stages.values()) for name in ("cpu_s", "wall_s")}
    return {"stages": stages, **totals} | {
        "own_mb": own_memory(),
        "peak_mb": peak_memory(),
        "share_of_2_gib": peak_memory() / LIMIT_MB,
    }


def loading(folder: Path, batches: int, cold: bool = False) -> dict[str, float]:
    """Excerpts a second of the training loader in random order, and of drawing positives and negatives.

    Args:
        folder: Folder of all that was generated.
        batches: Batches to load.
        cold: Whether the kernel is to forget the files first, and seconds by the clock count.
    """
    data = _data(folder)
    data.setup("fit")
    sets = [data.supervision(name, "train") for name in SUPERVISIONS]
    if cold:
        _forget(folder / "mel")
    clock = time.perf_counter if cold else time.process_time
    reading, drawing, items = 0.0, 0.0, 0
    batch_of = iter(data.train_dataloader())
    for _ in range(min(batches, len(data.train_dataloader()))):
        start = clock()
        batch = next(batch_of)
        read = clock()
        for own in sets:
            drawn = own.draw(batch.track)
            _ = own.vectors_PW[drawn.positive_B], own.vectors_PW[drawn.negative_BK]
        reading, drawing, items = reading + read - start, drawing + clock() - read, items + len(batch.track)
    return {"read_a_second": items / reading, "drawn_a_second": items / drawing} | {
        "items_a_second": items / (reading + drawing),
        "own_mb": own_memory(),
    }


def _forget(store: Path) -> None:
    """Have the kernel drop what it keeps of the store's files."""
    for name in shard_names(store):
        with open(name.path(store, "npy"), "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Clock(Callback):
    """CPU seconds of the parts of an evaluation: until the first batch, over the batches, and for the figures."""

    def __init__(self) -> None:
        self.times = [time.process_time()]

    def _now(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.times.append(time.process_time())

    on_validation_epoch_start = on_validation_epoch_end = on_validation_end = _now
    on_test_epoch_start = on_test_epoch_end = on_test_end = _now


def evaluations(folder: Path, tracks: int) -> dict[str, Any]:
    """A validation and a test of the first tracks, one after the other on the same data, whose tags are read once."""
    data = _data(folder, test_tracks="all")
    return {name: evaluation(data, tracks, name) for name in ("validation", "test")}


def evaluation(data: AudioWordDataModule, tracks: int, stage: str) -> dict[str, float]:
    """CPU seconds of Lightning's validation, or of the test that embeds the whole catalogue, over the first tracks."""
    model = JointEmbedding(data.word_dim, CNN1D(), tag=1.0, artist=1.0, track=1.0)
    batches = max(1, tracks * data.test_excerpts // BATCH)
    trainer = Trainer(
        accelerator="cpu",
        devices=1,
        logger=False,
        callbacks=[clock := Clock()],
        limit_val_batches=batches,
        limit_test_batches=batches,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    (trainer.validate if stage == "validation" else trainer.test)(model, datamodule=data, verbose=False)
    start, first, last, end = clock.times
    assert model.retrieval is not None
    places = data.positions("valid" if stage == "validation" else "all")
    embedded = min(batches * BATCH // data.test_excerpts, len(places))
    return {"tracks": embedded, "starting_cpu_s": first - start} | {
        "cpu_s_a_thousand_tracks": 1000 * (last - first) / embedded,
        "figures_cpu_s": end - last,
        "peak_mb": peak_memory(),
    }


def measure(
    tracks: int = 406_409,
    valid: int = 38_836,
    test: int = 18_057,
    tags: int = 1_126,
    unseen: int = 226,
    artists: int = 32_000,
    dim: int = 300,
    stored: int | None = None,
    linked: bool = True,
    batches: int = 300,
    evaluated: int = 1_000,
    folder: Path | None = None,
    out: str = "outputs/benchmarks/scale.json",
) -> None:
    """Rehearse joint training on generated files; prints and writes JSON.

    Args:
        tracks: All tracks.
        valid: Tracks for validation.
        test: Tracks for the test; the others are for training.
        tags: All tags.
        unseen: Tags that are not trained on.
        artists: Artists.
        dim: Dimensions of the word vectors.
        stored: Tracks that have a spectrogram; by default all.
        linked: Whether all shards of the mel store share the bytes of the first.
        batches: Training batches to load.
        evaluated: Tracks of a validation and of a test.
        folder: Folder for the temporary files; by default the system's.
        out: The JSON file.
    """
    sizes = Sizes(tracks, valid, test, tags, unseen, artists, dim)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        root = Path(name)
        for part in ("tags", "mel"):
            (root / part).mkdir()
        alone(write_collection, root / "tags", sizes)
        alone(write_words, root / "words", sizes)
        figures: dict[str, Any] = {
            "sizes": {**sizes._asdict(), "stored": stored or tracks, "linked": linked},
            "store": alone(write_store, root / "mel", stored or tracks, linked),
            "setup": alone(set_up, root),
            "loader": alone(loading, root, batches),
            **alone(evaluations, root, evaluated),
        }
        if not linked:
            figures["loader_from_disk"] = alone(loading, root, batches, True)
    write_json(Path(out), figures)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    auto_cli(measure, as_positional=False)
