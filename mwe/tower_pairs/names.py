"""Names of tower pairs, such as ``clap:FOLDER``, and consent to the code of a user's class.

This module is imported by every search, so it imports no framework.
"""

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mwe.core.errors import BadFileError, UnknownNameError

if TYPE_CHECKING:
    from mwe.tower_pairs.protocol import TowerPair

CONSENT = "MWE_CLASSES"
"""Environment variable: dotted paths of the classes that a library may run, separated by commas."""


class PairKind(NamedTuple):
    """A kind of tower pair.

    Attributes:
        opens: Module and function that open it, as ``module:function``.
        model: What it is.
        code: Licence of the code.
        weights: Licence of the published weights.
    """

    opens: str
    model: str
    code: str
    weights: str


KINDS = {
    "clap": PairKind(
        "mwe.tower_pairs.clap:open_clap",
        "LAION-CLAP, by `ClapModel` of transformers",
        "Apache-2.0",
        "Apache-2.0 for those of LAION",
    ),
    "muq": PairKind(
        "mwe.tower_pairs.muq:open_muq", "MuQ-MuLan, by the package `muq`", "MIT", "CC BY-NC 4.0: not for commercial use"
    ),
    "onnx": PairKind(
        "mwe.tower_pairs.onnx_pair:open_onnx", "two ONNX graphs and a tokenizer", "yours", "as `pair.json` says"
    ),
    "class": PairKind(
        "mwe.tower_pairs.user_class:open_class", "a class of your own, by its dotted path", "yours", "yours"
    ),
}


def is_pair(name: str | Path) -> bool:
    """Return whether a model's name is that of a tower pair, such as ``clap:FOLDER``.

    Examples:
        >>> is_pair("clap:laion/clap-htsat-unfused"), is_pair("outputs/demo/joint/seed0"), is_pair("open")
        (True, False, False)
    """
    kind, colon, rest = str(name).partition(":")
    return bool(colon and rest) and kind in KINDS


def open_pair(name: str) -> tuple["TowerPair", str]:
    """Open a tower pair by its name.

    Args:
        name: ``clap:`` and a folder or a name on the Hugging Face Hub; or ``class:`` and a dotted path, whose code is
            run.

    Returns:
        The pair, and the name that opens the same weights from any folder.

    Raises:
        UnknownNameError: There is no such kind.
        MissingDataError: A package, a folder or a file is missing.
        BadFileError: The files cannot be used.
    """
    kind, _, rest = name.partition(":")
    if kind not in KINDS or not rest:
        raise UnknownNameError("kind of tower pair", name, [f"{known}:" for known in KINDS])
    module, function = KINDS[kind].opens.split(":")
    pair, canonical = getattr(import_module(module), function)(rest)
    return pair, f"{kind}:{canonical}"


def require_consent(name: str, path: str | Path) -> None:
    """Require that the user allowed the class that a file names; other kinds run no code of theirs.

    Args:
        name: Name of a tower pair.
        path: The file that names it.

    Raises:
        BadFileError: The class is not among those of ``MWE_CLASSES``.

    Examples:
        >>> require_consent("clap:laion/clap-htsat-unfused", "library.json")
        >>> require_consent("class:theirs.Pair", "library.json")
        Traceback (most recent call last):
            ...
        mwe.core.errors.BadFileError: library.json: its model is the class theirs.Pair, whose code ...
    """
    kind, _, path_of_class = name.partition(":")
    allowed = {part.strip() for part in os.environ.get(CONSENT, "").split(",")}
    if kind == "class" and path_of_class not in allowed:
        problem = f"its model is the class {path_of_class}, whose code would be run"
        raise BadFileError(path, problem, f"If you trust it, set the environment variable {CONSENT}={path_of_class}.")
