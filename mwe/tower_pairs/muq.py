"""MuQ-MuLan as a tower pair, by the package ``muq``. Its code is under MIT, its weights under CC BY-NC 4.0.

Shape suffixes: B sounds or texts, T samples, D dimensions.
"""

import contextlib
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from mwe.core.errors import BadFileError, MissingDataError, expecting
from mwe.core.files import read_json
from mwe.tower_pairs.protocol import NOT_STATED, PairDescription
from mwe.tower_pairs.weights import weights_folder

FILES = ("model*.safetensors", "*.json", "sentencepiece.bpe.model")
REQUIRED = ("model.safetensors", "config.json")
BASES = {"audio_model": "muq", "text_model": "xlm-roberta"}  # parts of the configuration, and what their models are
ALIASES = {"xlm-roberta-base": "FacebookAI/xlm-roberta-base"}  # former names on the Hub
LAST_TRANSFORMERS = 4  # later ones give the package no hidden states
REMEDY = "Give the folder of MuQ-MuLan-large, with safetensors."


class MuqPair(nn.Module):
    """A MuQ-MuLan model.

    Its text tower averages over padding too, so that a text has another vector beside longer ones: here each text is
    encoded alone. Its configuration names two models that it is built on; they are fetched without code, and any that
    brings code is refused, since the package would run it.

    Args:
        folder: Folder of ``config.json`` and ``model.safetensors``.
        identity: Name of its space.
        licence: Licence of the weights.

    Raises:
        MissingDataError: The package ``muq``, or a model that it is built on, is missing.
        BadFileError: The files cannot be used.
    """

    def __init__(self, folder: Path, identity: str, licence: str = NOT_STATED) -> None:
        super().__init__()
        muq = _package()
        config = read_json(folder / "config.json")
        with expecting(folder / "config.json", "not the configuration of MuQ-MuLan", REMEDY):
            for part, kind in BASES.items():
                config[part]["name"] = str(_base(folder, config[part]["name"], kind))
            rate, seconds, dim = (config["mulan"][name] for name in ("sr", "clip_secs", "dim_latent"))
            self.description = PairDescription(identity, dim, rate, float(seconds), licence=licence)
        with _as_bad_file(folder):
            self.model: Any = muq.MuQMuLan(config=config)
            self.model.load_state_dict(load_file(folder / "model.safetensors"))
        self.model.eval().requires_grad_(False)

    @torch.inference_mode()
    def encode_audio(self, waveform_BT: Tensor, rate: int) -> Tensor:
        """Return vectors (B, D) of excerpts (B, T)."""
        vector_BD: Tensor = self.model(wavs=waveform_BT)
        return vector_BD

    @torch.inference_mode()
    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """Return vectors (B, D) of texts, each encoded alone."""
        return torch.cat([self.model(texts=[text]) for text in texts])


def _package() -> Any:
    """Import the package.

    Raises:
        MissingDataError: It is not installed, or a package that it needs does not fit.
    """
    try:
        import muq
    except (ImportError, OSError) as error:  # torchaudio raises OSError where its library does not fit PyTorch
        reason = str(error).splitlines()[0]
        raise MissingDataError(
            f"MuQ-MuLan needs the package muq, which cannot be imported ({reason}). Install it with `pip install muq`; "
            "its torchaudio must be built for the same PyTorch as the one installed."
        ) from error
    if int(version("transformers").partition(".")[0]) > LAST_TRANSFORMERS:
        raise MissingDataError(
            f"MuQ-MuLan needs transformers {LAST_TRANSFORMERS}: the package muq 0.1.0 does not run with "
            f"{version('transformers')}. Use an environment of its own with `pip install muq 'transformers<5'`."
        )
    return muq


def _base(folder: Path, name: str, kind: str) -> Path:
    """Return the local folder of a model that a tower is built on: beside the weights, or from the Hub.

    Raises:
        BadFileError: It is another kind of model, or brings code.
    """
    if kind not in name.lower():
        raise BadFileError(folder / "config.json", f"is built on {name!r}, which is no {kind}", REMEDY)
    beside = folder / Path(name).name
    name = str(beside) if beside.is_dir() else ALIASES.get(name, name)
    base = weights_folder(name, REQUIRED, FILES, REMEDY).folder.resolve()
    for path in base.glob("*.json"):
        if "auto_map" in path.read_text("utf-8", errors="replace"):
            raise BadFileError(path, "names code, which the package would run", "Take the published model.")
    if kind not in str(base).lower():  # the package tells by the name what a model is
        raise BadFileError(base, f"its path does not name a {kind}", f"Keep it in a folder with {kind} in its name.")
    return base


@contextlib.contextmanager
def _as_bad_file(folder: Path) -> Iterator[None]:
    """Report what libraries raise of damaged files as errors of their folder; no code of the folder has run."""
    try:
        yield
    except Exception as error:
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise BadFileError(folder, f"not a MuQ-MuLan model ({reason[0][:300]})", REMEDY) from error


def open_muq(name: str) -> tuple[MuqPair, str]:
    """Open a MuQ-MuLan model from a folder or the Hugging Face Hub; return it with its lasting name.

    Raises:
        MissingDataError: The folder is missing, or the Hub cannot be reached.
        BadFileError: The files cannot be used.
    """
    weights = weights_folder(name, REQUIRED, FILES, REMEDY)
    return MuqPair(weights.folder, weights.identity, weights.licence), weights.name
