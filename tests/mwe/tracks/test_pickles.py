"""Pickles of others: plain values come out as they went in, hostile ones run nothing."""

import collections
import os
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mwe.core.errors import BadFileError, MissingDataError
from mwe.tracks.pickles import read_plain_pickle

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
)
ARRAYS = [
    np.arange(6, dtype=np.int64).reshape(2, 3),
    np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    np.array([True, False]),
    np.array([["TRA", "TRBX"]]),
    np.array([b"TRA"]),
    np.arange(3, dtype=">u2"),
    np.zeros((0, 4), np.float16),
]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("pickles") / "some.pkl"

    def write(content):
        path.write_bytes(content)
        return path

    return write


@given(value=PLAIN, protocol=st.integers(0, 5))
def test_plain_values_come_out_as_they_went_in(written, value, protocol):
    found = read_plain_pickle(written(pickle.dumps(value, protocol=protocol)))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_arrays_of_plain_types_come_out_as_they_went_in(written, array, protocol):
    found = read_plain_pickle(written(pickle.dumps({"a": [array, array]}, protocol=protocol)))["a"]
    for one in found:
        np.testing.assert_array_equal(one, array)
        assert one.dtype == array.dtype


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_of_lists_and_texts_come_out_as_they_went_in(written, protocol):
    array = np.empty((2, 2), dtype=object)
    array[0, 0], array[0, 1], array[1, 0], array[1, 1] = ["rock", "pop"], float("inf"), "jazz", []
    for one in (array, np.asfortranarray(array)):
        found = read_plain_pickle(written(pickle.dumps(one, protocol=protocol)))
        assert found.tolist() == one.tolist()


@pytest.mark.parametrize("protocol", range(6))
def test_numbers_of_numpy_become_plain(written, protocol):
    found = read_plain_pickle(written(pickle.dumps([np.float64(1.5), np.int32(2), np.bool_(True)], protocol)))
    assert found == [1.5, 2, True]
    assert [type(one) for one in found] == [float, int, bool]


def test_a_dictionary_of_tag_vectors_as_python_2_wrote_it(written):
    """By hand, as protocol 0 of Python 2 has it: byte texts, ``numpy.core``, an array's data as text."""
    data = np.array([[1.0], [0.0]]).tobytes().decode("latin1")
    escaped = "".join(f"\\x{ord(letter):02x}" for letter in data)
    content = (
        "(dp0\nS'TRAAA'\np1\ncnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\nndarray\np3\n(I0\ntp4\nS'b'\np5\ntp6\n"
        "Rp7\n(I1\n(I2\nI1\ntp8\ncnumpy\ndtype\np9\n(S'f8'\np10\nI0\nI1\ntp11\nRp12\n(I3\nS'<'\np13\nNNNI-1\nI-1\nI0\n"
        f"tp14\nbI00\nS'{escaped}'\np15\ntp16\nbs."
    )
    found = read_plain_pickle(written(content.encode("latin1")))
    assert list(found) == ["TRAAA"]
    np.testing.assert_array_equal(found["TRAAA"], [[1.0], [0.0]])


class Command:
    def __init__(self, *given):
        self.given = given

    def __reduce__(self):
        return self.given


def hostile(target):
    """Payloads that would make a file if anything in them were run."""
    run = f"open({str(target)!r}, 'w').close()"
    yield "system", pickle.dumps(Command(os.system, (f"touch {target}",)))
    yield "eval", pickle.dumps({"a": [Command(eval, (run,))]})
    yield "exec in a key", pickle.dumps({Command(exec, (run,)): 1})
    yield "by hand, protocol 0", f"cposix\nsystem\n(S'touch {target}'\ntR.".encode()
    yield "old instance", f"(S'touch {target}'\nios\nsystem\n.".encode()
    yield "new object", b"\x80\x02cos\nsystem\n" + f"(S'touch {target}'\nt\x81.".encode()
    yield "dotted name", b"\x80\x04\x8c\x05numpy\x8c\x10ndarray.__class__\x93."
    yield "attribute of an allowed module", b"cnumpy\nload\n(S'x.npy'\ntR."
    yield "memory mapping", f"cnumpy\nmemmap\n(S'{target}'\nS'u1'\nS'w+'\nI0\n(I5\nttR.".encode()
    yield "getattr", b"c__builtin__\ngetattr\n(cnumpy\nndarray\nS'__class__'\ntR."
    yield "change of a builder", b"cnumpy\ndtype\n(N}S'_build'\nS'x'\nstb."
    yield "extension", b"\x80\x02\x82\x01."
    yield "persistent", b"Px\n."
    yield "object array", pickle.dumps(np.array([Command(os.system, (f"touch {target}",))], dtype=object))
    yield "records", pickle.dumps(np.zeros(2, dtype=[("a", "O")]))
    yield "dates", pickle.dumps(np.zeros(2, dtype="M8[s]"))
    yield "set", pickle.dumps({1, 2})
    yield "ordered dictionary", pickle.dumps(collections.OrderedDict(a=1))
    yield (
        "too large an array",
        (
            b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
            b"(I1\n(I99999999999\nI99999999\ntcnumpy\ndtype\n(S'f8'\nI0\nI1\ntRI00\nS'abcd'\ntb."
        ),
    )
    yield "a length that is not there", b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60) + b"abc."
    yield "a list in itself", b"\x80\x04]\x94h\x00a."
    yield "cut short", pickle.dumps(list(range(100)))[:-5]
    yield "nothing", b""
    yield "text", b"track_id,tags\n"


NAMES = [name for name, _ in hostile("none")]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_or_damaged_file_is_refused_and_nothing_in_it_is_run(tmp_path, written, name):
    target = tmp_path / "made"
    content = dict(hostile(target))[name]
    with pytest.raises(BadFileError, match=r"some\.pkl: not a pickle of plain values .*fetch it again"):
        read_plain_pickle(written(content))
    assert not target.exists()
    assert read_plain_pickle(written(pickle.dumps(ARRAYS[0]))).tolist() == ARRAYS[0].tolist()  # the next is not touched


def test_the_refusal_names_what_the_file_asks_for(written):
    with pytest.raises(BadFileError, match=rf"the name {os.system.__module__}\.system"):
        read_plain_pickle(written(pickle.dumps(Command(os.system, ("true",)))))


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(MissingDataError, match=r"none\.pkl not found"):
        read_plain_pickle(tmp_path / "none.pkl")
