"""What all sources of text have in common: files, an identity, documents."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any


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
        """What the text depends on: settings, and name, size and time of every file."""
        settings = {name: str(value) for name, value in vars(self).items() if not name.startswith("_")}
        states = [(path, path.stat()) for path in self.files()]
        files = [[str(path.resolve()), state.st_size, state.st_mtime_ns] for path, state in states]
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
