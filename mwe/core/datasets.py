"""Declarations of the collections: what each is, its licence, where to get it, and the checksum of every file.

A declaration is data, not code: ``collections/<name>.json`` describes the collection and ``collections/<name>.tsv``
lists ``path <TAB> sha256`` per file (``-`` where upstream's own file could not be pinned).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pooch

from mwe.core.errors import CannotWriteError, MissingDataError, UnknownNameError
from mwe.core.files import read_json, sha256, writing
from mwe.core.paths import data_root
from mwe.core.progress import track

DECLARATIONS = Path(str(files("mwe.core"))) / "collections"
UNPINNED = "-"
pooch.get_logger().setLevel("WARNING")  # one line per file would bury the progress bar


@dataclass(frozen=True)
class Verification:
    """What a look at the files found.

    Args:
        intact: Files that are there with the declared checksum.
        missing: Files that are not there.
        altered: Files with another checksum.
        unpinned: Files that are there and have no declared checksum.
    """

    intact: tuple[str, ...]
    missing: tuple[str, ...]
    altered: tuple[str, ...]
    unpinned: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every declared file is there and as declared."""
        return not self.missing and not self.altered


@dataclass(frozen=True)
class Dataset:
    """A collection that the programs know.

    Args:
        name: Folder name under the data root.
        title: Full name and what it holds.
        homepage: Where it is described.
        licence: Terms, as its makers state them.
        citation: The paper to cite.
        how_to_get: What to do to have it.
        layout: Expected files under the folder, in words.
        base_url: Prefix of every file's address; empty where files cannot be fetched.
        strip: Prefix of the local path that the address lacks.
        checksums: SHA-256 by relative path.
    """

    name: str
    title: str
    homepage: str
    licence: str
    citation: str
    how_to_get: str
    layout: str
    base_url: str
    strip: str
    checksums: dict[str, str]

    @property
    def root(self) -> Path:
        """The collection's folder under the data root."""
        return data_root() / self.name

    def verify(self, root: Path | None = None) -> Verification:
        """Compare every declared file with its checksum."""
        folder = root or self.root
        found: dict[str, list[str]] = {"intact": [], "missing": [], "altered": [], "unpinned": []}
        for path, expected in track(self.checksums.items(), f"checking {self.name}", total=len(self.checksums)):
            found[_state(folder / path, expected)].append(path)
        return Verification(**{state: tuple(paths) for state, paths in found.items()})

    def fetch(self, root: Path | None = None, threads: int = 8) -> Verification:
        """Fetch what is missing or altered, checking each file before it is put in place.

        Raises:
            MissingDataError: The collection cannot be fetched, or the fetching failed; the message says what to do.
            CannotWriteError: The disk is full, or the place cannot be written.
        """
        folder = root or self.root
        before = self.verify(folder)
        wanted = [*before.missing, *before.altered]
        if not self.base_url and wanted:
            raise MissingDataError(f"{self.name} cannot be fetched by program. {self.how_to_get}")
        with ThreadPoolExecutor(threads) as pool:
            fetched = pool.map(lambda path: self._fetch_one(path, folder), wanted)
            try:
                for _ in track(fetched, f"fetching {self.name}", total=len(wanted)):
                    pass
            except (OSError, ValueError) as error:
                pool.shutdown(cancel_futures=True)
                if isinstance(error, CannotWriteError):
                    raise
                raise MissingDataError(f"fetching {self.name} failed: {error}. {self.how_to_get}") from error
        return self.verify(folder)

    def require(self, *paths: str, root: Path | None = None) -> Path:
        """The collection's folder, once it holds all of ``paths``.

        Raises:
            MissingDataError: Something is not there; the message names it and says what to do.
        """
        folder = root or self.root
        missing = [path for path in paths if not (folder / path).exists()]
        if missing or not folder.is_dir():
            raise MissingDataError(
                f"{self.name}: {', '.join(missing) or 'the folder'} not found in {folder}. The data root is the "
                f"environment variable MWE_DATA (now {str(data_root())!r}). {self.how_to_get} "
                f"`mwe data {self.name}` tells what is missing."
            )
        return folder

    def _fetch_one(self, path: str, folder: Path) -> None:
        target = folder / path
        known = None if self.checksums[path] == UNPINNED else f"sha256:{self.checksums[path]}"
        url = self.base_url + path.removeprefix(self.strip)
        with writing(target):
            target.unlink(missing_ok=True)
            pooch.retrieve(url, known, fname=target.name, path=target.parent, progressbar=False)


def _state(path: Path, expected: str) -> str:
    if not path.is_file():
        return "missing"
    if expected == UNPINNED:
        return "unpinned"
    return "intact" if sha256(path) == expected else "altered"


def names() -> list[str]:
    """Names of all declared collections."""
    return sorted(path.stem for path in DECLARATIONS.glob("*.json"))


def declared(name: str) -> Dataset:
    """The declaration of a collection.

    Raises:
        UnknownNameError: There is none of that name.
    """
    if name not in names():
        raise UnknownNameError("collection", name, names())
    lines = (DECLARATIONS / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    checksums = dict(line.split("\t") for line in lines)
    return Dataset(name=name, checksums=checksums, **read_json(DECLARATIONS / f"{name}.json"))


def describe(dataset: Dataset, found: Verification, most: int = 5) -> str:
    """What ``mwe data NAME`` prints: the collection, how to get it, and what is missing."""
    lines = [
        dataset.title,
        f"  homepage   {dataset.homepage}",
        f"  licence    {dataset.licence}",
        f"  citation   {dataset.citation}",
        f"  folder     {dataset.root}",
        f"  layout     {dataset.layout}",
        f"  files      {len(found.intact):,} intact, {len(found.unpinned):,} present without a pinned checksum, "
        f"{len(found.missing):,} missing, {len(found.altered):,} altered",
        *_listed("missing", found.missing, most),
        *_listed("altered", found.altered, most),
    ]
    if not found.complete:
        lines.append(f"  to get it  {dataset.how_to_get}")
    return "\n".join(lines)


def _listed(state: str, paths: Sequence[str], most: int) -> list[str]:
    shown = [f"    {state}: {path}" for path in paths[:most]]
    return shown + ([f"    … and {len(paths) - most:,} more"] if len(paths) > most else [])
