"""Types and checks of numbers from command lines and files."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # jsonargparse makes its types at run time, which type checkers cannot follow
    PositiveInt = int
    NonNegativeInt = int
    Share = float
else:
    from jsonargparse.typing import ClosedUnitInterval as Share
    from jsonargparse.typing import NonNegativeInt, PositiveInt

__all__ = ["NonNegativeInt", "PositiveInt", "Share", "check_numbers"]

_LARGEST = 1e6  # larger values could need more memory than there is


def check_numbers(numbers: Mapping[str, Any], whole: Collection[str]) -> None:
    """Check that settings read from a file are numbers from 0 to a million.

    Args:
        numbers: The numbers by name.
        whole: Names of the numbers that must be integers above 0.

    Raises:
        ValueError: A value is not such a number.

    Examples:
        >>> check_numbers({"hop": 512, "seconds": 3.0}, whole={"hop"})
        >>> check_numbers({"hop": 0}, whole={"hop"})
        Traceback (most recent call last):
            ...
        ValueError: hop is 0
    """
    for name, value in numbers.items():
        kinds, minimum = (int, 1) if name in whole else ((int, float), 0)
        if isinstance(value, bool) or not isinstance(value, kinds) or not minimum <= value <= _LARGEST:
            raise ValueError(f"{name} is {value!r}")
