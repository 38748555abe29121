"""The component network (Sect. 4.1, Fig. 1): tag features and context in, estimated bag of words out.

Shape suffixes: N examples, F tag features, C topics, E embedding dimensions, T tags, D documents.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class ComponentNetwork(nn.Module):
    """Feed-forward network of tanh layers; the contextual embedding (CE) is the input of the last layer.

    Args:
        n_features: Tag features F.
        n_topics: Topics C of the context.
        n_tags: Tags T of the output.
        hidden: Widths of the hidden layers; the last is the embedding dimension E.

    Raises:
        ValueError: No hidden layer, or a width below 1.

    Examples:
        >>> network = ComponentNetwork(n_features=5, n_topics=2, n_tags=5)
        >>> embedding_NE, logits_NT = network(torch.ones(3, 5), torch.full((3, 2), 0.5))
        >>> embedding_NE.shape, logits_NT.shape
        (torch.Size([3, 10]), torch.Size([3, 5]))
    """

    def __init__(self, n_features: int, n_topics: int, n_tags: int, hidden: Sequence[int] = (100, 100, 10)) -> None:
        super().__init__()
        if not hidden or min(hidden) < 1:
            raise ValueError(f"hidden={list(hidden)}: give at least one layer, each at least 1 wide")
        self.n_features = n_features
        widths = [n_features + n_topics, *hidden]
        self.hidden = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))
        self.output = nn.Linear(hidden[-1], n_tags)
        for layer in self.layers():
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def layers(self) -> list[nn.Linear]:
        """Return all layers, from input to output."""
        return [module for module in self.modules() if isinstance(module, nn.Linear)]

    def embed(self, features_NF: Tensor, contexts_NC: Tensor) -> Tensor:
        """Return the contextual embeddings of tags in contexts.

        Args:
            features_NF: Features of the tags.
            contexts_NC: Topic posteriors of the documents.

        Returns:
            N × E, in (-1, 1).
        """
        activation = torch.cat([features_NF, contexts_NC], dim=-1)
        for layer in self.hidden:
            activation = layer(activation).tanh()
        return activation

    def embed_at(self, features_TF: Tensor, contexts_DC: Tensor, tag_N: Tensor, document_N: Tensor) -> Tensor:
        """Return the contextual embeddings of examples by index, N × E.

        The first layer is applied to tags and contexts separately. With fewer tags than examples, it is applied to
        every tag once, and its output is gathered instead of the much wider features.

        Args:
            features_TF: Features of all tags.
            contexts_DC: Topic posteriors of all documents.
            tag_N: Tag of each example.
            document_N: Document of each example.
        """
        first, *others = [module for module in self.hidden if isinstance(module, nn.Linear)]
        of_tags_FH, of_contexts_CH = first.weight[:, : self.n_features].T, first.weight[:, self.n_features :].T
        if len(features_TF) < len(tag_N):
            of_tag_NH = (features_TF @ of_tags_FH).index_select(0, tag_N)
        else:
            of_tag_NH = features_TF.index_select(0, tag_N) @ of_tags_FH
        of_context_NH = torch.addmm(first.bias, contexts_DC.index_select(0, document_N), of_contexts_CH)
        activation: Tensor = (of_tag_NH + of_context_NH).tanh()
        for layer in others:
            activation = layer(activation).tanh()
        return activation

    def embed_grid(self, features_TF: Tensor, contexts_DC: Tensor) -> Tensor:
        """Return the contextual embedding of every tag in every document, D × T × E.

        The first layer is applied to tags and contexts separately, and the parts are added: D + T products, not D · T.
        """
        first, *others = [module for module in self.hidden if isinstance(module, nn.Linear)]
        of_tag_TH = features_TF @ first.weight[:, : self.n_features].T
        of_context_DH = contexts_DC @ first.weight[:, self.n_features :].T + first.bias
        activation = (of_tag_TH[None] + of_context_DH[:, None]).tanh()
        for layer in others:
            activation = layer(activation).tanh()
        return activation

    def forward(self, features_NF: Tensor, contexts_NC: Tensor) -> tuple[Tensor, Tensor]:
        """Return contextual embeddings (N × E) and logits z (N × T); the prediction of the paper is tanh(z)."""
        embedding_NE = self.embed(features_NF, contexts_NC)
        return embedding_NE, self.output(embedding_NE)
