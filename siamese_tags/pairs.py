"""Training examples and pairs, drawn on the device one whole batch at a time.

An example is a tag in the context of a document: positive if the document has the tag. Shape suffixes: N examples,
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
    """For each document, its tags followed by all other tags, and the number of its tags."""

    order_DT: Tensor
    count_D: Tensor


def tag_order(membership_DT: Tensor) -> TagOrder:
    """Order the tags so that one uniform number selects a tag that a document has, or one that it lacks.

    Args:
        membership_DT: Boolean documents × tags.

    Examples:
        >>> order = tag_order(torch.tensor([[False, True, True]]))
        >>> order.order_DT, order.count_D
        (tensor([[1, 2, 0]], dtype=torch.int32), tensor([2]))
    """
    order_DT = torch.argsort(membership_DT.to(torch.int8), dim=1, descending=True, stable=True)
    return TagOrder(order_DT.to(torch.int32), membership_DT.sum(dim=1))


def draw_tags(order: TagOrder, document_N: Tensor, sign_N: Tensor, generator: Generator) -> Tensor:
    """Draw one tag per example: uniformly from the document's tags if the sign is +1, else from all other tags.

    Args:
        order: Order of the tags; every document of ``document_N`` must have one tag and lack another.
        document_N: Document rows.
        sign_N: +1 or -1.
        generator: Random numbers, on the device of the tensors.
    """
    n_tags = order.order_DT.shape[1]
    count_N = order.count_D.index_select(0, document_N)
    positive_N = sign_N > 0
    first_N = torch.where(positive_N, 0, count_N)
    choices_N = torch.where(positive_N, count_N, n_tags - count_N)
    uniform_N = torch.rand(len(document_N), generator=generator, device=document_N.device)
    # float rounding may give uniform · choices == choices
    step_N = torch.minimum((uniform_N * choices_N).long(), choices_N - 1)
    # select from the flat layout: indexing with two tensors is several times slower
    return order.order_DT.view(-1).index_select(0, document_N * n_tags + first_N + step_N).long()


def with_negatives(order: TagOrder, document_N: Tensor, tag_N: Tensor, generator: Generator) -> Examples:
    """Return positive examples, then one negative for each: a tag that the document lacks, in the same context."""
    sign_N = torch.ones(len(tag_N), device=tag_N.device)
    negative_N = draw_tags(order, document_N, -sign_N, generator)
    return Examples(torch.cat([document_N, document_N]), torch.cat([tag_N, negative_N]), torch.cat([sign_N, -sign_N]))


def partners(
    order: TagOrder, examples: Examples, positives_P: Tensor, share_inside: float, generator: Generator
) -> Examples:
    """Draw a partner for each example, positive or negative with equal probability.

    Partners drawn at random from the training set almost never share the document, but priming is measured within
    documents. Therefore a share of the pairs is drawn within the document of the first example.

    Args:
        order: Order of the tags.
        examples: First examples of the pairs.
        positives_P: Document row of every positive training example; random partners use these documents.
        share_inside: Probability that a pair stays within one document.
        generator: Random numbers, on the device of the tensors.
    """
    n_pairs, device = len(examples.document_N), examples.document_N.device
    uniform_3N = torch.rand(3, n_pairs, generator=generator, device=device)
    index_N = (uniform_3N[0] * len(positives_P)).long().clamp_max(len(positives_P) - 1)
    elsewhere_N = positives_P.index_select(0, index_N)
    document_N = torch.where(uniform_3N[1] < share_inside, examples.document_N, elsewhere_N)
    sign_N = torch.where(uniform_3N[2] < 0.5, 1.0, -1.0)
    return Examples(document_N, draw_tags(order, document_N, sign_N, generator), sign_N)


def targets(bags_DT: Tensor, examples: Examples) -> Tensor:
    """Return prediction targets: the document's bag of words for a positive example, its complement for a negative one.

    The paper gives no target for negatives; only the complement gives its figures for both embedding and prediction.

    Args:
        bags_DT: +1 if the document has the tag, else -1.
        examples: N examples.

    Returns:
        N × T of +1 and -1.

    Examples:
        >>> examples = Examples(torch.tensor([0, 0]), torch.tensor([1, 2]), torch.tensor([1.0, -1.0]))
        >>> targets(torch.tensor([[-1.0, 1.0, -1.0]]), examples)
        tensor([[-1.,  1., -1.],
                [ 1., -1.,  1.]])
    """
    return bags_DT.index_select(0, examples.document_N) * examples.sign_N[:, None]
