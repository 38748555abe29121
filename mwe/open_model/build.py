"""The stages of the open model, each of which is kept: corpus, word vectors, context encoder, the model to share.

Shape suffixes: N documents, T tags, V words.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch

from mwe.audio.mel_settings import MelSettings
from mwe.audio.preprocessing import Preprocessing
from mwe.core.files import read_json, write_csv, write_json, write_text, written_together
from mwe.core.manifest import fits, manifest
from mwe.core.progress import track
from mwe.core.tokens import tag_of_token, tag_token
from mwe.corpora import CorpusSettings, write_corpus
from mwe.encoders import TagBridge
from mwe.encoders.tag_bridge import HeardContext
from mwe.encoders.tower import FRONT_END
from mwe.joint import JointEmbedding
from mwe.joint.pretrained import CARD, CONFIG, TAGS, WORDS, Description, known_encoder, write_weights
from mwe.open_model.bridge import BridgeSettings, JointWords, WordSpace, build_bridge, spelled_classes
from mwe.open_model.calibration import calibrated
from mwe.open_model.card import open_card
from mwe.open_model.hearing import COLLECTIONS, Hearing, hearing_of
from mwe.open_model.sources import OpenSources
from mwe.open_model.training import ContextSettings, train_context
from mwe.open_model.validation import LeftOutFigures, mean_figures, measure
from mwe.open_model.vocabulary import kept_tokens, named_tags
from mwe.search.model import TrainedModel, space_of
from mwe.tracks import TrackTags
from mwe.words import WordVectors
from mwe.words.skipgram import train_skipgram, trained_before
from mwe.words.skipgram_settings import SkipGramSettings

LEAST_DOCUMENTS = 10  # of a tag that the context encoder knows
TOWER_DATASETS = {"msd": "msd", "mtt": "magnatagatune"}
CHOICE, CHOICES, MEASUREMENT = "choice.json", "choices.csv", "figures.json"
NO_DIFFERENCE = 0.01  # of the mean figure
MEASURED = ("mtg_jamendo", "cal10k", "musiccaps")  # collections that settings are chosen on


@dataclass(frozen=True)
class OpenSettings:
    """Settings of the open model.

    Args:
        towers: Networks that listen.
        words: Settings of the word vectors.
        context: Settings of the context encoder.
        bridge: Settings of the bridge.
        seconds: Length of an excerpt.
        excerpts: Excerpts of a track.
        loudness: Level that a track is set to, in LUFS.
        seed: Seed of splits and draws.
    """

    towers: tuple[str, ...] = ("msd_musicnn", "mtt_musicnn")
    words: SkipGramSettings = field(
        default_factory=lambda: SkipGramSettings(dim=100, window=15, epochs=10, min_count=3, trainer="torch")
    )
    context: ContextSettings = field(default_factory=ContextSettings)
    bridge: BridgeSettings = field(default_factory=BridgeSettings)
    seconds: float = 3.0
    excerpts: int = 3
    loudness: float = -14.0
    seed: int = 0

    def preprocessing(self) -> Preprocessing:
        """Return what becomes of an audio file before it is embedded."""
        return Preprocessing(
            MelSettings.from_dict(dict(FRONT_END)), self.seconds, self.excerpts, loudness=self.loudness, trim=True
        )


class OpenModel:
    """Builds the open model in a folder; finished stages are kept and not run again.

    Args:
        folder: Folder of the stages.
        settings: Settings.
        sources: What it is made of; by default read from the data root.

    Raises:
        MissingDataError: A source is not there; the message says how to get it.
    """

    def __init__(self, folder: Path, settings: OpenSettings | None = None, sources: OpenSources | None = None) -> None:
        self.folder, self.settings = folder, settings or OpenSettings()
        self.sources = sources or OpenSources.read()
        self.documents = self.sources.documents(LEAST_DOCUMENTS)

    @property
    def corpus(self) -> Path:
        """The training text of the word vectors."""
        return self.folder / "corpus.txt"

    def words(self) -> WordVectors:
        """Return the word vectors; train them unless that was done."""
        settings = CorpusSettings(ids=False, review_repeats=1, seed=self.settings.seed)
        write_corpus(self.sources.documents(), self.corpus, settings, self.sources.texts, self.sources.reviews)
        folder = self.folder / "word-vectors"
        if not trained_before(self.corpus, folder, self.settings.words):
            vectors = train_skipgram(self.corpus, self.settings.words)
            vectors.save(folder)
        return WordVectors.load(folder)

    def hearing(self, documents: TrackTags) -> Hearing:
        """Return what the towers would hear of documents."""
        shares = {}
        for collection in COLLECTIONS:
            tracks = next(source.tracks for source in self.sources.tags if source.dataset == TOWER_DATASETS[collection])
            share = np.asarray(tracks.matrix.mean(axis=0)).ravel()
            shares[collection] = dict(zip(tracks.tags, share.tolist(), strict=True))
        return hearing_of(documents, shares, self.sources.spelling)

    def views(self) -> "FittedViews":
        """Train both views on all documents."""
        hearing = self.hearing(self.documents)
        classes = spelled_classes(hearing, self.sources.spelling)
        space = WordSpace(self.words(), classes)
        return FittedViews(
            self.settings, self.documents, hearing, classes, space,
            *train_context(self.documents, hearing, self.settings.context),
        )  # fmt: skip

    def choose(
        self,
        penalties: Sequence[float] = (0.1, 0.3, 1.0, 3.0, 10.0),
        weights: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0),
    ) -> tuple[BridgeSettings, LeftOutFigures]:
        """Choose the settings of the bridge by leaving out one collection after another.

        Recordings come from nobody's collection. So every collection is measured by words and contexts that were
        trained without any text or tag of it. Of the settings whose mean is within .01 of the best, those count in
        which the view by context has the least weight: it was trained on simulated hearing, which the figures rest on
        too. Writes the figures of all settings as ``choices.csv``.
        """
        grid = [*product(penalties, weights)]
        tried = {name: self._figures_without(name, grid) for name in MEASURED}
        tried["mean"] = [mean_figures(figures) for figures in zip(*tried.values(), strict=True)]
        rows = [
            (*setting, name, *vars(figures).values(), figures.mean())
            for name, measured in tried.items()
            for setting, figures in zip(grid, measured, strict=True)
        ]
        write_csv(self.folder / CHOICES, [("penalty", "weight", "collection", *LeftOutFigures.names(), "mean"), *rows])
        means = {setting: figures.mean() for setting, figures in zip(grid, tried["mean"], strict=True)}
        close = [setting for setting in grid if means[setting] >= max(means.values()) - NO_DIFFERENCE]
        lightest = min(weight for _, weight in close)
        penalty, weight = max((setting for setting in close if setting[1] == lightest), key=means.__getitem__)
        figures = tried["mean"][grid.index((penalty, weight))]
        return replace(self.settings.bridge, penalty=penalty, weight=weight), figures

    def _figures_without(self, dataset: str, grid: Sequence[tuple[float, float]]) -> list[LeftOutFigures]:
        """Return the figures of all settings on a collection that was left out; measure unless that was done."""
        other = self._without(dataset)
        settings = {**asdict(self.settings), "grid": grid, "measured": dataset}

        def content() -> dict[str, Any]:
            return {"figures": [result.to_dict() for result in other.measured(dataset, self.documents, grid)]}

        kept = self._kept(other.folder / MEASUREMENT, settings, content)
        return [LeftOutFigures.from_dict(values) for values in kept["figures"]]

    def _kept(self, path: Path, settings: dict[str, Any], compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return what was computed of these sources by these settings; compute and write it unless that was done."""
        made = manifest(self.sources.identity, settings)
        content: dict[str, Any] = read_json(path) if path.is_file() else {}
        if not fits(content.get("made"), made):
            content = {**compute(), "made": made}
            write_json(path, content)
        return content

    def _without(self, dataset: str) -> "OpenModel":
        """Return the model that would be built without a collection."""
        other = copy(self)
        other.folder = self.folder / f"without-{dataset}"
        other.sources = self.sources.without(dataset)
        other.documents = other.sources.documents(LEAST_DOCUMENTS)
        return other

    def measured(self, dataset: str, whole: TrackTags, grid: Sequence[tuple[float, float]]) -> Iterator[LeftOutFigures]:
        """Yield the figures of all settings on the documents of a collection that this model was built without."""
        rows = np.flatnonzero([name.startswith(f"{self.sources.left_out}/") for name in whole.track_ids])
        views, heard = self.views(), self.hearing(whole)
        new = sorted(set(whole.tags) - set(self.documents.tags))
        for penalty, weight in track(grid, f"choosing without {dataset}"):
            settings = replace(self.settings.bridge, penalty=penalty, weight=weight)
            yield measure(whole, heard, rows, views.bridge(settings), views.joint(settings), views.classes, new)

    def chosen(self) -> tuple[BridgeSettings, LeftOutFigures]:
        """Return the settings that ``choose`` found for these sources; choose unless that was done."""

        def content() -> dict[str, Any]:
            settings, figures = self.choose()
            return {"bridge": asdict(settings), "figures": figures.to_dict()}

        kept = self._kept(self.folder / CHOICE, asdict(self.settings), content)
        return BridgeSettings(**kept["bridge"]), LeftOutFigures.from_dict(kept["figures"])

    def export(self, out: Path) -> TrainedModel:
        """Write the model as ``JointEmbedding.from_pretrained`` and ``mwe index --model`` read it.

        Args:
            out: Folder to write; an earlier model in it is replaced.

        Returns:
            The model, read back from the folder.
        """
        settings, figures = self.chosen()
        views = self.views()
        bridge, joint = views.bridge(settings), views.joint(settings)
        bridge.load_pretrained()
        model = _embedding(bridge)
        named = named_tags(self.documents, views.space.words)
        table = calibrated(self.documents, views.hearing, bridge, joint, named, views.classes, self.settings.seed)
        encoder = known_encoder({"class_path": "mwe.encoders.TagBridge", "init_args": self._arguments(settings)})
        preprocessing = self.settings.preprocessing()
        identity = space_of(model, encoder, preprocessing)
        with written_together(out, CONFIG) as staging:
            write_weights(model, staging)
            pq.write_table(table.to_table(), staging / TAGS)
            self._shared_words(joint, named).save(staging / WORDS)
            told = {**asdict(self.settings), "bridge": asdict(settings)}
            told["words"] = {key: value for key, value in told["words"].items() if value is not None}
            card = open_card(", ".join(self.settings.towers), told, preprocessing.to_dict(), figures, identity)
            write_text(staging / CARD, card)
            Description(bridge.width, "raw", encoder, preprocessing, identity).write(staging)
        return TrainedModel(out)

    def _shared_words(self, joint: JointWords, named: Sequence[str]) -> WordVectors:
        words = joint.space.words
        counts: Counter[str] = Counter()
        with open(self.corpus, encoding="utf-8") as lines:
            for line in lines:
                counts.update(line.split())
        rows = kept_tokens(words, counts, self.documents)
        tokens = [words.tokens[row] for row in rows]
        vectors = joint.vectors([tag_of_token(token) for token in tokens], words.vectors[rows])
        row_of = {token: row for row, token in enumerate(tokens)}
        spelt = {tag_token(way): tag_token(tag) for way, tag in self.sources.spelling.variants().items()}
        added = {way: row_of[tag] for way, tag in spelt.items() if tag in row_of and way not in row_of}
        tags = set(map(tag_token, named))
        kinds = ["tag" if token in tags else "word" for token in tokens] + ["word"] * len(added)
        tokens += added
        vectors = np.concatenate([vectors, vectors[list(added.values())]])
        return WordVectors(tokens, vectors.astype(np.float16), kinds, {**words.made, "joint": asdict(joint.settings)})

    def _arguments(self, settings: BridgeSettings) -> dict[str, Any]:
        context = self.settings.context
        return {
            "towers": list(self.settings.towers),
            "word_dim": self.settings.words.dim,
            "context_dim": context.width,
            "hidden": context.hidden,
            "dropout": context.dropout,
            "weight": settings.weight,
        }


