"""Exported contextual embeddings: their format, and the forward pass over its arrays without PyTorch.

``siamese-tags export-context`` writes the format; ``mwe fit`` and ``mwe search --context`` read it. ``context.json``
holds the kind, the tags and the hash of ``context.npz``. The arrays are:

* ``encoder``: a context of n tags is the sum of their ``tags_MTE`` divided by the root of n, layer-normalised
  (``into``), plus ``size_ME`` times log n; then residual perceptrons (norm, layer, GELU, layer) and another norm
  (``out``). The vector of a tag in it is its ``place_MTZ``, moved by the share sigmoid(``pull_M``) towards the
  context's vector times ``centre_MEE`` (0 appended) plus ``origin_MZ``. Members are concatenated, and divided by the
  root of their number.
* ``network``: the row of ``features_TF`` and the topic posterior of the context (latent Dirichlet allocation, clamped
  at ``floor``) through tanh layers.

A test compares both with the networks that they were exported from.

Shape suffixes: P pairs of a tag and a context, T tags, M members, E dimensions of a member, Z = E + 1, F features, C
topics, H hidden units.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import erf, expit

FORMAT = 1
DECLARATION = "context.json"
ARRAYS = "context.npz"
NORM_EPS = 1e-5  # of layer normalisation
Embed = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From contexts as bags of tags (P, T), and the column of the tag of each, to vectors (P, W)."""


class RestoredTopics:
    """A fitted topic model restored from its arrays, with exactly the same inference.

    Args:
        components_CT: Variational parameters of the topics' tags.
        weights_CT: Exponential of their expected logarithm, a factor of inference.
        document_prior: Dirichlet prior of the topics of a document.
        floor: Lower bound at which posteriors are clamped.
    """

    def __init__(
        self, components_CT: npt.ArrayLike, weights_CT: npt.ArrayLike, document_prior: float, floor: float
    ) -> None:
        from sklearn.decomposition import LatentDirichletAllocation  # slow to import, and not every search needs it

        self.floor = floor
        # scikit-learn recognises a fitted model by attributes that end in an underscore
        topics, tags = np.shape(components_CT)
        self.model = LatentDirichletAllocation(topics, doc_topic_prior=document_prior, n_jobs=1)
        self.model.components_ = np.asarray(components_CT)
        self.model.exp_dirichlet_component_ = np.asarray(weights_CT)
        self.model.doc_topic_prior_, self.model.n_features_in_ = document_prior, tags

    def transform(self, bag_PT: np.ndarray) -> np.ndarray:
        """Return the topic posteriors of bags of tags, (P, C), each row a distribution clamped at the floor."""
        return np.asarray(np.maximum(self.model.transform(bag_PT.astype(np.float64)), self.floor))


class EncoderArrays:
    """The forward pass of a context encoder.

    Residual perceptrons transform the normalised sum of the tag vectors; the result moves the vector of a tag.

    Args:
        arrays: ``tags_MTE``, ``place_MTZ``, ``size_ME``, ``centre_MEE``, ``origin_MZ``, ``pull_M``, scale and offset of
            the first and last norm, and for every perceptron those of its norm and its two layers.
        tags: Number of tags.
    """

    def __init__(self, arrays: Mapping[str, Any], tags: int) -> None:
        self.arrays = arrays
        members, known, width = arrays["tags_MTE"].shape
        if known != tags or arrays["place_MTZ"].shape != (members, tags, width + 1):
            raise ValueError(f"{tags} tags, but arrays for {known}")
        self.perceptrons = sum(name.endswith("_in_MEH") for name in arrays)

    def __call__(self, bag_PT: np.ndarray, column_P: np.ndarray) -> np.ndarray:
        """Return the vector of each tag in its context, (P, M · Z)."""
        arrays, members = self.arrays, len(self.arrays["tags_MTE"])
        count_P1 = bag_PT.sum(axis=1, keepdims=True)
        hidden_MPE = self._normed("into", bag_PT @ arrays["tags_MTE"] / np.sqrt(count_P1))
        hidden_MPE = hidden_MPE + arrays["size_ME"][:, None] * np.log(count_P1)
        for layer in range(self.perceptrons):
            hidden_MPE = hidden_MPE + self._perceptron(f"perceptron{layer}", hidden_MPE)
        centre_MPE = self._normed("out", hidden_MPE) @ arrays["centre_MEE"]
        centre_MPZ = np.pad(centre_MPE, ((0, 0), (0, 0), (0, 1))) + arrays["origin_MZ"][:, None]
        place_MPZ = arrays["place_MTZ"][:, column_P]
        embedded_MPZ = place_MPZ + expit(arrays["pull_M"])[:, None, None] * (centre_MPZ - place_MPZ)
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


class NetworkArrays:
    """The forward pass of a component network: tanh layers over features of the tag and topics of the context.

    Args:
        arrays: ``features_TF``; ``components_CT``, ``weights_CT``, ``document_prior`` and ``floor`` of the topic model;
            and ``weight0``, ``bias0`` and so on of the layers.
        tags: Number of tags.
    """

    def __init__(self, arrays: Mapping[str, Any], tags: int) -> None:
        self.feature_TF = arrays["features_TF"]
        if len(self.feature_TF) != tags or arrays["components_CT"].shape[1] != tags:
            raise ValueError(f"{tags} tags, but features of {len(self.feature_TF)}")
        count = sum(name.startswith("weight") and name[6:].isdecimal() for name in arrays)
        self.layers = [(arrays[f"weight{layer}"], arrays[f"bias{layer}"]) for layer in range(count)]
        prior = float(arrays["document_prior"])
        self.topics = RestoredTopics(arrays["components_CT"], arrays["weights_CT"], prior, float(arrays["floor"]))

    def __call__(self, bag_PT: np.ndarray, column_P: np.ndarray) -> np.ndarray:
        """Return the vector of each tag in its context, (P, H)."""
        vector_PH: np.ndarray = np.concatenate([self.feature_TF[column_P], self.topics.transform(bag_PT)], axis=1)
        for weight_OI, bias_O in self.layers:
            vector_PH = np.tanh(vector_PH @ weight_OI.T + bias_O)
        return vector_PH


KINDS: Mapping[str, Callable[[Mapping[str, Any], int], Embed]] = {"encoder": EncoderArrays, "network": NetworkArrays}
