"""Ridge regression on the mean and spread of mel bands: a baseline without a learnt audio encoder.

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

from mwe.core.split_rows import SplitRows, Train, to_train
from mwe.encoders import AudioEncoder
from mwe.joint.losses import AnchorLoss
from mwe.joint.tracks import TrackModule
from mwe.metrics import TagLabels, query_by_tag

READ_TOGETHER = 64


class MelStatistics(AudioEncoder):
    """Mean and standard deviation over time of each mel band.

    Args:
        mels: Mel bands M; the width is 2 M.
    """

    def __init__(self, mels: int = 128) -> None:
        super().__init__(2 * mels)

    def forward(self, mel_BFM: Tensor) -> Tensor:
        """(batch, frames, mel bands) → (batch, width)."""
        return torch.cat([mel_BFM.mean(dim=1), mel_BFM.std(dim=1)], dim=1)


class RidgeRegression(TrackModule):
    """A baseline that is fitted in closed form on the training tracks when it is tested (``mwe test``, no checkpoint).

    Features are standardised. The penalty with the highest tag-wise ROC-AUC on the validation tracks is chosen.

    Args:
        target: What to predict: ``labels``, the seen tags of a track; or ``words``, the mean of the unit word vectors
            of its seen tags, with which unseen tags can be compared too.
        penalties: Penalties to try.
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
        target_ND = self._targets(data.positions("train"))
        fitted = [Ridge(penalty).fit(scaler.transform(train_ND), target_ND) for penalty in self.penalties]
        figures = [self._valid_figure(torch.from_numpy(model.predict(scaler.transform(valid_ND)))) for model in fitted]
        best = int(np.argmax(figures))
        weight_DF = fitted[best].coef_ / scaler.scale_
        offset_D = fitted[best].intercept_ - weight_DF @ scaler.mean_
        self.register_buffer("weight_DF", torch.from_numpy(weight_DF).float(), persistent=False)
        self.register_buffer("offset_D", torch.from_numpy(offset_D).float(), persistent=False)
        super().setup(stage)
        self.notes = {**self.notes, "penalty": self.penalties[best]}

    def rows(self, excerpts_BED: Tensor) -> Tensor:
        """Predict from the mean of the excerpts' features."""
        return excerpts_BED.mean(dim=1) @ self.weight_DF.T + self.offset_D

    def row_width(self) -> int:
        """Return the number of predicted values."""
        return self.prototype_TD.shape[1]

    def tag_rows(self) -> Tensor:
        """Return the identity for ``labels``, the word vectors of the tags for ``words``."""
        return self.prototype_TD.to(self.device)

    def usable_tags(self) -> Tensor:
        """Return the seen tags for ``labels``, those with a word vector for ``words``."""
        data = self.data
        return torch.from_numpy(~data.tracks.unseen if self.target == "labels" else data.words.tag_known)

    def loss_weights(self) -> dict[str, float]:
        """Return nothing: there is no training by steps."""
        return {}

    def losses(self, excerpt_BD: Tensor, track_B: Tensor) -> Iterator[tuple[str, AnchorLoss]]:
        """Yield nothing: there is no training by steps."""
        return iter(())

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Reject training.

        Raises:
            ValueError: Always.
        """
        raise ValueError("ridge regression is fitted in closed form when it is tested: use `mwe test`, not `mwe fit`")

    def _prototypes(self) -> Tensor:
        data = self.data
        if self.target == "words":
            return normalize(torch.from_numpy(data.words.tag).float(), dim=1)
        return torch.eye(len(data.tracks.tags))[:, torch.from_numpy(~data.tracks.unseen)]

    def _targets(self, positions: SplitRows[Train]) -> np.ndarray:
        """Return the targets of training tracks, (N, D): the sum of the rows of their seen tags, or the mean."""
        tracks = self.data.tracks
        usable = self.usable_tags().numpy() & ~tracks.unseen
        label_NT = tracks.matrix[to_train(positions)].toarray()[:, usable].astype(np.float32)
        sum_ND: np.ndarray = label_NT @ self.prototype_TD[torch.from_numpy(usable)].numpy()
        return sum_ND if self.target == "labels" else sum_ND / np.maximum(label_NT.sum(axis=1, keepdims=True), 1)

    def _features(self, split: Literal["train", "valid"]) -> np.ndarray:
        """Return the features of each track of a split, averaged over its excerpts, (N, D)."""
        tracks = self.data.split(split, self.data.test_excerpts)
        parts = [
            range(start, min(start + READ_TOGETHER, len(tracks))) for start in range(0, len(tracks), READ_TOGETHER)
        ]
        features = [self._excerpts(tracks.__getitems__(list(part)).mel).mean(dim=1) for part in parts]
        return torch.cat(features).double().numpy()

    def _valid_figure(self, rows_ND: Tensor) -> float:
        """Return the mean tag-wise ROC-AUC over the seen tags on the validation tracks."""
        data = self.data
        tags = torch.from_numpy((self.usable_tags().numpy() & ~data.tracks.unseen).nonzero()[0])
        labels = TagLabels(data.tracks.matrix[data.positions("valid")][:, tags.numpy()])
        rows_ND, tags_TD = rows_ND.float(), self.prototype_TD[tags]
        return float(
            query_by_tag(normalize(rows_ND, dim=1) if self.cosine else rows_ND, tags_TD, labels).roc_R.nanmean()
        )
