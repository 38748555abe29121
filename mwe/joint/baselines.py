"""Baselines of the joint embedding: a classifier of fixed tags, and disentangled proxies.

Shape suffixes: B tracks or excerpts of a batch, E excerpts, D dimensions, T tags, G groups of tags.
"""

from collections.abc import Iterator
from typing import Any, Literal, cast

import numpy as np
import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, normalize

from mwe.core.errors import StaleArtefactError
from mwe.core.hyperparameters import keep_hyperparameters
from mwe.encoders import AudioEncoder
from mwe.joint.losses import AnchorLoss, cosine_hinge
from mwe.joint.supervision import Belonging
from mwe.joint.tracks import TrackModule
from mwe.metrics import name_of_group


class FixedTags(TrackModule):
    """A model with weights for each tag of its training collection. It knows no other tags."""

    def usable_tags(self) -> Tensor:
        """Return which tags were learnt, boolean (T,)."""
        return torch.from_numpy(~self.data.tracks.unseen)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Save the tag names beside their weights."""
        checkpoint["tags"] = list(self.data.tracks.tags)
        # the command line passes word_dim to every model and saves it, although this one does not take it
        checkpoint.get(self.CHECKPOINT_HYPER_PARAMS_KEY, {}).pop("word_dim", None)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Check that the checkpoint was trained on the same tags.

        Raises:
            StaleArtefactError: It was trained on a collection with other tags.
        """
        saved, tags = checkpoint.get("tags", []), list(self.data.tracks.tags)
        if saved != tags:
            raise StaleArtefactError(
                f"the checkpoint knows {len(saved):,} tags and {self.data.tracks.name} has {len(tags):,} others. "
                f"{type(self).__name__} tests only on the tags that it was trained on; a JointEmbedding tests on any."
            )


