"""Base of all sources of text: files, an identity, documents."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mwe.core.files import sha256

LOCATIONS = ("path", "root")  # settings that name the location of the files, which does not affect the text


class Source(ABC):
    """A source of text. Its public attributes are its settings."""

    @abstractmethod
    def files(self) -> Sequence[Path]:
        """Return the files that are read.

        Raises:
            MissingDataError: A file is missing.
        """

    @property
    def name(self) -> str:
        """Name of the source in statistics."""
        return type(self).__name__

    def identity(self) -> dict[str, Any]:
        """Return everything that the text depends on: settings, and the name and hash of every file."""
        attributes = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        settings = {name: str(value) for name, value in attributes.items() if name not in LOCATIONS}
        files = [[path.name, sha256(path)] for path in self.files()]
        return {"source": type(self).__name__, "settings": settings, "files": files}


class TextSource(Source):
    """A source of general text: documents of lines. Configurations name its sub-classes by class path."""

    @abstractmethod
    def documents(self) -> Iterator[Iterable[str]]:
        """Yield every document as lines of text. Read each to its end before the next.

        A line becomes a line of the corpus, so that no context window spans two lines.

        Raises:
            BadFileError: A file is damaged.
        """
