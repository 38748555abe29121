"""The context encoder: a set of revealed tags in, a logit for every tag out.

Shape suffixes: D documents, T tags, E embedding dimensions.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

INITIAL_SCALE = 0.1


class ContextEncoder(nn.Module):
    """A sum of tag embeddings, normalised, with a perceptron on it; the tag embeddings are shared with the output.

    Args:
        n_tags: Size of the vocabulary.
        width: Embedding dimensions.
        layers: Residual perceptrons on the sum.
        dropout: Rate of dropout.
    """

    def __init__(self, n_tags: int, width: int = 128, layers: int = 1, dropout: float = 0.3) -> None:
        super().__init__()
        self.tags = nn.Embedding(n_tags, width)
        nn.init.normal_(self.tags.weight, std=INITIAL_SCALE)
        self.bias_T = nn.Parameter(torch.zeros(n_tags))
        self.size_E = nn.Parameter(torch.zeros(width))
        self.into = nn.LayerNorm(width)
        self.out = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.perceptrons = nn.ModuleList(_perceptron(width, dropout) for _ in range(layers))

    def start_at(self, frequency_T: Tensor) -> None:
        """Start the output at the log-odds of the tags' shares of documents (T, in 0 to 1)."""
        with torch.no_grad():
            self.bias_T.copy_(torch.logit(frequency_T.double(), eps=1e-5))

    def context(self, revealed_DT: Tensor) -> Tensor:
        """Context vectors of sets of revealed tags, D × E, each set of at least one tag."""
        n_D1 = revealed_DT.sum(dim=1, keepdim=True).clamp_min(1).to(self.tags.weight.dtype)
        summed_DE = revealed_DT.to(self.tags.weight.dtype) @ self.tags.weight / n_D1.sqrt()
        hidden_DE = self.dropout(self.into(summed_DE)) + self.size_E * n_D1.log()
        for perceptron in self.perceptrons:
            hidden_DE = hidden_DE + perceptron(hidden_DE)
        context_DE: Tensor = self.out(hidden_DE)
        return context_DE

    def forward(self, revealed_DT: Tensor) -> Tensor:
        """Logit of every tag to be among the hidden ones, D × T."""
        return functional.linear(self.context(revealed_DT), self.tags.weight, self.bias_T)


def hidden_tags_loss(logits_DT: Tensor, revealed_DT: Tensor, hidden_DT: Tensor) -> Tensor:
    """Binary cross-entropy over the tags that are not revealed, with the hidden ones as targets."""
    loss_DT = functional.binary_cross_entropy_with_logits(logits_DT, hidden_DT.to(logits_DT.dtype), reduction="none")
    candidates_DT = ~revealed_DT
    return (loss_DT * candidates_DT).sum() / candidates_DT.sum()


def warm_cosine(step: int, n_steps: int, warm_up: int) -> float:
    """Share of the learning rate at a step: linear up over ``warm_up`` steps, then by a cosine to 0."""
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm_up) / max(1, n_steps - warm_up))))


def _perceptron(width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(width),
        nn.Linear(width, 2 * width),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(2 * width, width),
    )
