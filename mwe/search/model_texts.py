"""Texts of a model in a new edition of a library: its tags, their vectors, and the folder that queries read.

Shape suffixes: T tags, V words, D dimensions.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from mwe.core.arrays import write_rows
from mwe.core.files import atomic_write
from mwe.core.tokens import tag_token
from mwe.joint.pretrained import PACKAGED
from mwe.joint.pretrained import TAGS as TAGS_FILE
from mwe.search.calibrate import tag_prototypes, tags_of_run
from mwe.search.collapse import require_spread
from mwe.search.layout import TAGS, read_table
from mwe.search.library_model import LibraryModel
from mwe.search.model import WORD_ROWS, TrainedModel
from mwe.search.pair_model import PairModel
from mwe.search.tag_table import NONE, TagTable
from mwe.words import WordVectors
from mwe.words.vectors import VOCABULARY, write_vocabulary

SAMPLED_TAGS = 32  # whose vectors are compared before any file is read


class ModelTexts(Protocol):
    """Texts of a model.

    Attributes:
        source: Hash of what encodes them.
    """

    source: str

    def require_usable(self, judged: str = "") -> None:
        """Require that queries can be answered.

        Args:
            judged: Source of the texts of an edition that stands: these were found usable.

        Raises:
            StaleArtefactError: The words of a joint embedding cannot be averaged.
            BadFileError: All texts have all but the same vector.
        """

    def tags(self) -> tuple[TagTable, str]:
        """Return the tags of the model, and a note about their calibration."""

    def prototypes(self, tags: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the unit vectors of tags, (T, D), and which tags have one, (T,)."""

    def identity(self, tags: Sequence[str]) -> str:
        """Return the hash of the folder for a library with these tags."""

    def write(self, folder: Path, tags: Sequence[str]) -> None:
        """Write the folder as word vectors, if it is not there."""


class VocabularyTexts:
    """Texts of a joint embedding: every word of its vocabulary.

    Args:
        trained: The joint embedding.
    """

    def __init__(self, trained: TrainedModel) -> None:
        self._trained = trained
        self.source = trained.words_hash

    def require_usable(self, judged: str = "") -> None:
        """Require that words can be averaged; see ``TrainedModel.require_means``."""
        self._trained.require_means()

    def tags(self) -> tuple[TagTable, str]:
        """Return the tags of the run, calibrated on its validation tracks, and a note about that."""
        return tags_of_run(self._trained)

    def prototypes(self, tags: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the unit vectors of tags, (T, D), and which tags have one, (T,)."""
        return tag_prototypes(tags, self._trained)

    def identity(self, tags: Sequence[str]) -> str:
        """Return the hash of the folder, which is the same for all tags."""
        return self.source

    def write(self, folder: Path, tags: Sequence[str]) -> None:
        """Write the words, encoded in blocks, and last the vocabulary: its folder is complete."""
        if (folder / VOCABULARY).is_file():
            return
        words, trained = self._trained.words, self._trained
        blocks = (words.vectors[start : start + WORD_ROWS] for start in range(0, len(words), WORD_ROWS))
        with atomic_write(folder / "vectors.npy") as temporary:
            write_rows(temporary, np.float32, (len(words), trained.dim), map(trained.encode_words, blocks))
        write_vocabulary(folder, words.tokens, words.kinds, {"embedding_space": trained.space, "from": words.made})


class PromptedTexts:
    """Texts of a tower pair: the tags of the open model and those of the tracks, each asked in the pair's template.

    Args:
        model: The tower pair.
    """

    def __init__(self, model: PairModel) -> None:
        self._model, self._described = model, model.pair.description
        content = json.dumps([model.space, self._described.template])
        self.source = hashlib.sha256(content.encode()).hexdigest()[:16]
        self._unit_of: dict[str, np.ndarray] = {}

    def require_usable(self, judged: str = "") -> None:
        """Require that the text tower tells some tags apart, before any file is read; once for a library."""
        if judged == self.source:
            return
        tags = self.tags()[0].tags
        sample = tags[:: max(1, len(tags) // SAMPLED_TAGS)]
        require_spread(self.prototypes(sample)[0], "texts", self._model.run)

    def tags(self) -> tuple[TagTable, str]:
        """Return the tags of the open model as names alone: nothing is known of the pair's training."""
        names = TagTable.of_table(read_table(PACKAGED / TAGS_FILE, TAGS))
        blank = np.full(len(names), np.nan, np.float32)
        unknown, none = (None,) * len(names), (NONE,) * len(names)
        table = TagTable(names.tags, names.groups, unknown, blank, blank, none)
        return table, (
            f"tags are asked as {self._described.template!r}; a tower pair has no calibration, so scores are plain "
            f"cosines. Licence of the weights: {self._described.licence}"
        )

    def prototypes(self, tags: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the unit vectors of the tags' prompts, (T, D), and which tags mean something to the pair, (T,)."""
        if new := [tag for tag in dict.fromkeys(tags) if tag not in self._unit_of]:
            self._unit_of |= zip(new, self._model.encode_texts(self._described.prompts(new)), strict=True)
        unit_TD = np.array([self._unit_of[tag] for tag in tags], np.float32).reshape(len(tags), self._model.dim)
        return unit_TD, np.asarray(unit_TD.any(axis=1))

    def identity(self, tags: Sequence[str]) -> str:
        """Return the hash of the folder, which has these tags only."""
        return hashlib.sha256(json.dumps([self.source, list(tags)]).encode()).hexdigest()[:16]

    def write(self, folder: Path, tags: Sequence[str]) -> None:
        """Write the vectors of the tags as those of their tokens."""
        if (folder / VOCABULARY).is_file():
            return
        unit_TD, known_T = self.prototypes(tags)
        unit_of: Mapping[str, np.ndarray] = {
            tag_token(tag): unit_D
            for tag, unit_D, known in reversed(list(zip(tags, unit_TD, known_T, strict=True)))
            if known and tag_token(tag)
        }
        vector_VD = np.array(list(unit_of.values()), np.float32).reshape(len(unit_of), self._model.dim)
        made = {"embedding_space": self._model.space, "template": self._described.template}
        vectors = WordVectors(list(unit_of), vector_VD, ["tag"] * len(unit_of), made)
        vectors.save(folder)


def texts_of(model: LibraryModel) -> ModelTexts:
    """Return the texts of a model."""
    return PromptedTexts(model) if isinstance(model, PairModel) else VocabularyTexts(model)
