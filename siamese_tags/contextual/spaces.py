"""Embedding spaces in which distances between tags depend on the context, restored from a checkpoint alone.

Shape suffixes: N examples, D contexts, T tags, E embedding dimensions, H layer widths.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mwe.core.context_arrays import RestoredTopics
from mwe.core.errors import StaleArtefactError
from siamese_tags.checkpoint_tags import EMBEDDING_DATA
from siamese_tags.checkpoints import checkpoint_path, load_checkpoint, weights_of
from siamese_tags.features.tfidf import scale_rows
from siamese_tags.masked.encoder import ContextEncoder
from siamese_tags.masked.unseen import UnseenTagMap
from siamese_tags.networks import ComponentNetwork

REMEDY = "Fit the row again, and give its run folder"


class Space(Protocol):
    """Embeds tags in contexts; a context is the bag of its tags (boolean, D × T)."""

    def tag(self, bags_DT: NDArray[np.bool_], tag: int) -> Tensor:
        """Embed one tag in every context, D × E."""

    def all_tags(self, bags_DT: NDArray[np.bool_]) -> Tensor:
        """Embed every tag in every context, D × T × E."""

    def unseen(self, bags_DT: NDArray[np.bool_], counts_T: NDArray[np.float64]) -> tuple[Tensor, Tensor]:
        """Embed an out-of-vocabulary tag in every context (D × E), and every known tag with it (D × T × E).

        Args:
            bags_DT: The known tags of each context; a context without known tags holds only the new tag.
            counts_T: Documents that the new tag shares with each known tag.
        """


class NetworkSpace:
    """Contextual embedding (CE) of a component network: from tag features and topic posterior to the last hidden layer.

    Args:
        saved: Data of features and topic model in the checkpoint.
        weights: Parameters of the network.
    """

    def __init__(self, saved: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
        self.features_TF: Tensor = saved["features_TF"]
        self.rarity_T: NDArray[np.float64] = saved["rarity_T"].numpy()
        self.topics = RestoredTopics(**saved["topics"])
        hidden = [len(weights[f"hidden.{index}.bias"]) for index in range(_layers(weights))]
        n_tags, n_features = self.features_TF.shape
        n_topics = len(saved["topics"]["components_CT"])
        self.network = ComponentNetwork(n_features, n_topics, n_tags, hidden).eval()
        self.network.load_state_dict(weights)

    def tag(self, bags_DT: NDArray[np.bool_], tag: int) -> Tensor:
        """Embed one tag in every context, D × E."""
        return self.network.embed(self.features_TF[tag].expand(len(bags_DT), -1), self.contexts(bags_DT))

    def all_tags(self, bags_DT: NDArray[np.bool_]) -> Tensor:
        """Embed every tag in every context, D × T × E."""
        return self.network.embed_grid(self.features_TF, self.contexts(bags_DT))

    def unseen(self, bags_DT: NDArray[np.bool_], counts_T: NDArray[np.float64]) -> tuple[Tensor, Tensor]:
        """Embed an out-of-vocabulary tag in every context (D × E), and every known tag with it (D × T × E).

        Its features are its dot products with the known tags, scaled like theirs; the scaling removes its rarity, a
        factor of all of them. The topic model does not know it, so the context is that of the known tags or, if there
        are none, of the tags that it occurs with.
        """
        known_DT = np.where(bags_DT.any(axis=1, keepdims=True), bags_DT, counts_T > 0)
        features_1F = scale_rows((counts_T * self.rarity_T)[None])
        features_DF = torch.tensor(features_1F, dtype=self.features_TF.dtype).expand(len(bags_DT), -1)
        return self.network.embed(features_DF, self.contexts(known_DT)), self.all_tags(known_DT)

    def contexts(self, bags_DT: NDArray[np.bool_]) -> Tensor:
        """Return topic posteriors, D × C."""
        return torch.tensor(self.topics.transform(bags_DT), dtype=self.features_TF.dtype)


class EncoderSpace:
    """Contextual embedding of a context encoder, with the tags of the context as the revealed ones.

    Args:
        saved: Data of the encoder's settings and the training documents in the checkpoint.
        weights: Parameters of the encoder.
    """

    def __init__(self, saved: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
        self.encoder = ContextEncoder(**saved["encoder"]).eval()
        self.encoder.load_state_dict(weights)
        self.together_TT: Tensor = saved["together_TT"]
        self.n_documents: int = saved["n_documents"]

    @cached_property
    def unseen_tags(self) -> UnseenTagMap:
        """Map from the known tags that a new tag occurs with to its embedding."""
        return UnseenTagMap(self.encoder, self.together_TT, self.n_documents)

    def tag(self, bags_DT: NDArray[np.bool_], tag: int) -> Tensor:
        """Embed one tag in every context, D × E."""
        return self.encoder.embed(torch.tensor(bags_DT), torch.full((len(bags_DT),), tag))

    def all_tags(self, bags_DT: NDArray[np.bool_]) -> Tensor:
        """Embed every tag in every context, D × T × E."""
        return _every_tag(self.encoder, torch.tensor(bags_DT))

    def unseen(self, bags_DT: NDArray[np.bool_], counts_T: NDArray[np.float64]) -> tuple[Tensor, Tensor]:
        """Embed an out-of-vocabulary tag in every context (D × E), and every known tag with it (D × T × E).

        It is revealed like the other tags of its context. Its number of documents is unknown; it is estimated by the
        largest number that it shares with a known tag.
        """
        together_1T = torch.tensor(counts_T)[None]
        wider = self.encoder.extended(*self.unseen_tags(together_1T, together_1T.amax(dim=1)))
        embedded = _every_tag(wider, torch.tensor(np.pad(bags_DT, ((0, 0), (0, 1)), constant_values=True)))
        return embedded[:, -1], embedded[:, :-1]


def load_space(run: str | Path) -> tuple[Space, tuple[str, ...]]:
    """Load the space of a run and the names of its tags.

    Args:
        run: Run folder or checkpoint of a Siamese stage or a context encoder.

    Raises:
        MissingDataError: There is no checkpoint.
        StaleArtefactError: The checkpoint is of another kind, or an older version wrote it without the required data.
    """
    path = checkpoint_path(run, str(run), "Fit a stage or a context encoder, and give its run folder")
    checkpoint = load_checkpoint(path, REMEDY)
    saved = checkpoint.get(EMBEDDING_DATA)
    if saved is None:
        raise StaleArtefactError(f"{path}: this checkpoint has neither tag names nor topics. {REMEDY}")
    kind: tuple[Callable[..., Space], str] = (
        (EncoderSpace, "encoder") if "encoder" in saved else (NetworkSpace, "network")
    )
    space, part = kind
    try:
        return space(saved, weights_of(checkpoint, part)), tuple(saved["tags"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise StaleArtefactError(f"{path}: written by another version ({error}). {REMEDY}") from error


def _layers(weights: Mapping[str, Tensor]) -> int:
    return sum(name.startswith("hidden.") and name.endswith(".bias") for name in weights)


def _every_tag(encoder: ContextEncoder, bags_DT: Tensor) -> Tensor:
    # context by context, so that no more than T · T numbers are in memory
    n_tags = bags_DT.shape[1]
    return torch.stack([encoder.embed(bag_T.expand(n_tags, -1), torch.arange(n_tags)) for bag_T in bags_DT])
