"""Packages that only some users need, imported where they are used."""

from importlib import import_module
from typing import Any

from mwe.core.errors import MissingDataError


def require_extra(module: str, extra: str, needs: str) -> Any:
    """A module of an optional extra.

    Args:
        module: What is imported.
        extra: The extra that brings it.
        needs: What the message says of who needs it.

    Raises:
        MissingDataError: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingDataError(f"{needs}. Install it with `pip install 'mwe[{extra}]'`.") from error
