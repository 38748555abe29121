"""What tells a cut file from another, byte by byte."""

from types import SimpleNamespace

import pytest

from mwe.audio.ffmpeg_sound import FfmpegSound
from mwe.audio.file_kinds import _mp4_has_index


def box(kind: bytes, content: bytes = b"") -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def long_box(kind: bytes, content: bytes) -> bytes:
    return (1).to_bytes(4, "big") + kind + (16 + len(content)).to_bytes(8, "big") + content


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (box(b"ftyp", b"M4A ") + box(b"moov") + box(b"mdat", b"sound"), True),
        (box(b"ftyp", b"M4A ") + box(b"mdat", b"sound") + box(b"moov"), True),
        (box(b"ftyp", b"M4A ") + long_box(b"mdat", b"sound") + box(b"moov"), True),
        (box(b"ftyp", b"M4A ") + box(b"mdat", b"sound"), False),
        (box(b"ftyp", b"M4A ") + b"\0\0\0\0mdat and all that follows", False),
        (box(b"ftyp", b"M4A ") + b"\0\0\0\x10<- no", True),
        (b"", False),
    ],
)
def test_the_index_of_an_mp4_file_is_a_box_among_others(content, expected, tmp_path):
    (tmp_path / "a.m4a").write_bytes(content)
    assert _mp4_has_index(tmp_path / "a.m4a") == expected


@pytest.mark.parametrize(("lost", "missing"), [(0, 0.0), (50, 0.0), (2000, 2.0)])
def test_gaps_that_nobody_hears_are_not_named(lost, missing):
    sound = SimpleNamespace(
        rate=1000, max_samples=10**9, stream=SimpleNamespace(kind="AAC", choice=""),
        _missing_end_mark=lambda samples: "", _stated_seconds=lambda: 10.0,
    )  # fmt: skip
    assert FfmpegSound.verdict(sound, 10_000, lost).lost_seconds == missing
