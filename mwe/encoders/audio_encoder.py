"""The interface of audio encoders for the joint embedding."""

from collections.abc import Mapping
from typing import ClassVar

from torch import nn


class AudioEncoder(nn.Module):
    """Maps log-mel excerpts (batch, frames, mel bands) to vectors (batch, width), not normalised.

    Configurations name its sub-classes by class path.

    Args:
        width: Dimensions of the vector.

    Attributes:
        front_end: Mel settings that the weights were trained on; None if the encoder can train on any.
        awaits_weights: Whether published weights were requested and no weights have been loaded yet.
    """

    front_end: ClassVar[Mapping[str, float] | None] = None
    awaits_weights: bool = False

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def load_pretrained(self) -> None:
        """Load the weights that a training begins with. Most encoders begin with random weights."""
