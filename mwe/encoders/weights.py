"""Published weights of the towers, from the package that ships them.

The wheel is downloaded by pip and checked by its hash, or read from disk. No code in it runs: its TensorFlow
checkpoints are read as numbers, converted once to safetensors in the cache, and verified at every loading.
"""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from mwe.core.errors import BadFileError, UnknownNameError
from mwe.core.files import atomic_write, read_json, write_text
from mwe.core.paths import cache_root
from mwe.core.wheels import PinnedWheel, fetching
from mwe.encoders.tensor_bundle import read_tensors

DECLARATION = Path(str(files("mwe.encoders"))) / "published_weights.json"
LICENCE = "LICENCE.txt"
OPTIMISER = ("Adam", "beta1_power", "beta2_power")
# from layers of TensorFlow, which omits the number of the first layer of a kind, to ours
LAYERS = {
    "musicnn": {
        **{f"conv2d_{index}": f"filters.{index}.convolution" for index in range(5)},
        **{f"conv2d_{5 + index}": f"middle.{index}" for index in range(3)},
        "batch_normalization_0": "input_norm",
        **{f"batch_normalization_{1 + index}": f"filters.{index}.norm" for index in range(5)},
        **{f"batch_normalization_{6 + index}": f"middle_norms.{index}" for index in range(3)},
        "batch_normalization_9": "pooled_norm",
        "batch_normalization_10": "dense_norm",
        "dense_0": "dense",
        "dense_1": "tags",
    },
    "vgg": {
        **{f"{1 + index}CNN_0": f"filters.{index}.convolution" for index in range(5)},
        "batch_normalization_0": "input_norm",
        **{f"batch_normalization_{1 + index}": f"filters.{index}.norm" for index in range(5)},
        "dense_0": "tags",
    },
}
PARTS = {
    **{"kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"},
    **{"moving_mean": "running_mean", "moving_variance": "running_var"},
}
REMEDY = "Delete {} and fetch the weights again with `mwe weights`."


@cache
def declaration() -> Mapping[str, Any]:
    """Return the pinned wheel, the tensors of each network, the names of the tags and the licence."""
    declared: Mapping[str, Any] = read_json(DECLARATION)
    return declared


def published_tags(collection: str) -> tuple[str, ...]:
    """Return the names of the tags of a collection's networks, in the order of their outputs."""
    return tuple(declaration()["tags"][collection])


def weights_folder() -> Path:
    """Return the folder of the converted weights in the cache."""
    return cache_root() / "towers" / f"{declaration()['package']}-{declaration()['version']}"


def published_state(network: str) -> dict[str, Tensor]:
    """Return the verified weights of a published network; fetch them first if the cache lacks them.

    Args:
        network: ``msd_musicnn``, ``mtt_musicnn``, ``msd_vgg`` or ``mtt_vgg``.

    Raises:
        UnknownNameError: There is no such network.
        MissingDataError: The cache lacks the weights, and they cannot be fetched.
        BadFileError: The weights in the cache are not the published ones.
    """
    if network not in declaration()["tensors"]:
        raise UnknownNameError("network", network, declaration()["tensors"])
    path = weights_folder() / f"{network}.safetensors"
    if not path.is_file():
        fetch_weights()
    try:
        state = load_file(path)
    except (SafetensorError, OSError) as error:
        raise BadFileError(path, f"not a safetensors file ({error})", REMEDY.format(path)) from error
    actual, expected = digest(state), declaration()["tensors"][network]
    if actual != expected:
        message = f"not the published weights (SHA-256 of the tensors {actual}, published {expected})"
        raise BadFileError(path, message, REMEDY.format(path))
    return state


def fetch_weights(wheel: Path | None = None) -> list[Path]:
    """Fetch the wheel and convert the weights that the cache lacks. Resume an interrupted run.

    Args:
        wheel: Path of the wheel; by default pip downloads it from its configured index.

    Returns:
        The files of all networks.

    Raises:
        MissingDataError: The wheel cannot be fetched.
        BadFileError: The wheel is not the published one.
        CannotWriteError: The disk is full, or the cache cannot be written.
    """
    folder = weights_folder()
    paths = {network: folder / f"{network}.safetensors" for network in declaration()["tensors"]}
    with fetching(folder):
        if wheel is not None:
            pinned_wheel().verify(wheel)
        missing = [network for network, path in paths.items() if not path.is_file()]
        if missing:
            cached = folder / pinned_wheel().name  # left by a run that was interrupted during conversion
            source = wheel or (cached if cached.is_file() else _download(cached))
            for network in missing:
                _convert(source, network, paths[network])
            cached.unlink(missing_ok=True)
        write_text(folder / LICENCE, declaration()["licence_text"])
    return list(paths.values())


def pinned_wheel() -> PinnedWheel:
    """Return the wheel that ships the weights."""
    declared = declaration()
    name = f"{declared['package']}-{declared['version']}-py3-none-any.whl"
    return PinnedWheel(declared["package"], declared["version"], declared["sha256"], name, "the weights")


def digest(state: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of tensors by name, type, shape and content, independent of their file format."""
    total = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].contiguous()
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        total.update(tensor.numpy().tobytes())
    return total.hexdigest()


def converted(index: bytes, data: bytes, architecture: str) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint with the names and layouts of our networks.

    Args:
        index: Content of the checkpoint's index.
        data: Content of its data file.
        architecture: ``musicnn`` or ``vgg``.

    Raises:
        ValueError: The checkpoint is damaged.
    """
    state = {}
    for name, array in read_tensors(index, data, skip=OPTIMISER).items():
        layer, _, part = name.partition("/")
        target = LAYERS[architecture][layer if re.search(r"_\d+$", layer) else f"{layer}_0"]
        state[f"{target}.{PARTS[part]}"] = torch.from_numpy(_transposed(array, target).copy())
        if part == "moving_mean":
            state[f"{target}.num_batches_tracked"] = torch.tensor(0)
    return state


def _transposed(array: npt.NDArray[np.float32], target: str) -> npt.NDArray[np.float32]:
    """Return kernels with the outputs first. Kernels of the middle layers have no axis of mel bands."""
    if array.ndim == 4:
        kernel = array.transpose(3, 2, 0, 1)
        return kernel[:, 0].swapaxes(1, 2) if target.startswith("middle") else kernel
    return array.T if array.ndim == 2 else array


def _download(target: Path) -> Path:
    return pinned_wheel().download(target)


def _convert(wheel: Path, network: str, path: Path) -> None:
    collection, _, architecture = network.partition("_")
    prefix = f"{declaration()['package']}/{collection.upper()}_{architecture}/"
    index, data = pinned_wheel().members(wheel, [f"{prefix}.index", f"{prefix}.data-00000-of-00001"])
    state = converted(index, data, architecture)
    with atomic_write(path) as temporary:
        temporary.write_bytes(save(state, metadata={"format": "pt"}))
