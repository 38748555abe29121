"""Unit vectors of sounds and texts by a tower pair, checked.

Shape suffixes: B sounds, E excerpts, S samples of an excerpt, T samples, N texts, D dimensions.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import soxr
import torch
from torch import Tensor
from torch.nn.functional import normalize

from mwe.audio.cut import evenly_spaced
from mwe.core.errors import BadFileError
from mwe.tower_pairs.protocol import TowerPair, WholeSounds

BATCH_TEXTS = 32
REMEDY = "Mend the pair; docs/how-to/own-model.md has an example."


def _rows(answer: Any, count: int, pair: TowerPair, what: str) -> Tensor:
    """Return what a tower answered as float32 rows.

    Raises:
        BadFileError: It has another shape than described.
    """
    row_BD = torch.as_tensor(answer).float()
    if row_BD.shape != (count, pair.description.dim):
        problem = f"encode_{what} returned {tuple(row_BD.shape)} instead of {(count, pair.description.dim)}"
        raise BadFileError(type(pair).__name__, problem, REMEDY)
    return row_BD


def mean_of_excerpts(pair: TowerPair, wave_BES: Tensor) -> Tensor:
    """Return unit vectors (B, D) of tracks: the mean of the unit vectors of their excerpts.

    Args:
        pair: The tower pair.
        wave_BES: Excerpts of the described length and rate.

    Raises:
        BadFileError: The pair returned another shape.
    """
    tracks, excerpts, _ = wave_BES.shape
    if not tracks:
        return torch.zeros(0, pair.description.dim, device=wave_BES.device)
    answer = pair.encode_audio(wave_BES.flatten(0, 1), pair.description.sample_rate)
    row_BED = _rows(answer, tracks * excerpts, pair, "audio").reshape(tracks, excerpts, -1)
    unit_BD: Tensor = normalize(normalize(row_BED, dim=-1).mean(dim=1), dim=-1)
    return unit_BD


def repeated_to_length(wave_BES: Tensor, samples_B: Tensor) -> Tensor:
    """Return excerpts in which sounds shorter than an excerpt are repeated to its end.

    Args:
        wave_BES: Excerpts; of a short sound, the whole of it and then zeros.
        samples_B: Samples of each whole sound, int64.

    Examples:
        >>> repeated_to_length(torch.tensor([[[1.0, 2, 0, 0, 0]]]), torch.tensor([2]))
        tensor([[[1., 2., 1., 2., 1.]]])
    """
    if not len(wave_BES):
        return wave_BES
    position_S = torch.arange(wave_BES.shape[2], device=wave_BES.device)
    index_BS = position_S % samples_B.to(wave_BES.device).clamp(min=1)[:, None]
    filled_BES: Tensor = wave_BES.gather(2, index_BS[:, None].expand_as(wave_BES))
    return filled_BES


@torch.inference_mode()
def embed_waveforms(pair: TowerPair, waveform_BT: np.ndarray, rate: int) -> np.ndarray:
    """Return unit vectors (B, D) of sounds of any length and rate, as an index does for files.

    Args:
        pair: The tower pair.
        waveform_BT: Mono sounds of one length, float32.
        rate: Their rate in Hz.

    Raises:
        BadFileError: The pair returned another shape.

    Examples:
        >>> from mwe.tower_pairs import PairDescription
        >>> class Level:
        ...     description = PairDescription("level-1", dim=1, sample_rate=8000, seconds=0.5)
        ...     encode_audio = staticmethod(lambda waveform_BT, rate: waveform_BT.mean(dim=1, keepdim=True))
        >>> embed_waveforms(Level(), np.full((2, 16000), 0.5, np.float32), rate=16000)
        array([[1.],
               [1.]], dtype=float32)
    """
    described = pair.description
    wave_BT = np.asarray(waveform_BT, dtype=np.float32)
    if isinstance(pair, WholeSounds):
        row_BD = _rows(pair.encode_whole(torch.from_numpy(wave_BT), rate), len(wave_BT), pair, "whole")
        return normalize(row_BD, dim=-1).cpu().numpy()
    if rate != described.sample_rate:
        wave_BT = soxr.resample(np.ascontiguousarray(wave_BT.T), rate, described.sample_rate, quality="HQ").T
    length = wave_BT.shape[1]
    if length < described.samples:
        wave_BT = np.pad(wave_BT, ((0, 0), (0, described.samples - length)))
    starts_E = evenly_spaced(np.array([length - described.samples]), described.excerpts)[0]
    cut_BES = np.stack([wave_BT[:, start : start + described.samples] for start in starts_E], axis=1)
    wave_BES = repeated_to_length(torch.from_numpy(np.ascontiguousarray(cut_BES)), torch.full((len(cut_BES),), length))
    return mean_of_excerpts(pair, wave_BES).cpu().numpy()


@torch.inference_mode()
def embed_texts(pair: TowerPair, texts: Sequence[str]) -> np.ndarray:
    """Return unit vectors of texts, (N, D) float32; a row of zeros stays.

    Args:
        pair: The tower pair.
        texts: The texts, encoded as they are.

    Raises:
        BadFileError: The pair returned another shape, or a vector that is not finite.

    Examples:
        >>> from mwe.tower_pairs import PairDescription
        >>> class Length:
        ...     description = PairDescription("length-1", dim=2, sample_rate=8000, seconds=0.5)
        ...     encode_text = staticmethod(lambda texts: torch.tensor([[len(text), 3.0] for text in texts]))
        >>> embed_texts(Length(), ["calm"])
        array([[0.8, 0.6]], dtype=float32)
    """
    parts = [texts[start : start + BATCH_TEXTS] for start in range(0, len(texts), BATCH_TEXTS)]
    rows = [_rows(pair.encode_text(part), len(part), pair, "text").cpu() for part in parts]
    row_ND = torch.cat([torch.zeros(0, pair.description.dim), *rows])
    if broken := (~row_ND.isfinite().all(dim=1)).nonzero().flatten().tolist():
        raise BadFileError(type(pair).__name__, f"the vector of {texts[broken[0]]!r} is not finite", REMEDY)
    unit_ND: np.ndarray = normalize(row_ND, dim=-1).numpy()
    return unit_ND
