"""Contextualised music semantics from tags: tag documents, tag and context features, a Siamese network, priming.

Data flows ``documents`` → ``features`` → ``stage1`` → ``stage2`` → ``metrics``; ``baselines`` and ``evaluate`` measure
other rankings. Reference: Sandouk and Chen, Learning Contextualized Music Semantics from Tags via a Siamese Network.
"""

from typing import TYPE_CHECKING, Any

import mwe as mwe  # before anything else: it sees to it that no library reports to its makers

if TYPE_CHECKING:
    from siamese_tags.contextual import ContextualTags

__all__ = ["ContextualTags"]


def __getattr__(name: str) -> Any:
    """Import the public class on first use, so that help pages do not import PyTorch."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from siamese_tags.contextual import ContextualTags

    return ContextualTags
