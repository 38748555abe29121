"""Reader of TensorFlow checkpoints (tensor bundles) that does not need TensorFlow.

A bundle is an index, which is a table in LevelDB's format with protocol buffers as values, and a data file with the
raw numbers. The reader supports one data file, uncompressed blocks and float32 tensors. It verifies every checksum, and
nothing in a bundle can run code.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MAGIC = 0xDB4775248B80FB57
FOOTER = 48
TRAILER = struct.Struct("<BI")  # compression of a block, masked checksum
FLOAT32 = 1
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
POLYNOMIAL = 0x82F63B78
MASK = 0xA282EAD8


class Entry(NamedTuple):
    """Location of a tensor in the data file.

    Attributes:
        dtype: TensorFlow's number of the data type.
        shape: Size of every axis.
        offset: First byte.
        size: Number of bytes.
        checksum: Masked CRC-32C of the bytes.
    """

    dtype: int
    shape: tuple[int, ...]
    offset: int
    size: int
    checksum: int


def read_tensors(index: bytes, data: bytes, skip: tuple[str, ...] = ()) -> dict[str, npt.NDArray[np.float32]]:
    """Return the float32 tensors of a bundle by name.

    Args:
        index: Content of the ``.index`` file.
        data: Content of the only data file.
        skip: Parts of names to leave out, such as the moments of an optimiser.

    Raises:
        ValueError: A checksum does not match, or the files are not in this format.
    """
    tensors = {}
    for name, value in _table(index):
        if not name or any(part in name for part in skip):  # the empty name is the header
            continue
        entry = _entry(value)
        if entry.dtype != FLOAT32:
            continue
        raw = data[entry.offset : entry.offset + entry.size]
        if len(raw) != entry.size or masked_crc32c(raw) != entry.checksum:
            raise ValueError(f"the checksum of tensor {name} does not match")
        tensors[name] = np.frombuffer(raw, "<f4").reshape(entry.shape)
    return tensors


def masked_crc32c(data: bytes) -> int:
    """Return the CRC-32C (Castagnoli) in the form of LevelDB and TensorFlow."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + MASK) & 0xFFFFFFFF


def _crc_of_byte(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (POLYNOMIAL if value & 1 else 0)
    return value


_CRC_TABLE = [_crc_of_byte(value) for value in range(256)]


def _table(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the keys and values of a table, in order."""
    if len(content) < FOOTER or struct.unpack("<Q", content[-8:])[0] != MAGIC:
        raise ValueError("not the index of a tensor bundle")
    _, _, position = _handle(content, len(content) - FOOTER)  # of the meta index, which is empty
    offset, size, _ = _handle(content, position)
    for _, handle in _block(content, offset, size):
        offset, size, _ = _handle(handle, 0)
        for key, value in _block(content, offset, size):
            yield key.decode(), value


def _handle(content: bytes, position: int) -> tuple[int, int, int]:
    """Return the offset and size of a block, and the position after them."""
    offset, position = _varint(content, position)
    size, position = _varint(content, position)
    return offset, size, position


def _block(content: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a block. A key is stored without the prefix that it shares with the previous key."""
    block = content[offset : offset + size]
    trailer = content[offset + size : offset + size + TRAILER.size]
    if len(block) != size or len(trailer) != TRAILER.size:
        raise ValueError("a block is beyond the end of the index")
    compression, checksum = TRAILER.unpack(trailer)
    if masked_crc32c(block + trailer[:1]) != checksum:
        raise ValueError("the checksum of a block of the index does not match")
    if compression:
        raise ValueError("the index is compressed")
    (restarts,) = struct.unpack("<I", block[-4:])
    end, position, key = size - 4 * (restarts + 1), 0, b""
    while position < end:
        shared, position = _varint(block, position)
        suffix, position = _varint(block, position)
        length, position = _varint(block, position)
        key = key[:shared] + block[position : position + suffix]
        yield key, block[position + suffix : position + suffix + length]
        position += suffix + length


def _entry(message: bytes) -> Entry:
    fields = dict(_fields(message))
    if fields.get(3, 0):
        raise ValueError("the bundle has several data files")
    dims = [dict(_fields(_bytes(value))) for number, value in _fields(_bytes(fields.get(2, b""))) if number == 2]
    shape = tuple(_number(dim.get(1, 0)) for dim in dims)
    dtype, offset, size, checksum = (_number(fields.get(number, 0)) for number in (1, 4, 5, 6))
    return Entry(dtype, shape, offset, size, checksum)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the numbers and values of a protocol buffer's fields."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, position = _varint(message, position)
            yield number, value
            continue
        size = {FIXED64: 8, FIXED32: 4}.get(kind)
        if size is None:
            if kind != BYTES:
                raise ValueError(f"a field of unknown kind {kind}")
            size, position = _varint(message, position)
        raw = message[position : position + size]
        if len(raw) != size:
            raise ValueError("a field is beyond the end of its message")
        position += size
        yield number, raw if kind == BYTES else int.from_bytes(raw, "little")


def _varint(content: bytes, position: int) -> tuple[int, int]:
    """Return a number stored in seven bits per byte, and the position after it."""
    value = shift = 0
    while position < len(content) and shift < 64:
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise ValueError("a number is beyond the end of its message")


def _number(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise ValueError("a field holds bytes instead of a number")
    return value


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a field holds a number instead of bytes")
    return value
