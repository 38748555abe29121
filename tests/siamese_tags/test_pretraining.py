import torch
from torch import nn

from siamese_tags.pretraining import Pretraining, autoencoder_loss, pretrain


def test_loss_by_hand():
    inputs, hidden, outputs = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0]]), torch.tensor([[0.0, 4.0]])
    assert autoencoder_loss(inputs, hidden, outputs, sparsity=2.0).item() == 1 + 4 + 2 * 9


def test_layers_learn_to_reconstruct(generator):
    torch.manual_seed(0)
    inputs = torch.rand(200, 2) @ torch.rand(2, 12) / 4
    layers = [nn.Linear(12, 6), nn.Linear(6, 3)]
    before = [layer.weight.clone() for layer in layers]
    pretrain(layers, inputs, Pretraining(sparsity=0.01, steps=400, batch_size=50, lr=0.01), generator)
    assert all((layer.weight != old).any() for layer, old in zip(layers, before, strict=True))
    with torch.no_grad():
        hidden = layers[0](inputs).tanh()
        # a linear read-out finds the input in the hidden layer
        solution = torch.linalg.lstsq(hidden, inputs).solution
        assert (hidden @ solution - inputs).square().mean() < 0.05 * inputs.var()


def test_sparsity_keeps_hidden_outputs_small(generator):
    inputs = torch.rand(100, 8)
    sizes = []
    for sparsity in (0.0, 10.0):
        torch.manual_seed(0)
        layer = nn.Linear(8, 5)
        pretrain([layer], inputs, Pretraining(sparsity, steps=200, batch_size=50, lr=0.01), generator)
        sizes.append(layer(inputs).tanh().square().mean().item())
    assert sizes[1] < 0.2 * sizes[0]


def test_no_steps_changes_nothing(generator):
    layer = nn.Linear(4, 2)
    before = layer.weight.clone()
    pretrain([layer], torch.rand(5, 4), Pretraining(steps=0), generator)
    assert (layer.weight == before).all()
