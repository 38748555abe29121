"""A joint embedding as it is shared: a folder of safetensors and JSON, on disk or on the Hugging Face Hub.

Nothing in such a folder can run code: weights are safetensors, and the configuration may name the encoders of
``mwe.encoders`` and no other class.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from jsonargparse import ArgumentError, ArgumentParser
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from mwe import encoders
from mwe.audio.preprocessing import Preprocessing
from mwe.core.errors import BadFileError, MissingDataError, UnknownNameError
from mwe.core.extras import require_extra
from mwe.core.files import atomic_write, read_json, write_json
from mwe.encoders import AudioEncoder

FORMAT = 1
CONFIG, WEIGHTS, CARD, TAGS, WORDS, METRICS = (
    *("config.json", "model.safetensors", "README.md"),
    *("tags.parquet", "words", "metrics.json"),
)
FETCHED = (CONFIG, WEIGHTS, CARD, TAGS, f"{WORDS}/vectors.npy", f"{WORDS}/vocabulary.json", METRICS)
SHARED_PARTS = ("encoder.", "semantic.")  # what a loss learnt beside them is of no use to others
ENCODERS: dict[str, type[AudioEncoder]] = {
    f"mwe.encoders.{name}": getattr(encoders, name) for name in encoders.__all__ if name != AudioEncoder.__name__
}
REMEDY = "Fetch the model anew, or export it anew with `mwe export`."

_HUB_ID = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")


class Description(NamedTuple):
    """What ``config.json`` says of a model.

    Attributes:
        word_dim: Dimensions of its word vectors.
        average: What a track's embedding is the mean of.
        encoder: ``class_path`` and ``init_args`` of the audio encoder.
        preprocessing: From an audio file to the excerpts that are embedded.
        space: Name of the embedding space.
    """

    word_dim: int
    average: Literal["unit", "raw"]
    encoder: dict[str, Any]
    preprocessing: Preprocessing
    space: str

    def write(self, folder: Path) -> None:
        """Write ``config.json``; it comes last, so that a folder with one is whole."""
        told = {**self._asdict(), "preprocessing": self.preprocessing.to_dict()}
        write_json(folder / CONFIG, {"format": FORMAT, "library_name": "mwe", **told})

    @classmethod
    def read(cls, folder: Path) -> "Description":
        """Read ``config.json``.

        Raises:
            BadFileError: It is damaged, of another version, or names a class that is not known.
        """
        path, content = folder / CONFIG, read_json(folder / CONFIG)
        expected = {"format", "library_name", *cls._fields}
        if not isinstance(content, dict) or content.get("format") != FORMAT or set(content) != expected:
            raise BadFileError(path, "not as this version of `mwe export` writes it", REMEDY)
        word_dim, average, space = content["word_dim"], content["average"], content["space"]
        if type(word_dim) is not int or word_dim < 1 or average not in ("unit", "raw") or not isinstance(space, str):
            what = f"word_dim {word_dim!r}, average {average!r} and space {space!r} do not fit"
            raise BadFileError(path, what, REMEDY)
        try:
            encoder = known_encoder(content["encoder"])
            preprocessing = Preprocessing.from_dict(content["preprocessing"])
        except (UnknownNameError, ValueError) as error:
            raise BadFileError(path, str(error), REMEDY) from error
        return cls(word_dim, average, encoder, preprocessing, space)


def is_pretrained(folder: Path) -> bool:
    """Whether a folder holds what ``mwe export`` writes."""
    return (folder / CONFIG).is_file() and (folder / WEIGHTS).is_file()


def pretrained_folder(name: str | Path) -> Path:
    """A folder as it is; of ``owner/name`` (``owner/name@revision``) that is none, the copy of the Hub's.

    Raises:
        MissingDataError: The Hub has no such model or cannot be reached, or its client is not installed.
    """
    hub_id = _HUB_ID.fullmatch(str(name))
    if hub_id is None or Path(name).exists():
        return Path(name)
    hub = require_extra("huggingface_hub", "hub", f"{name} is no folder here; the Hugging Face Hub needs its client")
    try:
        return Path(
            hub.snapshot_download(hub_id["repository"], revision=hub_id["revision"], allow_patterns=list(FETCHED))
        )
    except (OSError, ValueError) as error:  # all that the client raises is one of them
        what = str(error).strip().splitlines()[0]
        raise MissingDataError(
            f"{name} is neither a folder here nor a model on the Hugging Face Hub ({what})"
        ) from error


def described_encoder(encoder: AudioEncoder, given: Any) -> dict[str, Any]:
    """Class path and all arguments of an encoder; of one of the user's own as it was given.

    Args:
        encoder: The encoder.
        given: ``class_path`` and ``init_args`` that it was made from.
    """
    own = next((name for name, kind in ENCODERS.items() if type(encoder) is kind), None)
    given = given if isinstance(given, Mapping) else {}
    return known_encoder({"class_path": own, "init_args": given.get("init_args")}) if own else dict(given)


def known_encoder(given: Any) -> dict[str, Any]:
    """Class path and all arguments of an encoder of ``mwe.encoders``, those that were not given among them.

    Raises:
        UnknownNameError: It is another class, which is neither imported nor made.
        ValueError: It has no such arguments.
    """
    if not isinstance(given, Mapping) or not set(given) <= {"class_path", "init_args"}:
        raise ValueError(f"the encoder is no class_path with init_args but {given!r}")
    class_path = str(given.get("class_path"))
    if class_path not in ENCODERS:
        raise UnknownNameError("encoder", class_path, ENCODERS)
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(ENCODERS[class_path], "init_args")
    try:
        parsed = parser.parse_object({"init_args": dict(given.get("init_args") or {})})
    except (ArgumentError, TypeError, ValueError) as error:
        raise ValueError(f"arguments that {class_path} does not take ({error})") from error
    arguments = parsed.init_args.as_dict() if "init_args" in parsed else {}
    return {"class_path": class_path, "init_args": json.loads(json.dumps(arguments))}


def build_encoder(described: dict[str, Any]) -> AudioEncoder:
    """The encoder that ``known_encoder`` described."""
    return ENCODERS[described["class_path"]](**described["init_args"])


def write_weights(model: nn.Module, folder: Path) -> None:
    """Write the weights that others need."""
    state = {name: value.contiguous() for name, value in model.state_dict().items() if name.startswith(SHARED_PARTS)}
    with atomic_write(folder / WEIGHTS) as temporary:
        temporary.write_bytes(save(state, metadata={"format": "pt"}))


def load_weights(model: nn.Module, folder: Path) -> None:
    """Give a model on the ``meta`` device its weights: what the configuration asks for never takes memory by itself.

    Raises:
        BadFileError: The file is damaged, or its tensors are not those of the model.
    """
    path = folder / WEIGHTS
    try:
        state = load_file(path)
    except (SafetensorError, OSError) as error:
        raise BadFileError(path, f"not a safetensors file ({error})", REMEDY) from error
    wanted = {name: (tuple(value.shape), value.dtype) for name, value in model.state_dict().items()}
    found = {name: (tuple(value.shape), value.dtype) for name, value in state.items()}
    if differing := sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)):
        name = differing[0]
        what = f"{name} is {found.get(name, 'missing')}, configured is {wanted.get(name, 'nothing')}"
        raise BadFileError(path, what, REMEDY)
    model.to_empty(device="cpu").load_state_dict(state)


def read_description(folder: Path) -> Description:
    """What a folder says of its model.

    Raises:
        MissingDataError: It is not there, or holds no exported model.
        BadFileError: Its configuration cannot be used.
    """
    if not is_pretrained(folder):
        raise MissingDataError(f"no exported model in {folder}. Make one with `mwe export RUN {folder}`.")
    return Description.read(folder)
