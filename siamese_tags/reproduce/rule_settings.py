"""Choice of a rule's settings by validation, and its test.

Shape suffixes: D documents, T tags.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from siamese_tags.masked.evaluate import masked_priming
from siamese_tags.masked.mask import reveal_seeded
from siamese_tags.masked.metrics import MaskedPrimingMetric
from siamese_tags.masked.rules import Family, Rule
from siamese_tags.masked.split import MaskedSplit

MIN_DOCUMENTS = 1000
MAX_MASKS = 10


@dataclass(frozen=True, eq=False)
class Choice:
    """The outcome of a validation.

    Args:
        settings: The chosen settings.
        validation_map: Their validation MAP in percent; None if there was nothing to choose.
    """

    settings: dict[str, Any]
    validation_map: float | None


def choose(family: Family, split: MaskedSplit, seed: int = 0) -> Choice:
    """Return the settings with the highest validation MAP, over several masks if there are few validation documents."""
    candidates = family.settings()
    if len(candidates) == 1:
        return Choice(candidates[0], None)
    documents_DT = split.documents.matrix_DT
    validation_DT = documents_DT[split.validation]
    n_masks = min(MAX_MASKS, math.ceil(MIN_DOCUMENTS / len(validation_DT)))
    repeated_DT = np.tile(validation_DT, (n_masks, 1))
    # differs from the seed of the test mask
    revealed_DT = reveal_seeded(torch.tensor(repeated_DT), 1_000_003 + seed).numpy()
    ids_D = np.arange(len(repeated_DT))
    maps = []
    for settings in candidates:
        rule = _fitted(family, settings, split.to_learn(split.learn))
        maps.append(float(masked_priming(rule, repeated_DT, revealed_DT, ids_D, seed).compute()["map"]))
    best = int(np.argmax(maps))
    return Choice(candidates[best], maps[best])


def with_choice(
    family: Family | None, splits: Iterable[MaskedSplit], seed: int = 0
) -> Iterator[tuple[MaskedSplit, Choice]]:
    """Yield splits with their choice; the splits of an official split have the same validation documents and choice."""
    choice = Choice({}, None)
    for index, split in enumerate(splits):
        if family is not None and (index == 0 or not split.documents.parts):
            choice = choose(family, split, seed)
        yield split, choice


def measure(family: Family | None, settings: dict[str, Any], split: MaskedSplit, seed: int = 0) -> MaskedPrimingMetric:
    """Fit on all training documents and measure on the test documents; without a family, the random expectation."""
    documents_DT = split.documents.matrix_DT
    rule = None if family is None else _fitted(family, settings, split.to_learn(split.train))
    return masked_priming(rule, documents_DT[split.test], split.revealed_DT[split.test], split.test, seed)


def _fitted(family: Family, settings: dict[str, Any], train_DT: NDArray[np.bool_]) -> Rule:
    rule = family.build(**settings)
    rule.fit(train_DT)
    return rule
