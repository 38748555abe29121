"""Training examples and pairs, drawn on the device for a whole batch at once.

An example is a tag in the context of a document: positive where the document has the tag. Shape suffixes: N examples,
D documents, T tags, P positive examples of the training set.
"""

from typing import NamedTuple

import torch
from torch import Generator, Tensor


class Examples(NamedTuple):
    """Examples by index: document row, tag, and +1 (tag in the document) or -1."""

    document_N: Tensor
    tag_N: Tensor
    sign_N: Tensor


class TagOrder(NamedTuple):
    """For each document its own tags first, then all others; and how many are its own."""

    order_DT: Tensor
    count_D: Tensor


def tag_order(membership_DT: Tensor) -> TagOrder:
    """Lay the tags out so that one uniform number picks a tag in, or not in, a document.

    Args:
        membership_DT: Boolean documents × tags.
    """
    order_DT = torch.argsort(membership_DT.to(torch.int8), dim=1, descending=True, stable=True)
    return TagOrder(order_DT.to(torch.int32), membership_DT.sum(dim=1))


def draw_tags(order: TagOrder, document_N: Tensor, sign_N: Tensor, generator: Generator) -> Tensor:
    """Draw one tag an example: uniform over the document's tags where the sign is +1, over all others where it is -1.

    Args:
        order: Layout of the tags; every document named must have a tag and lack one.
        document_N: Document rows.
        sign_N: +1 or -1.
        generator: Random numbers, on the device of the tensors.
    """
    n_tags = order.order_DT.shape[1]
    own_N = order.count_D.index_select(0, document_N)
    positive_N = sign_N > 0
    first_N = torch.where(positive_N, 0, own_N)
    choices_N = torch.where(positive_N, own_N, n_tags - own_N)
    uniform_N = torch.rand(len(document_N), generator=generator, device=document_N.device)
    # float rounding may give uniform · choices == choices
    step_N = torch.minimum((uniform_N * choices_N).long(), choices_N - 1)
    # select from the flat layout: indexing with two lists takes several times as long
    return order.order_DT.view(-1).index_select(0, document_N * n_tags + first_N + step_N).long()


def with_negatives(order: TagOrder, document_N: Tensor, tag_N: Tensor, generator: Generator) -> Examples:
    """Positive examples followed by one negative each: another tag, not of the document, in the same context."""
    sign_N = torch.ones(len(tag_N), device=tag_N.device)
    negative_N = draw_tags(order, document_N, -sign_N, generator)
    return Examples(torch.cat([document_N, document_N]), torch.cat([tag_N, negative_N]), torch.cat([sign_N, -sign_N]))


def partners(
    order: TagOrder, examples: Examples, positives_P: Tensor, share_inside: float, generator: Generator
) -> Examples:
    """Draw a partner for each example, positive or negative with equal chance.

    Partners drawn at random from the training set almost never share the document, though priming is measured inside
    one; so a share of the pairs is drawn inside the document of its first example.

    Args:
        order: Layout of the tags.
        examples: First examples of the pairs.
        positives_P: Document row of every positive training example, from which random partners take theirs.
        share_inside: Chance that a pair stays inside one document, 0 to 1.
        generator: Random numbers, on the device of the tensors.
    """
    n_pairs, device = len(examples.document_N), examples.document_N.device
    uniform_3N = torch.rand(3, n_pairs, generator=generator, device=device)
    place_N = (uniform_3N[0] * len(positives_P)).long().clamp_max(len(positives_P) - 1)
    elsewhere_N = positives_P.index_select(0, place_N)
    document_N = torch.where(uniform_3N[1] < share_inside, examples.document_N, elsewhere_N)
    sign_N = torch.where(uniform_3N[2] < 0.5, 1.0, -1.0)
    return Examples(document_N, draw_tags(order, document_N, sign_N, generator), sign_N)


def targets(bags_DT: Tensor, examples: Examples) -> Tensor:
    """Prediction targets: the bag of words of the document for a positive example, its complement for a negative one.

    The paper names no target for negatives; only the complement gives its figures for both embedding and prediction.

    Args:
        bags_DT: +1 where the document has the tag, else -1.
        examples: N examples.

    Returns:
        N × T of +1 and -1.
    """
    return bags_DT.index_select(0, examples.document_N) * examples.sign_N[:, None]
