"""A tower pair as a model of the package ``mteb``, whose tasks then measure it.

Shape suffixes: N items, M other items, D dimensions.
"""

from collections.abc import Iterable, Mapping
from typing import Any, get_args
from urllib.parse import quote

import numpy as np

from mwe.core.errors import BadFileError
from mwe.core.extras import require_extra
from mwe.tower_pairs.encoding import REMEDY, embed_texts, embed_waveforms
from mwe.tower_pairs.protocol import TowerPair


class MtebEncoder:
    """A tower pair that ``mteb.evaluate`` takes as a model, for tasks with texts, sounds or both.

    Texts are encoded as they are, without the pair's template and without instructions. A sound is embedded whole, as
    an index embeds files. An item with a text and a sound is the sum of both unit vectors.

    Args:
        pair: The tower pair.
        name: Name of its results, as ``owner/name``.

    Raises:
        MissingDataError: The package ``mteb`` is not installed.
        ValueError: The name is not of that form.

    Examples:
        >>> import torch
        >>> from mwe.tower_pairs import PairDescription
        >>> class Length:
        ...     description = PairDescription("length-1", dim=2, sample_rate=8000, seconds=0.5)
        ...     encode_text = staticmethod(lambda texts: torch.tensor([[len(text), 3.0] for text in texts]))
        >>> model = MtebEncoder(Length(), "me/length")
        >>> model.mteb_model_meta.name, model.mteb_model_meta.revision
        ('me/length', 'length-1')
        >>> model.encode([{"text": ["calm", "loud"]}, {"text": ["soft"]}])[2:]
        array([[0.8, 0.6]], dtype=float32)
    """

    def __init__(self, pair: TowerPair, name: str) -> None:
        if name.count("/") != 1 or not all(name.split("/")):
            raise ValueError(f"the name {name!r} is not of the form owner/name")
        meta = require_extra("mteb.models.model_meta", "mteb", "a model of mteb needs mteb")
        licences = {text for union in get_args(meta.Licenses) or () for text in (get_args(union) or (union,))}
        described, self.pair = pair.description, pair
        self.mteb_model_meta = meta.ModelMeta.create_empty(
            {
                "name": name,
                "revision": quote(described.identity, safe=""),  # a folder of results
                "embed_dim": described.dim,
                "license": described.licence.lower() if described.licence.lower() in licences else None,
                "modalities": ["text", "audio"],
                "framework": ["PyTorch"],
                "similarity_fn_name": meta.ScoringFunction.COSINE,
            }
        )

    def encode(self, inputs: Iterable[Mapping[str, Any]], **settings: Any) -> np.ndarray:
        """Return vectors (N, D) of what a task asks for, float32.

        Args:
            inputs: Batches with ``text``, a list of texts, or ``audio``, items with ``array`` and ``sampling_rate``;
                channels come first.
            **settings: What mteb says of the task; nothing depends on it.

        Raises:
            ValueError: A batch has neither texts nor sounds.
            BadFileError: The pair returned another shape than described, or a vector that is not finite.
        """
        rows = [self._batch(batch) for batch in inputs]
        return np.concatenate([np.zeros((0, self.pair.description.dim), np.float32), *rows])

    def similarity(self, first_ND: Any, other_MD: Any) -> np.ndarray:
        """Return cosines (N, M) of vectors."""
        cosine_NM: np.ndarray = _unit(first_ND) @ _unit(other_MD).T
        return cosine_NM

    def similarity_pairwise(self, first_ND: Any, other_ND: Any) -> np.ndarray:
        """Return cosines (N,) of vectors in pairs."""
        cosine_N: np.ndarray = (_unit(first_ND) * _unit(other_ND)).sum(axis=1)
        return cosine_N

    def _batch(self, batch: Mapping[str, Any]) -> np.ndarray:
        kinds = []
        if "text" in batch:
            kinds.append(embed_texts(self.pair, list(batch["text"])))
        if "audio" in batch:
            kinds.append(np.concatenate([self._sound(sound) for sound in batch["audio"]]))
        if not kinds:
            raise ValueError(f"a tower pair encodes text and audio; the task gives {sorted(batch)}")
        return kinds[0] if len(kinds) == 1 else kinds[0] + kinds[1]

    def _sound(self, sound: Any) -> np.ndarray:
        wave_T = np.asarray(sound["array"], np.float32)
        if wave_T.ndim > 1:
            wave_T = wave_T.mean(axis=0)
        unit_1D = embed_waveforms(self.pair, wave_T[None], int(sound["sampling_rate"]))
        if not np.isfinite(unit_1D).all():
            raise BadFileError(type(self.pair).__name__, "the vector of a sound is not finite", REMEDY)
        return unit_1D


def _unit(vector_ND: Any) -> np.ndarray:
    row_ND = np.asarray(vector_ND, np.float64)
    length_N1 = np.linalg.norm(row_ND, axis=1, keepdims=True)
    unit_ND: np.ndarray = row_ND / np.where(length_N1 > 0, length_N1, 1.0)
    return unit_ND
