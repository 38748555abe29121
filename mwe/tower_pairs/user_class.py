"""A user's own class as a tower pair."""

from importlib import import_module
from typing import cast

from mwe.core.errors import BadFileError, MissingDataError
from mwe.tower_pairs.protocol import PairDescription, TowerPair

REMEDY = "docs/how-to/own-model.md shows such a class."


def open_class(path: str) -> tuple[TowerPair, str]:
    """Import a class by its dotted path, which runs its module, and make a pair of it without arguments.

    Args:
        path: Dotted path, such as ``my_module.MyPair``.

    Raises:
        MissingDataError: There is no such module or class.
        BadFileError: It is no tower pair.
    """
    module_name, _, class_name = path.rpartition(".")
    try:
        module = import_module(module_name)
    except (ImportError, ValueError) as error:
        remedy = "Install the module, or name its folder in PYTHONPATH"
        raise MissingDataError(
            f"class {path}: {module_name or path} cannot be imported ({error}). {remedy}."
        ) from error
    if not hasattr(module, class_name):
        raise MissingDataError(f"class {path}: {module_name} has no {class_name}. Give the path of a class in it.")
    pair = getattr(module, class_name)()
    if not isinstance(getattr(pair, "description", None), PairDescription):
        raise BadFileError(path, "its description is no PairDescription", REMEDY)
    if missing := [name for name in ("encode_audio", "encode_text") if not callable(getattr(pair, name, None))]:
        raise BadFileError(path, f"has no {missing[0]}", REMEDY)
    return cast(TowerPair, pair), path
