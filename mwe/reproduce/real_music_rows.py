"""What each row of the real-music table hears and says: the demonstration's model, towers, bridges, the open model.

Shape suffixes: N tracks, E excerpts, C classes, T tags, D dimensions, Q queries.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import expit
from torch.nn.functional import normalize

from mwe.audio.clips import decoding_loader
from mwe.core.errors import BadFileError
from mwe.core.progress import track
from mwe.core.tokens import tag_key, tag_of_token
from mwe.encoders import TagBridge
from mwe.encoders.weights import published_tags
from mwe.open_model.bridge import WordSpace, ridge_map
from mwe.search.calibrate import tags_of_run
from mwe.search.embed import Embedder, embed_readable
from mwe.search.file_excerpts import FileDataset, collate
from mwe.search.meaning import Meaning
from mwe.search.model import TrainedModel
from mwe.search.query_meaning import NothingKnownError, meaning_of_words
from mwe.search.tag_table import TagTable, unit_rows
from mwe.search.unknown_words import UnknownWords
from mwe.words import WordVectors

EXCHANGES = 3  # draws of the control
UNUSABLE = "Leave it out of the table."


@dataclass(frozen=True)
class RowScores:
    """What a row says of the tracks.

    Args:
        name: Name of the row.
        tag_NT: Scores of the tags; NaN where it does not know the tag.
        query_NQ: Scores of queries in words; NaN where no word is known. None for rows without words.
        unit_ND: Unit vectors by which tracks are compared; None for rows without a space.
        calibrated_NT: Scores of the tags as `mwe tag` gives them; None for rows without a calibration.
        read_as: What tags without a vector were read as, as a query would read them; their scores are by that.
    """

    name: str
    tag_NT: np.ndarray
    query_NQ: np.ndarray | None
    unit_ND: np.ndarray | None
    calibrated_NT: np.ndarray | None = None
    read_as: Mapping[str, str] = field(default_factory=dict)


class TowerEvidence:
    """Evidence of the towers of a bridge on audio files.

    Args:
        trained: A model whose encoder is a ``TagBridge``.
        paths: The files.

    Raises:
        BadFileError: A file cannot be read.
    """

    def __init__(self, trained: TrainedModel, paths: Sequence[Path]) -> None:
        encoder = trained.model.encoder
        if not isinstance(encoder, TagBridge):
            raise TypeError(f"the encoder is a {type(encoder).__name__}, not a TagBridge")
        self.trained, self.bridge = trained, encoder
        self.evidence_NEC = torch.cat(list(self._evidence(paths)))

    @torch.inference_mode()
    def _evidence(self, paths: Sequence[Path]) -> Iterator[torch.Tensor]:
        embedder = Embedder(self.trained).eval()
        dataset = FileDataset([(str(path), path) for path in paths], self.trained.preprocessing)
        loader: Any = decoding_loader(dataset, collate, 1, workers=0)
        for batch in track(loader, "listening", len(paths)):
            if not len(batch.frames_B):
                row = batch.rows[0]
                raise BadFileError(row.path, f"{row.status}: {row.detail}", UNUSABLE)
            mel_BELM = embedder.mels(batch).float()
            evidence = self.bridge.evidence(mel_BELM.flatten(0, 1))
            yield evidence.view(*mel_BELM.shape[:2], -1)

    @torch.inference_mode()
    def unit(self, forward: Callable[[torch.Tensor], torch.Tensor]) -> np.ndarray:
        """Return the unit vectors (N, D) that a map of evidence gives, averaged over excerpts."""
        vector_NED = forward(self.evidence_NEC.flatten(0, 1)).view(*self.evidence_NEC.shape[:2], -1)
        return normalize(vector_NED.mean(dim=1), dim=1).numpy()


def rows_of(
    heard: TowerEvidence,
    paths: Sequence[Path],
    tags: Sequence[str],
    queries: Sequence[str],
    demo: TrainedModel | None = None,
    glove: WordVectors | None = None,
) -> Iterator[RowScores]:
    """Yield all rows.

    Args:
        heard: Evidence of the towers, and the open model.
        paths: The files.
        tags: Tags of the recordings.
        queries: Queries in words.
        demo: The demonstration's model, if there is one.
        glove: GloVe's vectors, if they are there.
    """
    words, bridge = heard.trained.words, heard.bridge
    if demo is not None:
        yield by_words(
            "demo model", embed_readable(demo, paths, UNUSABLE).vector_ND, encoded_words(demo), tags, queries
        )
    yield from _own_outputs(heard, tags)
    width = bridge.words.out_features
    first, last = (slice(0, width), slice(width, None))
    yield by_words("bridge: words", heard.unit(bridge.words), _part(words, first), tags, queries)
    if glove is not None:
        yield _of_glove(heard, glove, tags, queries)
    yield by_words("bridge: tags as a context", heard.unit(bridge.context), _part(words, last), tags, queries)
    generator = torch.Generator().manual_seed(0)
    for draw in range(EXCHANGES):
        order = torch.randperm(heard.evidence_NEC.shape[-1], generator=generator)
        exchanged = heard.unit(lambda evidence, order=order: bridge.bridge(evidence[:, order]))  # type: ignore[misc]
        yield by_words(f"control: exchanged classes {draw}", exchanged, words, tags, queries)
    whole = by_words("open model", heard.unit(bridge.bridge), words, tags, queries)
    yield replace(whole, calibrated_NT=_calibrated(whole.tag_NT, tags, tags_of_run(heard.trained)[0]))


def by_words(
    name: str, unit_ND: np.ndarray, words: WordVectors, tags: Sequence[str], queries: Sequence[str]
) -> RowScores:
    """Return what word vectors say of tracks, in the space of both.

    Args:
        name: Name of the row.
        unit_ND: Unit vectors of the tracks.
        words: Word vectors. A tag without one is read as a query would be.
        tags: Tags of the recordings.
        queries: Queries in words.
    """
    lookup, unknown_words = words.of_tags(tags), UnknownWords(words)
    vector_TD, known_T, read_as = lookup.vectors, lookup.known.copy(), {}
    for index in np.flatnonzero(~lookup.known).tolist():
        if (meant := _meaning(words, tag_of_token(tags[index]), unknown_words)) is not None:
            vector_TD[index], known_T[index] = meant.vector_D, True
            read_as[tags[index]] = meant.understood
    tag_NT = unit_ND @ unit_rows(vector_TD).T
    tag_NT[:, ~known_T] = np.nan
    query_NQ = np.full((len(unit_ND), len(queries)), np.nan)
    for index, query in enumerate(queries):
        if (meant := _meaning(words, query, unknown_words)) is not None:
            query_NQ[:, index] = unit_ND @ meant.vector_D
    return RowScores(name, tag_NT, query_NQ, unit_ND, read_as=read_as)


def _meaning(words: WordVectors, text: str, unknown_words: UnknownWords) -> Meaning | None:
    try:
        return meaning_of_words(words, text, unknown_words)
    except NothingKnownError:
        return None


def _calibrated(cosine_NT: np.ndarray, tags: Sequence[str], table: TagTable) -> np.ndarray:
    """Return the scores of a calibration, which knows tags by any spelling; those it lacks have the pooled one."""
    row_of = {tag_key(tag): row for row, tag in enumerate(table.tags)}
    rows = [row_of.get(tag_key(tag)) for tag in tags]
    slope, intercept = (
        np.array([pooled if row is None else values[row] for row in rows])
        for values, pooled in zip((table.slope, table.intercept), table.pooled, strict=True)
    )
    return np.asarray(expit(slope * cosine_NT + intercept))


def _own_outputs(heard: TowerEvidence, tags: Sequence[str]) -> Iterator[RowScores]:
    evidence_NC = heard.evidence_NEC.mean(dim=1).numpy()
    start = 0
    for collection in heard.bridge.collections:
        classes = [tag_key(name) for name in published_tags(collection)]
        tag_NT = np.full((len(evidence_NC), len(tags)), np.nan)
        for index, tag in enumerate(tags):
            if tag_key(tag) in classes:
                tag_NT[:, index] = evidence_NC[:, start + classes.index(tag_key(tag))]
        own_NC = evidence_NC[:, start : start + len(classes)]
        yield RowScores(f"towers of {collection}: own outputs", tag_NT, None, unit_rows(own_NC))
        start += len(classes)


def _of_glove(heard: TowerEvidence, glove: WordVectors, tags: Sequence[str], queries: Sequence[str]) -> RowScores:
    classes = heard.bridge.classes
    known_C = glove.of_tags(classes).known & heard.bridge.used_C.bool().numpy()
    space = WordSpace(glove, [name for name, known in zip(classes, known_C, strict=True) if known])
    weight_WC = torch.from_numpy(ridge_map(space.class_CW, np.ones(len(space.class_CW)), penalty=0.3)).float()
    unit_ND = heard.unit(lambda evidence: normalize(evidence[:, torch.from_numpy(known_C)] @ weight_WC.T, dim=1))
    centred = WordVectors(glove.tokens, space.centred(np.asarray(glove.vectors)).astype(np.float32), glove.kinds)
    return by_words("bridge: GloVe words", unit_ND, centred, tags, queries)


def encoded_words(model: TrainedModel) -> WordVectors:
    """Return the words of a joint embedding in its joint space."""
    words = model.words
    return WordVectors(words.tokens, model.encode_words(np.asarray(words.vectors)), words.kinds)


def _part(words: WordVectors, columns: slice) -> WordVectors:
    return WordVectors(words.tokens, np.asarray(words.vectors[:, columns], dtype=np.float32), words.kinds)
