"""Inputs of the network: tag features (eq. 1) and the topic posterior of a document (eq. 2)."""

from siamese_tags.features.tfidf import TagFeatures
from siamese_tags.features.topics import TopicContexts

__all__ = ["TagFeatures", "TopicContexts"]
