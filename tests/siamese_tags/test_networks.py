import pytest
import torch

from siamese_tags.networks import ComponentNetwork


@pytest.mark.parametrize("hidden", [(3,), (7, 3), (100, 100, 10), (8, 8, 8, 4)])
def test_grid_equals_one_by_one(hidden):
    network = ComponentNetwork(n_features=6, n_topics=4, n_tags=5, hidden=hidden)
    features, contexts = torch.rand(5, 6), torch.rand(3, 4)
    grid = network.embed_grid(features, contexts)
    assert grid.shape == (3, 5, hidden[-1])
    for document in range(3):
        for tag in range(5):
            single, logits = network(features[tag : tag + 1], contexts[document : document + 1])
            torch.testing.assert_close(grid[document, tag], single[0])
            torch.testing.assert_close(network.output(grid[document, tag]), logits[0])


@pytest.mark.parametrize("n_examples", [3, 50])
def test_by_index_equals_one_input(n_examples):
    network = ComponentNetwork(n_features=6, n_topics=4, n_tags=5, hidden=(7, 3))
    features, contexts = torch.rand(20, 6), torch.rand(8, 4)
    tags, documents = torch.randint(20, (n_examples,)), torch.randint(8, (n_examples,))
    results = []
    for embed in (
        lambda: network.embed_at(features, contexts, tags, documents),
        lambda: network.embed(features[tags], contexts[documents]),
    ):
        network.zero_grad()
        embedded = embed()
        embedded.square().sum().backward()
        results.append([embedded, *(parameter.grad.clone() for parameter in network.hidden.parameters())])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other)


def test_ce_is_what_the_last_layer_reads():
    network = ComponentNetwork(6, 4, 5)
    embedding, logits = network(torch.rand(2, 6), torch.rand(2, 4))
    assert embedding.shape == (2, 10)
    assert embedding.abs().max() < 1
    torch.testing.assert_close(logits, embedding @ network.output.weight.T + network.output.bias)
    assert [layer.out_features for layer in network.layers()] == [100, 100, 10, 5]


@pytest.mark.parametrize("hidden", [(), (10, 0)])
def test_bad_sizes(hidden):
    with pytest.raises(ValueError, match="at least one layer"):
        ComponentNetwork(6, 4, 5, hidden)
    assert ComponentNetwork(6, 4, 5, (1,)).output.in_features == 1
