"""Settings of both stages that differ from the paper: each put back alone, and all of them together.

Shape suffixes: N examples, D documents, Q queries, T tags.
"""

import itertools
import json
import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer, seed_everything
from pytorch_lightning.cli import OptimizerCallable
from torch import Tensor
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import ExponentialLR

from mwe.core.files import write_json, write_text
from siamese_tags.documents import Collection
from siamese_tags.features import TagFeatures
from siamese_tags.features.aggregation import aggregate
from siamese_tags.features.weights import weigh
from siamese_tags.fold_data import PrimingData
from siamese_tags.losses import Kappa, weighted_prediction_loss
from siamese_tags.metrics import PrimingMetric, shuffled_ties
from siamese_tags.pairs import Examples
from siamese_tags.pretraining import Pretraining
from siamese_tags.stage import ContextualEmbedding
from siamese_tags.stage1 import SingleNetwork
from siamese_tags.stage2 import SiameseNetwork

# the other reading of MAP: one m for all queries, the next integer above the mean document of 25.4 tags
FIXED_LEVELS = 26
# rates of plain gradient descent, two a decade, the largest first
RATES = tuple(10 ** (power / 2) for power in range(6, -15, -1))


@dataclass(frozen=True)
class Departures:
    """Settings of a row; by default those of the committed configurations, which depart from the paper.

    Args:
        share_inside: Share of pairs within one document; the paper names none, read as pairs at random.
        pretraining: Auto-encoder steps per layer; the paper starts from auto-encoders.
        document_prior: Dirichlet prior of a document's topics; the paper names none, read as 1 / topics.
        complement: Whether a negative example has the complement as its target; the paper is read as
            one target for all.
        kappa: Weights of eq. 3.
        scaled: Whether features are divided by the maximum of their row.
        adam: Whether Adam optimises; the paper has stochastic gradient descent and names no rate, read as the largest
            that descends (`largest_rate`).
    """

    share_inside: float = 0.8
    pretraining: int = 0
    document_prior: float = 0.5
    complement: bool = True
    kappa: Kappa = "swapped"
    scaled: bool = True
    adam: bool = True


ROWS = {
    "as configured": Departures(),
    "pairs at random": replace(Departures(), share_inside=0.0),
    "document prior 1/25": replace(Departures(), document_prior=1 / 25),
    "one target for both signs": replace(Departures(), complement=False),
    "auto-encoder start": replace(Departures(), pretraining=300),
    "kappa as printed": replace(Departures(), kappa="printed"),
    "features not scaled": replace(Departures(), scaled=False),
    "gradient descent": replace(Departures(), adam=False),
    "all of these together": Departures(0.0, 300, 1 / 25, False, "printed", False, False),
}


class UnscaledPrimingData(PrimingData):
    """A fold whose features are the raw dot products of eq. 1."""

    @cached_property
    def features(self) -> TagFeatures:
        """Tag features fitted on the training documents, not scaled."""
        features = TagFeatures(self.train_DT)
        features.features_TT = aggregate(weigh(self.train_DT, "tfidf"), "dot")
        return features


class _OneTarget(ContextualEmbedding):
    def prediction_loss(self, logits_NT: Tensor, examples: Examples) -> Tensor:
        """Return the prediction loss, with the document's bag of words as the target of negatives too."""
        bags_NT, weights_NT = (of.index_select(0, examples.document_N) for of in (self.bags_DT, self.weights_DT))
        return weighted_prediction_loss(logits_NT, bags_NT, weights_NT)


class _OneTargetSingle(_OneTarget, SingleNetwork):
    pass


class _OneTargetSiamese(_OneTarget, SiameseNetwork):
    pass


def measure(row: Departures, collection: Collection, fold: int, epochs: tuple[int, int]) -> dict[str, float]:
    """Fit both stages on a fold with seed 0 and return test MAP in percent, in both readings.

    With plain gradient descent the rates are returned too.
    """
    build = PrimingData if row.scaled else UnscaledPrimingData
    data = build(collection, fold, document_prior=row.document_prior)
    data.setup("fit")
    sizes: dict[str, Any] = {"n_tags": data.n_tags, "n_topics": data.n_topics, "kappa": row.kappa}
    single_type, siamese_type = (
        (SingleNetwork, SiameseNetwork) if row.complement else (_OneTargetSingle, _OneTargetSiamese)
    )

    def first(optimizer: OptimizerCallable) -> ContextualEmbedding:
        return single_type(**sizes, optimizer=optimizer, pretraining=Pretraining(steps=row.pretraining))

    def second(optimizer: OptimizerCallable) -> ContextualEmbedding:
        falling = partial(ExponentialLR, gamma=0.996)
        model = siamese_type(**sizes, optimizer=optimizer, scheduler=falling, share_inside=row.share_inside)
        model.network.load_state_dict(single.network.state_dict())
        return model

    figures: dict[str, float] = {}
    single = _fitted("single", first, 0.003, row, data, epochs[0], figures)
    _fitted("siamese", second, 0.005, row, data, epochs[1], figures)
    return figures


def _fitted(
    name: str,
    build: Callable[[OptimizerCallable], ContextualEmbedding],
    adam_rate: float,
    row: Departures,
    data: PrimingData,
    epochs: int,
    figures: dict[str, float],
) -> ContextualEmbedding:
    """Fit a stage, add its figures to those of the row, and return it."""
    optimizer: OptimizerCallable = partial(Adam, lr=adam_rate, fused=True)
    if not row.adam:
        figures[f"{name}_rate"] = largest_rate(build, data)
        optimizer = partial(SGD, lr=figures[f"{name}_rate"])
    seed_everything(0, verbose=False)
    model = build(optimizer)
    _fit(model, data, epochs)
    figures.update(_figures(name, model, data))
    return model


