"""Configuration files: rows that include other files as parts, and experiments with a section ``config``."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import ActionConfigFile  # type: ignore[attr-defined]

from mwe.core.errors import BadFileError
from mwe.core.files import read_yaml

PARTS = "parts"
CONFIG = "config"


class ExperimentFile(ActionConfigFile):
    """``-c FILE`` of a command: the options in the section ``config`` of an experiment, or in the whole file."""

    def __call__(self, parser: Any, cfg: Any, values: Any, option_string: str | None = None) -> None:
        """Read the section, or the whole file if it has none."""
        path = Path(str(values))
        content = _content(path)
        if isinstance(content, dict) and isinstance(content.get(CONFIG), dict):
            _read_options(super().__call__, parser, cfg, path, content[CONFIG])
        else:
            super().__call__(parser, cfg, values, option_string)  # type: ignore[no-untyped-call]


class RowFile(ActionConfigFile):
    """``-c FILE``, where a file may list ``parts``: files, relative to it, that are read in order before the rest.

    A part is a configuration for ``-c`` as well, and may have parts.
    """

    def __call__(self, parser: Any, cfg: Any, values: Any, option_string: str | None = None) -> None:
        """Read the parts, then the file.

        Raises:
            BadFileError: The parts are not a list of existing files.
        """
        path = Path(str(values))
        content = _content(path)
        if not isinstance(content, dict) or PARTS not in content:
            super().__call__(parser, cfg, values, option_string)  # type: ignore[no-untyped-call]
            return
        for part in _parts(path, content.pop(PARTS)):
            self(parser, cfg, str(part), option_string)
        if content:
            _read_options(super().__call__, parser, cfg, path, content)


def _read_options(read: Callable[..., None], parser: Any, cfg: Any, path: Path, options: Mapping[str, Any]) -> None:
    """Read options of a file; paths in them are relative to its folder."""
    with chdir(path.parent):
        read(parser, cfg, yaml.safe_dump(options, sort_keys=False))


def _content(path: Path) -> Any:
    """Return the content of a file, or None if it is missing or damaged, which the parser reports."""
    try:
        return read_yaml(path, "")
    except (OSError, BadFileError):
        return None


def _parts(row: Path, names: Any) -> Sequence[Path]:
    paths = [row.parent / str(name) for name in names] if isinstance(names, list) else []
    missing = next((path for path in paths if not path.is_file()), None)
    if not paths or missing is not None:
        message = "`parts` is not a list of files" if missing is None else f"its part {missing} is missing"
        raise BadFileError(row, message, "Name configuration files, relative to this one.")
    return paths
