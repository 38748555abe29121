"""Time of a training step of both encoders: eager, channels-last, compiled, in bf16, and with attention spelt out.

A step is the forward pass, the hinge against drawn vectors, the backward pass and the optimiser. Settings take turns,
so that a change of the machine's load meets all of them; the median counts. The work of a step, which no setting
changes, is counted too: two operations a multiplication and addition, of convolutions and matrix products.
`python -m benchmarks.joint_steps --help` lists the options.
"""

import contextlib
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import torch
from jsonargparse import auto_cli
from torch import Tensor
from torch.nn.functional import normalize
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.corpora import alone, peak_memory
from mwe.core.files import write_json
from mwe.encoders import CNN1D, AudioEncoder, MusicTaggingTransformer, transformer
from mwe.joint import cosine_hinge

ENCODERS: dict[str, Callable[[], AudioEncoder]] = {
    "cnn1d": CNN1D,
    "transformer": MusicTaggingTransformer,
}
SETTINGS = (
    "eager",
    "channels_last",
    "plain_attention",
    "bf16",
    "channels_last_bf16",
    "compiled",
    "compiled_bf16",
    "channels_last_compiled_bf16",
)
IMAGES_ONLY = ("channels_last", "plain_attention")  # mean nothing to convolutions over time alone


def plain_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention as a formula: two products and a softmax."""
    attended: Tensor = (query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5).softmax(dim=-1) @ value
    return attended


class Steps:
    """Training steps of one encoder under one setting."""

    def __init__(self, encoder: str, setting: str, batch: int) -> None:
        torch.manual_seed(0)
        self.encoder = ENCODERS[encoder]()
        self.setting, self.precise = setting, "bf16" not in setting
        if "channels_last" in setting:
            self.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if "compiled" in setting:
            self.encoder.compile()
        self.optimizer = torch.optim.Adam(self.encoder.parameters(), lr=0.001, fused=True)
        self.mel = torch.rand(batch, 130, 128)
        width = self.encoder.width
        self.positive, self.negative = torch.randn(batch, width), torch.randn(batch, 1, width)

    def step(self) -> float:
        """CPU seconds of one."""
        plain = self.setting == "plain_attention"
        spelt = mock.patch.object(transformer, "scaled_dot_product_attention", plain_attention)
        before = time.process_time()
        with spelt if plain else contextlib.nullcontext():
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=not self.precise):
                excerpt_BD = self.encoder(self.mel)
            loss = cosine_hinge(normalize(excerpt_BD.float(), dim=-1), self.positive, self.negative, 0.4, 1).mean()
            self.optimizer.zero_grad()
            torch.autograd.backward(loss)
            self.optimizer.step()
        return time.process_time() - before


def operations(encoder: str, batch: int = 2) -> dict[str, float]:
    """Operations that an excerpt takes, in thousands of millions: to be encoded, and in a whole training step."""
    steps = Steps(encoder, "eager", batch)
    with FlopCounterMode(display=False) as forward:
        steps.encoder(steps.mel)
    with FlopCounterMode(display=False) as whole:
        steps.step()
    gigaflops = (counter.get_total_flops() / 1e9 / batch for counter in (forward, whole))
    return dict(zip(("forward", "step"), gigaflops, strict=True))


def side_by_side(encoder: str, settings: Sequence[str], batch: int, rounds: int) -> dict[str, Any]:
    """Median CPU seconds of a step of each setting, and its ratio to eager; the first step of each is left out."""
    torch.set_num_threads(1)
    running = {setting: Steps(encoder, setting, batch) for setting in settings}
    seconds: dict[str, list[float]] = {setting: [] for setting in settings}
    for _ in range(rounds + 1):
        for setting, steps in running.items():
            seconds[setting].append(steps.step())
    medians = {setting: median(own[1:]) for setting, own in seconds.items()}
    return {
        "batch": batch,
        "seconds_a_step": medians,
        "speed_against_eager": {setting: medians["eager"] / own for setting, own in medians.items()},
        "gigaflops_an_excerpt": operations(encoder),
        "peak_mb": peak_memory(),
    }


def measure(
    cnn_batch: int = 128,
    transformer_batch: int = 4,
    rounds: int = 5,
    settings: tuple[str, ...] = SETTINGS,
    out: str = "outputs/benchmarks/joint_steps.json",
) -> None:
    """Measure a training step of both encoders under each setting; prints and writes JSON.

    Args:
        cnn_batch: Excerpts in a batch of the 1D-CNN.
        transformer_batch: Excerpts in a batch of the transformer, whose steps are long.
        rounds: Steps of each setting.
        settings: Which settings; ``eager`` must be one.
        out: The JSON file.
    """
    over_time = [one for one in settings if not one.startswith(IMAGES_ONLY)]
    figures = {
        "cnn1d": alone(side_by_side, "cnn1d", over_time, cnn_batch, rounds),
        "transformer": alone(side_by_side, "transformer", list(settings), transformer_batch, rounds),
    }
    write_json(Path(out), figures)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    auto_cli(measure, as_positional=False)
