"""The command that finds broken files; it needs neither a model nor a library."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console

from mwe.core.commands import STOPPED
from mwe.core.errors import MissingDataError
from mwe.core.numbers import NonNegativeInt


def check(sources: Sequence[Path], /, workers: NonNegativeInt = 2, format: Literal["table", "json"] = "table") -> None:
    """Listen to whole files and name those that are broken.

    Every file is decoded from beginning to end. Files that are damaged, cut off, protected or without sound are listed
    with the problem. Nothing is written. Exits with 1 if a file is broken.

    Args:
        sources: Folders of audio or audio files.
        workers: Decoding processes.
        format: Lines for the broken files, or JSON with every file.

    Examples:
        mwe check ~/Music
        mwe check album/*.flac --workers 8 --format json
    """
    from mwe.audio.check import CheckedFile, check_files, summary
    from mwe.core.progress import track

    paths = _files(sources)
    console = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
    checked: list[CheckedFile] = []
    stopped = False
    try:
        for file in track(check_files(paths, workers), "listening to files", len(paths)):
            checked.append(file)
            if format == "table" and (file.broken or file.detail):
                console.print(f"{file.path}: {file}")
    except KeyboardInterrupt:
        stopped = True
    if format == "json":
        result = {"files": [file.to_dict() for file in checked], "summary": summary(checked), "stopped": stopped}
        print(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        console.print(f"stopped after {summary(checked)}" if stopped else summary(checked))
    if stopped or any(file.broken for file in checked):
        sys.exit(STOPPED if stopped else 1)


def _files(sources: Sequence[Path]) -> list[Path]:
    """Return every audio file of the sources once, in order.

    Raises:
        MissingDataError: A source is missing, or none has audio files.
    """
    from mwe.search.sources import audio_files

    paths: dict[Path, None] = {}
    for source in sources:
        if source.is_dir():
            paths |= dict.fromkeys(audio_files(source))
        elif source.is_file():
            paths[source] = None
        else:
            raise MissingDataError(f"{source} not found. Name a folder of audio files, or an audio file.")
    if not paths:
        raise MissingDataError(f"no audio files in {' '.join(map(str, sources)) or 'nothing'}. Name folders or files.")
    return list(paths)
