"""Every metric of both packages: the same whatever batches, order, repeats and processes; what is broken is named."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor
from torchmetrics import Metric

from mwe.metrics import TagRank, TrackRetrieval
from siamese_tags.masked.metrics import MaskedPrimingMetric
from siamese_tags.masked.unseen import UnseenRanking
from siamese_tags.metrics import PrimingMetric
from siamese_tags.oov import RelatedDistances

ITEMS, TAGS, WIDTH = 23, 12, 5


def drawn(seed: int, *shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


LABELS = drawn(1, ITEMS, TAGS) < 0.4
LABELS[:, 0] = True  # a tag of all: no negatives
LABELS[:, 1] = False  # a tag of none: no positives
LABELS[4, 1:] = False  # an item with one tag
REVEALED = LABELS & (drawn(2, ITEMS, TAGS) < 0.5)
REVEALED[:, 0] = True
HIDDEN = LABELS & ~REVEALED
HIDDEN[:, 3] |= ~HIDDEN.any(dim=1)
REVEALED &= ~HIDDEN
NUMBERS = drawn(3, ITEMS, WIDTH) - 0.5
SCORES = drawn(4, ITEMS, TAGS)


def queries(ids: Tensor) -> tuple[Tensor, Tensor]:
    """Documents and tags of the queries of some documents."""
    return LABELS[ids].nonzero().unbind(dim=1)


def scores_of(ids: Tensor, tags: Tensor, numbers: Tensor) -> Tensor:
    """Scores of each query, which differ from query to query; broken where the document's numbers are."""
    summed = numbers.sum(dim=1, keepdim=True)
    return SCORES[ids] * (1 + tags[:, None]) % 1 + torch.where(summed.isfinite(), 0, summed)


def add_priming(metric: Any, ids: Tensor, numbers: Tensor) -> None:
    document, tag = queries(ids)
    metric.add_documents(ids, document, tag, scores_of(ids[document], tag, numbers[document]), LABELS[ids])


def add_distances(metric: Any, ids: Tensor, numbers: Tensor) -> None:
    document, tag = queries(ids)
    metric.add_documents(ids, document, scores_of(ids[document], tag, numbers[document]), LABELS[ids])


def add_masked_documents(metric: Any, ids: Tensor, numbers: Tensor) -> None:
    metric.add_documents(ids, scores_of(ids, ids, numbers), REVEALED[ids], HIDDEN[ids])


def add_masked_queries(metric: Any, ids: Tensor, numbers: Tensor) -> None:
    document, tag = REVEALED[ids].nonzero().unbind(dim=1)
    scores = scores_of(ids[document], tag, numbers[document])
    metric.add_queries(ids, document, tag, scores, REVEALED[ids], HIDDEN[ids])


def add_unseen(metric: Any, ids: Tensor, numbers: Tensor) -> None:
    metric.add_documents(ids, scores_of(ids, ids, numbers), REVEALED[ids], HIDDEN[ids])


def add_rows(metric: Any, ids: Tensor, numbers: Tensor) -> None:
    metric.update(ids, numbers)


def retrieval(**settings: Any) -> TrackRetrieval:
    unseen, usable = torch.arange(TAGS) >= 8, torch.arange(TAGS) != 11
    metric = TrackRetrieval(LABELS, unseen, usable, WIDTH, **settings)
    metric.prototypes = drawn(5, TAGS, WIDTH) - 0.5
    return metric


class Case(NamedTuple):
    """A metric and how items come into it."""

    make: Callable[[], Metric]
    add: Callable[[Any, Tensor, Tensor], None]


CASES = {
    "retrieval": Case(retrieval, add_rows),
    "retrieval with bounds": Case(lambda: retrieval(draws=20), add_rows),
    "retrieval of some": Case(lambda: retrieval(query_N=torch.arange(ITEMS) % 3 == 0), add_rows),
    "tag rank": Case(lambda: TagRank(drawn(6, ITEMS, ITEMS).round(), torch.arange(ITEMS) % 2 == 0, WIDTH), add_rows),
    "priming": Case(PrimingMetric, add_priming),
    "masked priming by document": Case(MaskedPrimingMetric, add_masked_documents),
    "masked priming by query": Case(MaskedPrimingMetric, add_masked_queries),
    "distances": Case(RelatedDistances, add_distances),
    "unseen tags": Case(UnseenRanking, add_unseen),
}


