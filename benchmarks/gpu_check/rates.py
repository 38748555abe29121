"""How fast a device trains, hears and measures, what memory that takes, and how long it waits for the mel store."""

import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from scipy import sparse

from benchmarks.corpora import peak_memory
from benchmarks.gpu_check.equality import ENCODERS, WithSplits, trainer_on, without_tf32, write_collection
from benchmarks.joint_input import Sizes
from benchmarks.joint_metrics import catalogue
from mwe.audio.logmel import LogMel
from mwe.joint import AudioWordDataModule, JointEmbedding, PrototypeSet

SETTINGS = ("float32", "tf32", "bf16", "bf16 compiled")
WARM_UP = 5  # steps, of which the first compiles
SUPERVISIONS = ("tag", "artist", "track")
LEARNT = {name: 1.0 for name in SUPERVISIONS}


def forget_peaks(device: torch.device) -> None:
    """Have the peak of a device's memory counted from here."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_of(device: torch.device) -> float:
    """Largest memory of tensors on a GPU, or of the process on a CPU, in megabytes."""
    return torch.cuda.max_memory_allocated(device) / 2**20 if device.type == "cuda" else peak_memory()


def finished(device: torch.device) -> float:
    """Seconds on the clock, once the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def a_second(step: Callable[[], object], device: torch.device, seconds: float) -> float:
    """How often something can be done in a second, measured over some seconds after a warm-up."""
    for _ in range(WARM_UP):
        step()
    began, done = finished(device), 0
    while done < 3 or time.perf_counter() - began < seconds:
        step()
        done += 1
        if done % 8 == 0:
            finished(device)  # a GPU takes orders far ahead of its work
    return done / (finished(device) - began)


class ResidentSteps:
    """Training steps of the joint embedding by all three supervisions, on a batch that lies on the device.

    Args:
        encoder: Name of the encoder.
        setting: One of ``SETTINGS``.
        batch: Excerpts.
        prototypes: Tags, artists and tracks.
        device: The device.
    """

    def __init__(
        self, encoder: str, setting: str, batch: int, prototypes: tuple[int, ...], device: torch.device
    ) -> None:
        without_tf32()
        if setting == "tf32":
            torch.set_float32_matmul_precision("high")
            torch.backends.cudnn.allow_tf32 = True
        build, shape = ENCODERS[encoder]
        torch.manual_seed(0)
        self.model = JointEmbedding(300, build(), **LEARNT)
        for name, count in zip(SUPERVISIONS, prototypes, strict=True):
            self.model.train_prototypes[name] = random_prototypes(prototypes[-1], count)
        self.model.to(device).train()
        if "compiled" in setting:
            self.model.encoder.compile()
        self.optimizer = torch.optim.Adam(self.model.parameters(), fused=True)
        self.mel = torch.rand(batch, *shape, device=device)
        self.track = torch.randint(prototypes[-1], (batch,), device=device)
        self.autocast = partial(torch.autocast, device.type, dtype=torch.bfloat16, enabled="bf16" in setting)

    def step(self) -> None:
        """Take one."""
        with self.autocast():
            terms = [loss.mean() for _, loss in self.model.losses(self.model.encoder(self.mel), self.track)]
        self.optimizer.zero_grad()
        torch.autograd.backward(torch.stack(terms).sum())
        self.optimizer.step()


def random_prototypes(tracks: int, count: int) -> PrototypeSet:
    """Prototypes of which every track has one."""
    rng = np.random.default_rng(0)
    owner_N = np.arange(tracks) if count == tracks else rng.integers(0, count, tracks)
    belongs = sparse.csr_array((np.ones(tracks, dtype=bool), (np.arange(tracks), owner_N)), shape=(tracks, count))
    return PrototypeSet(rng.standard_normal((count, 300), dtype=np.float32), belongs)


