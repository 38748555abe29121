"""Fingerprints of many files in a temporary file, so that memory does not grow with their number."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from types import TracebackType
from typing import NamedTuple

import numpy as np

from mwe.audio.decoder_pool import read_in_processes
from mwe.audio.decoder_process import DecoderProcess
from mwe.audio.fingerprint import Fingerprinted, fingerprint_file
from mwe.audio.same_recording import Spectrum
from mwe.audio.verdict import UnreadableAudio, Verdict
from mwe.core.files import readable_name, writing
from mwe.core.progress import track

_PREPARED = 32  # fingerprints kept ready for comparison; some 10 MB each for long songs


class Unread(NamedTuple):
    """A file without a fingerprint.

    Attributes:
        path: The file.
        reason: Why.
    """

    path: str
    reason: str


class Fingerprints:
    """Fingerprints of files by the row of their track; a context manager.

    Args:
        files: File of each row.
        workers: Decoding processes.

    Attributes:
        verdicts: How each file was read, by row.
        unread: Files that cannot be read.

    Raises:
        CannotWriteError: The disk of temporary files is full.
    """

    def __init__(self, files: Mapping[int, Path], workers: int = 2) -> None:
        self.verdicts: dict[int, Verdict] = {}
        self.unread: list[Unread] = []
        self._places: dict[int, tuple[int, int]] = {}
        self._prepared: OrderedDict[int, Spectrum] = OrderedDict()
        self._file = TemporaryFile()  # noqa: SIM115
        for row, path, found in self._read(files, workers):
            if isinstance(found, UnreadableAudio):
                self.unread.append(Unread(readable_name(path), str(found)))
                continue
            self.verdicts[row] = found.verdict
            self._places[row] = self._file.tell(), len(found.codes_F)
            with writing(Path(gettempdir())):
                self._file.write(found.codes_F.astype("<u4").tobytes())

    @staticmethod
    def _read(files: Mapping[int, Path], workers: int) -> Iterator[tuple[int, Path, Fingerprinted | UnreadableAudio]]:
        paths = list(files.values())
        found = track(read_in_processes(_fingerprinted, paths, workers), "listening to files", len(paths))
        return zip(files, paths, found, strict=True)

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


def _fingerprinted(path: Path, process: DecoderProcess) -> Fingerprinted | UnreadableAudio:
    """Return the fingerprint of a file, or the reason why it has none."""
    try:
        return process.call(fingerprint_file, path)
    except UnreadableAudio as outcome:
        return outcome
    except RuntimeError as error:  # a single file must not end the search
        return UnreadableAudio("crashed", str(error))
