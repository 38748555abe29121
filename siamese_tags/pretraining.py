"""Pretrain the component network by sparse auto-encoders, layer by layer (supplement, Sect. A.1).

Shape suffixes: N examples, I inputs of a layer, Q its units.
"""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn


@dataclass
class Pretraining:
    """Settings of the auto-encoders.

    Args:
        sparsity: Weight alpha of the penalty on the hidden outputs; the paper sets 2.
        steps: Adam steps per layer; 0 keeps the random weights.
        batch_size: Positive examples per step.
        lr: Learning rate.
    """

    sparsity: float = 2.0
    steps: int = 300
    batch_size: int = 500
    lr: float = 1e-3


def autoencoder_loss(input_NI: Tensor, hidden_NQ: Tensor, output_NI: Tensor, sparsity: float) -> Tensor:
    """Return reconstruction error plus sparsity penalty, mean over examples (loss L_A of Sect. A.1).

    The constant epsilon of the printed penalty does not depend on the weights and is left out.
    """
    error_N = (output_NI - input_NI).square().sum(dim=1)
    return (error_N + sparsity * hidden_NQ.square().sum(dim=1)).mean()


def pretrain(layers: list[nn.Linear], inputs_NI: Tensor, settings: Pretraining, generator: Generator) -> None:
    """Train each layer, in place, to reconstruct the outputs of the previous layer; encoder and decoder are untied.

    Args:
        layers: Hidden layers, in order.
        inputs_NI: Inputs of the positive training examples.
        settings: Settings of the auto-encoders.
        generator: Random numbers, on the device of the inputs.
    """
    if settings.steps == 0:
        return
    for layer in layers:
        decoder = nn.Linear(layer.out_features, layer.in_features, device=inputs_NI.device)
        nn.init.xavier_uniform_(decoder.weight, generator=generator)
        nn.init.zeros_(decoder.bias)
        _train_autoencoder(layer, decoder, inputs_NI, settings, generator)
        with torch.no_grad():
            inputs_NI = layer(inputs_NI).tanh()


def _train_autoencoder(
    encoder: nn.Linear, decoder: nn.Linear, inputs_NI: Tensor, settings: Pretraining, generator: Generator
) -> None:
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=settings.lr)
    for _ in range(settings.steps):
        rows = torch.randint(len(inputs_NI), (settings.batch_size,), generator=generator, device=inputs_NI.device)
        batch_NI = inputs_NI[rows]
        with torch.enable_grad():
            hidden_NQ = encoder(batch_NI).tanh()
            loss = autoencoder_loss(batch_NI, hidden_NQ, decoder(hidden_NQ).tanh(), settings.sparsity)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
