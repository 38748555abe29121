"""Fingerprints of many files in a temporary file, so that memory does not grow with their number."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from types import TracebackType
from typing import NamedTuple

import numpy as np

from mwe.audio.cue_sheet import WHOLE
from mwe.audio.decoder_pool import read_in_processes
from mwe.audio.decoder_process import DecoderProcess
from mwe.audio.fingerprint import Fingerprinted, fingerprint_file
from mwe.audio.same_recording import Spectrum
from mwe.audio.verdict import UnreadableAudio, Verdict
from mwe.core.files import readable_name, writing
from mwe.core.progress import track

_PREPARED = 32  # fingerprints kept ready for comparison; some 10 MB each for long songs


class TrackSound(NamedTuple):
    """Where the sound of a track is.

    Attributes:
        path: Its file.
        seconds: Its length.
        span: Begin and end in the file in seconds.
    """

    path: Path
    seconds: float
    span: tuple[float, float] = WHOLE


class Unread(NamedTuple):
    """A file without a fingerprint.

    Attributes:
        path: The file.
        reason: Why.
    """

    path: str
    reason: str


class Fingerprints:
    """Fingerprints of tracks by their row; a context manager.

    Args:
        sounds: Where the sound of each row is.
        workers: Decoding processes.

    Attributes:
        verdicts: How each file was read, by row.
        unread: Files that cannot be read.

    Raises:
        CannotWriteError: The disk of temporary files is full.
    """

    def __init__(self, sounds: Mapping[int, TrackSound], workers: int = 2) -> None:
        self.verdicts: dict[int, Verdict] = {}
        self.unread: list[Unread] = []
        self._places: dict[int, tuple[int, int]] = {}
        self._prepared: OrderedDict[int, Spectrum] = OrderedDict()
        self._file = TemporaryFile()  # noqa: SIM115
        for row, sound, reading in self._read(sounds, workers):
            if isinstance(reading, UnreadableAudio):
                self.unread.append(Unread(readable_name(sound.path), str(reading)))
                continue
            self.verdicts[row] = reading.verdict
            self._places[row] = self._file.tell(), len(reading.codes_F)
            with writing(Path(gettempdir())):
                self._file.write(reading.codes_F.astype("<u4").tobytes())

    @staticmethod
    def _read(
        sounds: Mapping[int, TrackSound], workers: int
    ) -> Iterator[tuple[int, TrackSound, Fingerprinted | UnreadableAudio]]:
        tracks = list(sounds.values())
        readings = track(read_in_processes(_fingerprinted, tracks, workers), "listening to files", len(tracks))
        return zip(sounds, tracks, readings, strict=True)

    def __enter__(self) -> "Fingerprints":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __contains__(self, row: int) -> bool:
        return row in self._places

    def spectrum(self, row: int) -> Spectrum:
        """Return the fingerprint of a row, prepared for comparison."""
        if row not in self._prepared:
            start, count = self._places[row]
            self._file.seek(start)
            codes_F = np.frombuffer(self._file.read(4 * count), "<u4")
            self._prepared[row] = Spectrum.of(codes_F)
            if len(self._prepared) > _PREPARED:
                self._prepared.popitem(last=False)
        self._prepared.move_to_end(row)
        return self._prepared[row]


def _fingerprinted(sound: TrackSound, process: DecoderProcess) -> Fingerprinted | UnreadableAudio:
    """Return the fingerprint of a track, or the reason why it has none."""
    span = sound.span
    if span != WHOLE:  # the last track of a file has no end
        span = span[0], min(span[1], span[0] + sound.seconds)
    try:
        return process.call(fingerprint_file, sound.path, span=span)
    except UnreadableAudio as outcome:
        return outcome
    except RuntimeError as error:  # a single file must not end the search
        return UnreadableAudio("crashed", str(error))