class TagClassifier(FixedTags):
    """The classification model of Table VI: multi-label cross-entropy over the collection's tags.

    A track's row is the mean over its excerpts of the probability of every tag.

    Args:
        encoder: Audio encoder.
        optimizer: Makes the optimiser.
        scheduler: Makes the learning-rate schedule.
        scheduler_interval: When to step the schedule: every epoch or every training step.
        compile_encoder: Arguments of ``torch.compile`` for the encoder, such as ``{}``; by default not compiled.
    """

    cosine = False
    seen_T: Tensor

    def __init__(
        self,
        encoder: AudioEncoder,
        optimizer: OptimizerCallable = torch.optim.Adam,
        scheduler: LRSchedulerCallable | None = None,
        scheduler_interval: Literal["epoch", "step"] = "epoch",
        compile_encoder: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(encoder, optimizer, scheduler, scheduler_interval, compile_encoder)
        keep_hyperparameters(self, injected=("encoder", "optimizer", "scheduler"))
        self.head: nn.Sequential | None = None

    def configure_model(self) -> None:
        """Make the last layer, one output per tag, before a checkpoint is loaded."""
        if self.head is None:
            tags = len(self.data.tracks.tags)
            self.head = nn.Sequential(nn.LayerNorm(self.encoder.width), nn.Linear(self.encoder.width, tags))

    def setup(self, stage: str) -> None:
        """Take the tags of each track from the datamodule. Unseen tags are not learnt."""
        tracks = self.data.tracks
        self.belonging = Belonging(tracks.matrix)
        self.register_buffer("seen_T", torch.from_numpy(~tracks.unseen), persistent=False)
        super().setup(stage)

    def logits(self, excerpt_BD: Tensor) -> Tensor:
        """Return the log-odds of every tag, (..., T)."""
        if self.head is None:
            raise ValueError("the model was not set up by a Trainer")
        logits: Tensor = self.head(excerpt_BD)
        return logits.float()

    def rows(self, excerpts_BED: Tensor) -> Tensor:
        """Return the probability of every tag, (B, T)."""
        return self.logits(excerpts_BED).sigmoid().mean(dim=1)

    def row_width(self) -> int:
        """Return the number of tags."""
        return len(self.data.tracks.tags)

    def tag_rows(self) -> Tensor:
        """Return the identity: each tag is one column of a row."""
        return torch.eye(self.row_width(), device=self.device)

    def loss_weights(self) -> dict[str, float]:
        """Return the weight of the only term."""
        return {"tag": 1.0}

    def losses(self, excerpt_BD: Tensor, track_B: Tensor) -> Iterator[tuple[str, AnchorLoss]]:
        """Yield the binary cross-entropy, averaged over the seen tags."""
        with torch.autocast(excerpt_BD.device.type, enabled=False):
            label_BT = self.belonging.labels(track_B)
            each_BT = binary_cross_entropy_with_logits(self.logits(excerpt_BD.float()), label_BT, reduction="none")
        each_B = (each_BT * self.seen_T).sum(dim=1) / self.seen_T.sum()
        yield "tag", AnchorLoss(each_B, torch.ones_like(track_B, dtype=torch.bool))


class DisentangledProxies(FixedTags):
    """The disentangled proxy-based model of Lee et al. (ISMIR 2020; Table VII).

    The embedding is split into one part for each group of tags (genre, mood, instrument, era). Every tag has a learnt
    proxy in the part of its group. For each group, a hinge on the cosine within the part pulls an excerpt towards the
    proxy of a tag that it has, and pushes it away from the proxy of a tag of the same group that it lacks. That cosine
    scores tags. The similarity of two tracks is the mean of the cosines of their parts.

    Args:
        encoder: Audio encoder. Its width is divided evenly among the groups; the remainder is not used.
        optimizer: Makes the optimiser.
        scheduler: Makes the learning-rate schedule.
        scheduler_interval: When to step the schedule: every epoch or every training step.
        margin: Margin of the hinge.
        negatives: Negatives per excerpt and group.
        compile_encoder: Arguments of ``torch.compile`` for the encoder, such as ``{}``; by default not compiled.
    """

    cosine = False
    group_T: Tensor
    proxies: nn.Parameter | None

    def __init__(
        self,
        encoder: AudioEncoder,
        optimizer: OptimizerCallable = torch.optim.Adam,
        scheduler: LRSchedulerCallable | None = None,
        scheduler_interval: Literal["epoch", "step"] = "epoch",
        margin: float = 0.4,
        negatives: int = 1,
        compile_encoder: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(encoder, optimizer, scheduler, scheduler_interval, compile_encoder)
        keep_hyperparameters(self, injected=("encoder", "optimizer", "scheduler"))
        self.margin, self.negatives = margin, negatives
        self.register_parameter("proxies", None)
        self.groups: tuple[str, ...] = ()
        self.by_group = nn.ModuleList()

    def setup(self, stage: str) -> None:
        """Take the groups, their tags and the tags of each track from the datamodule.

        Raises:
            ValueError: There are more groups of tags than the embedding has dimensions.
        """
        tracks = self.data.tracks
        groups = [group for group, unseen in zip(tracks.groups, tracks.unseen, strict=True) if not unseen]
        self.groups = tuple(sorted(set(groups)))
        if len(self.groups) > self.encoder.width:
            raise ValueError(f"{len(self.groups)} groups of tags do not fit {self.encoder.width} dimensions")
        # unseen tags have no part; the number 0 that they get here is never used
        number_of = {group: number for number, group in enumerate(self.groups)}
        number_T = np.array([number_of.get(group, 0) for group in tracks.groups])
        self.register_buffer("group_T", torch.from_numpy(number_T), persistent=False)
        self.by_group = nn.ModuleList()
        for number in range(len(self.groups)):
            columns = np.flatnonzero((number_T == number) & ~tracks.unseen)
            self.by_group.append(Belonging(tracks.matrix[:, columns]))
            self.register_buffer(f"tags_of_{number}", torch.from_numpy(columns), persistent=False)
        super().setup(stage)

    def configure_model(self) -> None:
        """Make the proxies, one per tag, before a checkpoint is loaded."""
        if self.proxies is None:
            self.proxies = nn.Parameter(torch.randn(len(self.group_T), self.row_width() // len(self.groups)))

    def parts(self, excerpt_BD: Tensor) -> Tensor:
        """Split an embedding into its parts, each of length 1, (..., G, D / G)."""
        width = excerpt_BD.shape[-1] // len(self.groups) * len(self.groups)
        return normalize(excerpt_BD[..., :width].float().reshape(*excerpt_BD.shape[:-1], len(self.groups), -1), dim=-1)

    def rows(self, excerpts_BED: Tensor) -> Tensor:
        """Return the concatenated parts, averaged over the excerpts."""
        return self.parts(excerpts_BED).mean(dim=1).flatten(1)

    def row_width(self) -> int:
        """Return the width of all parts, without the remainder."""
        return self.encoder.width // len(self.groups) * len(self.groups)

    def tag_rows(self) -> Tensor:
        """Return each proxy at length 1 in its part and 0 elsewhere, (T, D)."""
        if self.proxies is None:
            raise ValueError("the model was not set up by a Trainer")
        rows_TGP = self.proxies.new_zeros(len(self.proxies), len(self.groups), self.proxies.shape[1])
        tags = torch.arange(len(self.proxies), device=self.proxies.device)
        rows_TGP[tags, self.group_T] = normalize(self.proxies, dim=-1)
        return rows_TGP.flatten(1)

    def loss_weights(self) -> dict[str, float]:
        """Return equal weights for all groups."""
        return {_named(group): 1 / len(self.groups) for group in self.groups}

    def losses(self, excerpt_BD: Tensor, track_B: Tensor) -> Iterator[tuple[str, AnchorLoss]]:
        """Yield the hinge within the part of each group."""
        assert self.proxies is not None
        with torch.autocast(excerpt_BD.device.type, enabled=False):
            parts_BGP = self.parts(excerpt_BD)
            for number, (group, belonging) in enumerate(zip(self.groups, self.by_group, strict=True)):
                drawn = cast(Belonging, belonging).draw(track_B, self.negatives, repeatable=not self.training)
                proxies = self.proxies[self.get_buffer(f"tags_of_{number}")]
                each_B = cosine_hinge(
                    parts_BGP[:, number],
                    proxies[drawn.positive_B],
                    proxies[drawn.negative_BK],
                    self.margin,
                    self.negatives,
                )
                yield _named(group), AnchorLoss(each_B, drawn.valid_B)


def _named(group: str) -> str:
    return name_of_group(group) or "tag"