@dataclass(frozen=True)
class FittedViews:
    """Everything that a bridge is built of but its settings.

    Args:
        settings: Settings of the open model.
        documents: Documents that the views were fitted to.
        hearing: What would be heard of them.
        classes: Classes of the towers in the common spelling.
        space: The space of words.
        context: The context encoder.
        context_TE: Unit vectors of the tags of the documents among contexts.
    """

    settings: OpenSettings
    documents: TrackTags
    hearing: Hearing
    classes: tuple[str, ...]
    space: WordSpace
    context: HeardContext
    context_TE: np.ndarray

    def bridge(self, settings: BridgeSettings) -> TagBridge:
        """Return the audio encoder, without the weights of its towers."""
        return build_bridge(
            self.hearing, self.space, self.context, self.settings.context, settings, self.settings.towers
        )

    def joint(self, settings: BridgeSettings) -> JointWords:
        """Return tags and words in the space of the encoder."""
        counts = np.asarray(self.documents.matrix.sum(axis=0)).ravel()
        return JointWords(self.space, self.documents.tags, self.context_TE, settings, counts)


def _embedding(bridge: TagBridge) -> JointEmbedding:
    """Return the joint embedding whose words lie in its space already."""
    model = JointEmbedding(bridge.width, bridge, average="raw")
    with torch.no_grad():
        model.semantic.weight.copy_(torch.eye(bridge.width))
        model.semantic.bias.zero_()
    return model.eval()
