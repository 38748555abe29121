"""The tokens that the open model keeps, and the tags that it names."""

from collections.abc import Mapping

import numpy as np

from mwe.core.tokens import tag_token
from mwe.tracks import TrackTags
from mwe.words import WordVectors

KEPT = 20_000  # tokens
LEAST = 50  # documents of a tag that is named
LONGEST = 3  # words of a tag that is named
ARTICLES = ("a", "an", "the")  # of descriptions, which are no names


def named_tags(documents: TrackTags, words: WordVectors) -> list[str]:
    """Return the tags that are common enough to be named, and that are names rather than descriptions."""
    counts = np.asarray(documents.matrix.sum(axis=0)).ravel()
    known = words.of_tags(documents.tags).known
    return [
        tag
        for tag, count, has_vector in zip(documents.tags, counts.tolist(), known, strict=True)
        if has_vector and count >= LEAST and len(tag.split()) <= LONGEST and tag.split()[0] not in ARTICLES
    ]


def kept_tokens(words: WordVectors, counts: Mapping[str, int], documents: TrackTags, most: int = KEPT) -> list[int]:
    """Return the rows of the most useful tokens: all tags of documents, then the most frequent words.

    A token without a letter or a digit is no word. Phrases that are tags of few documents are left out.

    Args:
        words: All word vectors.
        counts: How often each token occurs in the corpus.
        documents: Tag documents.
        most: Number of tokens.
    """
    tags = {tag_token(tag) for tag in documents.tags}
    usable = [
        row
        for row, token in enumerate(words.tokens)
        if token in tags or ("_" not in token and any(sign.isalnum() for sign in token))
    ]
    order = sorted(usable, key=lambda row: (words.tokens[row] not in tags, -counts.get(words.tokens[row], 0), row))
    return sorted(order[:most])
