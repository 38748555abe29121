"""The section ``mwe`` of beets' configuration."""

import os
from pathlib import Path
from typing import NamedTuple

import beets
from confuse import Subview

from mwe.core.errors import MissingDataError
from mwe.search import Library
from mwe.search.layout import DECLARATION

FOLDER = "mwe"  # beside the configuration


class Settings(NamedTuple):
    """What the configuration says.

    Attributes:
        library: Folder of the library of vectors; by default ``mwe`` beside beets' configuration.
        model: The model; None for that of the library, and ``open`` for a new one.
        workers: Decoding processes.
        number: Number of answers.
        tags: Number of heard tags of an item.
        least: Least probability of a heard tag.
    """

    library: Path
    model: Path | None
    workers: int
    number: int
    tags: int
    least: float

    @classmethod
    def read(cls, section: Subview) -> "Settings":
        """Read the section.

        Raises:
            confuse.ConfigError: A value is of another type.
        """
        folder, model = Path(beets.config.config_dir()), section["model"].get(str)
        return cls(
            folder / os.path.expanduser(section["library"].get(str) or FOLDER),
            Path(os.path.expanduser(model)) if model else None,
            section["workers"].get(int),
            section["number"].get(int),
            section["tags"].get(int),
            section["least"].as_number(),
        )

    def opened(self) -> Library:
        """Return the library.

        Raises:
            MissingDataError: Nothing has been indexed.
        """
        if not (self.library / DECLARATION).is_file():
            raise MissingDataError(f"no library in {self.library}. Make one with `beet mwe index`.")
        return Library(self.library)
