"""Vectors of tags in the context of other tags: learnt ones from a file, or the mean of word vectors.

A folder of ``siamese-tags export-context`` holds ``context.npz`` (arrays) and ``context.json`` (kind, tags, provenance,
hash of the arrays); ``mwe.core.context_arrays`` computes with them. Only arrays are read, so nothing in them can run.

Shape suffixes: P pairs of a tag and a context, T tags, W dimensions of a vector.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np

from mwe.core.context_arrays import ARRAYS, DECLARATION, FORMAT, KINDS
from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError, UnknownNameError
from mwe.core.files import read_json, sha256
from mwe.core.tokens import tag_token
from mwe.words.vectors import WordVectors

REMEDY = "Write it again with `siamese-tags export-context`."
BLOCK = 2048  # pairs embedded at once


class Pair(NamedTuple):
    """A tag and the other tags of its context.

    Attributes:
        tag: The tag.
        context: Other tags of the same track; empty for the tag alone.
    """

    tag: str
    context: tuple[str, ...] = ()


class ContextSource(ABC):
    """A source of vectors of tags in contexts.

    Vectors are standardised by the mean and the root mean square over all tags without context, so that sources of
    different scale train alike.
    """

    def embed(self, pairs: Sequence[Pair]) -> np.ndarray:
        """Return the vectors of pairs, float32 (P, W).

        Raises:
            UnknownNameError: A tag is not known.
        """
        centre_W, unit = self._scale
        standard_PW: np.ndarray = ((self._raw(pairs) - centre_W) / unit).astype(np.float32)
        return standard_PW

    @property
    def dim(self) -> int:
        """Dimensions of a vector."""
        return len(self._scale[0])

    @cached_property
    def _scale(self) -> tuple[np.ndarray, float]:
        alone_TW = self._raw([Pair(tag) for tag in self.tags])
        centre_W = alone_TW.mean(axis=0)
        return centre_W, float(np.sqrt(np.square(alone_TW - centre_W).mean())) or 1.0

    @property
    @abstractmethod
    def tags(self) -> Sequence[str]:
        """Tags over which the vectors are standardised."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Hash that identifies the source, saved in models trained with it."""

    @abstractmethod
    def spelt(self, tag: str) -> str | None:
        """Return how the source spells a tag; None if it does not know the tag."""

    @abstractmethod
    def _raw(self, pairs: Sequence[Pair]) -> np.ndarray:
        """Return vectors before standardisation, (P, W)."""


class MeanOfWords(ContextSource):
    """The mean of the word vectors of a tag and its context, whatever their order.

    Args:
        words: Word vectors.
    """

    def __init__(self, words: WordVectors) -> None:
        self.words = words

    @cached_property
    def tags(self) -> Sequence[str]:
        """The tokens that are tags; all tokens if none is marked as a tag."""
        tokens = [token for token, kind in zip(self.words.tokens, self.words.kinds, strict=True) if kind == "tag"]
        tokens = tokens or self.words.tokens
        # tokens such as ``_`` are empty once spelt as a tag
        return [token for token, known in zip(tokens, self.words.of_tags(tokens).known, strict=True) if known]

    @property
    def identity(self) -> str:
        """A constant: models identify their word vectors in other ways."""
        return "words"

    def spelt(self, tag: str) -> str | None:
        """Return the tag itself if it or one of its words has a vector."""
        return tag if self.words.of_tags([tag]).known[0] else None

    def _raw(self, pairs: Sequence[Pair]) -> np.ndarray:
        names = sorted({tag for pair in pairs for tag in (pair.tag, *pair.context)})
        lookup = self.words.of_tags(names)
        if not lookup.known.all():
            raise UnknownNameError("tag", names[int(np.argmin(lookup.known))], self.tags)
        row_of = {name: row for row, name in enumerate(names)}
        sets = [[row_of[tag] for tag in dict.fromkeys((pair.tag, *pair.context))] for pair in pairs]
        return np.stack([lookup.vectors[rows].mean(axis=0) for rows in sets])


class ContextVectors(ContextSource):
    """Contextual embeddings that ``siamese-tags export-context`` wrote.

    As in training, the tag is part of its own context: a tag alone is a track with no other tag.

    Args:
        folder: The folder.

    Raises:
        MissingDataError: There are no contextual vectors in the folder.
        BadFileError: The files are damaged or do not match each other.
        StaleArtefactError: Another version wrote them.
    """

    def __init__(self, folder: str | Path) -> None:
        folder = Path(folder)
        if not (folder / DECLARATION).is_file():
            raise MissingDataError(
                f"no contextual vectors in {folder}. Make them: `siamese-tags export-context --run RUN --out {folder}`."
            )
        declared = read_json(folder / DECLARATION)
        if (
            not isinstance(declared, dict)
            or declared.get("format") != FORMAT
            or declared.get("kind") not in list(KINDS)
            or not isinstance(declared.get("tags"), list)
            or not all(isinstance(tag, str) for tag in declared["tags"])
        ):
            raise StaleArtefactError(f"{folder / DECLARATION}: not in the format of this version. {REMEDY}")
        try:
            if sha256(folder / ARRAYS) != declared["arrays"]:
                raise BadFileError(folder / ARRAYS, "does not match the hash in context.json", REMEDY)
            with np.load(folder / ARRAYS, allow_pickle=False) as file:
                self.arrays = dict(file)
            self._tags = tuple(declared["tags"])
            self._column = {tag: column for column, tag in enumerate(self._tags)}
            self._embed = KINDS[declared["kind"]](self.arrays, len(self._tags))
        except (OSError, KeyError, TypeError, ValueError, BadZipFile) as error:
            if isinstance(error, BadFileError):
                raise
            raise BadFileError(folder / ARRAYS, f"not valid ({error!r})", REMEDY) from error
        identity = "\n".join([declared["kind"], declared["arrays"], *self._tags])
        self._identity = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self.folder, self.kind = folder, str(declared["kind"])

    @property
    def tags(self) -> Sequence[str]:
        """All known tags."""
        return self._tags

    @property
    def identity(self) -> str:
        """Hash of kind, tags and arrays."""
        return self._identity

    def spelt(self, tag: str) -> str | None:
        """Return the tag, or the known tag that differs from it only in case, ``_`` and spaces."""
        return tag if tag in self._column else self._tokens.get(tag_token(tag))

    @cached_property
    def _tokens(self) -> Mapping[str, str]:
        return {tag_token(tag): tag for tag in reversed(self._tags)}

    def _raw(self, pairs: Sequence[Pair]) -> np.ndarray:
        blocks = [pairs[start : start + BLOCK] for start in range(0, len(pairs), BLOCK)]
        return np.concatenate([self._block(block) for block in blocks])

    def _block(self, pairs: Sequence[Pair]) -> np.ndarray:
        column_P = np.array([self._column_of(pair.tag) for pair in pairs])
        bag_PT = np.zeros((len(pairs), len(self._tags)), dtype=np.float32)
        for row, pair in enumerate(pairs):
            bag_PT[row, [column_P[row], *(self._column_of(tag) for tag in pair.context)]] = 1
        embedded_PW: np.ndarray = self._embed(bag_PT, column_P)
        return embedded_PW

    def _column_of(self, tag: str) -> int:
        if tag not in self._column:
            raise UnknownNameError("tag", tag, self._tags)
        return self._column[tag]
