"""What the tables compare the joint embedding with: a classifier of fixed tags, and disentangled proxies.

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
    """A model whose weights belong to the tags of the collection that it was trained on, and to no others."""

    def usable_tags(self) -> Tensor:
        """Tags that were learnt."""
        return torch.from_numpy(~self.data.tracks.unseen)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the names of the tags beside their weights."""
        checkpoint["tags"] = list(self.data.tracks.tags)
        # the command line offers every model the dimensions of the words and keeps them although they were not taken
        checkpoint.get(self.CHECKPOINT_HYPER_PARAMS_KEY, {}).pop("word_dim", None)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse the weights of other tags.

        Raises:
            StaleArtefactError: The checkpoint was made on a collection with other tags.
        """
        kept, own = checkpoint.get("tags", []), list(self.data.tracks.tags)
        if kept != own:
            raise StaleArtefactError(
                f"the checkpoint knows {len(kept):,} tags and {self.data.tracks.name} has {len(own):,} others. "
                f"{type(self).__name__} tests only on the tags that it was trained on; a JointEmbedding tests on any."
            )


class TagClassifier(FixedTags):
    """The classification model of Table VI: multi-label cross-entropy over the collection's tags.

    A track's row is the mean over its excerpts of the probability of every tag.

    Args:
        encoder: Audio encoder.
        optimizer: Makes the optimiser.
        scheduler: Makes the learning-rate schedule.
        scheduler_interval: Whether the schedule is stepped every epoch or every training step.
        compile_encoder: Arguments of ``torch.compile`` for the encoder, such as ``{}``; none leaves it as it is.
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
        """Make the last layer, one output a tag, before a checkpoint is loaded."""
        if self.head is None:
            tags = len(self.data.tracks.tags)
            self.head = nn.Sequential(nn.LayerNorm(self.encoder.width), nn.Linear(self.encoder.width, tags))

    def setup(self, stage: str) -> None:
        """Take whose the tags are from the datamodule; unseen tags are not learnt."""
        tracks = self.data.tracks
        self.belonging = Belonging(tracks.matrix)
        self.register_buffer("seen_T", torch.from_numpy(~tracks.unseen), persistent=False)
        super().setup(stage)

    def logits(self, excerpt_BD: Tensor) -> Tensor:
        """Log-odds of every tag, (..., T)."""
        if self.head is None:
            raise ValueError("the model was not set up by a Trainer")
        given: Tensor = self.head(excerpt_BD)
        return given.float()

    def rows(self, excerpts_BED: Tensor) -> Tensor:
        """Probabilities of every tag, (B, T)."""
        return self.logits(excerpts_BED).sigmoid().mean(dim=1)

    def row_width(self) -> int:
        """As many numbers as tags."""
        return len(self.data.tracks.tags)

    def tag_rows(self) -> Tensor:
        """Each tag is a place in the row."""
        return torch.eye(self.row_width(), device=self.device)

    def loss_weights(self) -> dict[str, float]:
        """One part."""
        return {"tag": 1.0}

    def losses(self, excerpt_BD: Tensor, track_B: Tensor) -> Iterator[tuple[str, AnchorLoss]]:
        """Binary cross-entropy, the mean over the tags that are seen."""
        with torch.autocast(excerpt_BD.device.type, enabled=False):
            label_BT = self.belonging.labels(track_B)
            each_BT = binary_cross_entropy_with_logits(self.logits(excerpt_BD.float()), label_BT, reduction="none")
        each_B = (each_BT * self.seen_T).sum(dim=1) / self.seen_T.sum()
        yield "tag", AnchorLoss(each_B, torch.ones_like(track_B, dtype=torch.bool))


