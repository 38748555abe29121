"""Two ONNX graphs and a tokenizer as a tower pair.

Shape suffixes: B sounds or texts, T samples, L tokens, D dimensions.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mwe.core.errors import BadFileError, expecting
from mwe.core.extras import require_extra
from mwe.core.files import read_json
from mwe.tower_pairs.protocol import NOT_STATED, PairDescription
from mwe.tower_pairs.weights import weights_folder

AUDIO, TEXT, TOKENIZER, DECLARED = "audio.onnx", "text.onnx", "tokenizer.json", "pair.json"
FILES = (AUDIO, TEXT, TOKENIZER, DECLARED, "*.onnx_data")
REMEDY = "docs/how-to/own-model.md tells what such a folder holds."
POOLING = ("mean", "first")
NEEDS = "a pair of ONNX graphs needs"


class OnnxPair:
    """Graphs of both towers, as sentence-transformers and others export them.

    ``audio.onnx`` takes samples (B, T) and returns vectors (B, D). ``text.onnx`` takes ``input_ids`` and
    ``attention_mask`` (B, L), and returns vectors (B, D), or (B, L, D) to be pooled. ``pair.json`` has the
    ``sample_rate`` and ``seconds`` of an excerpt, and may have ``excerpts``, ``template``, ``licence``, the most
    ``tokens`` of a text (512), and its ``pooling``: ``mean`` over the tokens, or the ``first`` one.

    Args:
        folder: The folder.
        identity: Name of its space.
        licence: Licence, where ``pair.json`` has none.

    Raises:
        MissingDataError: The extra ``onnx`` is not installed.
        BadFileError: A file cannot be used.
    """

    def __init__(self, folder: Path, identity: str, licence: str = NOT_STATED) -> None:
        runtime = require_extra("onnxruntime", "onnx", f"{NEEDS} onnxruntime")
        tokenizers = require_extra("tokenizers", "onnx", f"{NEEDS} tokenizers")
        self._name = folder.name
        self._audio, self._text = (_session(runtime, folder / name) for name in (AUDIO, TEXT))
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / TOKENIZER))
        except Exception as error:  # the library raises plain exceptions
            raise BadFileError(folder / TOKENIZER, f"not a tokenizer ({str(error)[:200]})", REMEDY) from error
        declared, path = read_json(folder / DECLARED), folder / DECLARED
        with expecting(path, "not the description of a pair", REMEDY):
            values = dict(declared)
            self._tokenizer.enable_truncation(max_length=int(values.pop("tokens", 512)))
            self._tokenizer.enable_padding(pad_id=int(values.pop("pad_id", self._tokenizer.token_to_id("[PAD]") or 0)))
            self._pooling = values.pop("pooling", "mean")
            if self._pooling not in POOLING:
                raise ValueError(f"pooling {self._pooling!r} is none of {', '.join(POOLING)}")
            seconds = float(values["seconds"])
            dim = self._audio_vectors(np.zeros((1, round(seconds * values["sample_rate"])), np.float32)).shape[1]
            self.description = PairDescription(identity, dim=dim, **{"licence": licence, **values, "seconds": seconds})

    def encode_audio(self, waveform_BT: Tensor, rate: int) -> Tensor:
        """Return vectors (B, D) of excerpts (B, T)."""
        return torch.from_numpy(self._audio_vectors(waveform_BT.cpu().numpy())).to(waveform_BT.device)

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """Return vectors (B, D) of texts; the end of a text that is too long is left out."""
        encoded = self._tokenizer.encode_batch([*texts])
        mask_BL = np.array([text.attention_mask for text in encoded], np.int64)
        ids_BL = np.array([text.ids for text in encoded], np.int64)
        given = {"input_ids": ids_BL, "attention_mask": mask_BL, "token_type_ids": np.zeros_like(ids_BL)}
        answer = _run(self._text, {item.name: given[item.name] for item in self._text.get_inputs()})
        if answer.ndim == 3:
            weight_BL1 = torch.from_numpy(mask_BL[..., None]).float()
            answer = answer[:, 0] if self._pooling == "first" else (answer * weight_BL1).sum(1) / weight_BL1.sum(1)
        return answer

    def _audio_vectors(self, wave_BT: np.ndarray) -> np.ndarray:
        return _run(self._audio, {self._audio.get_inputs()[0].name: wave_BT.astype(np.float32)}).numpy()


def _session(runtime: Any, path: Path) -> Any:
    """Open a graph.

    Raises:
        BadFileError: It is no graph.
    """
    try:
        return runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime has errors of its own for each cause
        raise BadFileError(path, f"not an ONNX graph ({str(error).strip()[:200]})", REMEDY) from error


def _run(session: Any, given: dict[str, np.ndarray]) -> Tensor:
    """Return the first output of a graph, float32."""
    return torch.from_numpy(np.asarray(session.run(None, given)[0], dtype=np.float32))


def open_onnx(name: str) -> tuple[OnnxPair, str]:
    """Open a pair of graphs from a folder or the Hugging Face Hub; return it with its lasting name.

    Raises:
        MissingDataError: The folder is missing, or the Hub cannot be reached.
        BadFileError: A file is missing or cannot be used.
    """
    weights = weights_folder(name, FILES[:4], FILES, REMEDY)
    return OnnxPair(weights.folder, weights.identity, weights.licence), weights.name
