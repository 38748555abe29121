"""Ridge regression on the mean and spread of mel bands: how far one comes without learning to hear.

Shape suffixes: B tracks or excerpts of a batch, E excerpts, F frames, M mel bands, D features, N tracks, T tags, W
dimensions of a word vector.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from torch.nn.functional import normalize

from mwe.encoders import AudioEncoder
from mwe.joint.losses import AnchorLoss
from mwe.joint.tracks import TrackModule
from mwe.metrics import TagLabels, query_by_tag

READ_TOGETHER = 64


class MelStatistics(AudioEncoder):
    """Mean and standard deviation over time of each mel band.

    Args:
        mels: Mel bands M; the width is twice as many.
    """

    def __init__(self, mels: int = 128) -> None:
        super().__init__(2 * mels)

    def forward(self, mel_BFM: Tensor) -> Tensor:
        """(batch, frames, mel bands) → (batch, width)."""
        return torch.cat([mel_BFM.mean(dim=1), mel_BFM.std(dim=1)], dim=1)


class RidgeRegression(TrackModule):
    """A baseline that is fitted in closed form on the training tracks when it is tested (``mwe test``, no checkpoint).

    Features are standardised; the penalty is the one with the highest tag-wise ROC-AUC on the validation tracks.

    Args:
        target: What is predicted: the ``labels`` of the seen tags, or the mean of the ``words``' vectors of a track's
            seen tags, each of length 1, which unseen tags can be compared with too.
        penalties: Penalties that are tried.
        mels: Mel bands.
    """

    weight_DF: Tensor
    offset_D: Tensor

    def __init__(
        self,
        target: Literal["labels", "words"] = "labels",
        penalties: Sequence[float] = (0.1, 1.0, 10.0, 100.0, 1000.0, 10000.0),
        mels: int = 128,
    ) -> None:
        super().__init__(MelStatistics(mels), torch.optim.SGD, None, "epoch", None)
        self.target, self.penalties = target, tuple(penalties)
        self.cosine = target == "words"

    def setup(self, stage: str) -> None:
        """Fit on the training tracks."""
        data = self.data
        self.prototype_TD = self._prototypes()
        train_ND, valid_ND = self._features("train"), self._features("valid")
        scaler = StandardScaler().fit(train_ND)
        target_ND = self._targets(data.places("train"))
        fitted = [Ridge(penalty).fit(scaler.transform(train_ND), target_ND) for penalty in self.penalties]
        figures = [self._valid_figure(torch.from_numpy(one.predict(scaler.transform(valid_ND)))) for one in fitted]
        best = int(np.argmax(figures))
        weight_DF = fitted[best].coef_ / scaler.scale_
        offset_D = fitted[best].intercept_ - weight_DF @ scaler.mean_
        self.register_buffer("weight_DF", torch.from_numpy(weight_DF).float(), persistent=False)
        self.register_buffer("offset_D", torch.from_numpy(offset_D).float(), persistent=False)
        super().setup(stage)
        self.notes = {**self.notes, "penalty": self.penalties[best]}

    def rows(self, excerpts_BED: Tensor) -> Tensor:
        """What is predicted from the mean of the excerpts' features."""
        return excerpts_BED.mean(dim=1) @ self.weight_DF.T + self.offset_D

    def row_width(self) -> int:
        """As many numbers as are predicted."""
        return self.prototype_TD.shape[1]

    def tag_rows(self) -> Tensor:
        """Each seen tag is a place in the row, or each tag its word vector."""
        return self.prototype_TD.to(self.device)

    def usable_tags(self) -> Tensor:
        """Seen tags, or those that have a word vector."""
        data = self.data
        return torch.from_numpy(~data.tracks.unseen if self.target == "labels" else data.words.tag_known)

    def loss_weights(self) -> dict[str, float]:
        """Nothing is learnt step by step."""
        return {}

    def losses(self, excerpt_BD: Tensor, track_B: Tensor) -> Iterator[tuple[str, AnchorLoss]]:
        """None."""
        return iter(())

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Refuse to be trained.

        Raises:
            ValueError: Always.
        """
        raise ValueError("ridge regression is fitted in closed form when it is tested: use `mwe test`, not `mwe fit`")

    def _prototypes(self) -> Tensor:
        data = self.data
        if self.target == "words":
            return normalize(torch.from_numpy(data.words.tag).float(), dim=1)
        return torch.eye(len(data.tracks.tags))[:, torch.from_numpy(~data.tracks.unseen)]

    def _targets(self, places: np.ndarray) -> np.ndarray:
        """What training tracks are to give, (N, D): the sum of their seen tags' rows, or its mean over them."""
        tracks = self.data.tracks
        usable = self.usable_tags().numpy() & ~tracks.unseen
        label_NT = tracks.matrix[places].toarray()[:, usable].astype(np.float32)
        sum_ND: np.ndarray = label_NT @ self.prototype_TD[torch.from_numpy(usable)].numpy()
        return sum_ND if self.target == "labels" else sum_ND / np.maximum(label_NT.sum(axis=1, keepdims=True), 1)

    def _features(self, split: Literal["train", "valid"]) -> np.ndarray:
        """Mean over excerpts of the features of each track of a split, (N, D)."""
        tracks = self.data.split(split, self.data.test_excerpts)
        parts = [range(at, min(at + READ_TOGETHER, len(tracks))) for at in range(0, len(tracks), READ_TOGETHER)]
        found = [self._excerpts(tracks.__getitems__(list(part)).mel).mean(dim=1) for part in parts]
        return torch.cat(found).double().numpy()

    def _valid_figure(self, rows_ND: Tensor) -> float:
        """Mean tag-wise ROC-AUC over the seen tags on validation tracks."""
        data = self.data
        tags = torch.from_numpy((self.usable_tags().numpy() & ~data.tracks.unseen).nonzero()[0])
        labels = TagLabels(data.tracks.matrix[data.places("valid")][:, tags.numpy()])
        rows_ND, tags_TD = rows_ND.float(), self.prototype_TD[tags]
        return float(
            query_by_tag(normalize(rows_ND, dim=1) if self.cosine else rows_ND, tags_TD, labels).roc_R.nanmean()
        )
