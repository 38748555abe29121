"""Embedding of audio files as a Lightning ``predict`` job, on any number of devices.

Shape suffixes: B files of a batch, E excerpts, S samples, F frames, L frames of an excerpt, M mel bands, D dimensions.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor
from torch.nn.functional import normalize
from torch.utils.data import DataLoader

from mwe.audio.clips import decoding_loader
from mwe.audio.logmel import LogMel
from mwe.audio.shards import OK
from mwe.core.progress import track
from mwe.core.sampler import as_read
from mwe.core.trainers import CollectingWriter, passing_trainer
from mwe.joint.datamodule import Excerpts
from mwe.search.files import Cut, FileBatch, FileDataset, collate
from mwe.search.model import TrainedModel
from mwe.search.parts import Outcome, PartSettings, PartWriter

NO_EMBEDDING = "no-embedding"
"""Outcome of a file that was read and whose embedding is zero or not finite."""


class Hardware(NamedTuple):
    """Where a predict job runs; as for the Lightning trainer.

    Attributes:
        workers: Processes that decode, a device.
        devices: Devices, a node.
        nodes: Nodes.
        accelerator: ``auto``, ``cpu`` or ``gpu``.
        strategy: ``auto``, ``ddp`` and so on.
    """

    workers: int = 2
    devices: int | str = "auto"
    nodes: int = 1
    accelerator: str = "auto"
    strategy: str = "auto"

    def trainer(self, *callbacks: Callback) -> Trainer:
        """A trainer on it."""
        return passing_trainer(
            *callbacks,
            devices=self.devices,
            num_nodes=self.nodes,
            accelerator=self.accelerator,
            strategy=self.strategy,
        )


class Embedder(LightningModule):
    """Unit vectors of tracks, from audio files or from excerpts of a mel store.

    Args:
        trained: The trained run.
    """

    def __init__(self, trained: TrainedModel) -> None:
        super().__init__()
        given = trained.preprocessing
        self.embedding = trained.model
        self.cut = Cut.of(given.mel, given.seconds, given.excerpts)
        self.logmel = LogMel(given.mel)

    def predict_step(self, batch: FileBatch | Excerpts, batch_idx: int) -> Tensor:
        """Unit vectors (B, D) of the readable files, or of tracks of a mel store."""
        mel_BELM = batch.mel if isinstance(batch, Excerpts) else self.mels(batch)
        if not len(mel_BELM):
            return torch.zeros(0, self.embedding.row_width(), device=self.device)
        unit_BD: Tensor = normalize(self.embedding.embed(mel_BELM).float(), dim=-1)
        return unit_BD

    def mels(self, batch: FileBatch) -> Tensor:
        """Spectrograms of the excerpts, (B, E, L, M), as a mel store keeps them; short tracks are repeated."""
        if not len(batch.frames_B):
            return torch.zeros(0, device=self.device)
        mel_BEFM = self.logmel(batch.wave_BES.flatten(0, 1)).half().unflatten(0, batch.wave_BES.shape[:2])
        place_L = torch.arange(self.cut.length, device=mel_BEFM.device)
        frame_BL = self.cut.margin + place_L % batch.frames_B.clamp(max=self.cut.length)[:, None]
        index_BELM = frame_BL[:, None, :, None].expand(-1, mel_BEFM.shape[1], -1, mel_BEFM.shape[3])
        mel_BELM: Tensor = mel_BEFM.gather(2, index_BELM)
        return mel_BELM


class OutcomeWriter(CollectingWriter):
    """Hands the outcomes of one process to its writer of parts.

    Args:
        settings: Where and how parts are written.
    """

    def __init__(self, settings: PartSettings) -> None:
        super().__init__()
        self._settings = settings
        self._parts: PartWriter | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Open the writer of this process."""
        super().setup(trainer, pl_module, stage)
        self._parts = PartWriter(self._settings, trainer.global_rank)

    def write_on_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        prediction: Tensor,
        batch_indices: Sequence[int] | None,
        batch: FileBatch,
        batch_idx: int,
        dataloader_idx: int,
    ) -> None:
        """Hand on the files of a batch."""
        assert self._parts is not None
        self._parts.append(outcomes_of(batch, prediction.cpu().numpy()))

    def flush(self) -> None:
        """Write the files collected since the last part; before the set-up there are none."""
        if self._parts is not None:
            self._parts.flush()


def outcomes_of(batch: FileBatch, unit_RD: np.ndarray) -> list[Outcome]:
    """What became of the files of a batch, given the unit vectors of the readable ones."""
    vectors = iter(unit_RD)
    found = []
    for row, seconds in zip(batch.rows, batch.seconds, strict=True):
        vector = next(vectors) if row.status == OK else None
        if vector is not None and not abs(float(np.linalg.norm(vector)) - 1) < 1e-3:  # also where it is NaN
            detail = "the audio encoder gives nothing for it" if np.isfinite(vector).all() else "not finite"
            row, vector = row._replace(status=NO_EMBEDDING, detail=detail), None
        found.append(Outcome(row, seconds, vector))
    return found


def predict_files(
    trained: TrainedModel,
    tracks: Sequence[tuple[str, Path]],
    hardware: Hardware,
    settings: PartSettings,
    batch_files: int = 8,
) -> None:
    """Embed audio files into parts.

    Args:
        trained: The trained run.
        tracks: Track and file.
        hardware: Where to run.
        settings: Where and how parts are written.
        batch_files: Files of a batch.
    """
    trainer = hardware.trainer(OutcomeWriter(settings))
    # every process needs a batch; a file read twice is stored twice, and the later outcome counts
    items = [*tracks] * -(-trainer.world_size // len(tracks))
    loader = decoding_loader(FileDataset(items, trained.preprocessing), collate, batch_files, hardware.workers)
    trainer.predict(Embedder(trained), loader, return_predictions=False)


@torch.inference_mode()
def embed_files(trained: TrainedModel, paths: Sequence[Path]) -> list[Outcome]:
    """Embed a few files in this process, in their order."""
    embedder = Embedder(trained).eval()
    dataset = FileDataset([(str(path), path) for path in paths], trained.preprocessing)
    loader: Any = decoding_loader(dataset, collate, 1, workers=0)
    return [one for batch in loader for one in outcomes_of(batch, embedder.predict_step(batch, 0).numpy())]


@torch.inference_mode()
def embed_split(trained: TrainedModel, split: Literal["train", "valid", "test"], batch_size: int = 16) -> np.ndarray:
    """Unit vectors (N, D) of the tracks of a split that are in the run's mel store, in the order of its places.

    The datamodule must have been set up.
    """
    embedder = Embedder(trained).eval()
    tracks = trained.data.split(split, trained.preprocessing.excerpts)
    loader: Any = DataLoader(tracks, batch_size, collate_fn=as_read)
    found = [embedder.predict_step(batch, 0) for batch in track(loader, "embedding validation tracks", len(loader))]
    return torch.cat(found).numpy()
