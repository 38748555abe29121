"""The manifest of a stage's result: its inputs, settings, versions and counts.

It is part of the JSON file that the stage writes last, so that a result with a manifest is complete. It is the same for
equal runs: it has no dates and no paths.
"""

import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mwe import __version__

PACKAGES = ("torch", "pytorch-lightning", "numpy", "scipy", "scikit-learn")  # packages that trainings compute with
INPUTS, SETTINGS, VERSIONS, COUNTS = "inputs", "settings", "versions", "counts"


def manifest(
    inputs: Mapping[str, Any],
    settings: Mapping[str, Any],
    counts: Mapping[str, int] | None = None,
    packages: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return the manifest of a stage.

    Args:
        inputs: Hashes of the inputs, by name.
        settings: The configuration.
        counts: Counts of the result.
        packages: Packages to list beside this package and Python.
    """
    content = {INPUTS: dict(inputs), SETTINGS: dict(settings), VERSIONS: versions(*packages)}
    return content if counts is None else {**content, COUNTS: dict(counts)}


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of this package, of Python and of installed packages."""
    numbers = {"mwe": __version__, "python": platform.python_version()}
    for name in packages:
        try:
            numbers[name] = version(name)
        except PackageNotFoundError:
            numbers[name] = "unknown"
    return numbers


def fits(saved: Any, expected: Mapping[str, Any]) -> bool:
    """Return whether a result was made from the same inputs with the same settings; versions may differ.

    Args:
        saved: Its manifest, or any other value.
        expected: The manifest that it would have now.
    """
    if not isinstance(saved, Mapping):
        return False
    as_read = json.loads(json.dumps(expected))
    return all(saved.get(name) == as_read[name] for name in (INPUTS, SETTINGS))
