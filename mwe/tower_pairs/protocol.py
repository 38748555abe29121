"""What an audio-text model offers to be searched with and measured.

Shape suffixes: B sounds or texts of a batch, T samples, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from mwe.core.numbers import check_numbers

if TYPE_CHECKING:
    from torch import Tensor

NOT_STATED = "not stated"


@dataclass(frozen=True)
class PairDescription:
    """What a tower pair is, and what it expects.

    Args:
        identity: Name of its space: other weights must have another identity.
        dim: Dimensions of its vectors.
        sample_rate: Rate of the audio that it expects, in Hz.
        seconds: Length of an excerpt that it encodes at once.
        excerpts: Evenly spaced excerpts of a track, whose unit vectors are averaged.
        template: Text in which a tag is asked, with ``{}`` for the tag.
        licence: Licence of the weights.

    Raises:
        ValueError: A number is not valid, or the template has not exactly one ``{}``.

    Examples:
        >>> pair = PairDescription("mine-v1", dim=512, sample_rate=48000, seconds=10.0, template="This is {} music.")
        >>> pair.samples, pair.prompts(["calm", "deep house"])
        (480000, ['This is calm music.', 'This is deep house music.'])
    """

    identity: str
    dim: int
    sample_rate: int
    seconds: float
    excerpts: int = 3
    template: str = "{}"
    licence: str = NOT_STATED

    def __post_init__(self) -> None:
        numbers = {name: getattr(self, name) for name in ("dim", "sample_rate", "seconds", "excerpts")}
        check_numbers(numbers, whole={"dim", "sample_rate", "excerpts"})
        if not self.samples:
            raise ValueError(f"seconds is {self.seconds!r}")
        if not isinstance(self.template, str) or self.template.count("{}") != 1:
            raise ValueError(f"template {self.template!r} has not exactly one {{}}")
        for name in ("identity", "licence"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name):
                raise ValueError(f"{name} {getattr(self, name)!r} is no text")

    @property
    def samples(self) -> int:
        """Samples of an excerpt."""
        return round(self.seconds * self.sample_rate)

    def prompts(self, tags: Sequence[str]) -> list[str]:
        """Return the texts in which tags are asked."""
        return [self.template.replace("{}", tag) for tag in tags]


class TowerPair(Protocol):
    """A tower for audio and a tower for text with one space.

    A class with these three members is one; it need not inherit from this. Vectors may have any length: only their
    directions count. Each must be the same in every batch. A ``torch.nn.Module`` is moved to the device of the job.

    Examples:
        >>> import torch
        >>> class Loudness:  # a space of two dimensions: soft and loud
        ...     description = PairDescription("loudness-1", dim=2, sample_rate=16000, seconds=1.0)
        ...
        ...     def encode_audio(self, waveform_BT, rate):
        ...         level_B = waveform_BT.square().mean(dim=1).sqrt()
        ...         return torch.stack([1 - level_B, level_B], dim=1)
        ...
        ...     def encode_text(self, texts):
        ...         return torch.tensor([[0.0, 1.0] if "loud" in text else [1.0, 0.0] for text in texts])
        >>> pair: TowerPair = Loudness()
        >>> pair.encode_audio(torch.ones(2, 16000), 16000).shape
        torch.Size([2, 2])
    """

    @property
    def description(self) -> PairDescription:
        """What the pair is, and what it expects."""

    def encode_audio(self, waveform_BT: "Tensor", rate: int) -> "Tensor":
        """Return vectors (B, D) of mono excerpts (B, T), float32.

        Args:
            waveform_BT: Excerpts of the described length, at the described rate.
            rate: Their rate in Hz.
        """

    def encode_text(self, texts: Sequence[str]) -> "Tensor":
        """Return vectors (B, D) of texts; a row of zeros for a text that means nothing to the pair."""


@runtime_checkable
class WholeSounds(Protocol):
    """A tower pair that cuts whole sounds into excerpts itself, where another cut would give other vectors."""

    def encode_whole(self, waveform_BT: "Tensor", rate: int) -> "Tensor":
        """Return vectors (B, D) of mono sounds (B, T) of any length and rate."""
