"""Log-mel extraction as a Lightning ``predict`` job: resumable, on any number of devices."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.utilities import rank_zero_only
from rich.console import Console
from torch import Tensor

from mwe.audio.clips import ERROR, ClipBatch, ClipDataset, Collate, decoding_loader
from mwe.audio.decode import MAX_SECONDS, MIN_SECONDS
from mwe.audio.logmel import LogMel, MelSettings
from mwe.audio.shards import (
    OK,
    MelShardWriter,
    Source,
    declare_made,
    declare_settings,
    made_before,
    remove_leftovers,
    shard_names,
)
from mwe.audio.store import MelStore
from mwe.core.files import write_csv
from mwe.core.manifest import fits, manifest
from mwe.core.outcomes import outcome_text, require_few_failed
from mwe.core.trainers import CollectingWriter, passing_trainer

SKIPPED_FILE = "skipped.tsv"
MADE_WITH = ("torch", "numpy", "soundfile", "soxr")


class ExtractionReport(NamedTuple):
    """Outcome for the tracks asked for.

    Attributes:
        ok: Tracks with a spectrogram in the store.
        skipped: Tracks without one, by reason.
        reused: Tracks that were already dealt with and whose files have not changed.
        table: Every skipped track of the store with its reason.
    """

    ok: int
    skipped: dict[str, int]
    reused: int
    table: Path

    def __str__(self) -> str:
        text = outcome_text(self.ok, self.skipped, self.table)
        return f"{text} ({self.reused:,} unchanged since an earlier run)" if self.reused else text


class MelGroup(NamedTuple):
    """Spectrograms of one padded group.

    Attributes:
        mel_BTM: Log-mel, float16.
        frames_B: Frames without the padding.
    """

    mel_BTM: Tensor
    frames_B: Tensor


class MelExtractor(LightningModule):
    """Spectrograms of decoded clips, on the device of the trainer.

    Args:
        settings: Window, hop and bands.
    """

    def __init__(self, settings: MelSettings = MelSettings()) -> None:  # noqa: B008 - frozen
        super().__init__()
        self.logmel = LogMel(settings)

    def predict_step(self, batch: ClipBatch, batch_idx: int) -> list[MelGroup]:
        """One result a group of clips of similar length."""
        return [
            MelGroup(self.logmel(group.wave_BN).to(torch.float16), self.logmel.frame_counts(group.lengths_B))
            for group in batch.groups
        ]


class MelWriter(CollectingWriter):
    """Writes the shards of one process.

    Args:
        out: Folder of the store.
        n_mels: Number of mel bands.
        first: Number of the first shard.
        shard_tracks: A shard is written at this many tracks.
        shard_frames: Or at this many frames.
    """

    def __init__(self, out: Path, *, n_mels: int, first: int, shard_tracks: int, shard_frames: int) -> None:
        super().__init__()
        self._out = out
        self._sizes = {"first": first, "n_mels": n_mels, "shard_tracks": shard_tracks, "shard_frames": shard_frames}
        self._shards: MelShardWriter | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Begin with the numbers of this process."""
        super().setup(trainer, pl_module, stage)
        self._shards = MelShardWriter(self._out, rank=trainer.global_rank, **self._sizes)

    def write_on_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        prediction: Sequence[MelGroup],
        batch_indices: Sequence[int] | None,
        batch: ClipBatch,
        batch_idx: int,
        dataloader_idx: int,
    ) -> None:
        """Hand the tracks of a batch to the shard, in their order."""
        assert self._shards is not None
        mels: dict[int, Any] = {}
        for group, computed in zip(batch.groups, prediction, strict=True):
            mel_BTM, frames = computed.mel_BTM.cpu().numpy(), computed.frames_B.tolist()
            mels |= {place: mel_BTM[at, : frames[at]] for at, place in enumerate(group.places)}
        for place, row in enumerate(batch.rows):
            self._shards.append(row, mels.get(place))

    def flush(self) -> None:
        """Write the tracks collected since the last shard; before the set-up there are none."""
        if self._shards is not None:
            self._shards.flush()


