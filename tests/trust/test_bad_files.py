"""Whatever is in a file, its reader returns or says which file is wrong; generated damage to every reader's miniature.

``make fuzz`` runs the same with more examples.
"""

import gzip
import json
import re
import shutil
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mwe.audio.verdict import UnreadableAudio
from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError, UnknownNameError

HOUSE = (BadFileError, MissingDataError, StaleArtefactError, UnknownNameError, UnreadableAudio)
LEAST = 2000
TOKENS = (
    *(b"", b"0", b"1", b"2", b"-1", b"1e999", b"nan", b"inf", b"9" * 5000, b"None", b"null", b"true", b"../../x"),
    *("é\u2028ß\u0085".encode(), b'"', b"'", b"[1", b"{}", b"[]", b"x" * 150_000, b"\xff", b"\xed\xa0\x80", b"\\ud800"),
)
BYTES = (
    *(
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b'"',
        b"'",
        b"\\",
        b"\r",
        b"\n",
        b"\n\n",
        b"\t",
        b"\x0b",
        b"<",
        b"&",
        b"<SEP>",
    ),
    *("\u2028".encode(), b"\x80", b"[" * 100_000, b"x" * 300_000, b"a\tb\n", b",,,"),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
outcomes: Counter[str] = Counter()


def cut(draw, content):
    return content[: draw(st.integers(0, len(content)))]


def other(draw, content):
    return draw(
        st.sampled_from((b"", b"\n", b" ", b"\0" * 512, b"\x80\x04.", b"PK\x03\x04", b"{}", b"[]", b"null", b"0"))
    )


def noise(draw, content):
    return draw(st.binary(max_size=200))


def flipped(draw, content):
    if not content:
        return b""
    place = draw(st.integers(0, len(content) - 1))
    return content[:place] + bytes([draw(st.integers(0, 255))]) + content[place + 1 :]


def inserted(draw, content):
    place = draw(st.integers(0, len(content)))
    return content[:place] + draw(st.sampled_from(BYTES)) + content[place:]


def in_lines(draw, content):
    """A line twice, gone, empty, moved, or run together with the next."""
    lines = content.splitlines(keepends=True) or [b""]
    place = draw(st.integers(0, len(lines) - 1))
    line = lines.pop(place)
    changed = draw(st.sampled_from(([line, line], [], [b"\n", line], [line.rstrip(b"\r\n")], [line[::-1]])))
    if draw(st.booleans()):
        place = draw(st.integers(0, len(lines)))
    return b"".join([*lines[:place], *changed, *lines[place:]])


def in_fields(draw, content):
    """A field twice, gone, or something else in its place."""
    parts = re.split(rb"([\t,; |:\n{}\[\]<>])", content)
    place = draw(st.integers(0, len(parts) - 1))
    token = draw(st.sampled_from(TOKENS))
    parts[place : place + 1] = draw(
        st.sampled_from(([token], [parts[place], *parts[max(place - 1, 0) : place + 1]], []))
    )
    return b"".join(parts)


def in_json(draw, content):
    """A value anywhere in the tree replaced."""
    try:
        tree = json.loads(content)
    except (ValueError, RecursionError):
        return in_fields(draw, content)
    at, path = tree, []
    while isinstance(at, dict | list) and at and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(at))) if isinstance(at, dict) else draw(st.integers(0, len(at) - 1))
        path.append((at, key))
        at = at[key]
    value = draw(VALUES)
    if not path:
        return json.dumps(value).encode()
    holder, key = path[-1]
    holder[key] = value
    return json.dumps(tree).encode()


def encoded(draw, content):
    text = content.decode("latin-1")
    how = draw(st.sampled_from(("crlf", "cr", "mark", "utf-16", "latin-1")))
    changed = {"crlf": text.replace("\n", "\r\n"), "cr": text.replace("\n", "\r"), "latin-1": text.replace("a", "é")}
    if how == "mark":
        return b"\xef\xbb\xbf" + content
    return text.encode("utf-16") if how == "utf-16" else changed[how].encode("latin-1")


