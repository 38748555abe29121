"""Tags that a library learnt from examples: their file, and how they join the tags and words of the model.

Shape suffixes: D dimensions, T tags.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mwe.core.errors import BadRequestError, StaleArtefactError, expecting
from mwe.core.files import read_json, write_json
from mwe.core.tokens import tag_token, tag_words
from mwe.search.tag_table import TagTable

FILE = "learnt-tags.json"
FORMAT = 1
GROUP = "learnt"
CALIBRATED_ON = "the other tags, on this library"
LONGEST = 8  # words of a name
REMEDY = "Delete it, and learn the tags again."
AGAIN = "`mwe learn-tag --refresh true` learns them again from their examples"


class LearntTag(NamedTuple):
    """A tag that a library learnt from examples.

    Attributes:
        name: Its name.
        vector_D: Its unit vector, float32.
        length: Length of a word's vector, for sums with words.
        slope: Slope from its cosines to probabilities; None without calibration.
        intercept: Intercept likewise.
        examples: IDs of the tracks that it was learnt from.
        counter_examples: IDs of tracks that do not have it.
        word: Whether the library has a word of this name, which counted too.
    """

    name: str
    vector_D: npt.NDArray[np.float32]
    length: float
    slope: float | None
    intercept: float | None
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...] = ()
    word: bool = False

    @property
    def understood(self) -> str:
        """Its name, and what it was learnt from.

        Examples:
            >>> LearntTag("rainy", np.float32([1, 0]), 1.0, None, None, ("a", "b"), word=True).understood
            'rainy (learnt from 2 examples and the word)'
        """
        count = len(self.examples)
        others = f", {len(self.counter_examples)} counter-examples" if self.counter_examples else ""
        word = " and the word" if self.word else ""
        return f"{self.name} (learnt from {count} example{'s' if count > 1 else ''}{others}{word})"

    def to_dict(self) -> dict[str, Any]:
        """Return the content for JSON."""
        lists = {"examples": list(self.examples), "counter_examples": list(self.counter_examples)}
        return {**self._asdict(), **lists, "vector_D": self.vector_D.tolist()}

    @classmethod
    def of_dict(cls, content: Mapping[str, Any], dim: int) -> "LearntTag":
        """Return the tag in a dictionary from ``to_dict``.

        Raises:
            ValueError: It is not a unit vector of this size, or a part is of another type.
        """
        vector_D = np.array(content["vector_D"], dtype=np.float32)
        if vector_D.shape != (dim,) or not abs(float(np.linalg.norm(vector_D)) - 1) < 1e-3:
            raise ValueError(f"no unit vector of {dim} dimensions")
        slope, intercept = (None if content[name] is None else float(content[name]) for name in ("slope", "intercept"))
        examples, others = (tuple(map(str, content[name])) for name in ("examples", "counter_examples"))
        name, length = checked_name(content["name"]), float(content["length"])
        if not np.isfinite([length, slope or 0, intercept or 0]).all():
            raise ValueError("a number is not finite")
        return cls(name, vector_D, length, slope, intercept, examples, others, bool(content["word"]))


@dataclass(frozen=True)
class LearntTags:
    """The learnt tags of a library, by the token of their names.

    Args:
        space: The embedding space that they were learnt in.
        tags: The tags.
    """

    space: str
    tags: Mapping[str, LearntTag] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Path, dim: int) -> "LearntTags":
        """Read the learnt tags of a library; there are none without a file.

        Args:
            root: Folder of the library.
            dim: Dimensions of its vectors.

        Raises:
            BadFileError: The file is damaged.
            StaleArtefactError: Another version wrote it.
        """
        path = root / FILE
        if not path.is_file():
            return cls("")
        content = read_json(path)
        with expecting(path, "not the tags that a library learnt", REMEDY):
            if content["format"] != FORMAT:
                raise StaleArtefactError(f"{path}: not in the format of this version. {REMEDY}")
            tags = [LearntTag.of_dict(tag, dim) for tag in content["tags"]]
            return cls(str(content["space"]), {tag_token(tag.name): tag for tag in tags})

    def write(self, root: Path) -> None:
        """Write the tags into the folder of a library, completely or not at all; remove the file if there are none."""
        if self.tags:
            tags = [tag.to_dict() for tag in self.tags.values()]
            write_json(root / FILE, {"format": FORMAT, "space": self.space, "tags": tags})
        else:
            (root / FILE).unlink(missing_ok=True)

    def require_space(self, root: Path, space: str) -> None:
        """Refuse tags that were learnt in another embedding space.

        Raises:
            StaleArtefactError: The library has another model now.
        """
        if self.tags and self.space != space:
            message = f"{root / FILE}: learnt in embedding space {self.space}, but the library is of {space}"
            raise StaleArtefactError(f"{message}. {AGAIN}.")

    def __bool__(self) -> bool:
        return bool(self.tags)

    def get(self, name: str) -> LearntTag | None:
        """Return the tag of a name; case and ``_`` for a space do not matter. None if it was not learnt."""
        return self.tags.get(tag_token(name)) if self.tags else None

    @property
    def longest(self) -> int:
        """Largest number of words of a name."""
        return max((len(tag_words(tag.name)) for tag in self.tags.values()), default=0)

    def added(self, table: TagTable) -> TagTable:
        """Return a table of tags in which the learnt ones stand for those of the same name, or else at the end."""
        if not self.tags:
            return table
        row_of = self._rows(table.tags)
        new = [tag for token, tag in self.tags.items() if token not in row_of]
        wider = table.with_tags([tag.name for tag in new], {})
        row_of = self._rows(wider.tags)
        rows = [row_of[token] for token in self.tags]
        groups, seen, calibrated_on = list(wider.groups), list(wider.seen), list(wider.calibrated_on)
        slope, intercept = wider.slope.copy(), wider.intercept.copy()
        for row, tag in zip(rows, self.tags.values(), strict=True):
            groups[row], seen[row] = GROUP, False
            slope[row], intercept[row] = (np.nan if value is None else value for value in (tag.slope, tag.intercept))
            calibrated_on[row] = "" if tag.slope is None else CALIBRATED_ON
        return TagTable(wider.tags, tuple(groups), tuple(seen), slope, intercept, tuple(calibrated_on), wider.pooled)

    def put_prototypes(self, tags: Sequence[str], prototype_TD: np.ndarray, known_T: np.ndarray) -> None:
        """Set the unit vectors of the learnt tags among those of all tags, in place."""
        for token, row in self._rows(tags).items():
            if token in self.tags:
                prototype_TD[row], known_T[row] = self.tags[token].vector_D, True

    @staticmethod
    def _rows(tags: Sequence[str]) -> dict[str, int]:
        return {tag_token(tag): row for row, tag in enumerate(tags)}


def checked_name(name: str) -> str:
    """Return the name of a tag, with single spaces.

    Raises:
        BadRequestError: It has no words, too many, or signs that queries give a meaning.

    Examples:
        >>> checked_name(" rainy  evening")
        'rainy evening'
        >>> checked_name("calm + piano")
        Traceback (most recent call last):
            ...
        mwe.core.errors.BadRequestError: 'calm + piano' cannot be the name of a tag: + is a sign of queries
    """
    words = name.split()
    signs = [sign for sign in ("+", "-") if sign in words] + [sign for sign in (":", '"', "*") if sign in name]
    problem = f"{signs[0]} is a sign of queries" if signs else "it has no words" if not words else ""
    if len(words) > LONGEST or len(name) > 200:
        problem = f"it has more than {LONGEST} words or 200 letters"
    if not problem and not name.isprintable():
        problem = "it has letters that cannot be printed"
    if problem:
        raise BadRequestError(f"{name!r} cannot be the name of a tag: {problem}")
    return " ".join(words)
