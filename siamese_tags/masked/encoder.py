"""The context encoder: from a set of revealed tags to a logit, and an embedding in this context, for every tag.

Shape suffixes: M members, D documents, N tags in a context, Q queries, T tags, U new tags, E embedding dimensions, Z
= E + 1 dimensions of the metric space.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from siamese_tags.masked.linear_path import LinearPath
from siamese_tags.masked.members import MemberNorm, member_perceptron
from siamese_tags.masked.space import ContextSpace

INITIAL_SCALE = 0.1


class ContextEncoder(nn.Module):
    """A normalised sum of tag embeddings, followed by perceptrons; the output shares the tag embeddings.

    Several such networks, the members, are computed together; the output is the log-odds of their mean probability.

    Args:
        n_tags: Size of the vocabulary.
        width: Embedding dimensions of a member.
        layers: Residual perceptrons on the sum.
        dropout: Dropout rate.
        members: Number of networks whose probabilities are averaged.
        linear: Strength of an additional linear path, in logits per tag of its estimate; 0 for no path.
    """

    def __init__(
        self,
        n_tags: int,
        width: int = 128,
        layers: int = 1,
        dropout: float = 0.3,
        members: int = 1,
        linear: float = 0.0,
    ) -> None:
        super().__init__()
        self.settings: dict[str, Any] = {
            "n_tags": n_tags,
            "width": width,
            "layers": layers,
            "dropout": dropout,
            "members": members,
            "linear": linear,
        }
        self.tags_MTE = nn.Parameter(torch.randn(members, n_tags, width) * INITIAL_SCALE)
        self.bias_MT = nn.Parameter(torch.zeros(members, n_tags))
        self.size_ME = nn.Parameter(torch.zeros(members, width))
        self.into = MemberNorm(members, width)
        self.out = MemberNorm(members, width)
        self.dropout = nn.Dropout(dropout)
        self.perceptrons = nn.ModuleList(member_perceptron(members, width, dropout) for _ in range(layers))
        self.space = ContextSpace(members, width)
        self.linear = LinearPath(n_tags, linear) if linear else None

    def start_at(self, frequency_T: Tensor) -> None:
        """Initialise the output bias with the log-odds of the tags' shares of documents (T, in 0 to 1)."""
        with torch.no_grad():
            self.bias_MT.copy_(torch.logit(frequency_T.double(), eps=1e-5).expand_as(self.bias_MT))

    def member_contexts(self, revealed_DT: Tensor) -> Tensor:
        """Return the context vectors of each member, M × D × E; all sets without tags have the same vector."""
        revealed_DT = revealed_DT.to(self.tags_MTE.dtype)
        n_D1 = revealed_DT.sum(dim=1, keepdim=True).clamp_min(1)
        summed_MDE = revealed_DT @ self.tags_MTE / n_D1.sqrt()
        hidden_MDE = self.dropout(self.into(summed_MDE)) + self.size_ME[:, None] * n_D1.log()
        for perceptron in self.perceptrons:
            hidden_MDE = hidden_MDE + perceptron(hidden_MDE)
        context_MDE: Tensor = self.out(hidden_MDE)
        return context_MDE

    def member_logits(self, context_MDE: Tensor) -> Tensor:
        """Return the logit of every tag by each member, M × D × T."""
        return torch.baddbmm(self.bias_MT[:, None], context_MDE, self.tags_MTE.mT)

    def context(self, revealed_DT: Tensor) -> Tensor:
        """Return the context vectors of sets of revealed tags, D × (M · E), those of the members concatenated."""
        return _side_by_side(self.member_contexts(revealed_DT))

    def forward(self, revealed_DT: Tensor) -> Tensor:
        """Return the logit of every tag to be hidden, D × T."""
        logits_DT = mean_log_odds(self.member_logits(self.member_contexts(revealed_DT)))
        return logits_DT if self.linear is None else logits_DT + self.linear(revealed_DT)

    def embed(self, revealed_NT: Tensor, tag_N: Tensor) -> Tensor:
        """Embed one tag per context, N × (M · Z). Tags that belong together have a small Euclidean distance.

        Args:
            revealed_NT: Boolean; the tags of each context, at least one.
            tag_N: The tag to embed; it is pulled to the centre of the context if it is one of its tags.
        """
        position_MTZ = self.space.positions(self.tags_MTE, self.bias_MT)
        centre_MNZ = self.space.centres(self.member_contexts(revealed_NT))
        member_N = revealed_NT[torch.arange(len(tag_N), device=tag_N.device), tag_N].bool()
        embedded_MNZ = self.space.in_context(position_MTZ[:, tag_N], centre_MNZ, member_N)
        # makes squared distances the mean over the members
        return _side_by_side(embedded_MNZ) / math.sqrt(len(embedded_MNZ))

    def squared_distances(self, revealed_DT: Tensor, document_Q: Tensor, tag_Q: Tensor) -> Tensor:
        """Return the squared distances between queries and all tags, the latter as if not revealed, Q × T.

        Args:
            revealed_DT: Boolean; the tags of each context.
            document_Q: Context of each query.
            tag_Q: Tag of each query, one of the revealed tags.
        """
        return self._from_queries(self.member_contexts(revealed_DT), document_Q, tag_Q).mean(dim=0)

    def losses(self, revealed_DT: Tensor, hidden_DT: Tensor, query_D: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of the outputs, and of the distances from one revealed tag per document; means over members.

        The loss of the distances has no gradient with respect to tags and contexts, since that makes both rankings
        worse.
        """
        context_MDE = self.member_contexts(revealed_DT)
        output = hidden_tags_loss(self.member_logits(context_MDE), revealed_DT, hidden_DT)
        squared_MDT = self._from_queries(
            context_MDE.detach(), torch.arange(len(query_D), device=query_D.device), query_D
        )
        near_MDT = self.space.reach_M[:, None, None] - squared_MDT
        return output, hidden_tags_loss(near_MDT, revealed_DT, hidden_DT)

    def extended(self, tags_MUE: Tensor, bias_MU: Tensor) -> "ContextEncoder":
        """Return an encoder that also knows new tags, numbered after the others; its linear path ignores them.

        Args:
            tags_MUE: Their embeddings.
            bias_MU: Their log-odds without a context.
        """
        wider = ContextEncoder(**{**self.settings, "n_tags": self.settings["n_tags"] + bias_MU.shape[1]})
        state = dict(self.state_dict())
        if self.linear is not None:
            linear = self.linear.extended(bias_MU.shape[1])
            state |= {f"linear.{name}": value for name, value in linear.state_dict().items()}
        state["tags_MTE"] = torch.cat([state["tags_MTE"], tags_MUE], dim=1)
        state["bias_MT"] = torch.cat([state["bias_MT"], bias_MU], dim=1)
        wider.load_state_dict(state)
        return wider.to(self.bias_MT.device).train(self.training)

    def _from_queries(self, context_MDE: Tensor, document_Q: Tensor, tag_Q: Tensor) -> Tensor:
        # no gradient for the tags; the parameters of the space are trained
        position_MTZ = self.space.positions(self.tags_MTE.detach(), self.bias_MT.detach())
        centre_MQZ = self.space.centres(context_MDE)[:, document_Q]
        query_MQZ = self.space.in_context(position_MTZ[:, tag_Q], centre_MQZ, torch.ones_like(tag_Q, dtype=torch.bool))
        return self.space.squared_distances(query_MQZ, centre_MQZ, position_MTZ)


def mean_log_odds(logits_MDT: Tensor) -> Tensor:
    """Return the log-odds of the mean of the members' probabilities, D × T."""
    yes_DT = functional.logsigmoid(logits_MDT).logsumexp(dim=0)
    return yes_DT - functional.logsigmoid(-logits_MDT).logsumexp(dim=0)


def hidden_tags_loss(logits_MDT: Tensor, revealed_DT: Tensor, hidden_DT: Tensor) -> Tensor:
    """Return the binary cross-entropy over the tags that are not revealed, with the hidden ones as targets."""
    targets_MDT = hidden_DT.to(logits_MDT.dtype).expand_as(logits_MDT)
    candidates_DT = ~revealed_DT
    loss_MDT = functional.binary_cross_entropy_with_logits(logits_MDT, targets_MDT, reduction="none")
    return (loss_MDT * candidates_DT).sum() / candidates_DT.expand_as(logits_MDT).sum()


def warm_cosine(step: int, n_steps: int, warm_up: int) -> float:
    """Return the factor of the learning rate at a step: linear up over ``warm_up`` steps, then by a cosine to 0."""
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm_up) / max(1, n_steps - warm_up))))


def _side_by_side(vectors_MNE: Tensor) -> Tensor:
    return vectors_MNE.transpose(0, 1).flatten(start_dim=1)
