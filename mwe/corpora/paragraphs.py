"""Track paragraphs: review words, tags, artist ID and track ID of one track, blended by shuffling (section III-A)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mwe.corpora.reviews import Review, ReviewSource
from mwe.corpora.tokens import artist_token, tag_token, tag_words, text_tokens, track_token
from mwe.tracks import TrackTags

# gensim drops what lies behind this many tokens of a line, without a word
LONGEST_LINE = 10_000
FILES, CORPUS = "files", "corpus"  # in the file beside a corpus: hashes by name, that of the training file among them


@dataclass(frozen=True)
class CorpusSettings:
    """How paragraphs are made.

    Args:
        reviews: Whether review words are part of the paragraphs.
        tags: Whether tags are.
        ids: Whether artist and track IDs are.
        tag_words: Whether the plain words of a tag of several words stand in the paragraph too, beside the tag's own
            token: ``deep_house`` with ``deep`` and ``house``, so that a query in plain words finds what is tagged so.
        review_repeats: How often each review is repeated, its words in a new order each time (the paper: 4).
        copies: Paragraphs per track. More than one is the shuffling augmentation: each copy is in an order of its own.
        shuffle: Whether the tokens of a paragraph are shuffled.
        hold_out: Share of each track's tags kept out of the corpus and listed beside it, to be evaluated on.
        seed: Seed of all shuffling and of the tags kept out.
    """

    reviews: bool = True
    tags: bool = True
    ids: bool = True
    tag_words: bool = True
    review_repeats: int = 4
    copies: int = 1
    shuffle: bool = True
    hold_out: float = 0.0
    seed: int = 0


def kinds_path(corpus: Path) -> Path:
    """The file beside a corpus that says what kind each token is."""
    return corpus.with_suffix(".vocabulary.json")


class Paragraphs:
    """Makes the paragraphs of a corpus.

    Args:
        settings: How they are made.
        tracks: The collection whose tags and artists are known, where there is one.
        tags: Takes the token of every tag that is met.
    """

    def __init__(self, settings: CorpusSettings, tracks: TrackTags | None, tags: set[str]) -> None:
        self.settings, self.tracks, self.tags = settings, tracks, tags
        self.rng = np.random.default_rng(settings.seed)

    def of_collection(self) -> Iterator[Iterable[list[str]]]:
        """A paragraph for every track of the collection: its own reviews, its tags and IDs.

        All tracks are used: a track's ID and tags are text, not audio, and words are trained on all text there is
        (Table IV evaluates on the same track IDs).
        """
        if self.tracks is None:
            return
        for row, track_id in enumerate(self.tracks.track_ids):
            texts = self.tracks.reviews.get(track_id, ()) if self.settings.reviews else ()
            artists = [self.tracks.artist_ids[row]]
            yield self._copies(texts, self._labels(self.tracks.of_track(row), artists, [track_id]))

    def of_reviews(self, source: ReviewSource) -> Iterator[Iterable[list[str]]]:
        """A paragraph for every review: its words, the IDs it is tied to, and what the collection knows of them.

        So a track with three reviews has three paragraphs, besides that of the collection (Table I counts reviews).
        """
        known = {} if self.tracks is None else {name: row for row, name in enumerate(self.tracks.track_ids)}
        for review in source.reviews():
            yield self._copies([review.text], self._review_labels(review, known))

    def _review_labels(self, review: Review, known: dict[str, int]) -> list[str]:
        artists, tags = [review.artist_id], list(review.tags)
        rows = [known[track_id] for track_id in review.track_ids if track_id in known]
        if self.tracks is not None and rows:
            artists = list(dict.fromkeys(self.tracks.artist_ids[row] for row in rows))
            tags += [tag for row in rows for tag in self.tracks.of_track(row)]
        return self._labels(tags, artists, review.track_ids)

    def _labels(self, tags: Sequence[str], artists: Sequence[str], track_ids: Sequence[str]) -> list[str]:
        labels: list[str] = []
        if self.settings.tags:
            tokens = {tag_token(tag): tag_words(tag) for tag in tags}  # each once, whoever gave it
            for token, words in tokens.items():
                if token:
                    self.tags.add(token)
                    labels += [token, *words] if self.settings.tag_words and len(words) > 1 else [token]
        if self.settings.ids:
            labels += [artist_token(artist) for artist in artists if artist]
            labels += [track_token(track_id) for track_id in track_ids]
        return labels

    def _copies(self, texts: Sequence[str], labels: list[str]) -> Iterator[list[str]]:
        own = [text_tokens(text) for text in texts]
        for _ in range(self.settings.copies):
            yield from self._pieces(own, labels)

    def _pieces(self, texts: Sequence[list[str]], labels: list[str]) -> Iterator[list[str]]:
        """One paragraph; one too long for gensim is cut, and each piece holds the tags and IDs."""
        words: list[str] = []
        for own in texts:
            for _ in range(self.settings.review_repeats):
                words += self._shuffled(own)
        if words or labels:
            room = max(1, LONGEST_LINE - len(labels))
            for at in range(0, max(1, len(words)), room):
                yield self._shuffled(words[at : at + room] + labels)

    def _shuffled(self, tokens: list[str]) -> list[str]:
        if not self.settings.shuffle:
            return tokens
        return [tokens[place] for place in self.rng.permutation(len(tokens)).tolist()]


def general_lines(documents: Iterable[Iterable[str]]) -> Iterator[Iterable[list[str]]]:
    """Tokens of the lines of general text; a line too long for gensim is cut."""
    for document in documents:
        yield (piece for line in document for piece in _cut(text_tokens(line)))


def _cut(tokens: list[str]) -> Iterable[list[str]]:
    if len(tokens) <= LONGEST_LINE:
        return (tokens,)
    return (tokens[at : at + LONGEST_LINE] for at in range(0, len(tokens), LONGEST_LINE))
