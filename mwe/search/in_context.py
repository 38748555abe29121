"""Queries by a tag in the company of other tags, for models that learnt from tags in context."""

from collections.abc import Sequence

import torch

from mwe.core.errors import StaleArtefactError, UnknownNameError
from mwe.search.model import TrainedModel
from mwe.search.reading import Meaning
from mwe.search.stored import Stored
from mwe.search.tags import unit_rows
from mwe.words.context import ContextSource, Pair


def meaning_in_context(library: Stored, tag: str, context: Sequence[str]) -> Meaning:
    """The vector of a tag among other tags.

    Args:
        library: The library, whose model is asked.
        tag: The tag.
        context: The other tags.

    Raises:
        UnknownNameError: A tag is not known in contexts; the nearest names are given.
        StaleArtefactError: The model did not learn from tags in context, or from others than are there now.
        MissingDataError: The model's run folder or its contextual embeddings are gone.
    """
    trained = library.trained
    source = source_of(trained)
    pair = Pair(_known(source, tag), tuple(_known(source, one) for one in context))
    with torch.inference_mode():
        row_1D = trained.model.in_context(torch.from_numpy(source.embed([pair]))).numpy()
    understood = f"tag {pair.tag} among {', '.join(pair.context)}"
    return Meaning(unit_rows(row_1D)[0].astype("float32"), (), understood)


def source_of(trained: TrainedModel) -> ContextSource:
    """What gives the vectors of tags in context that a model learnt from.

    Raises:
        StaleArtefactError: The model learnt from none, or they have been written anew since.
    """
    settings = trained.data.context
    if settings is None or trained.model.contextual is None:
        raise StaleArtefactError(
            f"{trained.run} did not learn from tags in context. Train with `--data.context TagsInContext` and a weight "
            "of `context` (docs/contextual.md), and index with that run."
        )
    source = settings.source(trained.words)
    if source.identity != trained.model.context_identity:
        raise StaleArtefactError(
            f"{settings.vectors or 'the words'}: not the tags in context that {trained.run} learnt from. Give back the "
            "folder as it was, or train and index anew."
        )
    return source


def _known(source: ContextSource, name: str) -> str:
    spelt = source.spelt(name)
    if spelt is None:
        raise UnknownNameError("tag", name, source.tags)
    return spelt
