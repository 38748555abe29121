"""Baselines by name, each with the settings of its row, and a function to build one with other settings."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from jsonargparse import ArgumentError, ArgumentParser

from mwe.core.errors import UnknownNameError
from siamese_tags.baselines.baseline import Ranker
from siamese_tags.baselines.context_only import ContextOnlyRanker
from siamese_tags.baselines.crbm import CRBMRanker
from siamese_tags.baselines.ease import EASERanker
from siamese_tags.baselines.infoth import InfoThRanker
from siamese_tags.baselines.lda import LDARanker
from siamese_tags.baselines.lsa import LSARanker
from siamese_tags.baselines.pca import PCARanker
from siamese_tags.baselines.plsa import PLSARanker
from siamese_tags.baselines.popularity import PopularityRanker
from siamese_tags.baselines.random import RandomRanker
from siamese_tags.baselines.rbm import RBMRanker
from siamese_tags.baselines.untrained import UntrainedRanker
from siamese_tags.baselines.word2vec import Order, Word2VecRanker

WINDOWS = (1, 2, 3, 4)
ORDERS: dict[str, Order] = {"s1": "random", "s2": "sorted"}

BASELINES: dict[str, Callable[..., Ranker]] = {
    "random": RandomRanker,
    "popularity": PopularityRanker,
    "popularity_unforced": partial(PopularityRanker, query_first=False),
    "lsa": LSARanker,
    "lda": LDARanker,
    "lda_in_context": partial(LDARanker, in_context=True),
    "plsa": PLSARanker,
    "plsa_in_context": partial(PLSARanker, in_context=True),
    "pca": PCARanker,
    "rbm": RBMRanker,
    "crbm": CRBMRanker,
    "infoth": InfoThRanker,
    "ease": EASERanker,
    "context_only": ContextOnlyRanker,
    "context_only_unforced": partial(ContextOnlyRanker, query_first=False),
    "untrained": UntrainedRanker,
    **{
        f"{algorithm}_{setting}_w{window}": partial(Word2VecRanker, algorithm=algorithm, order=order, window=window)
        for algorithm in ("cbow", "sg")
        for setting, order in ORDERS.items()
        for window in WINDOWS
    },
}


def settings_of(name: str, seed: int = 0, changed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return all settings of a baseline: those of its constructor, those of its row, and the changed ones.

    Args:
        name: Name of the baseline.
        seed: Seed of a random baseline.
        changed: Settings to change.

    Raises:
        UnknownNameError: There is no such baseline, or it has no such setting.
        ValueError: A setting has an invalid value.

    Examples:
        >>> settings_of("lsa", changed={"rank": 50})
        {'weighting': 'pmi', 'rank': 50, 'measure': 'cosine'}
    """
    if name not in BASELINES:
        raise UnknownNameError("baseline", name, BASELINES)
    known = inspect.signature(BASELINES[name]).parameters
    for key in changed or {}:
        if key not in known:
            raise UnknownNameError(f"setting of {name}", key, known)
    settings = {key: parameter.default for key, parameter in known.items()} | (
        {"seed": seed} if "seed" in known else {}
    )
    factory = BASELINES[name]
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(factory.func if isinstance(factory, partial) else factory)
    try:
        checked = dict(parser.parse_object(settings | dict(changed or {})).as_dict())
    except ArgumentError as error:
        raise ValueError(f"settings of {name}: {error}") from error
    for key, value in checked.items():
        if type(value) is int and key != "seed" and value < 1:
            raise ValueError(f"settings of {name}: {key}={value}, but it must be at least 1")
    return checked


def build(name: str, seed: int = 0, changed: Mapping[str, Any] | None = None) -> Ranker:
    """Build a baseline; arguments and errors as for :func:`settings_of`.

    Examples:
        >>> build("lsa", changed={"rank": 20}).n_components
        20
    """
    settings = settings_of(name, seed, changed)
    return BASELINES[name](**settings)