def steps_of(encoder: str, batch: int, prototypes: tuple[int, ...], seconds: float, name: str) -> dict[str, Any]:
    """Training steps a second of an encoder under every setting, and the peak of the device's memory.

    Args:
        encoder: Name of the encoder.
        batch: Excerpts of a step.
        prototypes: Tags, artists and tracks, whose word vectors lie on the device.
        seconds: How long to measure each setting.
        name: The device.
    """
    device = torch.device(name)
    figures: dict[str, Any] = {"batch": batch}
    for setting in SETTINGS:
        forget_peaks(device)
        steps = ResidentSteps(encoder, setting, batch, prototypes, device)
        figures[setting] = {"steps_a_second": a_second(steps.step, device, seconds), "peak_mb": peak_of(device)}
        del steps
    return figures


def spectrograms(clips: int, seconds: float, name: str) -> dict[str, float]:
    """Seconds of sound whose spectrogram a device computes in a second, its way there from memory included."""
    device = torch.device(name)
    mel, wave_BN = LogMel().to(device), torch.randn(clips, 30 * 22_050)
    if device.type == "cuda":
        wave_BN = wave_BN.pin_memory()
    forget_peaks(device)
    rate = a_second(lambda: mel(wave_BN.to(device, non_blocking=True)), device, seconds)
    return {"times_real_time": rate * clips * 30, "peak_mb": peak_of(device)}


def whole_catalogue(tracks: int, tags: int, queries: int, name: str) -> dict[str, float]:
    """The figures of generalized zero-shot over a whole catalogue, and the peak of the device's memory."""
    device = torch.device(name)
    forget_peaks(device)
    figures = catalogue(tracks, tags, queries, name)
    return {"tracks": tracks, "tags": tags, "queries": queries, **figures, "peak_mb": peak_of(device)}


class Paced(Callback):
    """Measures the training steps a second of a run after its warm-up."""

    def __init__(self) -> None:
        self.began = self.ended = 0.0
        self.counted = 0

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step == WARM_UP:
            self.began = finished(pl_module.device)
        self.counted = trainer.global_step - WARM_UP

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.ended = finished(pl_module.device)

    @property
    def steps_a_second(self) -> float:
        """Steps a second."""
        return self.counted / (self.ended - self.began)


def feeding(encoder: str, batch: int, tracks: int, steps: int, seconds: float, name: str) -> dict[str, float]:
    """Share of the time that a device is idle while Lightning feeds it from a mel store, in bf16, compiled.

    Compared are the steps a second of a training through Lightning with those on a batch that lies on the device.

    Args:
        encoder: Name of the encoder.
        batch: Excerpts of a step.
        tracks: Tracks of the store.
        steps: Steps of the training.
        seconds: How long to measure the resident batch.
        name: The device.
    """
    device = torch.device(name)
    without_tf32()
    workers = max(0, min(8, (os.cpu_count() or 1) - 2))
    sizes = Sizes(tracks, tags=min(900, tracks), artists=max(2, tracks // 11), dim=300, stored=0)
    with tempfile.TemporaryDirectory() as folder:
        write_collection(Path(folder), sizes)
        data = AudioWordDataModule(
            WithSplits(sizes), f"{folder}/mel", f"{folder}/words", batch_size=batch, workers=workers, repeats=1_000
        )
        optimizer = partial(torch.optim.Adam, fused=True)
        model = JointEmbedding(300, ENCODERS[encoder][0](), optimizer=optimizer, compile_encoder={}, **LEARNT)
        settings = {"max_steps": steps + WARM_UP, "limit_val_batches": 0, "num_sanity_val_steps": 0}
        trainer, _ = trainer_on(device, precision="bf16-mixed", **settings)
        trainer.callbacks.append(paced := Paced())  # type: ignore[attr-defined]
        trainer.fit(model, datamodule=data)
    prototypes = (sizes.tags, sizes.artists, sizes.tracks)
    resident = a_second(ResidentSteps(encoder, SETTINGS[-1], batch, prototypes, device).step, device, seconds)
    idle = max(0.0, 1 - paced.steps_a_second / resident)
    return {"fed_steps_a_second": paced.steps_a_second, "resident_steps_a_second": resident, "workers": workers} | {
        "idle_share": idle
    }
