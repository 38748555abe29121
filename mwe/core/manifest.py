"""What a stage tells of what it made: what it was made of, by which settings and versions, and how much there is.

It stands in the JSON file that the stage writes last, so that a result with one is whole. Nothing in it changes between
equal runs: no dates, no places.
"""

import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mwe import __version__

PACKAGES = ("torch", "pytorch-lightning", "numpy", "scipy", "scikit-learn")  # what trainings compute with
INPUTS, SETTINGS, VERSIONS, COUNTS = "inputs", "settings", "versions", "counts"


def manifest(
    inputs: Mapping[str, Any],
    settings: Mapping[str, Any],
    counts: Mapping[str, int] | None = None,
    packages: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The manifest of a stage.

    Args:
        inputs: Hashes of what was read, by name.
        settings: The configuration.
        counts: How much there is.
        packages: What else computes, beside this package and Python.
    """
    told = {INPUTS: dict(inputs), SETTINGS: dict(settings), VERSIONS: versions(*packages)}
    return told if counts is None else {**told, COUNTS: dict(counts)}


def versions(*packages: str) -> dict[str, str]:
    """Versions of this package, of Python and of installed packages."""
    found = {"mwe": __version__, "python": platform.python_version()}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def fits(found: Any, wanted: Mapping[str, Any]) -> bool:
    """Whether something was made of the same inputs by the same settings; other versions do not outdate it.

    Args:
        found: Its manifest, or whatever stands in the place of one.
        wanted: The manifest that it would have now.
    """
    if not isinstance(found, Mapping):
        return False
    as_read = json.loads(json.dumps(wanted))
    return all(found.get(name) == as_read[name] for name in (INPUTS, SETTINGS))
