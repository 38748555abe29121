"""Packages that only some users need, imported where they are used."""

from importlib import import_module
from typing import Any

from mwe.core.errors import MissingDataError


def require_extra(module: str, extra: str, needs: str) -> Any:
    """Import a module of an optional extra.

    Args:
        module: The module.
        extra: The extra that installs it.
        needs: Sentence for the message about what needs it.

    Raises:
        MissingDataError: The extra is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingDataError(f"{needs}. Install it with `pip install 'mwe[{extra}]'`.") from error
