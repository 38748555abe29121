"""From what published towers hear to words: the audio encoder of the open model.

Shape suffixes: B excerpts, F frames, M mel bands, C classes of the towers, W and E dimensions of the two parts.
"""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from mwe.encoders.audio_encoder import AudioEncoder
from mwe.encoders.musicnn import Musicnn
from mwe.encoders.tower import FRONT_END, Tower
from mwe.encoders.vgg import VGG
from mwe.encoders.weights import declaration, published_state, published_tags

ARCHITECTURES: dict[str, type[Tower]] = {kind.architecture: kind for kind in (Musicnn, VGG)}
TOWERS = "towers."


class HeardContext(nn.Module):
    """The context encoder of tag documents, given tags that are heard with more or less certainty.

    Its input is the evidence of every class: how much more likely it is after listening than before, in log-odds. The
    embeddings of the classes are summed by it, normalised, and go through a residual perceptron.

    Args:
        classes: Number of classes C.
        width: Dimensions of a context E.
        hidden: Units of the perceptron.
        dropout: Rate of dropout.
    """

    def __init__(self, classes: int, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.classes = nn.Linear(classes, width)
        self.into = nn.LayerNorm(width)
        self.perceptron = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, width)
        )
        self.out = nn.Linear(width, width)

    def forward(self, evidence_BC: Tensor) -> Tensor:
        """Return unit vectors of contexts, (B, E)."""
        hidden_BE = self.into(self.classes(evidence_BC))
        context_BE: Tensor = normalize(self.out(hidden_BE + self.perceptron(hidden_BE)), dim=-1)
        return context_BE


class TagBridge(AudioEncoder):
    """Two views of what frozen towers hear, side by side: near which words it lies, and in which context of tags.

    The evidence of a class is its log-odds less those of its frequency in the towers' training data. The first part
    maps it to the word vectors of the classes by ridge regression; the second is ``HeardContext``. Both have length 1
    and ``weight`` says how much the second counts.

    The towers' weights are no part of the state: they are published (``mwe weights``), verified, and loaded with it.

    Args:
        towers: Networks that listen, such as ``msd_musicnn``. Evidence is averaged over towers with the same classes.
        word_dim: Dimensions of the first part.
        context_dim: Dimensions of the second part.
        hidden: Units of the perceptron of ``HeardContext``.
        dropout: Its rate of dropout.
        weight: Length of the second part.
    """

    front_end = FRONT_END

    def __init__(
        self,
        towers: Sequence[str] = ("msd_musicnn", "mtt_musicnn"),
        word_dim: int = 100,
        context_dim: int = 128,
        hidden: int = 256,
        dropout: float = 0.2,
        weight: float = 1.0,
    ) -> None:
        super().__init__(word_dim + context_dim)
        self.towers = nn.ModuleDict({name: _tower(name) for name in towers})
        self.collections = tuple(dict.fromkeys(name.partition("_")[0] for name in towers))
        classes = sum(len(published_tags(collection)) for collection in self.collections)
        self.register_buffer("prior_C", torch.zeros(classes))
        self.register_buffer("used_C", torch.ones(classes))
        self.words = nn.Linear(classes, word_dim, bias=False)
        self.context = HeardContext(classes, context_dim, hidden, dropout)
        self.weight = weight
        self.register_state_dict_post_hook(_leave_towers_out)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_bring_towers)  # type: ignore[no-untyped-call]

    prior_C: Tensor
    used_C: Tensor

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the evidence."""
        return tuple(tag for collection in self.collections for tag in published_tags(collection))

    def evidence(self, mel_BFM: Tensor) -> Tensor:
        """Return the evidence of every class, (B, C), in log-odds; 0 for those that are not used."""
        parts = []
        for collection in self.collections:
            heard = [tower(mel_BFM) for name, tower in self.towers.items() if name.partition("_")[0] == collection]
            parts.append(torch.stack(heard).mean(dim=0))
        evidence_BC: Tensor = (torch.cat(parts, dim=1) - self.prior_C) * self.used_C
        return evidence_BC

    def bridge(self, evidence_BC: Tensor) -> Tensor:
        """Return evidence in the joint space, (B, W + E)."""
        parts = (normalize(self.words(evidence_BC), dim=-1), self.weight * self.context(evidence_BC))
        return torch.cat(parts, dim=1)

    def forward(self, mel_BFM: Tensor) -> Tensor:
        """Encode excerpts of any length: (batch, frames, 96 mel bands) → (batch, width)."""
        return self.bridge(self.evidence(mel_BFM))

    def load_pretrained(self) -> None:
        """Load the published weights of the towers.

        Raises:
            MissingDataError: The weights are not in the cache and cannot be fetched.
            BadFileError: The weights in the cache are not the published ones.
        """
        for tower in self.towers.values():
            cast(Tower, tower).load_pretrained()


def _tower(name: str) -> Tower:
    collection, _, architecture = name.partition("_")
    if name not in declaration()["tensors"]:
        raise ValueError(f"unknown tower {name!r}, expected one of {', '.join(declaration()['tensors'])}")
    build: Any = ARCHITECTURES[architecture]
    tower: Tower = build(pretrained=collection, frozen=True, output="logits")
    return tower


def _leave_towers_out(bridge: nn.Module, state: dict[str, Any], prefix: str, metadata: Any) -> None:
    for name in [name for name in state if name.startswith(prefix + TOWERS)]:
        del state[name]


def _bring_towers(bridge: TagBridge, state: dict[str, Any], prefix: str, *others: Any) -> None:
    for name in bridge.towers:
        state.update({f"{prefix}{TOWERS}{name}.net.{key}": value for key, value in published_state(name).items()})
