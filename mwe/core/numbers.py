"""Numbers of command lines and of files that are refused there when they make no sense."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # jsonargparse makes its types while it runs, which type checkers do not follow
    PositiveInt = int
    NonNegativeInt = int
    Share = float
else:
    from jsonargparse.typing import ClosedUnitInterval as Share
    from jsonargparse.typing import NonNegativeInt, PositiveInt

__all__ = ["NonNegativeInt", "PositiveInt", "Share", "check_numbers"]

_LARGEST = 1e6  # beyond, a file asks for more memory than there is


def check_numbers(numbers: Mapping[str, Any], whole: Collection[str]) -> None:
    """Refuse settings read from a file that are no numbers from 0 to a million.

    Args:
        numbers: The numbers by name.
        whole: Names of those that are whole and above 0.

    Raises:
        ValueError: One is something else.
    """
    for name, value in numbers.items():
        kinds, least = (int, 1) if name in whole else ((int, float), 0)
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= _LARGEST:
            raise ValueError(f"{name} is {value!r}")
