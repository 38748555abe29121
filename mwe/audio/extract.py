"""Log-mel extraction as a Lightning ``predict`` job: resumable, on any number of devices."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.utilities import rank_zero_only
from rich.console import Console
from torch import Tensor
from torch.utils.data import DataLoader

from mwe.audio.clips import ClipBatch, ClipDataset, Collate, decoding_loader
from mwe.audio.decode import MAX_SECONDS, MIN_SECONDS
from mwe.audio.logmel import LogMel
from mwe.audio.mel_settings import MelSettings
from mwe.audio.predict import Hardware, PredictionShards, Track, predict_to_shards, telling_what_is_kept, unfinished
from mwe.audio.shards import OK, MelRow, MelShardWriter, remove_leftovers, shard_names
from mwe.audio.store import MelStore
from mwe.audio.store_settings import declare_made, declare_settings, made_before
from mwe.core.files import write_csv
from mwe.core.manifest import fits, manifest
from mwe.core.outcomes import outcome_text, require_few_failed

SKIPPED_FILE = "skipped.tsv"
MADE_WITH = ("torch", "numpy", "soundfile", "soxr")


class ExtractionReport(NamedTuple):
    """Outcomes of the requested tracks.

    Attributes:
        ok: Number of tracks with a spectrogram in the store.
        skipped: Number of tracks without one, by reason.
        reused: Number of tracks from an earlier run, with unchanged files.
        table: Path of the table of all skipped tracks and reasons.
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
        """Return one result per group of clips of similar length."""
        return [
            MelGroup(self.logmel(group.wave_BN).to(torch.float16), self.logmel.frame_counts(group.lengths_B))
            for group in batch.groups
        ]


def spectrograms_of(batch: ClipBatch, prediction: Sequence[MelGroup]) -> list[tuple[MelRow, Any]]:
    """Return the files of a batch in order, each with its spectrogram if it was readable."""
    mels: dict[int, Any] = {}
    for group, computed in zip(batch.groups, prediction, strict=True):
        mel_BTM, frames = computed.mel_BTM.cpu().numpy(), computed.frames_B.tolist()
        mels |= {position: mel_BTM[index, : frames[index]] for index, position in enumerate(group.indices)}
    return [(row, mels.get(position)) for position, row in enumerate(batch.rows)]


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
    """Compute the log-mel spectrograms of audio files into a new or existing store.

    Tracks with a file size and modification time known to the store are not read again, whether readable or not. The
    spectrogram of a changed file is replaced. An interrupted run loses at most its unfinished shards.

    Args:
        tracks: Tracks and their audio files.
        out: Folder of the store.
        settings: Window, hop and bands.
        workers: Decoding processes per device.
        accelerator: As in the Lightning trainer.
        devices: As in the Lightning trainer.
        strategy: As in the Lightning trainer.
        min_seconds: Shorter files are skipped.
        max_seconds: Longer files are read up to here.
        batch_tracks: Files per batch.
        batch_seconds: Maximum audio, including padding, per computation of spectrograms.
        shard_tracks: Maximum number of tracks per shard.
        shard_frames: Maximum number of frames per shard, which bounds the memory.
        max_failed: Largest share of unreadable tracks; more suggests the wrong collection.

    Returns:
        Outcomes of ``tracks``.

    Raises:
        BadFileError: More than ``max_failed`` of the tracks are unreadable. The others are in the store.
        StaleArtefactError: The store was made with other settings, or one of its files is damaged.
        ValueError: A track is listed twice, or its name is not Unicode text.
    """
    out = Path(out)
    _check_names(tracks)
    declare_settings(out, settings, {"min_seconds": min_seconds, "max_seconds": max_seconds})
    remove_leftovers(out)
    pending = unfinished(tracks, MelStore.open(out, settings).outcome)
    first_process = rank_zero_only.rank == 0  # type: ignore[attr-defined]
    if pending:
        if first_process and made_before(out) is not None:
            declare_made(out, None)
        first = 1 + max((name.number for name in shard_names(out)), default=-1)
        open_writer = partial(
            MelShardWriter,
            out,
            first=first,
            n_mels=settings.n_mels,
            shard_tracks=shard_tracks,
            shard_frames=shard_frames,
        )
        collate = Collate(int(batch_seconds * settings.sample_rate))

        def loader_of(items: list[Track]) -> DataLoader[Any]:
            clips = ClipDataset(items, settings.sample_rate, min_seconds, max_seconds)
            return decoding_loader(clips, collate, batch_tracks, workers)

        hardware = Hardware(workers, devices, accelerator=accelerator, strategy=strategy)
        shards = PredictionShards(open_writer, spectrograms_of)
        with telling_what_is_kept(lambda: len(tracks) - len(unfinished(tracks, MelStore.open(out, settings).outcome))):
            predict_to_shards(MelExtractor(settings), pending, loader_of, shards, hardware)
    store = MelStore.open(out, settings)
    if first_process:
        _write_tables(store, settings)
    return _report(tracks, store, len(tracks) - len(pending), max_failed)


def _check_names(tracks: Sequence[tuple[str, Path]]) -> None:
    repeated = [track_id for track_id, count in Counter(track_id for track_id, _ in tracks).items() if count > 1]
    if repeated:
        raise ValueError(
            f"{len(repeated):,} tracks are listed twice, the first {repeated[0]!r}. List every track once."
        )
    for track_id, path in tracks:
        if not track_id.isascii() and any("\ud800" <= letter <= "\udfff" for letter in track_id):
            raise ValueError(f"track {track_id!r} ({path}): the name is not Unicode text. Rename it.")


def _write_tables(store: MelStore, settings: MelSettings) -> None:
    """Write the table of skipped tracks, then the manifest of the store, if it has changed."""
    made = manifest({"audio": store.fingerprint()}, settings.to_dict(), store.counts(), MADE_WITH)
    if not fits(made_before(store.root), made):
        write_csv(store.root / SKIPPED_FILE, [("track_id", "path", "reason", "detail"), *store.skipped_tracks], "\t")
        declare_made(store.root, made)


def _report(tracks: Sequence[tuple[str, Path]], store: MelStore, reused: int, max_failed: float) -> ExtractionReport:
    """Count the outcomes, print one line, and check the share of failures."""
    outcomes = (store.outcome(track_id) for track_id, _ in tracks)
    counts = Counter(outcome[1] for outcome in outcomes if outcome is not None)
    ok, table = counts.pop(OK, 0), store.root / SKIPPED_FILE
    report = ExtractionReport(ok, dict(counts), reused, table)
    if rank_zero_only.rank == 0:  # type: ignore[attr-defined]
        Console(stderr=True).print(str(report), highlight=False, markup=False, soft_wrap=True)
    require_few_failed(counts, len(tracks), max_failed, table, "tracks are unreadable")
    return report
