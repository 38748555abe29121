"""Choice of the settings of both stages by validation on the nested split of every fold, one setting after another.

Test documents are not used: a share of a fold's training documents is set aside, everything is fitted on the others,
and the choice maximises the MAP by embedding distance of those set aside, averaged over the folds. A stage is measured
during one fit: settings are compared in a short fit, then the epochs are chosen in a long one. Of epochs that differ by
less than seeds do, the fewest are chosen.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pytorch_lightning import Trainer, seed_everything
from torch import Tensor
from torch.optim import Adam
from torch.optim.lr_scheduler import ExponentialLR

from mwe.core.files import write_csv
from siamese_tags.documents import Collection
from siamese_tags.pretraining import Pretraining
from siamese_tags.reproduce.nested_split import NestedPrimingData, ValidationMap
from siamese_tags.stage import ContextualEmbedding
from siamese_tags.stage1 import SingleNetwork
from siamese_tags.stage2 import SiameseNetwork

Row = Literal["single", "siamese"]
Start = Literal["random", "single"]
DECAY = 0.996
# in points of MAP; runs that differ only in their seed differ by more
NO_DIFFERENCE = 0.1


@dataclass(frozen=True)
class StageSettings:
    """The settings to choose; all others are those of the committed configurations.

    Args:
        document_prior: Dirichlet prior of a document's topics, for both rows.
        single_pretraining: Auto-encoder steps per layer before the first stage.
        single_lr: Learning rate of the first stage.
        single_epochs: Epochs of the first stage from which the second starts; chosen last of its settings.
        siamese_start: Initial weights of the second stage.
        siamese_lr: Initial learning rate of the second stage.
        siamese_rho: Weight of pairs of negatives in the second stage.
        siamese_share_inside: Share of pairs within one document in the second stage.
    """

    document_prior: float = 0.5
    single_pretraining: int = 300
    single_lr: float = 0.003
    single_epochs: int = 150
    siamese_start: Start = "random"
    siamese_lr: float = 0.005
    siamese_rho: float = 0.1
    siamese_share_inside: float = 0.5


# the row whose validation MAP decides, the setting, and values to try beside the current one
GRID: tuple[tuple[Row, str, tuple[Any, ...]], ...] = (
    ("siamese", "document_prior", (0.2, 1.0)),
    ("single", "single_pretraining", (0,)),
    ("single", "single_lr", (0.01,)),
    ("siamese", "siamese_lr", (0.01,)),
    ("siamese", "siamese_rho", (0.3,)),
    ("siamese", "siamese_share_inside", (0.8,)),
)
STARTS: tuple[Start, ...] = ("random", "single")


@dataclass(frozen=True)
class SettingsOutcome:
    """Validation of one setting.

    Args:
        row: Row of the table.
        settings: The setting.
        epochs: Fewest epochs with the highest mean validation MAP, or one no different from it.
        validation_map: MAP at these epochs in percent, mean over the folds.
        by_fold: MAP of each fold at these epochs.
        curve: Mean validation MAP by epochs.
        seconds: CPU seconds of the fits.
    """

    row: Row
    settings: StageSettings
    epochs: int
    validation_map: float
    by_fold: tuple[float, ...]
    curve: dict[int, float]
    seconds: float


class NestedValidation:
    """Trains on the inner training documents of each fold and measures on those set aside.

    Args:
        collection: Where the tag documents come from.
        folds: Numbers of the folds.
        every: Epochs between two measurements.
        share: Share of the training documents to set aside.
        validation_seed: Seed of the nested split.
        seed: Seed of weights and random draws.
        data: Further settings of the data.
    """

    def __init__(
        self,
        collection: Collection,
        folds: Sequence[int],
        every: int,
        share: float,
        validation_seed: int,
        seed: int,
        **data: Any,
    ) -> None:
        self.folds = folds
        self.every = every
        self.seed = seed
        self.build_data = partial(NestedPrimingData, collection, share, validation_seed, **data)
        self.data: dict[tuple[int, float], NestedPrimingData] = {}
        self.first_stages: dict[tuple[Any, ...], dict[str, Tensor]] = {}

    def measure(self, row: Row, settings: StageSettings, max_epochs: int) -> SettingsOutcome:
        """Measure the validation MAP of a setting at the fewest sufficient epochs."""
        curves, seconds = [], 0.0
        for fold in self.folds:
            data = self._data(fold, settings)
            start = self._first_stage(fold, settings) if row == "siamese" else None
            before = time.process_time()
            curves.append(self._fit(row, settings, data, start, max_epochs)[1])
            seconds += time.process_time() - before
        mean = {epoch: sum(curve[epoch] for curve in curves) / len(curves) for epoch in curves[0]}
        epochs = fewest_epochs(mean)
        return SettingsOutcome(
            row, settings, epochs, mean[epochs], tuple(curve[epochs] for curve in curves), mean, seconds
        )

    def _data(self, fold: int, settings: StageSettings) -> NestedPrimingData:
        key = (fold, settings.document_prior)
        if key not in self.data:
            self.data[key] = self.build_data(fold=fold, document_prior=settings.document_prior)
            self.data[key].setup("fit")
        return self.data[key]

    def _first_stage(self, fold: int, settings: StageSettings) -> dict[str, Tensor] | None:
        if settings.siamese_start == "random":
            return None
        of_single = [value for name, value in asdict(settings).items() if not name.startswith("siamese")]
        key = (fold, *of_single)
        if key not in self.first_stages:
            model, _ = self._fit("single", settings, self._data(fold, settings), None, settings.single_epochs)
            self.first_stages[key] = model.network.state_dict()
        return self.first_stages[key]

    def _fit(
        self, row: Row, settings: StageSettings, data: NestedPrimingData, start: dict[str, Tensor] | None, epochs: int
    ) -> tuple[ContextualEmbedding, dict[int, float]]:
        seed_everything(self.seed, verbose=False)
        model = _model(row, settings, data)
        if start is not None:
            model.network.load_state_dict(start)
        curve = ValidationMap(self.every)
        trainer = Trainer(
            max_epochs=epochs,
            callbacks=[curve],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(model, data)
        return model, curve.by_epochs


def fewest_epochs(curve: dict[int, float]) -> int:
    """Return the fewest epochs with a MAP not different from the highest, given MAP in percent by epochs."""
    highest = max(curve.values())
    return min(epochs for epochs, value in curve.items() if value >= highest - NO_DIFFERENCE)


def _model(row: Row, settings: StageSettings, data: NestedPrimingData) -> ContextualEmbedding:
    if row == "single":
        return SingleNetwork(
            data.n_tags,
            data.n_topics,
            optimizer=partial(Adam, lr=settings.single_lr, fused=True),
            pretraining=Pretraining(steps=settings.single_pretraining),
        )
    return SiameseNetwork(
        data.n_tags,
        data.n_topics,
        optimizer=partial(Adam, lr=settings.siamese_lr, fused=True),
        scheduler=partial(ExponentialLR, gamma=DECAY),
        rho=settings.siamese_rho,
        share_inside=settings.siamese_share_inside,
    )


def descend(validation: NestedValidation, short: int, long: int) -> Iterator[SettingsOutcome]:
    """Go through the grid, one setting after another, each time with the best values so far; then choose the epochs.

    In the grid, the second stage starts from random weights; in the long fits, from both starts.

    Args:
        validation: Measures a setting.
        short: Epochs of the fits that compare settings.
        long: Epochs of the fits that choose the epochs.
    """
    best: dict[Row, SettingsOutcome] = {}
    settings = StageSettings()
    for row, name, values in GRID:
        for candidate in [settings, *(replace(settings, **{name: value}) for value in values)]:
            if row in best and candidate == settings:
                continue
            outcome = validation.measure(row, candidate, short)
            yield outcome
            if row not in best or outcome.validation_map > best[row].validation_map:
                best[row] = outcome
        settings = replace(settings, **{name: getattr(best[row].settings, name)})
    single = validation.measure("single", settings, long)
    yield single
    for start in STARTS:
        yield validation.measure("siamese", replace(settings, single_epochs=single.epochs, siamese_start=start), long)


def chosen(outcomes: Sequence[SettingsOutcome]) -> list[SettingsOutcome]:
    """Return the last three outcomes: the row "Single CE", and the second stage from either start."""
    return list(outcomes[-1 - len(STARTS) :])


def write_choice(
    path: Path, outcomes: Sequence[SettingsOutcome], share: float, validation_seed: int, finished: bool = True
) -> None:
    """Write one line per setting, in the order of measuring, with share and seed of the split and the choice."""
    final = chosen(outcomes) if finished else []
    header = ["row", "chosen", "epochs", "validation_map", "by_fold", "validation_share", "validation_seed"]
    lines: list[list[Any]] = [[*header, *asdict(StageSettings()), "curve", "cpu_seconds"]]
    for outcome in outcomes:
        by_fold = " ".join(f"{value:.2f}" for value in outcome.by_fold)
        curve = json.dumps({epoch: round(value, 2) for epoch, value in outcome.curve.items()})
        known = [
            outcome.row,
            "yes" if outcome in final else "",
            outcome.epochs,
            f"{outcome.validation_map:.4f}",
            by_fold,
        ]
        lines.append(
            [*known, share, validation_seed, *asdict(outcome.settings).values(), curve, f"{outcome.seconds:.1f}"]
        )
    write_csv(path, lines)


def one_line(outcome: SettingsOutcome) -> str:
    """Return row, settings that differ from the initial ones, figure and epochs."""
    start, current = asdict(StageSettings()), asdict(outcome.settings)
    changed = (
        ", ".join(f"{name}={value}" for name, value in current.items() if value != start[name]) or "as at the start"
    )
    return f"{outcome.row}, {changed}: validation MAP {outcome.validation_map:.2f} at {outcome.epochs} epochs"