class DisentangledProxies(FixedTags):
    """The disentangled proxy-based model of Lee et al. (ISMIR 2020; Table VII).

    The embedding is cut into one part for each group of tags (genre, mood, instrument, era). Every tag has a learnt
    proxy in the part of its group. For each group, an excerpt is drawn to a proxy of a tag that it has and pushed
    away from one of the same group that it has not, by the hinge on the cosine within the part. Tags are scored by that
    cosine; tracks are alike by the mean of the cosines of the parts.

    Args:
        encoder: Audio encoder; its width is divided evenly among the groups, a rest is left over.
        optimizer: Makes the optimiser.
        scheduler: Makes the learning-rate schedule.
        scheduler_interval: Whether the schedule is stepped every epoch or every training step.
        margin: Margin of the hinge.
        negatives: Negatives of each excerpt and group.
        compile_encoder: Arguments of ``torch.compile`` for the encoder, such as ``{}``; none leaves it as it is.
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
        """Take the groups, the tags of each and whose they are from the datamodule.

        Raises:
            ValueError: There are more groups of tags than the embedding has dimensions.
        """
        tracks = self.data.tracks
        seen = [group for group, unseen in zip(tracks.groups, tracks.unseen, strict=True) if not unseen]
        self.groups = tuple(sorted(set(seen)))
        if len(self.groups) > self.encoder.width:
            raise ValueError(f"{len(self.groups)} groups of tags do not fit {self.encoder.width} dimensions")
        # tags that are not learnt have no part; what they are given is never looked at
        place = {group: number for number, group in enumerate(self.groups)}
        number_T = np.array([place.get(group, 0) for group in tracks.groups])
        self.register_buffer("group_T", torch.from_numpy(number_T), persistent=False)
        self.by_group = nn.ModuleList()
        for number in range(len(self.groups)):
            own = np.flatnonzero((number_T == number) & ~tracks.unseen)
            self.by_group.append(Belonging(tracks.matrix[:, own]))
            self.register_buffer(f"tags_of_{number}", torch.from_numpy(own), persistent=False)
        super().setup(stage)

    def configure_model(self) -> None:
        """Make the proxies, one a tag, before a checkpoint is loaded."""
        if self.proxies is None:
            self.proxies = nn.Parameter(torch.randn(len(self.group_T), self.row_width() // len(self.groups)))

    def parts(self, excerpt_BD: Tensor) -> Tensor:
        """The parts of an embedding, each of length 1, (..., G, D / G)."""
        width = excerpt_BD.shape[-1] // len(self.groups) * len(self.groups)
        return normalize(excerpt_BD[..., :width].float().reshape(*excerpt_BD.shape[:-1], len(self.groups), -1), dim=-1)

    def rows(self, excerpts_BED: Tensor) -> Tensor:
        """The mean over excerpts of the parts side by side."""
        return self.parts(excerpts_BED).mean(dim=1).flatten(1)

    def row_width(self) -> int:
        """The parts without the rest."""
        return self.encoder.width // len(self.groups) * len(self.groups)

    def tag_rows(self) -> Tensor:
        """Each proxy of length 1 in its part, 0 elsewhere, (T, D)."""
        if self.proxies is None:
            raise ValueError("the model was not set up by a Trainer")
        rows_TGP = self.proxies.new_zeros(len(self.proxies), len(self.groups), self.proxies.shape[1])
        places = torch.arange(len(self.proxies), device=self.proxies.device)
        rows_TGP[places, self.group_T] = normalize(self.proxies, dim=-1)
        return rows_TGP.flatten(1)

    def loss_weights(self) -> dict[str, float]:
        """Each group counts alike."""
        return {_named(group): 1 / len(self.groups) for group in self.groups}

    def losses(self, excerpt_BD: Tensor, track_B: Tensor) -> Iterator[tuple[str, AnchorLoss]]:
        """The hinge within each group's part."""
        assert self.proxies is not None
        with torch.autocast(excerpt_BD.device.type, enabled=False):
            parts_BGP = self.parts(excerpt_BD)
            for place, (group, belonging) in enumerate(zip(self.groups, self.by_group, strict=True)):
                drawn = cast(Belonging, belonging).draw(track_B, self.negatives, repeatable=not self.training)
                proxies = self.proxies[self.get_buffer(f"tags_of_{place}")]
                each_B = cosine_hinge(
                    parts_BGP[:, place],
                    proxies[drawn.positive_B],
                    proxies[drawn.negative_BK],
                    self.margin,
                    self.negatives,
                )
                yield _named(group), AnchorLoss(each_B, drawn.valid_B)


def _named(group: str) -> str:
    return name_of_group(group) or "tag"
