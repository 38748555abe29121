"""A trained model as the library uses it: a run or an export, what its input must look like, the name of its space."""

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jsonargparse import ArgumentError, ArgumentParser
from pytorch_lightning import LightningDataModule

from mwe.audio.logmel import MelSettings
from mwe.audio.preprocessing import Preprocessing
from mwe.audio.shards import read_settings
from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError
from mwe.core.files import read_yaml, sha256
from mwe.joint import AudioWordDataModule, JointEmbedding
from mwe.joint.pretrained import (
    CONFIG,
    REMEDY,
    SHARED_PARTS,
    WORDS,
    described_encoder,
    is_pretrained,
    pretrained_folder,
    read_description,
)
from mwe.words import WordVectors

CONFIGURATION = "fit.yaml"
CHECKPOINT = "checkpoints/last.ckpt"
WORD_ROWS = 65_536


class TrainedModel:
    """A run of ``mwe fit``, of which the last checkpoint counts, or what ``mwe export`` made of one.

    Args:
        run: The run folder, the folder of an export, or the name of an export on the Hugging Face Hub. Relative paths
            in the configuration of a run count from the current folder, as in training, or else from the nearest folder
            above the run where they lead to something.
        preprocessing: What the model is fed, where it is known; by default as in the run's own evaluation.

    Raises:
        MissingDataError: The folder holds neither a run nor an export.
        BadFileError: The weights cannot be used.
    """

    def __init__(self, run: str | Path, preprocessing: Preprocessing | None = None) -> None:
        self.run = pretrained_folder(run)
        self.exported = is_pretrained(self.run)
        self._preprocessing = preprocessing
        if self.exported:
            self.model = JointEmbedding.from_pretrained(self.run).requires_grad_(False)
            self._require_as_described()
            return
        for name in (CONFIGURATION, CHECKPOINT):
            if not (self.run / name).is_file():
                raise MissingDataError(
                    f"{self.run / name} not found, so that is no run, nor is it an export. Train one with `mwe fit`."
                )
        self.model = _model(self.run / CHECKPOINT)

    @cached_property
    def data(self) -> AudioWordDataModule:
        """The run's collection, mel store and word vectors.

        Raises:
            MissingDataError: The word vectors are not there, or this is an export, which has no collection.
            BadFileError: The configuration or the word vectors cannot be used.
        """
        if self.exported:
            raise MissingDataError(f"{self.run} is an exported model: the collection it was trained on is not with it")
        return _data(self.run / CONFIGURATION, self.run)

    @cached_property
    def preprocessing(self) -> Preprocessing:
        """From an audio file to the excerpts that are embedded.

        Raises:
            StaleArtefactError: The run needs spectrograms that cannot be made of audio, or it was trained before
                checkpoints told the preprocessing and its mel store is gone.
        """
        found = self._preprocessing or self.model.preprocessing
        return found or Preprocessing(self._mel(), self.data.seconds, self.data.test_excerpts)

    @property
    def dim(self) -> int:
        """Dimensions of the joint space."""
        return self.model.row_width()

    @cached_property
    def space(self) -> str:
        """Name of the embedding space: a hash of weights, model and preprocessing."""
        return self._space_of(self.preprocessing)

    @property
    def encoder(self) -> dict[str, Any]:
        """Class path and arguments of the audio encoder."""
        return described_encoder(self.model.encoder, self.model.hparams.get("encoder"))

    @cached_property
    def words(self) -> WordVectors:
        """The word vectors the model was trained with."""
        return WordVectors.load(self.words_folder) if self.exported else self.data.vectors

    @property
    def words_folder(self) -> Path:
        """Their folder."""
        return self.run / WORDS if self.exported else self.data.words_folder

    @cached_property
    def words_hash(self) -> str:
        """Hash of the word vectors' files and of the space they are encoded into."""
        files = (sha256(self.words_folder / name) for name in ("vectors.npy", "vocabulary.json"))
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

    def _space_of(self, preprocessing: Preprocessing) -> str:
        digest = hashlib.sha256()
        for name, value in sorted(self.model.state_dict().items()):
            if name.startswith(SHARED_PARTS):
                array = value.detach().cpu().contiguous()
                digest.update(f"{name} {array.dtype} {tuple(array.shape)}\n".encode())
                digest.update(array.reshape(-1).view(torch.uint8).numpy().tobytes())
        told = {"encoder": self.encoder, "average": self.model.average, "preprocessing": preprocessing.to_dict()}
        digest.update(json.dumps(told, sort_keys=True, default=str).encode())
        return digest.hexdigest()[:16]

    def _require_as_described(self) -> None:
        """Require that weights, configuration and words of an export are those that were written together."""
        described, words = read_description(self.run), WordVectors.load(self.words_folder)
        found = self._space_of(described.preprocessing)
        if (described.space, described.word_dim) != (found, words.dim):
            what = f"says embedding space {described.space} for words of {described.word_dim} dimensions, "
            raise BadFileError(self.run / CONFIG, f"{what}its files are of {found} and {words.dim}", REMEDY)

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
    configured = read_yaml(path, remedy)
    try:
        content = _anchored(configured["data"], run.resolve())
        data = parser.instantiate_classes(parser.parse_object({"data": content})).data
    except (KeyError, TypeError, ArgumentError) as error:
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
