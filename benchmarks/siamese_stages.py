"""Speed of the two Siamese stages beside a plain reading of the same losses, in CPU seconds on one thread.

The plain reading gathers features and contexts into one input, passes the two halves of a pair through the network one
after the other, leaves all gradients to automatic differentiation, and has no trainer around it, in its favour.
Examples and partners are drawn by the same functions. `python -m benchmarks.siamese_stages --help` lists the options.
"""

import json
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Literal

import torch
from jsonargparse import auto_cli
from pytorch_lightning import Callback, LightningModule, Trainer, seed_everything
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam

from mwe.core.files import write_json
from siamese_tags.documents import Cal10k, Cal500, Collection, Jamendo
from siamese_tags.fold_data import FoldTensors, PrimingData
from siamese_tags.pairs import Examples, TagOrder, partners, tag_order, with_negatives
from siamese_tags.stage import ContextualEmbedding
from siamese_tags.stage1 import SingleNetwork
from siamese_tags.stage2 import SiameseNetwork
from siamese_tags.stages import SiameseCLI

Stage = Literal["single", "siamese"]
STAGES: tuple[Stage, ...] = ("single", "siamese")
ROWS = Path("lightning_configs/siamese_tags/stages")
ALPHA, BETA, RHO, SENSITIVITY, SHARE_INSIDE = 2000.0, 3.0, 0.1, 0.5, 0.5


class PlainNetwork(nn.Module):
    """The component network as Fig. 1 draws it."""

    def __init__(self, n_inputs: int, n_tags: int, hidden: Sequence[int] = (100, 100, 10)) -> None:
        super().__init__()
        widths = [n_inputs, *hidden]
        layers = [module for pair in pairwise(widths) for module in (nn.Linear(*pair), nn.Tanh())]
        self.embedding = nn.Sequential(*layers)
        self.output = nn.Linear(hidden[-1], n_tags)


def plain_prediction_loss(logits_NT: Tensor, targets_NT: Tensor) -> Tensor:
    """Eq. 3 with the weights swapped."""
    positive_NT = targets_NT > 0
    share_N1 = positive_NT.float().mean(dim=1, keepdim=True)
    weights_NT = torch.where(positive_NT, 1 - share_N1, share_N1)
    return (weights_NT * (functional.softplus(-2 * targets_NT * logits_NT) - math.log(2))).mean()


def plain_siamese_loss(
    first_NE: Tensor, second_NE: Tensor, divergence_N: Tensor, first_sign_N: Tensor, second_sign_N: Tensor
) -> Tensor:
    """Eq. 4 with rho where the supplement has it."""
    distance_N = ((first_NE - second_NE) ** 2).sum(dim=1).add(1e-12).sqrt()
    similarity_N = torch.exp(-SENSITIVITY / 2 * divergence_N)
    alike_N = (distance_N - BETA * (1 - similarity_N)) ** 2
    both_N = ((first_sign_N > 0) & (second_sign_N > 0)).float()
    neither_N = ((first_sign_N < 0) & (second_sign_N < 0)).float()
    mixed_N = (first_sign_N != second_sign_N).float()
    return (both_N * alike_N + RHO * neither_N * alike_N + mixed_N * (distance_N - BETA) ** 2 * similarity_N).mean()


class Plain:
    """Both stages' losses on a fold, read plainly."""

    def __init__(self, tensors: FoldTensors) -> None:
        self.tensors = tensors
        self.order: TagOrder = tag_order(tensors.membership_DT)
        self.generator = torch.Generator().manual_seed(0)
        n_tags, n_features = tensors.features_TF.shape
        self.network = PlainNetwork(n_features + tensors.contexts_DC.shape[1], n_tags)

    def draw(self, positive_N: Tensor) -> tuple[Examples, Examples]:
        """Positive and negative examples of a batch, and a partner for each."""
        document_N, tag_N = self.tensors.positives_P2[positive_N].unbind(dim=1)
        first = with_negatives(self.order, document_N, tag_N, self.generator)
        return first, partners(self.order, first, self.tensors.positives_P2[:, 0], SHARE_INSIDE, self.generator)

    def passed(self, examples: Examples) -> tuple[Tensor, Tensor]:
        """Embedding and prediction loss of examples."""
        features_NF = self.tensors.features_TF[examples.tag_N]
        contexts_NC = self.tensors.contexts_DC[examples.document_N]
        embedding_NE = self.network.embedding(torch.cat([features_NF, contexts_NC], dim=1))
        bags_NT = torch.where(self.tensors.membership_DT[examples.document_N], 1.0, -1.0)
        targets_NT = bags_NT * examples.sign_N[:, None]
        return embedding_NE, plain_prediction_loss(self.network.output(embedding_NE), targets_NT)

    def single(self, positive_N: Tensor) -> Tensor:
        """Eq. 3."""
        document_N, tag_N = self.tensors.positives_P2[positive_N].unbind(dim=1)
        return self.passed(with_negatives(self.order, document_N, tag_N, self.generator))[1]

    def siamese(self, positive_N: Tensor) -> Tensor:
        """Eq. 5."""
        return self.siamese_of(*self.draw(positive_N))

    def siamese_of(self, first: Examples, second: Examples) -> Tensor:
        """Eq. 5 of given pairs."""
        first_NE, first_prediction = self.passed(first)
        second_NE, second_prediction = self.passed(second)
        one_NC, other_NC = (self.tensors.contexts_DC[examples.document_N] for examples in (first, second))
        divergence_N = ((one_NC - other_NC) * (one_NC.log() - other_NC.log())).sum(dim=1)
        siamese = plain_siamese_loss(first_NE, second_NE, divergence_N, first.sign_N, second.sign_N)
        return first_prediction + second_prediction + ALPHA * siamese


