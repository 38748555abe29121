"""Track paragraphs: review words, tags, artist ID and track ID of one track, blended by shuffling (section III-A)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mwe.core.tokens import artist_token, tag_token, tag_words, text_tokens, track_token
from mwe.corpora.reviews import Review, ReviewSource
from mwe.tracks import TrackTags

# gensim silently drops the tokens of a line beyond this number
LONGEST_LINE = 10_000
FILES, CORPUS = "files", "corpus"  # keys of the hashes, and of the training file's among them, in .vocabulary.json


@dataclass(frozen=True)
class CorpusSettings:
    """Settings of the paragraphs of a corpus.

    Args:
        reviews: Whether paragraphs include review words.
        tags: Whether paragraphs include tags.
        ids: Whether paragraphs include artist and track IDs.
        tag_words: Whether paragraphs include the words of a tag of several words beside its token: ``deep_house`` with
            ``deep`` and ``house``. A query in plain words then finds the tagged tracks.
        review_repeats: Repetitions of each review, its words in a new order each time (the paper: 4).
        copies: Paragraphs per track, each in a different order. More than one is the shuffling augmentation.
        shuffle: Whether to shuffle the tokens of a paragraph.
        hold_out: Share of each track's tags to hold out of the corpus for evaluation; they are listed beside it.
        seed: Seed of all shuffling and of the held-out tags.
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
    """Return the path of the file beside a corpus that lists the kinds of its tokens."""
    return corpus.with_suffix(".vocabulary.json")


class Paragraphs:
    """Makes the paragraphs of a corpus.

    Args:
        settings: Settings of the paragraphs.
        tracks: The collection that provides tags and artists; None if there is none.
        tags: Collects the token of every tag used.

    Examples:
        >>> from mwe.tracks import TrackTags, tag_matrix
        >>> tags = ("calm", "deep house")
        >>> groups, unseen = ("", ""), np.zeros(2, bool)
        >>> tracks = TrackTags("toy", ("t1",), ("air",), tags, tag_matrix([tags], tags), groups, unseen, {})
        >>> settings, tokens_of_tags = CorpusSettings(shuffle=False), set()
        >>> [list(copies) for copies in Paragraphs(settings, tracks, tokens_of_tags).of_collection()]
        [[['calm', 'deep_house', 'deep', 'house', 'artist:air', 'track:t1']]]
        >>> sorted(tokens_of_tags)
        ['calm', 'deep_house']
    """

    def __init__(self, settings: CorpusSettings, tracks: TrackTags | None, tags: set[str]) -> None:
        self.settings, self.tracks, self.tags = settings, tracks, tags
        self.rng = np.random.default_rng(settings.seed)

    def of_collection(self) -> Iterator[Iterable[list[str]]]:
        """Yield a paragraph for every track of the collection: its reviews, tags and IDs.

        All splits are used: IDs and tags are text, not audio, and words are trained on all text (Table IV evaluates
        on the same track IDs).
        """
        if self.tracks is None:
            return
        for row, track_id in enumerate(self.tracks.track_ids):
            texts = self.tracks.reviews.get(track_id, ()) if self.settings.reviews else ()
            artists = [self.tracks.artist_ids[row]]
            yield self._copies(texts, self._labels(self.tracks.of_track(row), artists, [track_id]))

    def of_reviews(self, source: ReviewSource) -> Iterator[Iterable[list[str]]]:
        """Yield a paragraph for every review: its words, its IDs, and the tags and artists of these in the collection.

        A track with three reviews has three paragraphs, besides that of the collection (Table I counts reviews).
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
            tokens = {tag_token(tag): tag_words(tag) for tag in tags}  # each once, from whatever source
            for token, words in tokens.items():
                if token:
                    self.tags.add(token)
                    labels += [token, *words] if self.settings.tag_words and len(words) > 1 else [token]
        if self.settings.ids:
            labels += [artist_token(artist) for artist in artists if artist]
            labels += [track_token(track_id) for track_id in track_ids]
        return labels

    def _copies(self, texts: Sequence[str], labels: list[str]) -> Iterator[list[str]]:
        token_lists = [text_tokens(text) for text in texts]
        for _ in range(self.settings.copies):
            yield from self._pieces(token_lists, labels)

    def _pieces(self, texts: Sequence[list[str]], labels: list[str]) -> Iterator[list[str]]:
        """Yield one paragraph. If it is too long for gensim, yield pieces that each hold the tags and IDs."""
        words: list[str] = []
        for tokens in texts:
            for _ in range(self.settings.review_repeats):
                words += self._shuffled(tokens)
        if words or labels:
            room = max(1, LONGEST_LINE - len(labels))
            for start in range(0, max(1, len(words)), room):
                yield self._shuffled(words[start : start + room] + labels)

    def _shuffled(self, tokens: list[str]) -> list[str]:
        if not self.settings.shuffle:
            return tokens
        return [tokens[index] for index in self.rng.permutation(len(tokens)).tolist()]


def general_lines(documents: Iterable[Iterable[str]]) -> Iterator[Iterable[list[str]]]:
    """Yield the tokens of the lines of general text; lines too long for gensim are split.

    Examples:
        >>> [list(lines) for lines in general_lines([["A calm song", "in two lines"]])]
        [[['a', 'calm', 'song'], ['in', 'two', 'lines']]]
    """
    for document in documents:
        yield (piece for line in document for piece in _cut(text_tokens(line)))


def _cut(tokens: list[str]) -> Iterable[list[str]]:
    if len(tokens) <= LONGEST_LINE:
        return (tokens,)
    return (tokens[start : start + LONGEST_LINE] for start in range(0, len(tokens), LONGEST_LINE))
