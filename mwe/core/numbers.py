"""Numbers of a command line that are refused there when they make no sense."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # jsonargparse makes its types while it runs, which type checkers do not follow
    PositiveInt = int
    NonNegativeInt = int
    Share = float
else:
    from jsonargparse.typing import ClosedUnitInterval as Share
    from jsonargparse.typing import NonNegativeInt, PositiveInt

__all__ = ["NonNegativeInt", "PositiveInt", "Share"]
