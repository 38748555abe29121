"""Joint learning of audio and words (section III-B): training, validation and test.

Shape suffixes: B tracks of a batch, E excerpts, F frames, M mel bands, D dimensions of the joint space, T tags.
"""

from collections.abc import Iterator
from typing import cast

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.nn.functional import normalize

from mwe.core.hyperparameters import keep_hyperparameters
from mwe.encoders import AudioEncoder
from mwe.joint.datamodule import AudioWordDataModule, Excerpts, Words
from mwe.joint.losses import cosine_hinge
from mwe.joint.supervision import PrototypeSet
from mwe.metrics import TrackRetrieval
from mwe.tracks import TrackTags

SUPERVISIONS = ("tag", "artist", "track")


class JointEmbedding(LightningModule):
    """Audio encoder f and semantic encoder g into one space, learnt by the weighted triplet losses of eq. 4.

    Tags, artists, tracks and their word vectors come from the datamodule, so a model trained on one collection is
    tested on another; only the dimensions of the word vectors are part of the model.

    Args:
        word_dim: Dimensions of the word vectors; the command line takes it from the data.
        encoder: Audio encoder f.
        optimizer: Makes the optimiser.
        scheduler: Makes the learning-rate schedule, stepped every epoch.
        tag: Weight of tag supervision in eq. 4.
        artist: Weight of artist supervision.
        track: Weight of track supervision.
        margin: Margin of eq. 2.
        negatives: Negatives drawn for each anchor and supervision (the paper: 1).
        query_tracks: Whether the test includes query-by-track.
    """

    tag_words: Tensor

    def __init__(
        self,
        word_dim: int,
        encoder: AudioEncoder,
        optimizer: OptimizerCallable = torch.optim.Adam,
        scheduler: LRSchedulerCallable | None = None,
        tag: float = 1.0,
        artist: float = 0.0,
        track: float = 0.0,
        margin: float = 0.4,
        negatives: int = 1,
        query_tracks: bool = True,
    ) -> None:
        super().__init__()
        keep_hyperparameters(self, injected=("encoder", "optimizer", "scheduler"))
        self.weights = {"tag": tag, "artist": artist, "track": track}
        if min(self.weights.values()) < 0 or not any(self.weights.values()):
            raise ValueError(f"weights of tag, artist and track must be 0 or more and one above 0, not {self.weights}")
        self.encoder = encoder
        self.semantic = nn.Linear(word_dim, encoder.width)
        self.optimizer, self.scheduler = optimizer, scheduler
        self.margin, self.negatives, self.query_tracks = margin, negatives, query_tracks
        self.notes: dict[str, int] = {}
        self.retrieval: TrackRetrieval | None = None
        self.prototypes = nn.ModuleDict()

    def setup(self, stage: str) -> None:
        """Take prototypes, labels and positives from the datamodule."""
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        if not isinstance(data, AudioWordDataModule):
            raise ValueError(f"JointEmbedding needs an AudioWordDataModule, not {type(data).__name__}")
        tracks, words = data.tracks, data.words
        self.notes = {**self.notes, **data.notes}
        self.register_buffer("tag_words", torch.from_numpy(words.tag), persistent=False)
        self.retrieval = TrackRetrieval(
            label_NT=torch.from_numpy(tracks.matrix.toarray()),
            unseen_T=torch.from_numpy(tracks.unseen),
            usable_T=torch.from_numpy(words.tag_known),
            width=self.encoder.width,
            query_tracks=self.query_tracks and stage == "test",
        )
        if stage == "fit":
            self.prototypes = _prototype_sets(tracks, words, self.weights)

    def embed(self, mel_BEFM: Tensor) -> Tensor:
        """Track embeddings: the mean over excerpts of each excerpt's unit vector, (B, D)."""
        excerpts_BED = self.encoder(mel_BEFM.flatten(0, 1).float()).unflatten(0, mel_BEFM.shape[:2])
        return normalize(excerpts_BED, dim=-1).mean(dim=1)

    def prototype(self, words: Tensor) -> Tensor:
        """Semantic encoder g on word vectors (..., word_dim)."""
        encoded: Tensor = self.semantic(words)
        return encoded

    def training_step(self, batch: Excerpts, batch_index: int) -> Tensor:
        """The weighted sum of eq. 4 on one random excerpt a track."""
        anchor_BD = self.encoder(batch.mel.float())
        total: Tensor = anchor_BD.new_zeros(())
        for name, prototypes in self._supervisions():
            drawn = prototypes.draw(batch.track, self.negatives)
            loss = cosine_hinge(
                anchor_BD,
                self.prototype(prototypes.vectors_PW[drawn.positive_B]),
                self.prototype(prototypes.vectors_PW[drawn.negative_BK]),
                drawn.valid_B,
                self.margin,
            )
            self.log(f"train/loss_{name}", loss, on_step=False, on_epoch=True, batch_size=len(anchor_BD))
            total = total + self.weights[name] * loss
        self.log("train/loss", total, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(anchor_BD))
        return total

    def validation_step(self, batch: Excerpts, batch_index: int) -> None:
        """Collect track embeddings."""
        self._collect(batch)

    def test_step(self, batch: Excerpts, batch_index: int) -> None:
        """Collect track embeddings."""
        self._collect(batch)

    def on_validation_epoch_end(self) -> None:
        """Exact figures on the validation tracks."""
        self._report("val/", ("rocauc_tag_seen", "rocauc_clip"))

    def on_test_epoch_end(self) -> None:
        """Exact figures on the test tracks."""
        self._report("test/")

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """The injected optimiser and, where given, the schedule."""
        optimizer = self.optimizer(self.parameters())
        if self.scheduler is None:
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": self.scheduler(optimizer)}}

    def _supervisions(self) -> Iterator[tuple[str, PrototypeSet]]:
        """Name and prototypes of every supervision that has a weight."""
        for name in SUPERVISIONS:
            if name in self.prototypes:
                yield name, cast(PrototypeSet, self.prototypes[name])

    def _collect(self, batch: Excerpts) -> None:
        if self.retrieval is None:
            raise ValueError("the model was not set up by a Trainer")
        self.retrieval.update(batch.track, self.embed(batch.mel))

    def _report(self, prefix: str, only: tuple[str, ...] = ()) -> None:
        """Log what the catalogue gives. All processes hold the same figures, so the largest is each of them."""
        if self.retrieval is None:
            raise ValueError("the model was not set up by a Trainer")
        self.retrieval.prototypes = self.prototype(self.tag_words)
        found = self.retrieval.compute()
        self.retrieval.reset()
        figures = {prefix + name: value.float() for name, value in found.items() if not only or name in only}
        self.log_dict(figures, sync_dist=True, reduce_fx="max")


def _prototype_sets(tracks: TrackTags, words: Words, weights: dict[str, float]) -> nn.ModuleDict:
    """The prototypes of every supervision with a weight; unseen tags and those without a vector are none."""
    usable = words.tag_known & ~tracks.unseen
    sets = {
        "tag": lambda: PrototypeSet(words.tag[usable], tracks.matrix[:, usable.nonzero()[0]]),
        "artist": lambda: PrototypeSet(words.artist, words.artist_of),
        "track": lambda: PrototypeSet(words.track, words.track_of),
    }
    made = {name: sets[name]() for name in SUPERVISIONS if weights[name] > 0}
    for name, prototypes in made.items():
        if len(prototypes) < 2:
            raise ValueError(
                f"{name} supervision needs two or more {name}s with a word vector, {tracks.name} has "
                f"{len(prototypes)}. Train the words on a corpus with them, or set the weight of {name} to 0."
            )
    return nn.ModuleDict(made)
