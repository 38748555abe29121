"""Declarations of the collections: description, licence, download instructions, and the checksum of every file.

A declaration is data, not code: ``collections/<name>.json`` describes the collection, and ``collections/<name>.tsv``
lists ``path <TAB> sha256`` per file (``-`` if upstream's own file could not be pinned).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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
pooch.get_logger().setLevel("WARNING")  # one line per file would hide the progress bar


@dataclass(frozen=True)
class Verification:
    """Result of checking the files of a collection.

    Args:
        intact: Files with the declared checksum.
        missing: Files that do not exist.
        altered: Files with another checksum.
        unpinned: Existing files without a declared checksum.
    """

    intact: tuple[str, ...]
    missing: tuple[str, ...]
    altered: tuple[str, ...]
    unpinned: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every declared file exists as declared."""
        return not self.missing and not self.altered


@dataclass(frozen=True)
class Dataset:
    """A declared collection.

    Args:
        name: Folder name under the data root.
        title: Full name and content.
        homepage: Address of its description.
        licence: Terms, as stated by its authors.
        citation: The paper to cite.
        how_to_get: Instructions to get it.
        layout: Expected files under the folder, in words.
        base_url: Prefix of every file's address; empty if the files cannot be fetched.
        strip: Prefix of the local path that is not part of the address.
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
        paths_of_state: dict[str, list[str]] = {"intact": [], "missing": [], "altered": [], "unpinned": []}
        for path, expected in track(self.checksums.items(), f"checking {self.name}", total=len(self.checksums)):
            paths_of_state[_state(folder / path, expected)].append(path)
        return Verification(**{state: tuple(paths) for state, paths in paths_of_state.items()})

    def fetch(self, root: Path | None = None, threads: int = 8) -> Verification:
        """Fetch missing and altered files. Every file is checked before it is moved to its path.

        Folders that a failed fetch made and left empty are removed, since an empty folder looks like a collection.

        Raises:
            MissingDataError: The collection cannot be fetched, or fetching failed.
            CannotWriteError: The disk is full, or the folder cannot be written.
        """
        folder = root or self.root
        present = self.verify(folder)
        paths = [*present.missing, *present.altered]
        if not self.base_url and paths:
            raise MissingDataError(f"{self.name} cannot be fetched by program. {self.how_to_get}")
        made = [parent for parent in _folders(paths, folder) if not parent.exists()]
        with ThreadPoolExecutor(threads) as pool:
            fetched = pool.map(lambda path: self._fetch_one(path, folder), paths)
            try:
                for _ in track(fetched, f"fetching {self.name}", total=len(paths)):
                    pass
            except (OSError, ValueError) as error:
                pool.shutdown(cancel_futures=True)
                for parent in made:
                    with suppress(OSError):
                        parent.rmdir()  # only if it is empty
                if isinstance(error, CannotWriteError):
                    raise
                raise MissingDataError(f"fetching {self.name} failed: {error}. {self.how_to_get}") from error
        return self.verify(folder)

    def require(self, *paths: str, root: Path | None = None) -> Path:
        """Return the collection's folder after checking that it holds all of ``paths``.

        Raises:
            MissingDataError: A path is missing.
        """
        folder = root or self.root
        missing = [path for path in paths if not (folder / path).exists()]
        if missing or not folder.is_dir():
            raise MissingDataError(
                f"{self.name}: {', '.join(missing) or 'the folder'} not found in {folder}. The data root is the "
                f"environment variable MWE_DATA (now {str(data_root())!r}). {self.how_to_get} "
                f"`mwe data show {self.name}` lists missing files."
            )
        return folder

    def _fetch_one(self, path: str, folder: Path) -> None:
        target = folder / path
        checksum = None if self.checksums[path] == UNPINNED else f"sha256:{self.checksums[path]}"
        url = self.base_url + path.removeprefix(self.strip)
        with writing(target):
            target.unlink(missing_ok=True)
            pooch.retrieve(url, checksum, fname=target.name, path=target.parent, progressbar=False)


def _folders(paths: Sequence[str], root: Path) -> list[Path]:
    """Return the folders of files below a root, and the root, deepest first."""
    parents = {root / parent for path in paths for parent in Path(path).parents}
    return sorted(parents, key=lambda folder: len(folder.parts), reverse=True)


def _state(path: Path, expected: str) -> str:
    if not path.is_file():
        return "missing"
    if expected == UNPINNED:
        return "unpinned"
    return "intact" if sha256(path) == expected else "altered"


def names() -> list[str]:
    """Return the names of all declared collections."""
    return sorted(path.stem for path in DECLARATIONS.glob("*.json"))


def declared(name: str) -> Dataset:
    """Return the declaration of a collection.

    Raises:
        UnknownNameError: There is no collection of that name.
    """
    if name not in names():
        raise UnknownNameError("collection", name, names())
    lines = (DECLARATIONS / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    checksums = dict(line.split("\t") for line in lines)
    return Dataset(name=name, checksums=checksums, **read_json(DECLARATIONS / f"{name}.json"))


def describe(dataset: Dataset, result: Verification, max_paths: int = 5) -> str:
    """Return the text of ``mwe data show NAME``: the collection, how to get it, and missing files."""
    lines = [
        dataset.title,
        f"  homepage   {dataset.homepage}",
        f"  licence    {dataset.licence}",
        f"  citation   {dataset.citation}",
        f"  folder     {dataset.root}",
        f"  layout     {dataset.layout}",
        f"  files      {len(result.intact):,} intact, {len(result.unpinned):,} present without a pinned checksum, "
        f"{len(result.missing):,} missing, {len(result.altered):,} altered",
        *_listed("missing", result.missing, max_paths),
        *_listed("altered", result.altered, max_paths),
    ]
    if not result.complete:
        lines.append(f"  to get it  {dataset.how_to_get}")
    return "\n".join(lines)


def _listed(state: str, paths: Sequence[str], max_paths: int) -> list[str]:
    lines = [f"    {state}: {path}" for path in paths[:max_paths]]
    return lines + ([f"    … and {len(paths) - max_paths:,} more"] if len(paths) > max_paths else [])
