"""Tags in contexts, from the checkpoint of a run: what they lie near to."""

from siamese_tags.contextual.tags import ContextualTags, UnknownTagError

__all__ = ["ContextualTags", "UnknownTagError"]
