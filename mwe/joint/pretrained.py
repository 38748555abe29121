"""The format of shared joint embeddings: a folder of safetensors and JSON, on disk or on the Hugging Face Hub.

Nothing in such a folder can run code: weights are safetensors, and the configuration may only name the encoders of
``mwe.encoders``.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, NamedTuple

from jsonargparse import ArgumentError, ArgumentParser
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from mwe import encoders
from mwe.audio.preprocessing import Preprocessing
from mwe.core.errors import BadFileError, MissingDataError, UnknownNameError
from mwe.core.files import atomic_write, read_json, write_json
from mwe.core.hub import model_folder
from mwe.encoders import AudioEncoder

Average = Literal["unit", "raw"]
FORMAT = 1
OPEN = "open"  # name of the model that comes with the package
PACKAGED = Path(str(files("mwe.joint"))) / OPEN
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
CARD = "README.md"
TAGS = "tags.parquet"
WORDS = "words"
METRICS = "metrics.json"
FETCHED = (CONFIG, WEIGHTS, CARD, TAGS, f"{WORDS}/vectors.npy", f"{WORDS}/vocabulary.json", METRICS)
SHARED_PARTS = ("encoder.", "semantic.")  # parameters of the losses are only used in training
ENCODERS: dict[str, type[AudioEncoder]] = {
    f"mwe.encoders.{name}": getattr(encoders, name) for name in encoders.__all__ if name != AudioEncoder.__name__
}
REMEDY = "Download the model again, or export it again with `mwe export`."


class Description(NamedTuple):
    """The contents of ``config.json``.

    Attributes:
        word_dim: Dimensions of its word vectors.
        average: Vectors whose mean is a track's embedding.
        encoder: ``class_path`` and ``init_args`` of the audio encoder.
        preprocessing: Steps from an audio file to the excerpts that are embedded.
        space: Name of the embedding space.
    """

    word_dim: int
    average: Average
    encoder: dict[str, Any]
    preprocessing: Preprocessing
    space: str

    def write(self, folder: Path) -> None:
        """Write ``config.json``. It is written last, so that a folder that has it is complete."""
        fields = {**self._asdict(), "preprocessing": self.preprocessing.to_dict()}
        write_json(folder / CONFIG, {"format": FORMAT, "library_name": "mwe", **fields})

    @classmethod
    def read(cls, folder: Path) -> "Description":
        """Read ``config.json``.

        Raises:
            BadFileError: It is damaged, of another version, or names an unknown class.
        """
        path, content = folder / CONFIG, read_json(folder / CONFIG)
        expected = {"format", "library_name", *cls._fields}
        if not isinstance(content, dict) or content.get("format") != FORMAT or set(content) != expected:
            raise BadFileError(path, "not in the format of this version of `mwe export`", REMEDY)
        word_dim, average, space = content["word_dim"], content["average"], content["space"]
        if type(word_dim) is not int or word_dim < 1 or average not in ("unit", "raw") or not isinstance(space, str):
            problem = f"word_dim {word_dim!r}, average {average!r} or space {space!r} is not valid"
            raise BadFileError(path, problem, REMEDY)
        try:
            encoder = known_encoder(content["encoder"])
            preprocessing = Preprocessing.from_dict(content["preprocessing"])
        except (UnknownNameError, ValueError) as error:
            raise BadFileError(path, str(error), REMEDY) from error
        return cls(word_dim, average, encoder, preprocessing, space)


def is_pretrained(folder: Path) -> bool:
    """Return whether a folder holds an exported model."""
    return (folder / CONFIG).is_file() and (folder / WEIGHTS).is_file()


def pretrained_folder(name: str | Path) -> Path:
    """Return the folder of a model by its name.

    A local folder is returned as it is. ``open`` is the model that comes with the package. A model named
    ``owner/name`` or ``owner/name@revision`` is downloaded from the Hub.

    Raises:
        MissingDataError: The Hub has no such model or cannot be reached, or its client is not installed.
    """
    if str(name) == OPEN and not Path(name).exists():
        return PACKAGED
    return model_folder(name, FETCHED)


def described_encoder(encoder: AudioEncoder, config: Any) -> dict[str, Any]:
    """Return the class path and all arguments of an encoder. A user's own class keeps its configuration unchanged.

    Args:
        encoder: The encoder.
        config: ``class_path`` and ``init_args`` that it was made from.
    """
    class_path = next((name for name, kind in ENCODERS.items() if type(encoder) is kind), None)
    config = config if isinstance(config, Mapping) else {}
    return (
        known_encoder({"class_path": class_path, "init_args": config.get("init_args")}) if class_path else dict(config)
    )


def known_encoder(config: Any) -> dict[str, Any]:
    """Return the class path and all arguments of an encoder of ``mwe.encoders``, defaults included.

    Raises:
        UnknownNameError: It is another class. Such a class is never imported.
        ValueError: The class does not take these arguments.
    """
    if not isinstance(config, Mapping) or not set(config) <= {"class_path", "init_args"}:
        raise ValueError(f"the encoder must be a class_path with init_args, not {config!r}")
    class_path = str(config.get("class_path"))
    if class_path not in ENCODERS:
        raise UnknownNameError("encoder", class_path, ENCODERS)
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(ENCODERS[class_path], "init_args")
    try:
        parsed = parser.parse_object({"init_args": dict(config.get("init_args") or {})})
    except (ArgumentError, TypeError, ValueError) as error:
        raise ValueError(f"arguments that {class_path} does not take ({error})") from error
    arguments = parsed.init_args.as_dict() if "init_args" in parsed else {}
    return {"class_path": class_path, "init_args": json.loads(json.dumps(arguments))}


def build_encoder(described: dict[str, Any]) -> AudioEncoder:
    """Build the encoder that ``known_encoder`` described."""
    return ENCODERS[described["class_path"]](**described["init_args"])


def write_weights(model: nn.Module, folder: Path) -> None:
    """Write the weights of both encoders."""
    state = {name: value.contiguous() for name, value in model.state_dict().items() if name.startswith(SHARED_PARTS)}
    with atomic_write(folder / WEIGHTS) as temporary:
        temporary.write_bytes(save(state, metadata={"format": "pt"}))


def load_weights(model: nn.Module, folder: Path) -> None:
    """Load weights into a model on the ``meta`` device, so that a configuration alone never allocates memory.

    Raises:
        BadFileError: The file is damaged, or its tensors do not match the model.
    """
    path = folder / WEIGHTS
    try:
        state = load_file(path)
    except (SafetensorError, OSError) as error:
        raise BadFileError(path, f"not a safetensors file ({error})", REMEDY) from error
    expected = {name: (tuple(value.shape), value.dtype) for name, value in model.state_dict().items()}
    stored = {name: (tuple(value.shape), value.dtype) for name, value in state.items()}
    if differing := sorted(name for name in expected.keys() | stored.keys() if expected.get(name) != stored.get(name)):
        name = differing[0]
        problem = f"{name} is {stored.get(name, 'missing')}, but the configuration expects {expected.get(name, 'none')}"
        raise BadFileError(path, problem, REMEDY)
    model.load_state_dict(state, assign=True)


def read_description(folder: Path) -> Description:
    """Read the description of a model folder.

    Raises:
        MissingDataError: There is no exported model in it.
        BadFileError: Its configuration is not valid.
    """
    if not is_pretrained(folder):
        raise MissingDataError(f"no exported model in {folder}. Make one with `mwe export RUN {folder}`.")
    return Description.read(folder)