def measured(name: str, batches: list[Tensor], numbers: Tensor = NUMBERS) -> dict[str, float]:
    metric = CASES[name].make()
    for ids in batches:
        CASES[name].add(metric, ids, numbers[ids])
    return {figure: value.item() for figure, value in metric.compute().items()}


def same(found: dict[str, float], expected: dict[str, float]) -> bool:
    """Equal to the last bit, NaN where NaN is expected."""
    return found.keys() == expected.keys() and all(
        value == expected[name] or (math.isnan(value) and math.isnan(expected[name])) for name, value in found.items()
    )


@pytest.fixture(scope="module")
def whole() -> dict[str, dict[str, float]]:
    """The figures of all items in one batch."""
    return {name: measured(name, [torch.arange(ITEMS)]) for name in CASES}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", list(CASES))
def test_batches_order_and_repeats_change_nothing(name, seed, whole):
    generator = torch.Generator().manual_seed(seed)
    order = torch.cat([torch.randperm(ITEMS, generator=generator), torch.randint(ITEMS, (5,), generator=generator)])
    sizes = [1, 7, 3, 11, 6] if seed else [1] * len(order)
    assert same(measured(name, list(order.split(sizes))), whole[name])
    assert any(math.isfinite(value) for value in whole[name].values())


def shares(world: int) -> list[list[Tensor]]:
    """Ways to share the items out: unevenly, with repeats, and with nothing for some process."""
    every = torch.arange(ITEMS)
    uneven = [every[rank::world] for rank in range(world)]
    repeated = [torch.cat([own, every[:4]]) for own in uneven]
    lopsided = [every[:0]] * (world - 1) + [every]
    one_empty = [every[: ITEMS // 2], every[:0], every[ITEMS // 2 :]][:world] if world > 2 else [every, every[:0]]
    return [uneven, repeated, lopsided, one_empty]


def measure_shares(rank: int, world: int, folder: str) -> None:
    found = [
        {name: measured(name, list(share[rank].split(4)) if len(share[rank]) else []) for name in CASES}
        for share in shares(world)
    ]
    Path(folder, f"{rank}.json").write_text(json.dumps(found), encoding="utf-8")


@pytest.mark.parametrize("world", [1, 2, 3])
def test_processes_change_nothing_however_items_are_shared_out(world, whole, tmp_path, in_processes):
    in_processes(measure_shares, world, str(tmp_path))
    for rank in range(world):
        for way in json.loads((tmp_path / f"{rank}.json").read_text(encoding="utf-8")):
            assert [name for name in CASES if not same(way[name], whole[name])] == []


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", list(CASES))
def test_what_is_not_finite_is_refused_with_its_item(name, broken, whole):
    numbers = NUMBERS.clone()
    numbers[17, 2] = broken
    with pytest.raises(ValueError, match=r"not finite.* \[?17\b"):
        measured(name, list(torch.arange(ITEMS).split(5)), numbers)


def test_a_query_may_be_put_first_by_infinity_and_nothing_else_may(whole):
    document, tag = queries(torch.arange(ITEMS))
    scores = scores_of(document, tag, NUMBERS[document])
    own = torch.nn.functional.one_hot(tag, TAGS).bool()
    metric = PrimingMetric()
    metric.add_documents(torch.arange(ITEMS), document, tag, scores.masked_fill(own, math.inf), LABELS)
    assert metric.compute()["p@1"] == 100
    with pytest.raises(ValueError, match="not finite among the scores of document 0"):
        metric.add_documents(torch.arange(ITEMS), document, tag, scores.masked_fill(own, -math.inf), LABELS)


COUNTED = {
    # 23 tracks without a mixed row among the 11 tags that have a prototype; tags 0 and 1
    "retrieval": {"rocauc_tag_seen_excluded": 2, "rocauc_clip_excluded": 0, "tags_without_vector": 1},
    "unseen tags": {"unseen_documents": int(((HIDDEN.any(dim=1)) & (~(REVEALED | HIDDEN)).any(dim=1)).sum())},
}


@pytest.mark.parametrize("name", list(COUNTED))
def test_rows_without_a_value_are_counted(name, whole):
    assert {figure: whole[name][figure] for figure in COUNTED[name]} == COUNTED[name]


@pytest.mark.filterwarnings("ignore:The ``compute`` method of metric")
@pytest.mark.parametrize("name", list(CASES))
def test_without_items_there_is_no_figure_and_no_failure(name):
    found = measured(name, [])
    counts = {figure for figure in found if figure.endswith(("_excluded", "_vector", "_documents"))}
    assert all(math.isnan(value) for figure, value in found.items() if figure not in counts)
