"""Vectors of tags in the company of other tags: learnt ones from a file, or the mean of word vectors.

A folder of ``siamese-tags export-context`` holds ``context.npz`` (arrays) and ``context.json`` (kind, tags, how made,
hash of the arrays). Two kinds are known: ``encoder``, a context encoder, and ``network``, a component network on tag
features and topics. Nothing but arrays is read, so nothing in them can run.

Shape suffixes: P pairs of a tag and a context, T tags, W dimensions of a vector, M members, E dimensions of a member, Z
= E + 1, F features, C topics.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
from scipy.special import erf, expit

from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError, UnknownNameError
from mwe.core.files import read_json, sha256
from mwe.corpora.tokens import tag_token
from mwe.words.vectors import WordVectors

FORMAT = 1
DECLARATION, ARRAYS = "context.json", "context.npz"
REMEDY = "Write it anew with `siamese-tags export-context`."
Embed = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Gives vectors (P, W) of contexts as bags of tags (P, T) and the column of the tag of each."""
BLOCK = 2048  # pairs that are embedded together
NORM_EPS = 1e-5  # of layer normalisation


class Pair(NamedTuple):
    """A tag and the tags it is met with.

    Attributes:
        tag: The tag.
        context: Other tags of the same track; none for the tag alone.
    """

    tag: str
    context: tuple[str, ...] = ()


class ContextSource(ABC):
    """Gives vectors of tags in contexts.

    Vectors are given less their mean over the tags alone and in units of their root mean square there, so that sources
    of different scale are learnt from alike.
    """

    def embed(self, pairs: Sequence[Pair]) -> np.ndarray:
        """Vectors of pairs, float32 (P, W).

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
        """Tags that the scale is taken over: all that are known, or a good many."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Hash by which a model knows the source it was trained with."""

    @abstractmethod
    def spelt(self, tag: str) -> str | None:
        """How the source spells a tag; nothing where it does not know it."""

    @abstractmethod
    def _raw(self, pairs: Sequence[Pair]) -> np.ndarray:
        """Vectors as they come, (P, W)."""


class MeanOfWords(ContextSource):
    """The mean of the word vectors of a tag and its context: the order does not count, nor which is the tag.

    Args:
        words: Word vectors.
    """

    def __init__(self, words: WordVectors) -> None:
        self.words = words

    @cached_property
    def tags(self) -> Sequence[str]:
        """The tags among the tokens; all tokens that could be one where none is said to be."""
        found = [token for token, kind in zip(self.words.tokens, self.words.kinds, strict=True) if kind == "tag"]
        found = found or self.words.tokens
        # of tokens such as ``_`` the spelling of a tag leaves nothing
        return [token for token, known in zip(found, self.words.of_tags(found).known, strict=True) if known]

    @property
    def identity(self) -> str:
        """A word for all: models keep to their words by other means."""
        return "words"

    def spelt(self, tag: str) -> str | None:
        """The tag itself, where it or one of its words has a vector."""
        return tag if self.words.of_tags([tag]).known[0] else None

    def _raw(self, pairs: Sequence[Pair]) -> np.ndarray:
        names = sorted({tag for pair in pairs for tag in (pair.tag, *pair.context)})
        found = self.words.of_tags(names)
        if not found.known.all():
            raise UnknownNameError("tag", names[int(np.argmin(found.known))], self.tags)
        row = {name: place for place, name in enumerate(names)}
        sets = [[row[tag] for tag in dict.fromkeys((pair.tag, *pair.context))] for pair in pairs]
        return np.stack([found.vectors[own].mean(axis=0) for own in sets])


class ContextVectors(ContextSource):
    """Contextual embeddings that ``siamese-tags export-context`` wrote.

    The tag always joins its context, as in training: a tag alone has the context of a track with no other tag.

    Args:
        folder: The folder.

    Raises:
        MissingDataError: There are none in the folder.
        BadFileError: The files are damaged or do not fit each other.
        StaleArtefactError: Another version wrote them.
    """

    def __init__(self, folder: str | Path) -> None:
        folder = Path(folder)
        if not (folder / DECLARATION).is_file():
            raise MissingDataError(
                f"no contextual vectors in {folder}. Make: `siamese-tags export-context --run RUN --out {folder}`."
            )
        declared = read_json(folder / DECLARATION)
        if (
            not isinstance(declared, dict)
            or declared.get("format") != FORMAT
            or declared.get("kind") not in list(KINDS)
            or not isinstance(declared.get("tags"), list)
            or not all(isinstance(one, str) for one in declared["tags"])
        ):
            raise StaleArtefactError(f"{folder / DECLARATION}: not as this version writes it. {REMEDY}")
        try:
            if sha256(folder / ARRAYS) != declared["arrays"]:
                raise BadFileError(folder / ARRAYS, "not the arrays that context.json was written for", REMEDY)
            with np.load(folder / ARRAYS, allow_pickle=False) as file:
                self.arrays = dict(file)
            self._tags = tuple(declared["tags"])
            self._column = {tag: column for column, tag in enumerate(self._tags)}
            self._embed = KINDS[declared["kind"]](self.arrays, len(self._tags))
        except (OSError, KeyError, TypeError, ValueError, BadZipFile) as error:
            if isinstance(error, BadFileError):
                raise
            raise BadFileError(folder / ARRAYS, f"cannot be used ({error!r})", REMEDY) from error
        told = "\n".join([declared["kind"], declared["arrays"], *self._tags])
        self._identity = hashlib.sha256(told.encode()).hexdigest()[:16]
        self.folder, self.kind = folder, str(declared["kind"])

    @property
    def tags(self) -> Sequence[str]:
        """All tags that are known."""
        return self._tags

    @property
    def identity(self) -> str:
        """Hash of kind, tags and arrays."""
        return self._identity

    def spelt(self, tag: str) -> str | None:
        """The tag, or the one that differs from it in case, ``_`` and space alone."""
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


