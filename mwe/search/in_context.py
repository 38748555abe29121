"""Queries by a tag in the context of other tags, for models trained on tags in context."""

from collections.abc import Sequence

import torch

from mwe.core.errors import StaleArtefactError, UnknownNameError
from mwe.search.meaning import Meaning
from mwe.search.model import TrainedModel
from mwe.search.store import LibraryStore
from mwe.search.tag_table import unit_rows
from mwe.words.context_vectors import ContextSource, Pair


def meaning_in_context(store: LibraryStore, tag: str, context: Sequence[str]) -> Meaning:
    """Return the vector of a tag among other tags.

    Args:
        store: Files of the library; its model encodes the tag.
        tag: The tag.
        context: The other tags.

    Raises:
        UnknownNameError: A tag is not known in contexts.
        StaleArtefactError: The model was not trained on tags in context, or these have changed since.
        MissingDataError: The model's run folder or its contextual embeddings are missing.
    """
    trained = store.trained
    assert isinstance(trained, TrainedModel)  # queries of tower pairs never come here
    source = source_of(trained)
    pair = Pair(_known(source, tag), tuple(_known(source, name) for name in context))
    with torch.inference_mode():
        row_1D = trained.model.in_context(torch.from_numpy(source.embed([pair]))).numpy()
    understood = f"tag {pair.tag} among {', '.join(pair.context)}"
    return Meaning(unit_rows(row_1D)[0].astype("float32"), (), understood)


def source_of(trained: TrainedModel) -> ContextSource:
    """Return the source of the vectors of tags in context that a model was trained on.

    Raises:
        StaleArtefactError: The model was not trained on tags in context, or these have changed since.
    """
    settings = trained.data.context
    if settings is None or trained.model.contextual is None:
        raise StaleArtefactError(
            f"{trained.run} was not trained on tags in context. Train with `--data.context TagsInContext` and a weight "
            "of `context` (docs/how-to/context.md), and index with that run."
        )
    source = settings.source(trained.words)
    if source.identity != trained.model.context_identity:
        raise StaleArtefactError(
            f"{settings.vectors or 'the words'}: not the tags in context that {trained.run} was trained on. Restore "
            "the folder, or train and index again."
        )
    return source


def _known(source: ContextSource, name: str) -> str:
    spelt = source.spelt(name)
    if spelt is None:
        raise UnknownNameError("tag", name, source.tags)
    return spelt