def plain_epochs(data: PrimingData, stage: Stage, epochs: int) -> list[float]:
    """CPU seconds of each epoch."""
    torch.manual_seed(0)
    plain = Plain(data.tensors)
    loss_of: Callable[[Tensor], Tensor] = plain.single if stage == "single" else plain.siamese
    optimizer = Adam(plain.network.parameters(), lr=0.003)
    n_positives, size = len(data.tensors.positives_P2), data.batch_size // 2
    seconds = []
    for _ in range(epochs):
        before = time.process_time()
        for positive_N in torch.split(torch.randperm(n_positives), size):
            optimizer.zero_grad()
            torch.autograd.backward(loss_of(positive_N))
            optimizer.step()
        seconds.append(time.process_time() - before)
    return seconds


class EpochSeconds(Callback):
    """CPU seconds from the start of an epoch to its end."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.before = time.process_time()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.seconds.append(time.process_time() - self.before)


def stage_epochs(data: PrimingData, stage: Stage, epochs: int) -> list[float]:
    """CPU seconds of each epoch of the package's stage under its trainer."""
    seed_everything(0, verbose=False)
    optimizer = partial(Adam, lr=0.003, fused=True)
    build: type[ContextualEmbedding] = SingleNetwork if stage == "single" else SiameseNetwork
    measured = EpochSeconds()
    trainer = Trainer(
        max_epochs=epochs,
        callbacks=[measured],
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(build(data.n_tags, data.n_topics, optimizer=optimizer), data)  # type: ignore[call-arg]
    return measured.seconds


def side_by_side(collection: Collection, epochs: int, rounds: int) -> dict[str, dict[str, float]]:
    """Seconds an epoch of both stages, ours and plain by turns: the median over all but the first of each turn."""
    data = PrimingData(collection, topic_iterations=1)
    data.setup("fit")
    figures: dict[str, dict[str, float]] = {}
    for stage in STAGES:
        ours: list[float] = []
        plain: list[float] = []
        for _ in range(rounds):
            ours += stage_epochs(data, stage, epochs + 1)[1:]
            plain += plain_epochs(data, stage, epochs + 1)[1:]
        one, other = median(ours), median(plain)
        figures[stage] = {"seconds_per_epoch": one, "plain_seconds_per_epoch": other, "ratio": other / one}
    return figures


class FitSeconds(SiameseCLI):
    """Fits a row and keeps the CPU seconds of the fit, less those of the features and topics; measures nothing else."""

    def before_fit(self) -> None:
        self.datamodule.setup("fit")
        self.before = time.process_time()

    def after_fit(self) -> None:
        self.seconds = time.process_time() - self.before


def fold_seconds(extra: Sequence[str] = ()) -> dict[str, float]:
    """CPU seconds of both stages on a fold of CAL500 with the committed settings, checkpoints and log included."""
    with tempfile.TemporaryDirectory() as folder:
        quiet = ["--trainer.enable_progress_bar=false", f"--trainer.logger.save_dir={folder}", *extra]
        first = FitSeconds(["fit", "-c", str(ROWS / "single_ce.yaml"), *quiet]).seconds
        start = f"--model.init_args.init_from={folder}/siamese-quick/single_ce/fold0"
        second = FitSeconds(["fit", "-c", str(ROWS / "siamese_ce.yaml"), *quiet, start]).seconds
    return {"single": first, "siamese": second, "both": first + second}


def measure(
    collections: tuple[Literal["cal500", "cal10k", "jamendo"], ...] = ("cal500", "cal10k", "jamendo"),
    epochs: int = 3,
    rounds: int = 3,
    fold: bool = True,
    out: str = "outputs/benchmarks/siamese_stages.json",
) -> None:
    """Measure both stages and a plain reading of their losses side by side; prints and writes JSON.

    Whole epochs are measured, drawing included. The topic model is left at one pass, since only its sizes matter here.

    Args:
        collections: Which.
        epochs: Epochs of a turn on CAL500; one on CAL10K and MTG-Jamendo.
        rounds: Turns of either implementation.
        fold: Whether to measure a whole fit of both stages on a fold of CAL500 as well.
        out: The JSON file.
    """
    torch.set_num_threads(1)
    known: dict[str, tuple[Callable[[], Collection], int]] = {
        "cal500": (Cal500, epochs),
        "cal10k": (Cal10k, 1),
        "jamendo": (Jamendo, 1),
    }
    figures: dict[str, object] = {}
    for name in collections:
        build, of_turn = known[name]
        figures[name] = side_by_side(build(), of_turn, rounds)
    if fold:
        figures["cal500_fold_cpu_seconds"] = fold_seconds()
    write_json(Path(out), figures)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    auto_cli(measure, as_positional=False)
