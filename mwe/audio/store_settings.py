"""Settings of a mel store in its ``mel.json``: mel settings, decoding, and the manifest of a finished store."""

from pathlib import Path
from typing import Any

from mwe.audio.mel_settings import MelSettings
from mwe.audio.shards import shard_names
from mwe.core.errors import StaleArtefactError
from mwe.core.files import read_json, write_json

SETTINGS_FILE = "mel.json"
_FORMAT = 1
_MADE = "made"


def declare_settings(root: Path, settings: MelSettings, decoding: dict[str, Any]) -> None:
    """Write ``mel.json`` into a new store, or compare it with that of an existing store.

    Raises:
        StaleArtefactError: The store was made with other settings.
    """
    path = root / SETTINGS_FILE
    if path.exists():
        read_settings(root, settings)
        _compare(path, read_json(path).get("decoding", {}), decoding)
    elif shard_names(root):
        raise StaleArtefactError(
            f"{path}: missing, though the folder holds shards. Restore it, or extract into an empty folder."
        )
    else:
        write_json(path, {"format": _FORMAT, "mel": settings.to_dict(), "decoding": decoding})


def declare_made(root: Path, made: dict[str, Any] | None) -> None:
    """Write the manifest of a finished store into its ``mel.json``, or remove it while tracks are added."""
    content = {name: value for name, value in read_json(root / SETTINGS_FILE).items() if name != _MADE}
    write_json(root / SETTINGS_FILE, content if made is None else {**content, _MADE: made})


def made_before(root: Path) -> Any:
    """Return the manifest of a store, or None if an extraction into it is not finished."""
    return read_json(root / SETTINGS_FILE).get(_MADE)


def read_settings(root: Path, wanted: MelSettings | None = None) -> MelSettings:
    """Return the mel settings of a store, compared with ``wanted`` if given.

    Raises:
        StaleArtefactError: There is no store, it has another format, or it was made with other settings.
    """
    path = root / SETTINGS_FILE
    if not path.exists():
        raise StaleArtefactError(f"{path}: not found, so {root} is not a mel store. Extract the audio first.")
    content = read_json(path)
    try:
        settings = MelSettings.from_dict(content["mel"])
        known = content["format"] == _FORMAT and settings.to_dict() == content["mel"]
    except (KeyError, TypeError, AttributeError, ValueError):
        known = False
    if not known:
        raise StaleArtefactError(f"{path}: not in the format of this version. Extract the audio into a new folder.")
    if wanted is not None:
        _compare(path, content["mel"], wanted.to_dict())
    return settings


def _compare(path: Path, actual: dict[str, Any], expected: dict[str, Any]) -> None:
    differing = [
        f"{name} is {actual.get(name)!r}, expected {expected.get(name)!r}"
        for name in sorted({*actual, *expected})
        if actual.get(name) != expected.get(name)
    ]
    if differing:
        raise StaleArtefactError(
            f"{path}: {'; '.join(differing)}. Use the settings of the store, or extract into another folder."
        )
