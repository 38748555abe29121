"""The metric space of tags in context, in which what belongs together lies close.

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
    """Places of tags and centres of contexts: linear maps of the encoder's tag embeddings and context vectors.

    The maps start as multiples of the identity by which the nearest tags are those of the largest product with the
    context vector, which spares most of the learning. A tag's place has one dimension more, its rarity: the square of
    it is the surprise -log p of the tag, times a learnt factor, so that a rare tag lies further from all contexts. In a
    context, a tag is drawn from its place towards the centre: far if the context has it, a little if not.

    Args:
        members: Networks of the encoder.
        width: Embedding dimensions of a member; the space has one more.
    """

    def __init__(self, members: int, width: int) -> None:
        super().__init__()
        self.place_MEE = nn.Parameter(torch.eye(width).repeat(members, 1, 1) / (2 * CENTRE_SCALE))
        self.centre_MEE = nn.Parameter(torch.eye(width).repeat(members, 1, 1) * CENTRE_SCALE)
        self.origin_MZ = nn.Parameter(torch.zeros(members, width + 1))
        self.rarity_M = nn.Parameter(torch.ones(members))
        # shares of the way to the centre as logits: of tags that the context has, and of others
        self.pull_M2 = nn.Parameter(torch.logit(torch.tensor(PULL)).repeat(members, 1))
        # a normalised context vector has the squared length of its width
        self.reach_M = nn.Parameter(torch.full((members,), REACH + CENTRE_SCALE**2 * width))

    def places(self, tags_MTE: Tensor, bias_MT: Tensor) -> Tensor:
        """Where tags lie in no context, M × T × Z."""
        rarity_MT = self.rarity_M[:, None] * functional.softplus(-bias_MT).sqrt()
        return torch.cat([tags_MTE @ self.place_MEE, rarity_MT[..., None]], dim=2)

    def centres(self, context_MDE: Tensor) -> Tensor:
        """Where contexts lie, M × D × Z."""
        return functional.pad(context_MDE @ self.centre_MEE, (0, 1)) + self.origin_MZ[:, None]

    def in_context(self, place_MNZ: Tensor, centre_MNZ: Tensor, member_N: Tensor) -> Tensor:
        """Where tags lie in their contexts, M × N × Z.

        Args:
            place_MNZ: Where they lie in none.
            centre_MNZ: Centre of each one's context.
            member_N: Boolean; whether the context has the tag.
        """
        pull_M2 = self.pull_M2.sigmoid()
        pull_MN = torch.where(member_N, pull_M2[:, :1], pull_M2[:, 1:])
        return torch.lerp(place_MNZ, centre_MNZ, pull_MN[..., None])

    def squared_distances(self, query_MDZ: Tensor, centre_MDZ: Tensor, place_MTZ: Tensor) -> Tensor:
        """Squared distance of a query to every tag as one that its context has not, M × D × T.

        By matrix products; the D × T places of tags in contexts are never laid out.
        """
        pull_M11 = self.pull_M2[:, 1].sigmoid()[:, None, None]
        from_MDZ, to_MTZ = query_MDZ - pull_M11 * centre_MDZ, (1 - pull_M11) * place_MTZ
        squares_MDT = from_MDZ.square().sum(dim=2, keepdim=True) + to_MTZ.square().sum(dim=2)[:, None]
        return (squares_MDT - 2 * from_MDZ @ to_MTZ.mT).clamp_min(0)
