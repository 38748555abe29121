"""The sources of the open model: tag documents of several collections, captions, reviews and general text."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

from mwe.core.datasets import Dataset, declared
from mwe.core.tokens import text_tokens
from mwe.corpora import AlbumReviews, Brown, MusicCaps, WikiText
from mwe.corpora.mixture import fingerprint
from mwe.corpora.reviews import Review, ReviewSource
from mwe.open_model.spelling import TagSpelling
from mwe.tracks import Cal10kTracks, JamendoTracks, MagnaTagATuneTracks, MsdTop50Tracks, TrackTags, tracks_of

# folders under the data root, and what the terms of each mean for whoever uses the model
DATASETS = {
    "mtg_jamendo": "not for commercial use, share alike",
    "cal10k": "research",
    "magnatagatune": "not for commercial use, share alike",
    "msd": "research",
    "musiccaps": "any use, share alike",
    "album_reviews": "research; the texts are their publishers'",
    "brown": "not for commercial use",
    "wikitext2": "any use, share alike",
}
CAPTIONS = "MusicCaps"
NOTHING = re.compile(r"[^\w'&]+")


@dataclass(frozen=True)
class TagSource:
    """A collection of tag documents.

    Args:
        dataset: Its folder under the data root.
        tracks: Its documents in the common spelling.
    """

    dataset: str
    tracks: TrackTags


class SpelledReviews(ReviewSource):
    """Texts whose tags have the common spelling, with punctuation taken off the words.

    Args:
        source: The texts.
        spelling: The spelling of their tags.
    """

    def __init__(self, source: ReviewSource, spelling: TagSpelling) -> None:
        self._source, self._spelling = source, spelling
        self.spelling = sorted(spelling.spelling.items())

    @property
    def name(self) -> str:
        """Name of the texts."""
        return self._source.name

    def files(self) -> Sequence[Path]:
        """Return the files of the texts."""
        return self._source.files()

    def reviews(self) -> Iterator[Review]:
        """Yield every text."""
        for review in self._source.reviews():
            text = NOTHING.sub(" ", review.text)
            yield review._replace(text=text, tags=tuple(self._spelling(tag) for tag in review.tags))


@dataclass(frozen=True)
class OpenSources:
    """Everything the open model is made of.

    Args:
        tags: Tag documents by collection; the aspects of captions among them.
        reviews: Captions and reviews.
        texts: General text.
        spelling: Spelling of all tags.
        left_out: Name of the collection that was left out, if one was.
    """

    tags: tuple[TagSource, ...]
    reviews: tuple[ReviewSource, ...]
    texts: tuple[Brown | WikiText, ...]
    spelling: TagSpelling
    left_out: str = ""

    def without(self, dataset: str) -> "OpenSources":
        """Return the sources without a collection, its captions included."""
        tags = tuple(source for source in self.tags if source.dataset != dataset)
        left_out = next(source.tracks.name for source in self.tags if source.dataset == dataset)
        reviews = tuple(source for source in self.reviews if not (dataset == "musiccaps" and source.name == CAPTIONS))
        return replace(self, tags=tags, reviews=reviews, left_out=left_out)

    @classmethod
    def read(cls) -> "OpenSources":
        """Read all sources under the data root.

        Raises:
            MissingDataError: One is not there; the message says how to get it.
        """
        for name in DATASETS:
            declared(name).require()
        texts, reviews = (Brown(), WikiText()), (MusicCaps(), AlbumReviews())
        collections = {
            "mtg_jamendo": JamendoTracks().read(),
            "cal10k": Cal10kTracks().read(),
            "magnatagatune": MagnaTagATuneTracks().read(),
            "msd": MsdTop50Tracks(parts=("valid", "test")).read(),
            "musiccaps": _aspects(reviews[0]),
        }
        used = Counter(
            {
                tag: int(count)
                for tracks in collections.values()
                for tag, count in zip(tracks.tags, tracks.matrix.sum(axis=0).tolist(), strict=True)
            }
        )
        spelling = TagSpelling(used, Counter(_words(texts, reviews)))
        tags = tuple(TagSource(name, spelled(tracks, spelling)) for name, tracks in collections.items())
        return cls(tags, tuple(SpelledReviews(source, spelling) for source in reviews), texts, spelling)

    def documents(self, least: int = 1) -> TrackTags:
        """Return the tag documents of all collections as one, with the tags of ``least`` documents and more."""
        rows = [
            (source.tracks, row, track) for source in self.tags for row, track in enumerate(source.tracks.track_ids)
        ]
        tags_of = {track: tracks.of_track(row) for tracks, row, track in rows}
        artist_of = {track: tracks.artist_ids[row] for tracks, row, track in rows}
        return tracks_of("tag documents", tags_of, artist_of, min_tracks=least)

    @cached_property
    def identity(self) -> dict[str, str]:
        """Hashes of all documents and texts."""
        texts = [source.identity() for source in (*self.texts, *self.reviews)]
        documents = "".join(fingerprint(source.tracks) for source in self.tags)
        joined = {"documents": documents, "texts": json.dumps(texts)}
        return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in joined.items()}

    @staticmethod
    def datasets() -> list[Dataset]:
        """Return the declarations of all sources, with their licences."""
        return [declared(name) for name in DATASETS]


def spelled(tracks: TrackTags, spelling: TagSpelling) -> TrackTags:
    """Return a collection in the common spelling, its tracks named after it as well."""
    spelt = {tag: spelling(tag) for tag in tracks.tags}
    ids = [f"{tracks.name}/{track}" for track in tracks.track_ids]
    tags_of = {
        track: dict.fromkeys(filter(None, (spelt[tag] for tag in tracks.of_track(row))))
        for row, track in enumerate(ids)
    }
    result = tracks_of(tracks.name, tags_of, dict(zip(ids, tracks.artist_ids, strict=True)))
    return replace(result, skipped={**tracks.skipped, **result.skipped})


def _aspects(captions: MusicCaps) -> TrackTags:
    tags_of = {str(number): review.tags for number, review in enumerate(captions.reviews())}
    return tracks_of(CAPTIONS, tags_of)


def _words(texts: Iterable[Brown | WikiText], reviews: Iterable[ReviewSource]) -> Iterator[str]:
    lines = chain.from_iterable(document for text in texts for document in text.documents())
    bodies = (review.text for source in reviews for review in source.reviews())
    for line in chain(lines, bodies):
        yield from text_tokens(NOTHING.sub(" ", line))
