"""The frames of an MP3 file, counted without decoding, since lengths in headers may be estimates or wrong."""

import mmap
from dataclasses import dataclass
from pathlib import Path

_BITRATES = {  # kbit/s by index 1 to 14, for MPEG 1 and for MPEG 2 and 2.5
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


@dataclass(frozen=True)
class MpegFrames:
    """Summary of the frames of a file.

    Args:
        samples: Samples of all sound frames, including decoder delay and padding.
        rate: Sample rate in Hz.
        stated_samples: Length in the Xing or Info frame at the beginning; 0 if there is none.
        joined: Number of headers of other files inside.
        damaged_bytes: Bytes between frames that are not part of a frame or tag.
    """

    samples: int
    rate: int
    stated_samples: int
    joined: int
    damaged_bytes: int


def _frame_table() -> dict[int, tuple[int, int, int]]:
    """Return bytes, samples and rate of a frame by the second and third byte of its header."""
    table = {}
    for second in range(0xE0, 0x100):
        version, layer = second >> 3 & 3, 4 - (second >> 1 & 3)
        if version == 1 or layer == 4:
            continue
        kbits = _BITRATES[1 if version == 3 else 2, layer]
        for third in range(256):
            bitrate, rate, padding = third >> 4, third >> 2 & 3, third >> 1 & 1
            if bitrate in (0, 15) or rate == 3:
                continue
            hertz, bits = _RATES[version][rate], 1000 * kbits[bitrate - 1]
            if layer == 1:
                size, samples = (12 * bits // hertz + padding) * 4, 384
            else:
                samples = 576 if layer == 3 and version != 3 else 1152
                size = samples // 8 * bits // hertz + padding
            table[second << 8 | third] = size, samples, hertz
    return table


_FRAMES = _frame_table()


def count_frames(path: str | Path) -> MpegFrames | None:
    """Count the frames of an MPEG audio file; return None if it has none.

    Args:
        path: The file.
    """
    with open(path, "rb") as file:
        try:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (ValueError, OSError):  # empty or not a regular file
            return None
        with content:
            return _walk(content)


def _walk(content: mmap.mmap) -> MpegFrames | None:
    """Count frames from the first to the last."""
    position, end = _after_id3(content, 0), len(content)
    samples = joined = damaged = count = rate = stated = 0
    while position + 4 <= end:
        frame = _FRAMES.get(content[position + 1] << 8 | content[position + 2]) if content[position] == 0xFF else None
        if frame is None:
            following = _resume(content, position, rate)
            if following < end or not count:
                damaged += following - position - _tag_bytes(content, position)
            position = following
            continue
        size, of_frame, hertz = frame
        if _states_length(content, position, size):
            joined += bool(count)
            if not count:
                stated = _stated_frames(content, position, size) * of_frame
        else:
            samples += of_frame
            rate = rate or hertz
        count += 1
        position += size
    return MpegFrames(samples, rate, stated, joined, max(damaged, 0)) if samples else None


def _after_id3(content: mmap.mmap, position: int) -> int:
    """Return the end of an ID3v2 tag at a position; the position itself if there is none."""
    while content[position : position + 3] == b"ID3" and position + 10 <= len(content):
        size = 0
        for byte in content[position + 6 : position + 10]:
            size = size << 7 | byte & 0x7F
        position += 10 + size
    return position


def _tag_bytes(content: mmap.mmap, position: int) -> int:
    """Return the bytes of a tag between two frames, 0 for anything else."""
    after = _after_id3(content, position)
    if after > position:
        return after - position
    return 128 if content[position : position + 3] == b"TAG" else 0


def _resume(content: mmap.mmap, position: int, rate: int) -> int:
    """Return the next frame that is followed by another one; the end if there is none."""
    end = len(content)
    position = max(position + 1, min(position + _tag_bytes(content, position), end))
    while (position := content.find(b"\xff", position)) >= 0 and position + 4 <= end:
        frame = _FRAMES.get(content[position + 1] << 8 | content[position + 2])
        if frame and (not rate or frame[2] == rate):
            following = position + frame[0]
            if following == end:
                return position
            if following + 4 <= end and content[following] == 0xFF:
                successor = _FRAMES.get(content[following + 1] << 8 | content[following + 2])
                if successor and successor[2] == frame[2]:
                    return position
        position += 1
    return end


def _states_length(content: mmap.mmap, position: int, size: int) -> bool:
    """Return whether a frame has a header of the whole file instead of sound."""
    head = content[position : position + min(size, 44)]
    return head[36:40] in (b"Xing", b"Info", b"VBRI") or b"Xing" in head or b"Info" in head


def _stated_frames(content: mmap.mmap, position: int, size: int) -> int:
    """Return the frames in the header of the whole file; 0 if unknown."""
    head = content[position : position + min(size, 56)]
    mark = max(head.find(b"Xing"), head.find(b"Info"))
    if mark < 0 or len(head) < mark + 12 or not head[mark + 7] & 1:
        return 0
    return int.from_bytes(head[mark + 8 : mark + 12], "big")
