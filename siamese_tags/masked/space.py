"""The metric space of tags in context, in which tags that belong together are close.

Shape suffixes: M members, D documents, N tags in a context, T tags, E embedding dimensions, Z = E + 1
dimensions of the space.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

PULL = (0.98, 0.12)
REACH = 4.0
CENTRE_SCALE = 0.25


class ContextSpace(nn.Module):
    """Positions of tags and centres of contexts: linear maps of the encoder's tag embeddings and context vectors.

    The maps start as multiples of the identity, for which the nearest tags have the largest product with the context
    vector; this avoids most of the training. A tag's position has one more dimension, its rarity, whose square is the
    surprise -log p of the tag times a learnt factor, so that rare tags are further from all contexts. In a context, a
    tag is pulled from its position towards the centre: strongly if the context has it, weakly if not.

    Args:
        members: Number of networks of the encoder.
        width: Embedding dimensions of a member; the space has one more.
    """

    def __init__(self, members: int, width: int) -> None:
        super().__init__()
        self.place_MEE = nn.Parameter(torch.eye(width).repeat(members, 1, 1) / (2 * CENTRE_SCALE))
        self.centre_MEE = nn.Parameter(torch.eye(width).repeat(members, 1, 1) * CENTRE_SCALE)
        self.origin_MZ = nn.Parameter(torch.zeros(members, width + 1))
        self.rarity_M = nn.Parameter(torch.ones(members))
        # pull to the centre, as logits of shares: for tags that the context has, and for others
        self.pull_M2 = nn.Parameter(torch.logit(torch.tensor(PULL)).repeat(members, 1))
        # a normalised context vector has the squared length of its width
        self.reach_M = nn.Parameter(torch.full((members,), REACH + CENTRE_SCALE**2 * width))

    def positions(self, tags_MTE: Tensor, bias_MT: Tensor) -> Tensor:
        """Return the positions of tags without a context, M × T × Z."""
        rarity_MT = self.rarity_M[:, None] * functional.softplus(-bias_MT).sqrt()
        return torch.cat([tags_MTE @ self.place_MEE, rarity_MT[..., None]], dim=2)

    def centres(self, context_MDE: Tensor) -> Tensor:
        """Return the centres of contexts, M × D × Z."""
        return functional.pad(context_MDE @ self.centre_MEE, (0, 1)) + self.origin_MZ[:, None]

    def in_context(self, position_MNZ: Tensor, centre_MNZ: Tensor, member_N: Tensor) -> Tensor:
        """Return the positions of tags in their contexts, M × N × Z.

        Args:
            position_MNZ: Positions without a context.
            centre_MNZ: Centre of the context of each tag.
            member_N: Boolean; whether the context has the tag.
        """
        pull_M2 = self.pull_M2.sigmoid()
        pull_MN = torch.where(member_N, pull_M2[:, :1], pull_M2[:, 1:])
        return torch.lerp(position_MNZ, centre_MNZ, pull_MN[..., None])

    def squared_distances(self, query_MDZ: Tensor, centre_MDZ: Tensor, position_MTZ: Tensor) -> Tensor:
        """Return the squared distance of each query to every tag, as if its context lacked the tag, M × D × T.

        This uses matrix products and never stores the D × T positions of tags in contexts.
        """
        pull_M11 = self.pull_M2[:, 1].sigmoid()[:, None, None]
        from_MDZ, to_MTZ = query_MDZ - pull_M11 * centre_MDZ, (1 - pull_M11) * position_MTZ
        squares_MDT = from_MDZ.square().sum(dim=2, keepdim=True) + to_MTZ.square().sum(dim=2)[:, None]
        return (squares_MDT - 2 * from_MDZ @ to_MTZ.mT).clamp_min(0)
