"""Contextualised music semantics from tags: tag documents, tag and context features, a Siamese network, priming.

Data flows ``documents`` → ``features`` → ``stage1`` → ``stage2`` → ``metrics``; ``baselines`` and ``evaluate`` measure
other rankings. Reference: Sandouk and Chen, Learning Contextualized Music Semantics from Tags via a Siamese Network.
"""

from typing import TYPE_CHECKING

import mwe as mwe  # before anything else: it sees to it that no library reports to its makers
from mwe.core.offered import offered_by

if TYPE_CHECKING:
    from siamese_tags.contextual import ContextualTags

__all__ = ["ContextualTags"]

__getattr__ = offered_by(__name__, {"siamese_tags.contextual": ("ContextualTags",)})
