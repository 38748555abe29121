"""The Music Tagging Transformer (Won et al., 2021) as an audio encoder (section IV-B).

Shape suffixes: B excerpts, F frames, M mel bands, C channels, S positions of the sequence, D width, H heads, A width of
a head.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from mwe.encoders.audio_encoder import AudioEncoder

POOLS = ((2, 2), (2, 2), (2, 1))  # of mel bands and frames


class ResidualConvolution(nn.Module):
    """Two 3x3 convolutions with a shortcut, then ReLU and max-pooling.

    Args:
        inputs: Input channels.
        outputs: Output channels; if they differ, the shortcut is a convolution too.
        pool: Max-pool over mel bands and frames.

    Examples:
        >>> import torch
        >>> ResidualConvolution(1, 4, pool=(2, 1))(torch.randn(2, 1, 128, 130)).shape
        torch.Size([2, 4, 64, 130])
    """

    def __init__(self, inputs: int, outputs: int, pool: tuple[int, int]) -> None:
        super().__init__()
        self.straight = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs))
        self.pool = nn.MaxPool2d(pool)

    def forward(self, image_BCMF: Tensor) -> Tensor:
        """Transform images: (B, inputs, M, F) to (B, outputs, M / pool, F / pool), remainders dropped."""
        pooled: Tensor = self.pool(torch.relu(self.shortcut(image_BCMF) + self.straight(image_BCMF)))
        return pooled


class SelfAttention(nn.Module):
    """Attention without biases on queries, keys and values and without dropout of its weights, as published.

    Args:
        width: Width D.
        heads: Number of heads H.
        dropout: Dropout of the output.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Sequential(nn.Linear(width, width), nn.Dropout(dropout))

    def forward(self, sequence_BSD: Tensor) -> Tensor:
        """Let every position attend to every other; the shape stays the same."""
        parts = self.query_key_value(sequence_BSD).unflatten(-1, (3, self.heads, -1))
        query_BHSA, key_BHSA, value_BHSA = parts.permute(2, 0, 3, 1, 4).unbind(0)
        attended_BHSA = scaled_dot_product_attention(query_BHSA, key_BHSA, value_BHSA)
        mixed: Tensor = self.out(attended_BHSA.transpose(1, 2).flatten(2))
        return mixed


class TransformerLayer(nn.Module):
    """Attention and a feed-forward network of four times the width, each after a layer norm and with a shortcut.

    Args:
        width: Width D.
        heads: Number of heads.
        dropout: Dropout after each linear layer except the first.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attention = nn.Sequential(nn.LayerNorm(width), SelfAttention(width, heads, dropout))
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(4 * width, width),
            nn.Dropout(dropout),
        )

    def forward(self, sequence_BSD: Tensor) -> Tensor:
        """Transform a sequence; the shape stays the same."""
        sequence_BSD = sequence_BSD + self.attention(sequence_BSD)
        transformed_BSD: Tensor = sequence_BSD + self.feed_forward(sequence_BSD)
        return transformed_BSD


class MusicTaggingTransformer(AudioEncoder):
    """Residual convolutions, then a transformer whose CLS token is the embedding.

    A 3-second excerpt has 130 frames and becomes a sequence of 32 positions. Excerpts may have from 4 to
    ``4 * positions + 3`` frames.

    Args:
        mels: Mel bands.
        channels: Channels of the convolutions.
        width: Width of the attention and of the embedding; a multiple of ``heads``.
        heads: Heads of the attention.
        layers: Transformer layers.
        positions: Learnt positions, without that of the CLS token.
        dropout: Dropout in the transformer.
        channels_last: Whether the images of the convolutions are channels-last in memory. The results are the same;
            convolutions are faster on CPUs, and on GPUs in half precision.

    Examples:
        >>> import torch
        >>> encoder = MusicTaggingTransformer(channels=8, width=32, heads=4, layers=1)
        >>> encoder(torch.randn(2, 130, 128)).shape
        torch.Size([2, 32])
    """

    def __init__(
        self,
        mels: int = 128,
        channels: int = 128,
        width: int = 256,
        heads: int = 8,
        layers: int = 4,
        positions: int = 512,
        dropout: float = 0.1,
        channels_last: bool = False,
    ) -> None:
        if width % heads:
            raise ValueError(f"width {width} is not a multiple of the {heads} heads")
        if mels < 8:
            raise ValueError(f"mels is {mels}; three pools divide the mel bands by 8, so give 8 or more")
        super().__init__(width)
        self.positions = positions
        self.normalise = nn.BatchNorm2d(1)
        inputs = (1, channels, channels)
        self.convolutions = nn.Sequential(
            *(ResidualConvolution(channels_in, channels, pool) for channels_in, pool in zip(inputs, POOLS, strict=True))
        )
        self.to_width = nn.Linear(channels * (mels // 8), width)
        self.cls_token = nn.Parameter(torch.randn(width))
        self.position_SD = nn.Parameter(torch.randn(1 + positions, width))
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.Sequential(*(TransformerLayer(width, heads, dropout) for _ in range(layers)))
        if channels_last:  # the output of a convolution has the memory format of its weights
            self.convolutions.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, mel_BFM: Tensor) -> Tensor:
        """Encode excerpts: (batch, frames, mel bands) → (batch, width).

        Raises:
            ValueError: The excerpts are shorter than 4 frames or longer than the learnt positions.
        """
        frames = mel_BFM.shape[1]
        if not 4 <= frames < 4 * (self.positions + 1):
            raise ValueError(
                f"an excerpt of {frames} frames does not fit: {self.positions} learnt positions allow 4 to "
                f"{4 * self.positions + 3} frames. Choose another length (`seconds` of the data) or more `positions`."
            )
        image_BCMF = self.convolutions(self.normalise(mel_BFM.transpose(1, 2).unsqueeze(1)))
        sequence_BSD = self.to_width(image_BCMF.permute(0, 3, 1, 2).flatten(2))
        cls_B1D = self.cls_token.expand(sequence_BSD.shape[0], 1, -1)  # len() would fix the batch of an ONNX graph
        sequence_BSD = torch.cat([cls_B1D, sequence_BSD], dim=1)
        positioned_BSD = self.dropout(sequence_BSD + self.position_SD[: sequence_BSD.shape[1]])
        embedding_BD: Tensor = self.layers(positioned_BSD)[:, 0]
        return embedding_BD
