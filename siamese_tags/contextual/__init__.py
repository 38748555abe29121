"""Nearest tags of a tag in a context, from the checkpoint of a run."""

from siamese_tags.contextual.contextual_tags import ContextualTags, UnknownTagError

__all__ = ["ContextualTags", "UnknownTagError"]
