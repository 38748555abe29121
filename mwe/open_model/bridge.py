"""The bridge from evidence to words in closed form, and words in the joint space of both views.

Shape suffixes: C classes, T tags, V words, W dimensions of a word vector, E of a context, N documents.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mwe.encoders import TagBridge
from mwe.encoders.tag_bridge import HeardContext
from mwe.open_model.hearing import Hearing
from mwe.open_model.spelling import TagSpelling
from mwe.open_model.training import ContextSettings
from mwe.words import WordVectors


@dataclass(frozen=True)
class BridgeSettings:
    """Settings of the bridge.

    Args:
        penalty: Ridge penalty λ of the map from evidence to word vectors.
        weight: How much the view by context counts beside the view by words.
        reach: Ridge penalty of the map that gives words a place among contexts.
    """

    penalty: float = 0.3
    weight: float = 2.0
    reach: float = 30.0


class WordSpace:
    """Word vectors at length 1, less the mean of the classes, at length 1 again.

    Args:
        words: Word vectors.
        classes: Names of the classes in the common spelling.
    """

    def __init__(self, words: WordVectors, classes: Sequence[str]) -> None:
        self.words = words
        lookup = words.of_tags(classes)
        if not lookup.known.all():
            unknown = [tag for tag, known in zip(classes, lookup.known, strict=True) if not known]
            raise ValueError(f"no word vector of the classes {', '.join(unknown)}")
        class_CW = unit(lookup.vectors)
        self.centre_W = class_CW.mean(axis=0)
        self.class_CW = unit(class_CW - self.centre_W)

    def centred(self, vectors_VW: np.ndarray) -> np.ndarray:
        """Return word vectors in this space, (V, W)."""
        return unit(unit(vectors_VW) - self.centre_W)


def ridge_map(class_CW: np.ndarray, used_C: np.ndarray, penalty: float) -> np.ndarray:
    """Return the map (W, C) from evidence to words: of all x the one whose products with the classes fit it best.

    It solves min_x |V x - evidence|² + λ |x|² for the vectors V of the classes that are used.
    """
    used_CW = class_CW * used_C[:, None]
    gram_WW = used_CW.T @ used_CW + penalty * np.eye(class_CW.shape[1])
    return np.asarray(np.linalg.solve(gram_WW, used_CW.T))


class JointWords:
    """Tags and words in both views, side by side: (vectors of words, weight times vectors of contexts).

    A word that is no tag of the documents is given its place among contexts by ridge regression from word vectors,
    fitted on the tags. It is shorter, the less the tags agree on it.

    Args:
        space: The space of words.
        tags: Tags of the documents.
        context_TE: Their unit vectors among contexts.
        settings: Settings of the bridge.
        counts: How many documents have each tag; frequent tags count more in the regression.
    """

    def __init__(
        self,
        space: WordSpace,
        tags: Sequence[str],
        context_TE: np.ndarray,
        settings: BridgeSettings,
        counts: np.ndarray,
    ) -> None:
        self.space, self.tags, self.context_TE, self.settings = space, tuple(tags), context_TE, settings
        self._row = {tag: row for row, tag in enumerate(tags)}
        lookup = space.words.of_tags(tags)
        word_TW = space.centred(lookup.vectors)[lookup.known]
        weight_T = np.sqrt(counts)[lookup.known]
        weight_T = weight_T / weight_T.mean()
        gram_WW = (word_TW * weight_T[:, None]).T @ word_TW + settings.reach * np.eye(word_TW.shape[1])
        self.mean_E = np.average(context_TE[lookup.known], axis=0, weights=weight_T)
        residual_TE = (context_TE[lookup.known] - self.mean_E) * weight_T[:, None]
        self.map_WE = np.linalg.solve(gram_WW, word_TW.T @ residual_TE)

    def vectors(self, names: Sequence[str], vectors_VW: np.ndarray) -> np.ndarray:
        """Return names with their word vectors in the joint space, float32 (V, W + E).

        Args:
            names: Tags in the common spelling, or words.
            vectors_VW: Their word vectors.
        """
        word_VW = self.space.centred(vectors_VW)
        context_VE = self.mean_E + word_VW @ self.map_WE
        context_VE /= np.maximum(np.linalg.norm(context_VE, axis=1, keepdims=True), 1)
        known = [index for index, name in enumerate(names) if name in self._row]
        context_VE[known] = self.context_TE[[self._row[names[index]] for index in known]]
        return np.concatenate([word_VW, self.settings.weight * context_VE], axis=1).astype(np.float32)


def build_bridge(
    hearing: Hearing,
    space: WordSpace,
    context: HeardContext,
    contexts: ContextSettings,
    settings: BridgeSettings,
    towers: Sequence[str],
) -> TagBridge:
    """Build the audio encoder of fitted parts. The weights of its towers are left to ``load_pretrained``."""
    bridge = TagBridge(
        list(towers), space.class_CW.shape[1], contexts.width, contexts.hidden, contexts.dropout, settings.weight
    )
    bridge.prior_C.copy_(torch.from_numpy(hearing.prior_C))
    bridge.used_C.copy_(torch.from_numpy(hearing.used_C))
    with torch.no_grad():
        bridge.words.weight.copy_(torch.from_numpy(ridge_map(space.class_CW, hearing.used_C, settings.penalty)))
    bridge.context.load_state_dict(context.state_dict())
    return bridge.eval()


def spelled_classes(hearing: Hearing, spelling: TagSpelling) -> tuple[str, ...]:
    """Return the classes in the common spelling."""
    return tuple(spelling(tag) for tag in hearing.classes)


def unit(row_VD: np.ndarray) -> np.ndarray:
    """Return rows at length 1; a row of zeros stays one."""
    length_V1 = np.linalg.norm(row_VD, axis=1, keepdims=True)
    unit_VD: np.ndarray = row_VD / np.where(length_V1 > 0, length_V1, 1)
    return unit_VD
