"""Contextualised music semantics from tags: tag documents, tag and context features, a Siamese network, priming.

The way through: ``documents`` → ``features`` → ``stage1`` → ``stage2`` → ``metrics``; ``baselines`` and ``evaluate``
stand beside it. Reference: Sandouk and Chen, Learning Contextualized Music Semantics from Tags via a Siamese Network.
"""

import mwe as mwe  # before anything else: it sees to it that no library reports to its makers
from siamese_tags.contextual import ContextualTags

__all__ = ["ContextualTags"]