class _EpochLosses(Callback):
    """Mean training loss of every epoch."""

    def __init__(self) -> None:
        self.means: list[float] = []
        self._losses: list[Tensor] = []

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._losses.append(outputs["loss"].detach())

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.means.append(float(torch.stack(self._losses).mean()))
        self._losses = []


def largest_rate(
    build: Callable[[OptimizerCallable], ContextualEmbedding], data: PrimingData, epochs: int = 5
) -> float:
    """Return the largest rate of ``RATES`` with which plain gradient descent descends on the training documents.

    It descends if the mean training loss of each of the first epochs is below that of the epoch before. Test documents
    have no part in it.

    Args:
        build: Builds the stage with an optimiser.
        data: The fold.
        epochs: Epochs that are looked at.

    Raises:
        ValueError: No rate descends.
    """
    for rate in RATES:
        seed_everything(0, verbose=False)
        losses = _EpochLosses()
        _fit(build(partial(SGD, lr=rate)), data, epochs, losses)
        if all(math.isfinite(mean) for mean in losses.means) and descends(losses.means):
            return rate
    raise ValueError(f"no rate from {RATES[0]:g} to {RATES[-1]:g} descends")


def descends(losses: Sequence[float]) -> bool:
    """Return whether every loss is below the one before.

    Examples:
        >>> descends([3.0, 2.0, 1.5]), descends([3.0, 2.0, 2.5])
        (True, False)
    """
    return all(later < earlier for earlier, later in itertools.pairwise(losses))


def _fit(model: ContextualEmbedding, data: PrimingData, epochs: int, *callbacks: Callback) -> None:
    quiet: dict[str, Any] = {"enable_progress_bar": False, "enable_model_summary": False}
    trainer = Trainer(
        max_epochs=epochs, logger=False, enable_checkpointing=False, accelerator="cpu", callbacks=[*callbacks], **quiet
    )
    trainer.fit(model, data)


@torch.no_grad()
def _figures(name: str, model: ContextualEmbedding, data: PrimingData) -> dict[str, float]:
    metric, fixed = PrimingMetric(), []
    for rows_D in data.in_order(data.rows.test):
        model.rank(rows_D, metric)
        membership_DT = model.membership_DT[rows_D]
        document_Q, tag_Q = membership_DT.nonzero().unbind(dim=1)
        embedded = model.network.embed_grid(model.features_TF, model.contexts_DC[rows_D])
        distance = torch.cdist(embedded, embedded, compute_mode="donot_use_mm_for_euclid_dist")
        scores_QT = shuffled_ties(-distance[document_Q, tag_Q], rows_D[document_Q], tag_Q)
        fixed.append(fixed_level_map(scores_QT, membership_DT[document_Q], FIXED_LEVELS))
    return {f"{name}_map": float(metric.compute()["map"]), f"{name}_map_fixed": 100 * float(torch.cat(fixed).mean())}


def fixed_level_map(scores_QT: Tensor, related_QT: Tensor, levels: int) -> Tensor:
    """Return the mean of P@k over k = 1 … ``levels`` of each query, however few tags its document has.

    Examples:
        >>> fixed_level_map(torch.tensor([[0.9, 0.8, 0.7]]), torch.tensor([[True, False, True]]), 2)
        tensor([0.7500])
    """
    hits_QT = related_QT.gather(1, scores_QT.argsort(dim=1, descending=True))[:, :levels].cumsum(dim=1)
    return (hits_QT / torch.arange(1, hits_QT.shape[1] + 1, device=hits_QT.device)).mean(dim=1)


def run_missing(runs: Path, collection: Collection, folds: Sequence[int], epochs: tuple[int, int]) -> Iterator[str]:
    """Measure the rows that have no file yet, fold by fold, and yield what was measured."""
    for name, row in ROWS.items():
        for fold in folds:
            path = _path(runs, name, fold)
            if not path.is_file():
                write_json(path, measure(row, collection, fold, epochs))
                yield f"{name}, fold {fold}: {path.read_text(encoding='utf-8')}"


def _path(runs: Path, name: str, fold: int) -> Path:
    return runs / name.replace(" ", "_").replace("/", "-") / f"fold{fold}.json"


def departures_table(runs: Path, folds: Sequence[int], out: Path) -> Path:
    """Write the table as Markdown and JSON, and return the path of the former.

    A row without all folds says which it waits for.
    """
    keys = [f"{stage}_map{reading}" for stage in ("single", "siamese") for reading in ("", "_fixed")]
    lines = [
        "# Departures from the paper: each put back alone, test MAP (%)",
        "",
        f"| row | Single CE | the same, m = {FIXED_LEVELS} | Siamese CE | the same, m = {FIXED_LEVELS} |",
        "|---|---|---|---|---|",
    ]
    content: dict[str, dict[str, list[float]]] = {}
    for name in ROWS:
        paths = [_path(runs, name, fold) for fold in folds]
        missing = [path.stem for path in paths if not path.is_file()]
        cells = [f"waits for {', '.join(missing)}", "", "", ""] if missing else []
        if not missing:
            measured = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
            for key in keys:
                values = content.setdefault(name, {})[key] = [figures[key] for figures in measured]
                spread = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ", one run"
                cells.append(f"{statistics.fmean(values):.2f}{spread}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    write_json(out / "siamese-departures.json", content)
    target = out / "siamese-departures.md"
    write_text(target, "\n".join(lines) + "\n")
    return target
