"""Base of all models of tracks: evaluation over the whole catalogue, optimiser and schedule, the table of tags.

Shape suffixes: N tracks, T tags, B tracks of a batch, E excerpts, F frames, M mel bands, D dimensions.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Literal, cast

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable, ReduceLROnPlateau
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchmetrics import MeanMetric

from mwe.core.errors import StaleArtefactError, WrongSplitError
from mwe.core.files import write_csv
from mwe.core.resume import global_seed
from mwe.core.runs import run_dir
from mwe.core.stage import datamodule_of
from mwe.encoders import AudioEncoder
from mwe.joint.audio_word_data import AudioWordDataModule, Excerpts
from mwe.joint.losses import AnchorLoss
from mwe.joint.provenance import data_hashes
from mwe.joint.towers import encoded_excerpts
from mwe.metrics import TrackRetrieval

TAG_COLUMNS = ("tag", "group", "seen", "tracks", "rocauc", "prauc", "rocauc_low", "rocauc_high")


class TrackModule(LightningModule, ABC):
    """A model that embeds tracks and tags as rows. The similarity of two rows scores a tag for a track.

    Args:
        encoder: Audio encoder.
        optimizer: Makes the optimiser.
        scheduler: Makes the learning-rate schedule.
        scheduler_interval: When to step the schedule: every epoch or every training step.
        compile_encoder: Arguments of ``torch.compile`` for the encoder; by default not compiled.
    """

    cosine = True

    def __init__(
        self,
        encoder: AudioEncoder,
        optimizer: OptimizerCallable,
        scheduler: LRSchedulerCallable | None,
        scheduler_interval: Literal["epoch", "step"],
        compile_encoder: dict[str, Any] | None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.optimizer, self.scheduler, self.scheduler_interval = optimizer, scheduler, scheduler_interval
        self.compile_encoder = compile_encoder
        self.notes: dict[str, Any] = {}
        self.retrieval: TrackRetrieval | None = None
        self.valid_losses = nn.ModuleDict()

    @property
    def data(self) -> AudioWordDataModule:
        """The datamodule of the trainer."""
        return datamodule_of(self, AudioWordDataModule)

    @abstractmethod
    def rows(self, excerpts_BED: Tensor) -> Tensor:
        """Compute rows of tracks from the encoder's vectors of their excerpts, (B, D)."""

    def row_width(self) -> int:
        """Return the number of values in a row."""
        return self.encoder.width

    @abstractmethod
    def tag_rows(self) -> Tensor:
        """Return the rows of the collection's tags, (T, D)."""

    @abstractmethod
    def usable_tags(self) -> Tensor:
        """Return which of the collection's tags have a row, boolean (T,)."""

    @abstractmethod
    def loss_weights(self) -> dict[str, float]:
        """Return the weight of each term of the loss by name."""

    def valid_parts(self) -> Sequence[str]:
        """Return the terms of the loss that can be computed on validation tracks."""
        return tuple(self.loss_weights())

    @abstractmethod
    def losses(self, excerpt_BD: Tensor, track_B: Tensor) -> Iterator[tuple[str, AnchorLoss]]:
        """Yield the name and value of each term of the loss on the encoder's vectors of excerpts."""

    def setup(self, stage: str) -> None:
        """Take labels from the datamodule; compile the encoder."""
        data = self.data
        self._require_front_end()
        self.notes = {**self.notes, **data.notes}
        brief = stage in ("fit", "validate")
        self.retrieval = TrackRetrieval(
            label_NT=data.tracks.matrix,
            unseen_T=torch.from_numpy(data.tracks.unseen),
            usable_T=self.usable_tags(),
            width=self.row_width(),
            query_tracks=data.query_tracks,
            groups=data.tracks.groups,
            query_N=None if brief else data.queries(),
            cosine=self.cosine,
            brief=brief,
            draws=0 if brief else data.draws,
        )
        if brief:
            # by default the mean would silently leave out a loss that is NaN
            self.valid_losses = nn.ModuleDict({name: MeanMetric(nan_strategy="disable") for name in self.valid_parts()})
        if self.compile_encoder is not None:
            self.encoder.compile(**self.compile_encoder)

    def embed(self, mel_BEFM: Tensor) -> Tensor:
        """Compute rows of tracks from the spectrograms of their excerpts, (B, D)."""
        return self.rows(self._excerpts(mel_BEFM))

    def on_fit_start(self) -> None:
        """Load published weights if the encoder starts from them and no checkpoint was loaded."""
        if self.encoder.awaits_weights:
            self.encoder.load_pretrained()

    def on_train_start(self) -> None:
        """Log the hashes of the training data, and seed each process differently from here on.

        Raises:
            WrongSplitError: The loader gives tracks of another split than the training one.
        """
        if (split := cast(DataLoader[Excerpts], self.trainer.train_dataloader).dataset.split) != "train":  # type: ignore[attr-defined]
            raise WrongSplitError(split, "train")
        self._log_data()
        if self.trainer.world_size > 1:
            torch.manual_seed((global_seed() * 1_000_003 + 1 + self.global_rank) % 2**63)

    def on_test_start(self) -> None:
        """Log the hashes of the test data, and note them for the run folder."""
        self._log_data()

    def training_step(self, batch: Excerpts, batch_index: int) -> dict[str, Tensor]:
        """Return the weighted sum of the terms on one random excerpt per track, and each term."""
        weights, parts, values = self.loss_weights(), [], {}
        for name, loss in self.losses(self.encoder(batch.mel.float()), batch.track):
            value = loss.mean()
            self.log(f"train/loss_{name}", value, on_step=False, on_epoch=True, batch_size=len(batch.track))
            parts.append(weights[name] * value)
            values[name] = value.detach()
        total = torch.stack(parts).sum()
        self.log("train/loss", total, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(batch.track))
        return {"loss": total, **values}

    def validation_step(self, batch: Excerpts, batch_index: int) -> None:
        """Collect the rows of tracks and the losses of all excerpts."""
        excerpts_BED = self._excerpts(batch.mel)
        self._collect(batch.track, self.rows(excerpts_BED))
        track_B = batch.track.repeat_interleave(excerpts_BED.shape[1])
        for name, loss in self.losses(excerpts_BED.flatten(0, 1), track_B):
            cast(MeanMetric, self.valid_losses[name]).update(loss.mean(), loss.valid_B.sum())

    def test_step(self, batch: Excerpts, batch_index: int) -> None:
        """Collect the rows of tracks."""
        self._collect(batch.track, self.embed(batch.mel))

    def on_validation_epoch_end(self) -> None:
        """Log exact figures and losses on the validation tracks."""
        figures = {f"val/{name}": value for name, value in self._figures().items() if not name.endswith("_excluded")}
        weights, values = self.loss_weights(), {}
        for name, mean in self.valid_losses.items():
            values[name] = cast(MeanMetric, mean).compute()
            cast(MeanMetric, mean).reset()
        figures |= {f"val/loss_{name}": value for name, value in values.items()}
        if values:
            figures["val/loss"] = torch.stack([weights[name] * value for name, value in values.items()]).sum()
        self._log_same(figures)

    def on_test_epoch_end(self) -> None:
        """Log exact figures on the test tracks."""
        self._log_same({f"test/{name}": value for name, value in self._figures().items()})

    def on_test_end(self) -> None:
        """Write the table of tags into the run folder, and log it where loggers take tables."""
        run = run_dir(self.trainer)
        if run is None or not self.trainer.is_global_zero:
            return
        rows = list(self._tag_table())
        write_csv(run / "tags.csv", [TAG_COLUMNS, *rows])
        for logger in self.trainer.loggers:
            if hasattr(logger, "log_table"):
                logger.log_table("test/tags", columns=list(TAG_COLUMNS), data=rows)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return the injected optimiser and schedule. Frozen weights are left out."""
        frozen = {id(weight) for weight in self.encoder.parameters() if not weight.requires_grad}
        optimizer = self.optimizer(weight for weight in self.parameters() if id(weight) not in frozen)
        if self.scheduler is None:
            return optimizer
        schedule = self.scheduler(optimizer)
        config: dict[str, Any] = {"scheduler": schedule, "interval": self.scheduler_interval}
        if isinstance(schedule, ReduceLROnPlateau):
            config["monitor"] = schedule.monitor
        return cast(OptimizerLRScheduler, {"optimizer": optimizer, "lr_scheduler": config})

    def _require_front_end(self) -> None:
        """Check that the spectrograms match those that the encoder's weights were trained on.

        Raises:
            StaleArtefactError: They do not match.
        """
        front_end, data = self.encoder.front_end, self.data
        if front_end is None or data.mel is None:
            return
        settings = vars(data.store.settings)
        differing = [
            f"{name} {settings[name]:g}, not {value:g}" for name, value in front_end.items() if settings[name] != value
        ]
        if differing:
            raise StaleArtefactError(
                f"the spectrograms of {data.mel} do not match those of {type(self.encoder).__name__}: "
                f"{', '.join(differing)}. Extract them with "
                "`mwe data mel --config lightning_configs/mwe/mel/towers.yaml`."
            )

    def _log_data(self) -> None:
        if self.trainer.is_global_zero:
            self.notes["data"] = data_hashes(self.data)
            for logger in self.trainer.loggers:
                logger.log_hyperparams({"data": self.notes["data"]})

    def _excerpts(self, mel_BEFM: Tensor) -> Tensor:
        """Return the encoder's vectors of excerpts, (B, E, D)."""
        return encoded_excerpts(self.encoder, mel_BEFM)

    def _collect(self, track_B: Tensor, row_BD: Tensor) -> None:
        if self.retrieval is None:
            raise ValueError("the model was not set up by a Trainer")
        self.retrieval.update(track_B, row_BD)

    def _figures(self) -> dict[str, Tensor]:
        if self.retrieval is None:
            raise ValueError("the model was not set up by a Trainer")
        self.retrieval.prototypes = self.tag_rows().detach()
        figures = self.retrieval.compute()
        self.retrieval.reset()
        return figures

    def _log_same(self, figures: dict[str, Tensor]) -> None:
        """Log values that are equal on all processes, reduced by their maximum."""
        self.log_dict({name: value.float() for name, value in figures.items()}, sync_dist=True, reduce_fx="max")

    def _tag_table(self) -> Iterator[list[Any]]:
        """Yield one row per tag; cells without a figure are empty."""
        tracks, by_tag = self.data.tracks, self.retrieval.by_tag if self.retrieval else None
        if by_tag is None:
            return
        bounds = by_tag.bounds or (torch.full_like(by_tag.rocauc, torch.nan),) * 2
        figures = torch.stack([by_tag.rocauc, by_tag.prauc, *bounds], dim=1).tolist()
        counts = by_tag.tracks.nan_to_num().long().tolist()
        for tag, group, unseen, count, row in zip(
            tracks.tags, tracks.groups, tracks.unseen, counts, figures, strict=True
        ):
            yield [
                tag,
                group,
                int(not unseen),
                count,
                *(None if math.isnan(figure) else round(figure, 6) for figure in row),
            ]