def extract_mels(
    tracks: Sequence[tuple[str, Path]],
    out: Path,
    *,
    settings: MelSettings = MelSettings(),  # noqa: B008 - frozen
    workers: int = 2,
    accelerator: str = "auto",
    devices: int | str = "auto",
    strategy: str = "auto",
    min_seconds: float = MIN_SECONDS,
    max_seconds: float = MAX_SECONDS,
    batch_tracks: int = 8,
    batch_seconds: float = 240.0,
    shard_tracks: int = 2048,
    shard_frames: int = 1 << 20,
    max_failed: float = 0.5,
) -> ExtractionReport:
    """Compute the log-mel spectrograms of audio files into a store, or complete one.

    Tracks whose file has the size and time of change known to the store are not read again, whether they were readable
    or not. Of a changed file the new spectrogram replaces the old one. An interrupted run loses at most the shards it
    was collecting.

    Args:
        tracks: Track and its audio file.
        out: Folder of the store.
        settings: Window, hop and bands.
        workers: Loader workers that decode, per device.
        accelerator: As for the Lightning trainer.
        devices: As for the Lightning trainer.
        strategy: As for the Lightning trainer.
        min_seconds: Shorter files are skipped.
        max_seconds: Longer files are read up to here.
        batch_tracks: Files decoded for one batch.
        batch_seconds: Bound on the audio, padding included, of which spectrograms are computed at once.
        shard_tracks: A shard is written at this many tracks.
        shard_frames: Or at this many frames, which bounds the memory.
        max_failed: Share of unreadable tracks from which on the collection is taken for wrong.

    Returns:
        What became of ``tracks``.

    Raises:
        BadFileError: More than ``max_failed`` of the tracks are unreadable. The others are in the store.
        StaleArtefactError: The store was made with other settings, or one of its files is damaged.
        ValueError: A track is listed twice, or its name is not Unicode text.
    """
    out = Path(out)
    _check_names(tracks)
    declare_settings(out, settings, {"min_seconds": min_seconds, "max_seconds": max_seconds})
    remove_leftovers(out)
    pending = _unread(tracks, MelStore.open(out, settings))
    first_process = rank_zero_only.rank == 0  # type: ignore[attr-defined]
    if pending:
        if first_process and made_before(out) is not None:
            declare_made(out, None)
        first = 1 + max((name.number for name in shard_names(out)), default=-1)
        writer = MelWriter(
            out, n_mels=settings.n_mels, first=first, shard_tracks=shard_tracks, shard_frames=shard_frames
        )
        trainer = passing_trainer(writer, accelerator=accelerator, devices=devices, strategy=strategy)
        # every process needs a batch; a track read twice is stored twice, and the later row counts
        items = pending * -(-trainer.world_size // len(pending))
        clips = ClipDataset(items, settings.sample_rate, min_seconds, max_seconds)
        collate = Collate(int(batch_seconds * settings.sample_rate))
        loader = decoding_loader(clips, collate, batch_tracks, workers)
        trainer.predict(MelExtractor(settings), loader, return_predictions=False)
    store = MelStore.open(out, settings)
    if first_process:
        _write_tables(store, settings)
    return _report(tracks, store, len(tracks) - len(pending), max_failed)


def _check_names(tracks: Sequence[tuple[str, Path]]) -> None:
    repeated = [track_id for track_id, count in Counter(track_id for track_id, _ in tracks).items() if count > 1]
    if repeated:
        raise ValueError(
            f"{len(repeated):,} tracks are listed twice, the first {repeated[0]!r}. Give every track once."
        )
    for track_id, path in tracks:
        if not track_id.isascii() and any("\ud800" <= letter <= "\udfff" for letter in track_id):
            raise ValueError(f"track {track_id!r} ({path}): the name is not Unicode text. Rename it.")


def _unread(tracks: Sequence[tuple[str, Path]], store: MelStore) -> list[tuple[str, Path]]:
    """Tracks the store has not dealt with, that met an unforeseen error, or whose file has changed since."""
    outcomes = ((track_id, Path(path), store.outcome(track_id)) for track_id, path in tracks)
    return [
        (track_id, path)
        for track_id, path, known in outcomes
        if known is None or known[1] == ERROR or known[0] != Source.of(path)
    ]


def _write_tables(store: MelStore, settings: MelSettings) -> None:
    """Write the table of skipped tracks, then the manifest of the store, if it is another than before."""
    made = manifest({"audio": store.fingerprint()}, settings.to_dict(), store.counts(), MADE_WITH)
    if not fits(made_before(store.root), made):
        write_csv(store.root / SKIPPED_FILE, [("track_id", "path", "reason", "detail"), *store.skipped_tracks], "\t")
        declare_made(store.root, made)


def _report(tracks: Sequence[tuple[str, Path]], store: MelStore, reused: int, max_failed: float) -> ExtractionReport:
    """Count, print one line, and judge."""
    outcomes = (store.outcome(track_id) for track_id, _ in tracks)
    counts = Counter(outcome[1] for outcome in outcomes if outcome is not None)
    ok, table = counts.pop(OK, 0), store.root / SKIPPED_FILE
    report = ExtractionReport(ok, dict(counts), reused, table)
    if rank_zero_only.rank == 0:  # type: ignore[attr-defined]
        Console(stderr=True).print(str(report), highlight=False, markup=False, soft_wrap=True)
    require_few_failed(counts, len(tracks), max_failed, table, "tracks are unreadable")
    return report
