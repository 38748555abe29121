"""What all sources of text have in common: files, an identity, documents."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mwe.core.files import sha256

PLACES = ("path", "root")  # settings that say where the files lie, which changes nothing in the text


class Source(ABC):
    """Where text comes from; its public attributes are its settings."""

    @abstractmethod
    def files(self) -> Sequence[Path]:
        """The files that are read.

        Raises:
            MissingDataError: One is not there.
        """

    @property
    def name(self) -> str:
        """What statistics call the source."""
        return type(self).__name__

    def identity(self) -> dict[str, Any]:
        """What the text depends on: settings, and name and content of every file."""
        own = {name: value for name, value in vars(self).items() if not name.startswith("_") and name not in PLACES}
        settings = {name: str(value) for name, value in own.items()}
        files = [[path.name, sha256(path)] for path in self.files()]
        return {"source": type(self).__name__, "settings": settings, "files": files}


class TextSource(Source):
    """General text: documents of lines; sub-classes are named in configurations by class path."""

    @abstractmethod
    def documents(self) -> Iterator[Iterable[str]]:
        """Every document as lines of text; each is to be read to its end before the next is asked for.

        A line becomes a line of the corpus, so that no context window spans two.

        Raises:
            BadFileError: A file is damaged.
        """
