"""Settings of both stages by validation: the nested split of every fold, one coordinate after the other.

Test documents take no part: of a fold's training documents a share is set apart, everything is fitted on the others,
and the MAP by embedding distance of those set apart, mean over the folds, decides. A stage is measured on the way of
one fit: settings are compared in a short fit, then the epochs are chosen in a long one. Of epochs that differ by less
than the weights' seeds do, the fewest are taken.
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
from siamese_tags.documents import Cal500, Collection
from siamese_tags.nested import NestedPrimingData, ValidationMap
from siamese_tags.pretraining import Pretraining
from siamese_tags.stage import ContextualEmbedding
from siamese_tags.stage1 import SingleNetwork
from siamese_tags.stage2 import SiameseNetwork

Row = Literal["single", "siamese"]
Start = Literal["random", "single"]
DECAY = 0.996
# in points of MAP; runs that differ in nothing but their drawings are further apart
NO_DIFFERENCE = 0.1


@dataclass(frozen=True)
class Settings:
    """What is chosen; all else is as in the committed configurations.

    Args:
        document_prior: Dirichlet prior of a document's topics, of both rows.
        single_pretraining: Auto-encoder steps a layer before the first stage.
        single_lr: Learning rate of the first stage.
        single_epochs: Epochs of the first stage where the second starts from it; chosen last of its settings.
        siamese_start: What the second stage starts from.
        siamese_lr: Its first learning rate.
        siamese_rho: Its weight of pairs of negatives.
        siamese_share_inside: Its share of pairs inside one document.
    """

    document_prior: float = 0.5
    single_pretraining: int = 300
    single_lr: float = 0.003
    single_epochs: int = 150
    siamese_start: Start = "random"
    siamese_lr: float = 0.005
    siamese_rho: float = 0.1
    siamese_share_inside: float = 0.5


# the row whose validation MAP decides, the setting, and its values besides the one that the settings so far have
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
class Outcome:
    """Validation of one setting.

    Args:
        row: Which row of the table it is about.
        settings: The setting.
        epochs: Fewest epochs with the highest mean validation MAP, or one no different from it.
        validation_map: MAP at these epochs in percent, mean over the folds.
        by_fold: The folds' own at these epochs.
        curve: Mean validation MAP by epochs.
        seconds: CPU seconds of its fits.
    """

    row: Row
    settings: Settings
    epochs: int
    validation_map: float
    by_fold: tuple[float, ...]
    curve: dict[int, float]
    seconds: float


class NestedValidation:
    """Trains on the inner training documents of each fold and measures on those set apart.

    Args:
        collection: Where the tag documents come from.
        folds: Numbers of the folds.
        every: Epochs between two measurements.
        share: Share of the training documents that is set apart.
        validation_seed: Seed of the nested split.
        seed: Seed of weights and drawings.
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

    def measure(self, row: Row, settings: Settings, most_epochs: int) -> Outcome:
        """Validation MAP of a setting at the fewest epochs that it needs."""
        curves, seconds = [], 0.0
        for fold in self.folds:
            data = self._data(fold, settings)
            start = self._first_stage(fold, settings) if row == "siamese" else None
            before = time.process_time()
            curves.append(self._fit(row, settings, data, start, most_epochs)[1])
            seconds += time.process_time() - before
        mean = {epoch: sum(curve[epoch] for curve in curves) / len(curves) for epoch in curves[0]}
        epochs = fewest_epochs(mean)
        return Outcome(row, settings, epochs, mean[epochs], tuple(curve[epochs] for curve in curves), mean, seconds)

    def _data(self, fold: int, settings: Settings) -> NestedPrimingData:
        key = (fold, settings.document_prior)
        if key not in self.data:
            self.data[key] = self.build_data(fold=fold, document_prior=settings.document_prior)
            self.data[key].setup("fit")
        return self.data[key]

    def _first_stage(self, fold: int, settings: Settings) -> dict[str, Tensor] | None:
        if settings.siamese_start == "random":
            return None
        of_single = [value for name, value in asdict(settings).items() if not name.startswith("siamese")]
        key = (fold, *of_single)
        if key not in self.first_stages:
            model, _ = self._fit("single", settings, self._data(fold, settings), None, settings.single_epochs)
            self.first_stages[key] = model.network.state_dict()
        return self.first_stages[key]

    def _fit(
        self, row: Row, settings: Settings, data: NestedPrimingData, start: dict[str, Tensor] | None, epochs: int
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
    """Fewest epochs whose MAP is no different from the highest, of MAP in percent by epochs."""
    highest = max(curve.values())
    return min(epochs for epochs, value in curve.items() if value >= highest - NO_DIFFERENCE)


def _model(row: Row, settings: Settings, data: NestedPrimingData) -> ContextualEmbedding:
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


def descend(validation: NestedValidation, short: int, long: int) -> Iterator[Outcome]:
    """Go through the grid, one coordinate after the other, each time on from the best so far; then choose the epochs.

    The second stage starts from random weights in the grid, and from both starts in the long fits.

    Args:
        validation: Measures.
        short: Epochs of the fits by which settings are compared.
        long: Epochs of the fits in which the epochs are chosen.
    """
    best: dict[Row, Outcome] = {}
    settings = Settings()
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


def chosen(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The last three outcomes: the row "Single CE", and the second stage from random weights and from the first."""
    return list(outcomes[-1 - len(STARTS) :])


def write_choice(
    path: Path, outcomes: Sequence[Outcome], share: float, validation_seed: int, finished: bool = True
) -> None:
    """Write one line a setting, in the order of measuring, with the split's share and seed and what was chosen."""
    taken = chosen(outcomes) if finished else []
    first = ["row", "chosen", "epochs", "validation_map", "by_fold", "validation_share", "validation_seed"]
    lines: list[list[Any]] = [[*first, *asdict(Settings()), "curve", "cpu_seconds"]]
    for one in outcomes:
        by_fold = " ".join(f"{value:.2f}" for value in one.by_fold)
        curve = json.dumps({epoch: round(value, 2) for epoch, value in one.curve.items()})
        known = [one.row, "yes" if one in taken else "", one.epochs, f"{one.validation_map:.4f}", by_fold]
        lines.append([*known, share, validation_seed, *asdict(one.settings).values(), curve, f"{one.seconds:.1f}"])
    write_csv(path, lines)


def choose(
    collection: Collection | None = None,
    folds: tuple[int, ...] = (0, 1, 2),
    short: int = 60,
    long: int = 180,
    every: int = 20,
    validation_share: float = 0.2,
    validation_seed: int = 0,
    seed: int = 0,
    out: str = "outputs/tables/siamese-choice.csv",
) -> None:
    """Choose the settings of both stages on a part of the training documents of every fold; writes a table.

    Args:
        collection: Where the tag documents come from: ``Cal500`` (the default) or ``TsvDocuments`` with
            ``--collection.path``.
        folds: Numbers of the folds; one choice is made for all.
        short: Epochs of the fits by which settings are compared.
        long: Epochs of the fits in which the epochs are chosen.
        every: Epochs between two measurements; divides both.
        validation_share: Share of a fold's training documents that is set apart.
        validation_seed: Seed of the nested split.
        seed: Seed of weights and drawings.
        out: The table, written anew after every setting.
    """
    validation = NestedValidation(collection or Cal500(), folds, every, validation_share, validation_seed, seed)
    outcomes: list[Outcome] = []
    for outcome in descend(validation, short, long):
        outcomes.append(outcome)
        write_choice(Path(out), outcomes, validation_share, validation_seed, finished=False)
        print(_line(outcome), flush=True)
    write_choice(Path(out), outcomes, validation_share, validation_seed)
    for outcome in chosen(outcomes):
        print(f"chosen: {_line(outcome)}")


def _line(outcome: Outcome) -> str:
    start, now = asdict(Settings()), asdict(outcome.settings)
    changed = ", ".join(f"{name}={value}" for name, value in now.items() if value != start[name]) or "as at the start"
    return f"{outcome.row}, {changed}: validation MAP {outcome.validation_map:.2f} at {outcome.epochs} epochs"