class _Encoder:
    """A context encoder: a normalised sum of tag vectors, residual perceptrons, and places drawn to a centre.

    Args:
        arrays: ``tags_MTE``, ``place_MTZ``, ``size_ME``, ``centre_MEE``, ``origin_MZ``, ``pull_M``, scale and offset of
            the first and last norm, and of every perceptron those of its norm and its two layers.
        tags: Number of tags.
    """

    def __init__(self, arrays: Mapping[str, Any], tags: int) -> None:
        self.arrays = arrays
        members, known, width = arrays["tags_MTE"].shape
        if known != tags or arrays["place_MTZ"].shape != (members, tags, width + 1):
            raise ValueError(f"{tags} tags, arrays of {known}")
        self.perceptrons = sum(name.endswith("_in_MEH") for name in arrays)

    def __call__(self, bag_PT: np.ndarray, column_P: np.ndarray) -> np.ndarray:
        given, members = self.arrays, len(self.arrays["tags_MTE"])
        count_P1 = bag_PT.sum(axis=1, keepdims=True)
        hidden_MPE = self._normed("into", bag_PT @ given["tags_MTE"] / np.sqrt(count_P1))
        hidden_MPE = hidden_MPE + given["size_ME"][:, None] * np.log(count_P1)
        for place in range(self.perceptrons):
            hidden_MPE = hidden_MPE + self._perceptron(f"perceptron{place}", hidden_MPE)
        centre_MPE = self._normed("out", hidden_MPE) @ given["centre_MEE"]
        centre_MPZ = np.pad(centre_MPE, ((0, 0), (0, 0), (0, 1))) + given["origin_MZ"][:, None]
        place_MPZ = given["place_MTZ"][:, column_P]
        embedded_MPZ = place_MPZ + expit(given["pull_M"])[:, None, None] * (centre_MPZ - place_MPZ)
        side_by_side: np.ndarray = embedded_MPZ.transpose(1, 0, 2).reshape(len(column_P), -1) / np.sqrt(members)
        return side_by_side

    def _normed(self, name: str, vector_MPE: np.ndarray) -> np.ndarray:
        spread = np.sqrt(vector_MPE.var(axis=-1, keepdims=True) + NORM_EPS)
        normed_MPE = (vector_MPE - vector_MPE.mean(axis=-1, keepdims=True)) / spread
        scale_ME, offset_ME = self.arrays[f"{name}_scale_ME"], self.arrays[f"{name}_offset_ME"]
        scaled_MPE: np.ndarray = normed_MPE * scale_ME[:, None] + offset_ME[:, None]
        return scaled_MPE

    def _perceptron(self, name: str, vector_MPE: np.ndarray) -> np.ndarray:
        into_MPH = self._normed(name, vector_MPE) @ self.arrays[f"{name}_in_MEH"]
        into_MPH = into_MPH + self.arrays[f"{name}_in_bias_MH"][:, None]
        gelu_MPH = into_MPH * (1 + erf(into_MPH / np.sqrt(2))) / 2
        out_MPE: np.ndarray = gelu_MPH @ self.arrays[f"{name}_out_MHE"] + self.arrays[f"{name}_out_bias_ME"][:, None]
        return out_MPE


class _Network:
    """A component network: features of the tag and topics of the context, tanh layers.

    Args:
        arrays: ``features_TF``, of the topic model ``components_CT``, ``weights_CT``, ``document_prior`` and ``floor``,
            and ``weight0``, ``bias0`` and so on of the layers.
        tags: Number of tags.
    """

    def __init__(self, arrays: Mapping[str, Any], tags: int) -> None:
        from sklearn.decomposition import LatentDirichletAllocation  # slow to import, and a search may do without

        self.feature_TF, self.floor = arrays["features_TF"], float(arrays["floor"])
        if len(self.feature_TF) != tags or arrays["components_CT"].shape[1] != tags:
            raise ValueError(f"{tags} tags, features of {len(self.feature_TF)}")
        count = sum(name.startswith("weight") and name[6:].isdecimal() for name in arrays)
        self.layers = [(arrays[f"weight{place}"], arrays[f"bias{place}"]) for place in range(count)]
        prior = float(arrays["document_prior"])
        # a model that counts as fitted: scikit-learn goes by the attributes that end in an underscore
        self.topics = LatentDirichletAllocation(len(arrays["components_CT"]), doc_topic_prior=prior, n_jobs=1)
        self.topics.components_, self.topics.exp_dirichlet_component_ = arrays["components_CT"], arrays["weights_CT"]
        self.topics.doc_topic_prior_, self.topics.n_features_in_ = prior, tags

    def __call__(self, bag_PT: np.ndarray, column_P: np.ndarray) -> np.ndarray:
        topic_PC = np.maximum(self.topics.transform(bag_PT.astype(np.float64)), self.floor)
        vector_PH: np.ndarray = np.concatenate([self.feature_TF[column_P], topic_PC], axis=1)
        for weight_OI, bias_O in self.layers:
            vector_PH = np.tanh(vector_PH @ weight_OI.T + bias_O)
        return vector_PH


KINDS: Mapping[str, Callable[[Mapping[str, Any], int], Embed]] = {"encoder": _Encoder, "network": _Network}
