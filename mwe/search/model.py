"""A trained model for the library: a run or an export, its preprocessing, and the name of its embedding space."""

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jsonargparse import ArgumentError, ArgumentParser

from mwe.audio.mel_settings import MelSettings
from mwe.audio.preprocessing import Preprocessing
from mwe.audio.store_settings import read_settings
from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError
from mwe.core.files import read_yaml, sha256
from mwe.joint.pretrained import (
    CONFIG,
    REMEDY,
    SHARED_PARTS,
    WORDS,
    Description,
    described_encoder,
    is_pretrained,
    pretrained_folder,
)
from mwe.joint.towers import JointTowers
from mwe.words import WordVectors

if TYPE_CHECKING:
    from mwe.joint import AudioWordDataModule, JointEmbedding

CONFIGURATION = "fit.yaml"
CHECKPOINT = "checkpoints/last.ckpt"
WORD_ROWS = 65_536


class TrainedModel:
    """The last checkpoint of a run of ``mwe fit``, or an export by ``mwe export``.

    Args:
        run: The run folder, the folder of an export, or the name of an export on the Hugging Face Hub. Relative paths
            in the configuration of a run are relative to the current folder, as in training, or else to the nearest
            folder above the run in which they exist.
        preprocessing: Preprocessing of audio, if known; by default that of the run's evaluation.

    Raises:
        MissingDataError: The folder has neither a run nor an export.
        BadFileError: The weights cannot be used.
    """

    def __init__(self, run: str | Path, preprocessing: Preprocessing | None = None) -> None:
        self.run = pretrained_folder(run)
        self.exported = is_pretrained(self.run)
        self._preprocessing = preprocessing
        self.model: JointEmbedding | JointTowers
        if self.exported:
            towers = JointTowers.from_folder(self.run).requires_grad_(False)
            self.model = towers
            self._require_as_described(towers.described)
            return
        for name in (CONFIGURATION, CHECKPOINT):
            if not (self.run / name).is_file():
                raise MissingDataError(
                    f"{self.run / name} not found: the folder is neither a run nor an export. Train with `mwe fit`."
                )
        self.model = _model(self.run / CHECKPOINT)

    @cached_property
    def data(self) -> "AudioWordDataModule":
        """The run's collection, mel store and word vectors.

        Raises:
            MissingDataError: The word vectors are missing, or this is an export, which has no collection.
            BadFileError: The configuration or the word vectors cannot be used.
        """
        if self.exported:
            raise MissingDataError(
                f"{self.run} is an exported model without its training collection. Use the run folder"
            )
        return _data(self.run / CONFIGURATION, self.run)

    @cached_property
    def preprocessing(self) -> Preprocessing:
        """Preprocessing from an audio file to the excerpts to embed.

        Raises:
            StaleArtefactError: The run needs spectrograms that cannot be computed from audio, or its checkpoint lacks
                the preprocessing and its mel store is missing.
        """
        model, saved = self.model, self._preprocessing
        if saved is None:
            saved = model.described.preprocessing if isinstance(model, JointTowers) else model.preprocessing
        return saved or Preprocessing(self._mel(), self.data.seconds, self.data.test_excerpts)

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
        model = self.model
        given = model.described.encoder if isinstance(model, JointTowers) else model.hparams.get("encoder")
        return described_encoder(model.encoder, given)

    @cached_property
    def words(self) -> WordVectors:
        """The word vectors the model was trained with."""
        return WordVectors.load(self.words_folder) if self.exported else self.data.vectors

    @property
    def words_folder(self) -> Path:
        """Folder of the word vectors."""
        return self.run / WORDS if self.exported else self.data.words_folder

    @cached_property
    def words_hash(self) -> str:
        """Hash of the word vectors' files and of the space they are encoded into."""
        files = (sha256(self.words_folder / name) for name in ("vectors.npy", "vocabulary.json"))
        return hashlib.sha256("".join([self.space, *files]).encode()).hexdigest()[:16]

    @torch.inference_mode()
    def encode_words(self, word_VW: np.ndarray) -> np.ndarray:
        """Return word vectors in the joint space, float32 (V, D)."""
        return self.model.prototype(torch.tensor(word_VW, dtype=torch.float32)).numpy()

    def require_means(self) -> None:
        """Require that the encoding of a mean of words is the mean of their encodings, for queries of several words.

        Raises:
            StaleArtefactError: The semantic encoder is not affine.
        """
        pair = torch.randn(2, self.words.dim, generator=torch.Generator().manual_seed(0)).numpy()
        together, apart = self.encode_words(pair.mean(axis=0, keepdims=True)), self.encode_words(pair).mean(axis=0)
        if not np.allclose(together[0], apart, atol=1e-4, rtol=1e-3):
            raise StaleArtefactError(f"{self.run}: its semantic encoder is not affine, so words cannot be averaged")

    def _space_of(self, preprocessing: Preprocessing) -> str:
        return space_of(self.model, self.encoder, preprocessing)

    def _require_as_described(self, described: Description) -> None:
        """Require that weights, configuration and words of an export belong together."""
        words = WordVectors.load(self.words_folder)
        space = self._space_of(described.preprocessing)
        if (described.space, described.word_dim) != (space, words.dim):
            message = f"says embedding space {described.space} for words of {described.word_dim} dimensions, "
            raise BadFileError(self.run / CONFIG, f"{message}its files are of {space} and {words.dim}", REMEDY)

    def _mel(self) -> MelSettings:
        if self.data.mel is None:
            raise StaleArtefactError(
                f"{self.run} was trained on published spectrograms, which cannot be computed from audio files. "
                "Train on a mel store (`mwe data mel`)."
            )
        return read_settings(self.data.mel)


def space_of(model: "JointEmbedding | JointTowers", encoder: dict[str, Any], preprocessing: Preprocessing) -> str:
    """Return the name of an embedding space: a hash of weights, model and preprocessing.

    Args:
        model: The joint embedding.
        encoder: Class path and arguments of its audio encoder.
        preprocessing: From an audio file to the excerpts that are embedded.
    """
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        if name.startswith(SHARED_PARTS):
            array = value.detach().cpu().contiguous()
            digest.update(f"{name} {array.dtype} {tuple(array.shape)}\n".encode())
            digest.update(array.reshape(-1).view(torch.uint8).numpy().tobytes())
    described = {"encoder": encoder, "average": model.average, "preprocessing": preprocessing.to_dict()}
    digest.update(json.dumps(described, sort_keys=True, default=str).encode())
    return digest.hexdigest()[:16]


def _model(path: Path) -> "JointEmbedding":
    from mwe.joint import JointEmbedding  # an export needs none of the trainer's packages

    try:
        model = JointEmbedding.load_from_checkpoint(path, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling, parsing and loading fail in many ways; no code of the file has run
        message = f"not a checkpoint of a JointEmbedding ({type(error).__name__}: {str(error).strip()[:300]})"
        raise BadFileError(path, message, "Give the run folder of a JointEmbedding that `mwe fit` trained.") from error
    return model.eval().requires_grad_(False)


def _data(path: Path, run: Path) -> "AudioWordDataModule":
    from pytorch_lightning import LightningDataModule

    from mwe.joint import AudioWordDataModule

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
    """Return a configuration whose relative paths exist, if they do in a folder above the run."""
    if isinstance(part, dict):
        return {name: _anchored(value, run) for name, value in part.items()}
    if not isinstance(part, str) or "/" not in part or Path(part).exists():
        return part
    return next((str(folder / part) for folder in run.parents if (folder / part).exists()), part)
