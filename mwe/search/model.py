"""A trained run as the library uses it: the model, what its input must look like, and the name of its space."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from jsonargparse import ArgumentError, ArgumentParser
from pytorch_lightning import LightningDataModule

from mwe.audio.decode import MAX_SECONDS, MIN_SECONDS
from mwe.audio.logmel import MelSettings
from mwe.audio.shards import read_settings
from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError
from mwe.core.files import sha256
from mwe.joint import AudioWordDataModule, JointEmbedding
from mwe.words import WordVectors

CONFIGURATION = "fit.yaml"
CHECKPOINT = "checkpoints/last.ckpt"
WORD_ROWS = 65_536


@dataclass(frozen=True)
class Preprocessing:
    """From an audio file to the excerpts that are embedded.

    Args:
        mel: Window, hop and bands.
        seconds: Length of an excerpt.
        excerpts: Evenly spaced excerpts a track.
        min_seconds: Shorter files are skipped.
        max_seconds: Longer files are read up to here.
    """

    mel: MelSettings
    seconds: float
    excerpts: int
    min_seconds: float = MIN_SECONDS
    max_seconds: float = MAX_SECONDS

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {**vars(self), "mel": self.mel.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Preprocessing":
        """Undoes ``to_dict``."""
        return cls(**{**values, "mel": MelSettings.from_dict(values["mel"])})


class TrainedModel:
    """A run of ``mwe fit``: its last checkpoint, and where they are needed its data and its word vectors.

    Args:
        run: The run folder. Relative paths in its configuration count from the current folder, as in training, or else
            from the nearest folder above the run where they lead to something.
        preprocessing: What the model is fed, where it is known; by default as in the run's own evaluation.

    Raises:
        MissingDataError: The run has no configuration or checkpoint.
        BadFileError: The checkpoint cannot be used.
    """

    def __init__(self, run: str | Path, preprocessing: Preprocessing | None = None) -> None:
        self.run = Path(run)
        for name in (CONFIGURATION, CHECKPOINT):
            if not (self.run / name).is_file():
                raise MissingDataError(f"{self.run / name} not found, so that is no run. Train one with `mwe fit`.")
        self.model = _model(self.run / CHECKPOINT)
        self._preprocessing = preprocessing

    @cached_property
    def data(self) -> AudioWordDataModule:
        """The run's collection, mel store and word vectors.

        Raises:
            MissingDataError: The word vectors are not there.
            BadFileError: The configuration or the word vectors cannot be used.
        """
        return _data(self.run / CONFIGURATION, self.run)

    @cached_property
    def preprocessing(self) -> Preprocessing:
        """From an audio file to the excerpts that are embedded.

        Raises:
            StaleArtefactError: The run needs spectrograms that cannot be made of audio, or its mel store is gone.
        """
        if self._preprocessing is not None:
            return self._preprocessing
        return Preprocessing(self._mel(), self.data.seconds, self.data.test_excerpts)

    @property
    def dim(self) -> int:
        """Dimensions of the joint space."""
        return self.model.row_width()

    @cached_property
    def space(self) -> str:
        """Name of the embedding space: a hash of weights, model and preprocessing."""
        digest = hashlib.sha256()
        state = self.model.state_dict()
        for name in sorted(state):
            array = state[name].detach().cpu().contiguous()
            digest.update(f"{name} {array.dtype} {tuple(array.shape)}\n".encode())
            digest.update(array.reshape(-1).view(torch.uint8).numpy().tobytes())
        kept = {name: self.model.hparams.get(name) for name in ("_class_path", "encoder", "average")}
        told = {"model": kept, "average": self.model.average, "preprocessing": self.preprocessing.to_dict()}
        digest.update(json.dumps(told, sort_keys=True, default=str).encode())
        return digest.hexdigest()[:16]

    @property
    def words(self) -> WordVectors:
        """The word vectors the run was trained with."""
        return self.data.vectors

    @cached_property
    def words_hash(self) -> str:
        """Hash of the word vectors' files and of the space they are encoded into."""
        files = (sha256(self.data.words_folder / name) for name in ("vectors.npy", "vocabulary.json"))
        return hashlib.sha256("".join([self.space, *files]).encode()).hexdigest()[:16]

    @torch.inference_mode()
    def encode_words(self, word_VW: np.ndarray) -> np.ndarray:
        """Word vectors in the joint space, float32 (V, D)."""
        return self.model.prototype(torch.tensor(word_VW, dtype=torch.float32)).numpy()

    def require_means(self) -> None:
        """Require that the code of a mean of words is the mean of their codes, which queries of several words rely on.

        Raises:
            StaleArtefactError: The semantic encoder is not affine.
        """
        pair = torch.randn(2, self.words.dim, generator=torch.Generator().manual_seed(0)).numpy()
        together, apart = self.encode_words(pair.mean(axis=0, keepdims=True)), self.encode_words(pair).mean(axis=0)
        if not np.allclose(together[0], apart, atol=1e-4, rtol=1e-3):
            raise StaleArtefactError(f"{self.run}: its semantic encoder is not affine, so words cannot be averaged")

    def _mel(self) -> MelSettings:
        if self.data.mel is None:
            raise StaleArtefactError(
                f"{self.run} was trained on spectrograms that its collection publishes, and audio files cannot be "
                "turned into those. Train on a mel store (`mwe mel`)."
            )
        return read_settings(self.data.mel)


def _model(path: Path) -> JointEmbedding:
    try:
        model = JointEmbedding.load_from_checkpoint(path, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling, parsing and loading fail in many ways; nothing of the file has been run
        what = f"not a checkpoint of a JointEmbedding ({type(error).__name__}: {str(error).strip()[:300]})"
        raise BadFileError(path, what, "Give the run folder of a JointEmbedding that `mwe fit` trained.") from error
    return model.eval().requires_grad_(False)


def _data(path: Path, run: Path) -> AudioWordDataModule:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(LightningDataModule, "data")
    remedy = "Give the run folder of a JointEmbedding that `mwe fit` trained."
    try:
        content = _anchored(yaml.safe_load(path.read_text(encoding="utf-8"))["data"], run.resolve())
        data = parser.instantiate_classes(parser.parse_object({"data": content})).data
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, ArgumentError) as error:
        raise BadFileError(path, f"not the configuration of a fit ({error})", remedy) from error
    if not isinstance(data, AudioWordDataModule):
        raise BadFileError(path, f"its data are a {type(data).__name__}, not an AudioWordDataModule", remedy)
    return data


def _anchored(part: Any, run: Path) -> Any:
    """A configuration whose relative paths lead to something, as far as such can be found above the run."""
    if isinstance(part, dict):
        return {name: _anchored(one, run) for name, one in part.items()}
    if not isinstance(part, str) or "/" not in part or Path(part).exists():
        return part
    return next((str(folder / part) for folder in run.parents if (folder / part).exists()), part)
