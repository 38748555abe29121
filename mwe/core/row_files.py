"""Rows: configuration files that name the parts they are made of."""

from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import ActionConfigFile  # type: ignore[attr-defined]

from mwe.core.errors import BadFileError
from mwe.core.files import read_yaml

PARTS = "parts"


class RowFile(ActionConfigFile):
    """``-c FILE``, where a file may have ``parts``: files, relative to it, that are read in order before the rest.

    A part is a configuration as ``-c`` takes it, and may have parts of its own.
    """

    def __call__(self, parser: Any, cfg: Any, values: Any, option_string: str | None = None) -> None:
        """Read the parts, then the file.

        Raises:
            BadFileError: The parts are no list of files that are there.
        """
        path = Path(str(values))
        content = _content(path)
        if not isinstance(content, dict) or PARTS not in content:
            super().__call__(parser, cfg, values, option_string)  # type: ignore[no-untyped-call]
            return
        for part in _parts(path, content.pop(PARTS)):
            self(parser, cfg, str(part), option_string)
        if content:
            with chdir(path.parent):  # where paths in the rest count from
                super().__call__(parser, cfg, yaml.safe_dump(content))  # type: ignore[no-untyped-call]


def _content(path: Path) -> Any:
    """What a file holds; nothing where there is none or it is damaged, about which the parser complains."""
    try:
        return read_yaml(path, "")
    except (OSError, BadFileError):
        return None


def _parts(row: Path, named: Any) -> Sequence[Path]:
    found = [row.parent / str(one) for one in named] if isinstance(named, list) else []
    missing = next((path for path in found if not path.is_file()), None)
    if not found or missing is not None:
        what = "`parts` is no list of files" if missing is None else f"its part {missing} is not there"
        raise BadFileError(row, what, "Name configuration files, relative to this one.")
    return found
