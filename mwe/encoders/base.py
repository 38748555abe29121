"""What the joint embedding asks of an audio encoder."""

from torch import nn


class AudioEncoder(nn.Module):
    """Maps log-mel excerpts (batch, frames, mel bands) to vectors (batch, width), not normalised.

    Sub-classes are named in configurations by class path.

    Args:
        width: Dimensions of the vector.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
