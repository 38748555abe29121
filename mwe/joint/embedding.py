"""Joint learning of audio and words (section III-B): training, validation and test.

Shape suffixes: B tracks or excerpts of a batch, E excerpts, D dimensions of the joint space, T tags, W of word vectors.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, Literal, cast

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor, nn
from torch.nn.functional import normalize

from mwe.core.hyperparameters import keep_hyperparameters
from mwe.encoders import AudioEncoder
from mwe.joint.datamodule import SUPERVISIONS
from mwe.joint.losses import AnchorLoss, PrototypeLoss, Triplet
from mwe.joint.supervision import PrototypeSet
from mwe.joint.tracks import TrackModule


class JointEmbedding(TrackModule):
    """Audio encoder f and semantic encoder g into one space, learnt by the weighted losses of eq. 4.

    Tags, artists, tracks and their word vectors come from the datamodule, so a model trained on one collection is
    tested on another; only the dimensions of the word vectors are part of the model.

    Args:
        word_dim: Dimensions of the word vectors; the command line takes it from the data.
        encoder: Audio encoder f.
        loss: Loss of each supervision: ``Triplet`` (the paper's, the default) or ``InfoNCE``. What a loss learns, it
            learns for each supervision apart.
        optimizer: Makes the optimiser.
        scheduler: Makes the learning-rate schedule.
        scheduler_interval: Whether the schedule is stepped every epoch or every training step.
        tag: Weight of tag supervision in eq. 4.
        artist: Weight of artist supervision.
        track: Weight of track supervision.
        average: What a track's embedding is the mean of: the ``unit`` vectors of its excerpts, or the ``raw`` ones, as
            in the published code.
        compile_encoder: Arguments of ``torch.compile`` for the encoder, such as ``{}``; none leaves it as it is.
    """

    tag_words: Tensor

    def __init__(
        self,
        word_dim: int,
        encoder: AudioEncoder,
        loss: PrototypeLoss | None = None,
        optimizer: OptimizerCallable = torch.optim.Adam,
        scheduler: LRSchedulerCallable | None = None,
        scheduler_interval: Literal["epoch", "step"] = "epoch",
        tag: float = 1.0,
        artist: float = 0.0,
        track: float = 0.0,
        average: Literal["unit", "raw"] = "unit",
        compile_encoder: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(encoder, optimizer, scheduler, scheduler_interval, compile_encoder)
        keep_hyperparameters(self, injected=("encoder", "loss", "optimizer", "scheduler"))
        weights = {"tag": tag, "artist": artist, "track": track}
        if min(weights.values()) < 0 or not any(weights.values()):
            raise ValueError(f"weights of tag, artist and track must be 0 or more and one above 0, not {weights}")
        self.weights = {name: weight for name, weight in weights.items() if weight > 0}
        self.average = average
        self.semantic = nn.Linear(word_dim, encoder.width)
        self.criteria = nn.ModuleDict({name: deepcopy(loss or Triplet()) for name in self.weights})
        self.train_prototypes = nn.ModuleDict()
        self.valid_prototypes = nn.ModuleDict()

    def setup(self, stage: str) -> None:
        """Take word vectors, prototypes and positives from the datamodule."""
        words = self.data.words
        self.register_buffer("tag_words", torch.from_numpy(words.tag), persistent=False)
        if stage == "fit":
            self.train_prototypes = self._prototypes("train")
            self._require_prototypes()
        if stage in ("fit", "validate"):
            self.valid_prototypes = self._prototypes("valid")
        super().setup(stage)

    def rows(self, excerpts_BED: Tensor) -> Tensor:
        """Track embeddings: the mean over a track's excerpts, (B, D)."""
        excerpts_BED = excerpts_BED.float()
        return (normalize(excerpts_BED, dim=-1) if self.average == "unit" else excerpts_BED).mean(dim=1)

    def prototype(self, words: Tensor) -> Tensor:
        """Semantic encoder g on word vectors (..., word_dim)."""
        encoded: Tensor = self.semantic(words)
        return encoded

    def tag_rows(self) -> Tensor:
        """The prototypes of the collection's tags, (T, D)."""
        return self.prototype(self.tag_words)

    def usable_tags(self) -> Tensor:
        """Tags that have a word vector."""
        return torch.from_numpy(self.data.words.tag_known)

    def loss_weights(self) -> dict[str, float]:
        """The weights of eq. 4 that are not 0."""
        return self.weights

    def valid_parts(self) -> Sequence[str]:
        """Supervisions that validation tracks have two or more prototypes of."""
        return tuple(self.valid_prototypes)

    def losses(self, excerpt_BD: Tensor, track_B: Tensor) -> Iterator[tuple[str, AnchorLoss]]:
        """The terms of eq. 4."""
        prototypes = self.train_prototypes if self.training else self.valid_prototypes
        for name in SUPERVISIONS:
            if name in prototypes:
                own = cast(PrototypeSet, prototypes[name])
                yield name, self.criteria[name](excerpt_BD, track_B, own, self.prototype)

    def _prototypes(self, split: Literal["train", "valid"]) -> nn.ModuleDict:
        """The prototypes of each supervision that has two or more among the tracks of a split."""
        found = {name: self.data.supervision(name, split) for name in SUPERVISIONS if name in self.weights}
        return nn.ModuleDict(
            {name: PrototypeSet(own.vectors, own.belongs) for name, own in found.items() if len(own.vectors) >= 2}
        )

    def _require_prototypes(self) -> None:
        """Every supervision with a weight must have prototypes to train on.

        Raises:
            ValueError: One has fewer than two.
        """
        for name in self.weights:
            if name not in self.train_prototypes:
                raise ValueError(
                    f"{name} supervision needs two or more {name}s of training tracks with a word vector, which "
                    f"{self.data.words_folder} lacks for {self.data.tracks.name}. Train the words on a corpus with "
                    f"them, or set the weight of {name} to 0."
                )
