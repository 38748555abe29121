"""Track paragraphs: review words, tags, artist ID and track ID of one track, blended by shuffling (section III-A)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mwe.core.files import atomic_write, write_json
from mwe.core.progress import track
from mwe.corpora.tokens import artist_token, tag_token, text_tokens, track_token
from mwe.tracks import TrackTags

# gensim drops what lies behind this many tokens of a line, without a word
LONGEST_LINE = 10_000


@dataclass(frozen=True)
class CorpusSettings:
    """How paragraphs are made.

    Args:
        reviews: Whether review words are part of the paragraphs.
        tags: Whether tags are.
        ids: Whether artist and track IDs are.
        review_repeats: How often each review is repeated, its words in a new order each time (the paper: 4).
        copies: Paragraphs per track. More than one is the shuffling augmentation: each copy is in an order of its own.
        shuffle: Whether the tokens of a paragraph are shuffled.
        seed: Seed of all shuffling.
    """

    reviews: bool = True
    tags: bool = True
    ids: bool = True
    review_repeats: int = 4
    copies: int = 1
    shuffle: bool = True
    seed: int = 0


@dataclass(frozen=True)
class CorpusStatistics:
    """Counts of a corpus as in Table I.

    Args:
        entities: Track paragraphs before augmentation.
        tracks: Distinct track IDs.
        artists: Distinct artist IDs.
        tags: Distinct tags.
        words: Distinct review words that are not tags.
        vocabulary: Distinct tokens.
        tokens: Tokens in the file.
        lines: Lines in the file.
    """

    entities: int
    tracks: int
    artists: int
    tags: int
    words: int
    vocabulary: int
    tokens: int
    lines: int


def write_corpus(tracks: TrackTags, path: Path, settings: CorpusSettings | None = None) -> CorpusStatistics:
    """Write one training file (a paragraph a line) and beside it ``<name>.vocabulary.json`` with each token's kind.

    All tracks of the collection are used: a track's ID and tags are text, not audio, and words are trained on all
    text there is (Table IV evaluates on the same track IDs).

    Args:
        tracks: The collection.
        path: The training file.
        settings: How paragraphs are made.
    """
    settings = settings or CorpusSettings()
    rng = np.random.default_rng(settings.seed)
    kinds: dict[str, str] = {}
    counts: Counter[str] = Counter()
    lines = entities = 0
    with atomic_write(path) as temporary, open(temporary, "w", encoding="utf-8") as corpus:
        for row in track(range(len(tracks.track_ids)), "writing paragraphs"):
            made = 0
            for _ in range(settings.copies):
                for line in _lines(tracks, row, settings, rng, kinds):
                    corpus.write(" ".join(line) + "\n")
                    counts.update(line)
                    made += 1
            lines += made
            entities += made > 0
    kind_counts = Counter(kinds[token] for token in counts)
    statistics = CorpusStatistics(
        entities=entities,
        tracks=kind_counts["track"],
        artists=kind_counts["artist"],
        tags=kind_counts["tag"],
        words=kind_counts["word"],
        vocabulary=len(counts),
        tokens=counts.total(),
        lines=lines,
    )
    write_json(kinds_path(path), {"kinds": kinds, "statistics": asdict(statistics), "settings": asdict(settings)})
    return statistics


def kinds_path(corpus: Path) -> Path:
    """The file beside a corpus that says what kind each token is."""
    return corpus.with_suffix(".vocabulary.json")


def _lines(
    tracks: TrackTags, row: int, settings: CorpusSettings, rng: np.random.Generator, kinds: dict[str, str]
) -> Iterator[list[str]]:
    """The paragraph of a track; one too long for gensim is cut, and each piece holds the tags and IDs."""
    labels = _labels(tracks, row, settings, kinds)
    words: list[str] = []
    if settings.reviews:
        for text in tracks.reviews.get(tracks.track_ids[row], ()):
            own = text_tokens(text)
            for _ in range(settings.review_repeats):
                words += _shuffled(own, rng) if settings.shuffle else own
        kinds.update((word, "word") for word in words if word not in kinds)
    if not words and not labels:
        return
    room = LONGEST_LINE - len(labels)
    for at in range(0, max(1, len(words)), room):
        piece = words[at : at + room] + labels
        yield _shuffled(piece, rng) if settings.shuffle else piece


def _labels(tracks: TrackTags, row: int, settings: CorpusSettings, kinds: dict[str, str]) -> list[str]:
    labels: list[str] = []
    if settings.tags:
        labels += [tag_token(tag) for tag in tracks.of_track(row)]
        kinds.update((token, "tag") for token in labels)  # a review word that is a tag counts as the tag
    if settings.ids:
        artist, track_id = tracks.artist_ids[row], tracks.track_ids[row]
        if artist:
            kinds[artist_token(artist)] = "artist"
            labels.append(artist_token(artist))
        kinds[track_token(track_id)] = "track"
        labels.append(track_token(track_id))
    return labels


def _shuffled(tokens: list[str], rng: np.random.Generator) -> list[str]:
    return [tokens[place] for place in rng.permutation(len(tokens))]
