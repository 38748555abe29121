"""Towers: networks trained on real audio, each with its own front end.

Shape suffixes: B excerpts, F frames, M mel bands, D features, T tags, W width of the encoder.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor, nn

from mwe.encoders.audio_encoder import AudioEncoder
from mwe.encoders.weights import published_state, published_tags

Collection = Literal["msd", "mtt"]
Output = Literal["features", "logits", "probabilities"]
TAGS = 50
EPSILON, MOMENTUM = 1e-3, 0.01  # of batch normalisation, as in TensorFlow
FRONT_END = {"sample_rate": 16000, "n_fft": 512, "hop_length": 256, "n_mels": 96, "f_min": 0.0, "f_max": 8000.0}


class PooledConvolution(nn.Module):
    """Convolution, ReLU, batch normalisation and max-pooling, in this order.

    Normalisation keeps or reverses the order of the numbers of a channel. In evaluation mode, the maximum is therefore
    taken first (for reversed channels with the sign changed), and only the pooled numbers go through ReLU and
    normalisation: the same result in half the time.

    Args:
        convolution: The convolution.
        pool: Max-pooling.
    """

    def __init__(self, convolution: nn.Conv2d, pool: nn.Module) -> None:
        super().__init__()
        self.convolution, self.pool = convolution, pool
        self.norm = nn.BatchNorm2d(convolution.out_channels, EPSILON, MOMENTUM)

    def forward(self, image_BCFM: Tensor) -> Tensor:
        """Filter and pool images."""
        if self.norm.training:
            pooled: Tensor = self.pool(self.norm(self.convolution(image_BCFM).relu()))
            return pooled
        scale_C11, shift_C11 = (part[:, None, None] for part in scale_and_shift(self.norm))
        sign_C11 = torch.where(scale_C11 < 0, -1.0, 1.0)
        conv = self.convolution
        assert conv.bias is not None
        filtered = nn.functional.conv2d(
            image_BCFM, conv.weight * sign_C11[..., None], conv.bias * sign_C11.flatten(), padding=conv.padding
        )
        peak: Tensor = self.pool(filtered)
        return (peak * sign_C11).relu() * scale_C11 + shift_C11


def scale_and_shift(norm: nn.modules.batchnorm._BatchNorm) -> tuple[Tensor, Tensor]:
    """Return the factor and the offset of batch normalisation in evaluation mode."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale_C = norm.weight * (norm.running_var + norm.eps).rsqrt()
    return scale_C, norm.bias - norm.running_mean * scale_C


class TowerNet(nn.Module, ABC):
    """The published network of a tower, without the layer on top of it.

    Args:
        width: Number of features D.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.dropout = nn.Dropout(0.5)
        self.tags = nn.Linear(width, TAGS)

    @abstractmethod
    def features(self, mel_BFM: Tensor) -> Tensor:
        """Return the layer before the tags, (B, D)."""

    def logits(self, feature_BD: Tensor) -> Tensor:
        """Return the log-odds of the tags, (B, T)."""
        logit_BT: Tensor = self.tags(self.dropout(feature_BD))
        return logit_BT


class Tower(AudioEncoder):
    """A published network as an audio encoder, frozen or fine-tuned, with an optional linear layer on top.

    Args:
        net: The network.
        pretrained: Collection of the initial weights: the Million Song Dataset or MagnaTagATune. ``load_pretrained``,
            which ``mwe fit`` calls, loads them; a checkpoint contains its own. By default weights are random.
        frozen: Whether to keep the network unchanged: no gradients, fixed batch statistics, no dropout. The linear
            layer is trained nevertheless.
        output: Output of the encoder: the layer before the tags, log-odds of the tags, or their probabilities.
        head: Width of a linear layer after that output; 0 for no layer.
    """

    architecture: ClassVar[str]
    front_end = FRONT_END

    def __init__(self, net: TowerNet, pretrained: Collection | None, frozen: bool, output: Output, head: int) -> None:
        outputs = net.width if output == "features" else TAGS
        super().__init__(head or outputs)
        self.net, self.output, self.frozen = net, output, frozen
        self.head = nn.Linear(outputs, head) if head else None
        self.collection = pretrained
        self.awaits_weights = pretrained is not None
        self.register_load_state_dict_post_hook(_mark_loaded)  # type: ignore[no-untyped-call]
        if frozen:
            self.net.requires_grad_(False).eval()
        elif output == "features":  # the layer of the tags is not used and gets no gradient
            self.net.tags.requires_grad_(False)

    @classmethod
    def pretrained(cls, collection: Collection, **settings: Any) -> Self:
        """Return a tower with published weights, in evaluation mode.

        Args:
            collection: ``msd`` (50 tags of Last.fm) or ``mtt`` (50 tags of MagnaTagATune).
            settings: Further arguments of the class, such as ``output``.

        Raises:
            MissingDataError: The weights are not in the cache and cannot be fetched.
            BadFileError: The weights in the cache are not the published ones.
        """
        tower = cls(pretrained=collection, **settings)
        tower.load_pretrained()
        return tower.eval()

    @property
    def tags(self) -> tuple[str, ...]:
        """Names of the tags in the order of the logits; empty for random weights."""
        return published_tags(self.collection) if self.collection else ()

    def load_pretrained(self) -> None:
        """Load the published weights if requested; fetch them if the cache lacks them."""
        if self.collection is not None:
            self.net.load_state_dict(published_state(f"{self.collection}_{self.architecture}"))
            self.awaits_weights = False

    def train(self, mode: bool = True) -> Self:
        """Set the training mode. A frozen network stays in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.net.eval()
        return self

    def features(self, mel_BFM: Tensor) -> Tensor:
        """Return the layer before the tags, (B, D).

        Raises:
            ValueError: The spectrogram has another number of mel bands, or the published weights were not loaded.
        """
        if self.awaits_weights:
            raise ValueError(f"the weights of {self.collection} were not loaded: call `load_pretrained()` first")
        if mel_BFM.shape[2] != FRONT_END["n_mels"]:
            raise ValueError(
                f"the tower needs {FRONT_END['n_mels']} mel bands, not {mel_BFM.shape[2]}. Extract spectrograms with "
                "`mwe data mel --config lightning_configs/mwe/mel/towers.yaml`."
            )
        return self.net.features(mel_BFM)

    def logits(self, mel_BFM: Tensor) -> Tensor:
        """Return the log-odds of the tags, (B, T)."""
        return self.net.logits(self.features(mel_BFM))

    def forward(self, mel_BFM: Tensor) -> Tensor:
        """Encode excerpts of any length: (batch, frames, 96 mel bands) → (batch, width)."""
        output = self.features(mel_BFM)
        if self.output != "features":
            output = self.net.logits(output)
        if self.output == "probabilities":
            output = output.sigmoid()
        return output if self.head is None else self.head(output)


def _mark_loaded(tower: Tower, keys: Any) -> None:
    tower.awaits_weights = False
