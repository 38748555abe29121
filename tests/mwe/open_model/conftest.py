"""The open model in miniature: made-up documents, texts, and towers of random weights."""

from collections import Counter

import numpy as np
import pytest

from mwe.corpora.reviews import Review, ReviewSource
from mwe.corpora.source import TextSource
from mwe.encoders.weights import published_tags
from mwe.open_model.build import OpenModel, OpenSettings
from mwe.open_model.sources import DATASETS, OpenSources, TagSource, spelled
from mwe.open_model.spelling import TagSpelling
from mwe.open_model.training import ContextSettings
from mwe.tracks import tracks_of
from mwe.words.skipgram_settings import SkipGramSettings


class Lines(TextSource, ReviewSource):
    """A text of given lines, general or about music."""

    def __init__(self, name, lines):
        self._name, self.lines = name, lines

    @property
    def name(self):
        return self._name

    def files(self):
        return []

    def documents(self):
        yield self.lines

    def reviews(self):
        yield from (Review(line) for line in self.lines)


def sources():
    rng = np.random.default_rng(0)
    classes = [*published_tags("msd"), *published_tags("mtt")]
    own = ["deephouse", "Deep House", "rainy", "a slow song"]
    tags = []
    for dataset in list(DATASETS)[:5]:
        tags_of = {
            f"{row}": {classes[row % 100], *rng.choice(classes, 3), *rng.choice(own, 1), f"only {dataset}"}
            for row in range(300)
        }
        artist_of = {name: f"artist {int(name) % 20}" for name in tags_of}
        tags.append((dataset, tracks_of(dataset.upper(), tags_of, artist_of)))
    spelling = TagSpelling(Counter(tag for _, tracks in tags for tag in tracks.tags), Counter())
    reviews = (Lines("MusicCaps", ["a calm piano", "loud drums"] * 5), Lines("AlbumReviews", ["a great album"] * 5))
    texts = (Lines("Brown", ["it was a rainy evening in miami"] * 5),)
    return OpenSources(tuple(TagSource(name, spelled(own, spelling)) for name, own in tags), reviews, texts, spelling)


@pytest.fixture
def miniature(cached_weights, tmp_path):
    """Maker of open models in a folder."""
    settings = OpenSettings(
        words=SkipGramSettings(dim=8, epochs=1, min_count=1, trainer="torch"),
        context=ContextSettings(width=6, hidden=8, epochs=1),
    )
    return lambda folder="made": OpenModel(tmp_path / folder, settings, sources())
