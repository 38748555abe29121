"""What a package offers at its door, imported when asked for."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def offered_by(package: str, modules: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package that imports its modules only when their names are asked for.

    Args:
        package: The package, its ``__name__``.
        modules: Names that are offered, by the full name of the module that has them.

    Examples:
        >>> door = offered_by("mwe.core", {"mwe.core.tokens": ["tag_token"]})
        >>> door("tag_token")("deep house")
        'deep_house'
    """
    module_of = {name: module for module, names in modules.items() for name in names}

    def door(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(module_of[name]), name)

    return door
