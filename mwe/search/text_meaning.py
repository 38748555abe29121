"""Meanings of texts in a library of a tower pair, whose text tower reads whole sentences."""

from collections.abc import Sequence

from mwe.core.errors import BadRequestError, UnknownNameError
from mwe.search.meaning import Meaning
from mwe.search.store import LibraryStore


def meaning_of_text(store: LibraryStore, kind: str, name: str, context: Sequence[str] = ()) -> Meaning:
    """Return the vector of words, as they are, or of a tag, in the template of the pair.

    The vectors of the library's tags are in the library; anything else is encoded by the text tower.

    Args:
        store: Files of the library.
        kind: ``words`` or ``tag``.
        name: The text or the tag.
        context: Must be empty: a tower pair has no tags in context.

    Raises:
        BadRequestError: There is a context.
        UnknownNameError: The pair has no vector for the text.
        MissingDataError: The model, or a package that it needs, is missing.
        StaleArtefactError: The model is of another space.
    """
    if context:
        raise BadRequestError(
            f"{store.root}: made with {store.declared.run}, a tower pair, which knows no tags in context. Say it in "
            "the query, or index with a joint embedding trained on tags in context (docs/how-to/context.md)."
        )
    if kind == "tag" and name in store.tags.tags and store.words.of_tags([name]).known[0]:
        return Meaning(store.words.of_tags([name]).vectors[0], (), f"tag {name}")
    text = store.prompt(name) if kind == "tag" else name
    unit_D = store.encoded_text(text)
    if not unit_D.any():
        raise UnknownNameError("text", text, ())
    if kind == "words":
        return Meaning(unit_D, (), repr(text))
    return Meaning(unit_D, (), f"tag {name}", (f"{name!r} is no tag of the library; {text!r} was asked",))