GENTLE = (cut, other, noise)
DAMAGES = (*GENTLE, flipped, inserted, in_lines, in_fields, in_json, encoded)


def damaged(draw, content, damages):
    """A file with one or two kinds of damage, in a compressed one before or after packing."""
    packed = content[:2] == b"\x1f\x8b" and draw(st.booleans())
    content = gzip.decompress(content) if packed else content
    for _ in range(draw(st.integers(1, 2))):
        content = draw(st.sampled_from(damages))(draw, content)
    return gzip.compress(content, 1, mtime=0) if packed else content


def outcome(reader, folder, name):
    """What became of reading; fails if anything but an error of the house that names the file comes out."""
    try:
        reader.read(folder)
    except HOUSE as error:
        refusal = error
    else:
        return "read"
    named = (folder.name, name.rpartition("/")[2])
    if not isinstance(refusal, UnknownNameError | UnreadableAudio):  # those are told by who asked for the file
        assert any(one in str(refusal) for one in named), f"{refusal} names neither of {named}"
    return type(refusal).__name__


def test_the_miniature_is_read_as_it_is(reader, tmp_path, write):
    write(tmp_path, reader.files)
    reader.read(tmp_path)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_a_damaged_file_is_read_or_named(reader, tmp_path, write, data):
    folder = tmp_path / "collection"
    shutil.rmtree(folder, ignore_errors=True)
    name = data.draw(st.sampled_from(sorted(reader.files)))
    content = damaged(data.draw, reader.files[name], GENTLE if reader.fragile else DAMAGES)
    write(folder, reader.files | {name: content})
    outcomes[outcome(reader, folder, name)] += 1


def test_that_was_enough(request):
    """Runs after the readers; a part of them proves nothing about the number."""
    ran = sum("test_a_damaged_file_is_read_or_named" in item.nodeid for item in request.session.items)
    if ran < len({name for name in outcomes}) or ran < 50:
        pytest.skip("only some of the readers were run")
    assert outcomes.total() >= LEAST
    assert outcomes["BadFileError"] > LEAST / 4  # the damage is no decoration


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_bad_line_is_named_by_its_number(line_reader, tmp_path, write, data):
    """One line that is no text, holds a zero byte, or lacks all separators."""
    folder = tmp_path / "collection"
    shutil.rmtree(folder, ignore_errors=True)
    separator = line_reader.fields.encode()
    named = [name for name, content in line_reader.files.items() if separator in content and b"\0" not in content]
    name = data.draw(st.sampled_from(sorted(named)))
    lines = line_reader.files[name].splitlines(keepends=True)
    places = [place for place, line in enumerate(lines) if separator in line and b'"' not in line]
    place = data.draw(st.sampled_from(places))
    spoil = data.draw(st.sampled_from(("bytes", "zero", "separators")))
    changed = {
        "bytes": b"\xff" + lines[place],
        "zero": lines[place].replace(separator, separator + b"\0"),
        "separators": lines[place].replace(separator, b" "),
    }[spoil]
    write(folder, line_reader.files | {name: b"".join([*lines[:place], changed, *lines[place + 1 :]])})
    with pytest.raises(BadFileError, match=rf"line {place + 1}\b") as raised:
        line_reader.read(folder)
    assert name.rpartition("/")[2] in str(raised.value)


def test_numbers_of_a_damaged_array_are_not_made_up(tmp_path):
    """A header that promises more than the file has is refused before memory is asked for."""
    from mwe.core.arrays import read_array

    np.save(tmp_path / "a.npy", np.zeros((2, 3), np.float32))
    content = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(content.replace(b"(2, 3)", b"(9999999999, 9)", 1))
    for mapped in (False, True):
        with pytest.raises(BadFileError, match=r"a\.npy: not a readable array"):
            read_array(tmp_path / "a.npy", "", mapped)
