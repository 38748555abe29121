"""General text without markup: plain text files, WikiText, the Brown corpus."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.lines import DAMAGED, numbered_lines
from mwe.corpora.source import TextSource

LARGEST_TEXT = 1 << 24  # bytes of a text in a zip; those of the Brown corpus have at most 32 kB
# errors of zipfile on damaged, encrypted or unsupported headers
BAD_ZIP = (zipfile.BadZipFile, zlib.error, struct.error, ValueError, RuntimeError, LookupError)
PLAIN_ENDINGS = (".txt", ".txt.gz", ".txt.bz2", ".txt.xz")


class PlainText(TextSource):
    """A text file, or all ``.txt``, ``.txt.gz``, ``.txt.bz2`` and ``.txt.xz`` files below a folder, one document each.

    Args:
        path: The file or folder.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    @property
    def name(self) -> str:
        """Name of the source in statistics."""
        return self.path.name

    def files(self) -> Sequence[Path]:
        """Return the files that are read, sorted.

        Raises:
            MissingDataError: There is no such file, or no text file in the folder.
        """
        if self.path.is_file():
            return [self.path]
        paths = sorted(file for file in self.path.rglob("*") if file.name.endswith(PLAIN_ENDINGS) and file.is_file())
        if not paths:
            raise MissingDataError(f"{self.path} is neither a file nor a folder with {', '.join(PLAIN_ENDINGS)} files")
        return paths

    def documents(self) -> Iterator[Iterable[str]]:
        """Yield every file as a document."""
        for path in self.files():
            yield (line for _, line in numbered_lines(path, "Save it as UTF-8 text, or remove it from the folder."))


class WikiText(TextSource):
    """WikiText-2 or -103: tokenised articles of Wikipedia.

    ``<unk>`` (which replaces rare words in the files) is left out, ``@-@`` and the like become the character they stand
    for, and headings stay as lines of words.

    Args:
        names: Files to read, relative to the folder.
        root: Folder of the collection; by default ``wikitext2`` under the data root.
    """

    TITLE = re.compile(r"^ = [^=].* = \s*$")
    ESCAPED = re.compile(r" @(\S)@ ")

    def __init__(self, names: Sequence[str] = ("valid.txt",), root: str | None = None) -> None:
        self.names = tuple(names)
        self.root = Path(root) if root else declared("wikitext2").root

    def files(self) -> Sequence[Path]:
        """Return the files that are read."""
        declared("wikitext2").require(*self.names, root=self.root)
        return [self.root / name for name in self.names]

    def documents(self) -> Iterator[Iterable[str]]:
        """Yield every article as a document. An article begins at a line `` = Title = ``."""
        lines = (
            line
            for path in self.files()
            for _, line in numbered_lines(path, "Fetch it again: `mwe data fetch wikitext2`.")
        )
        pending: list[str] = [line for line in [next(lines, None)] if line is not None]
        while pending:
            first = pending.pop()
            yield chain([self._clean(first)], self._article(lines, pending))

    def _article(self, lines: Iterator[str], pending: list[str]) -> Iterator[str]:
        """Yield the rest of an article; put the title of the next article, if any, into ``pending``."""
        for line in lines:
            if self.TITLE.match(line):
                pending.append(line)
                return
            yield self._clean(line)

    def _clean(self, line: str) -> str:
        words = self.ESCAPED.sub(r"\1", line).split()
        return " ".join(word for word in words if word != "<unk>" and word.strip("="))


class Brown(TextSource):
    """The Brown corpus as NLTK publishes it: a zip of texts with ``word/tag`` tokens, one sentence per line.

    Args:
        root: Folder that holds ``brown.zip``; by default ``brown`` under the data root.
    """

    TEXT = re.compile(r"brown/c[a-r]\d\d")

    def __init__(self, root: str | None = None) -> None:
        self.root = Path(root) if root else declared("brown").root

    def files(self) -> Sequence[Path]:
        """Return the zip file."""
        return [declared("brown").require("brown.zip", root=self.root) / "brown.zip"]

    def documents(self) -> Iterator[Iterable[str]]:
        """Yield every text as a document, without part-of-speech tags.

        Raises:
            BadFileError: The zip is damaged or holds no text.
        """
        (path,) = self.files()
        try:
            with zipfile.ZipFile(path) as archive:
                texts = sorted(name for name in archive.namelist() if self.TEXT.fullmatch(name))
                if not texts:
                    raise BadFileError(
                        path, "holds no texts brown/ca01 and so on", "Fetch it again: `mwe data fetch brown`."
                    )
                for name in texts:
                    if archive.getinfo(name).file_size > LARGEST_TEXT:
                        raise BadFileError(path, f"{name} would unpack to more than 16 MB", "Fetch it again.")
                    yield map(self._untagged, archive.read(name).decode("utf-8").splitlines())
        except (*BAD_ZIP, *DAMAGED) as error:
            if isinstance(error, BadFileError):
                raise
            raise BadFileError(path, f"damaged ({error})", "Fetch it again: `mwe data fetch brown`.") from error

    @staticmethod
    def _untagged(sentence: str) -> str:
        return " ".join(token.rpartition("/")[0] or token for token in sentence.split())
