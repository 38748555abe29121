"""Outcomes of processing many files: a one-line summary, and an error if too many failed."""

from collections.abc import Mapping
from pathlib import Path

from mwe.core.errors import BadFileError


def outcome_text(ok: int, skipped: Mapping[str, int], table: Path) -> str:
    """Return the number of processed files, the number of skipped files by reason, and the table that lists these.

    Examples:
        >>> print(outcome_text(98, {"silent": 2}, Path("skipped.tsv")))
        98 ok, 2 skipped: silent x 2 -> skipped.tsv
    """
    text = f"{ok:,} ok, {sum(skipped.values()):,} skipped"
    if not skipped:
        return text
    reasons = ", ".join(f"{reason} x {count:,}" for reason, count in sorted(skipped.items()))
    return f"{text}: {reasons} -> {table}"


def require_few_failed(skipped: Mapping[str, int], total: int, max_failed: float, table: Path, what: str) -> None:
    """Require that at most a share of the files was skipped; more suggests that they are the wrong files.

    Args:
        skipped: Number of files by reason.
        total: Number of all files.
        max_failed: Largest share of skipped files.
        table: Table that lists the skipped files.
        what: Words for the failure, such as ``tracks are unreadable``.

    Raises:
        BadFileError: More than ``max_failed`` were skipped.
    """
    failed = sum(skipped.values())
    if failed > max_failed * total:
        message = f"{failed:,} of {total:,} {what}, more than {max_failed:.0%}"
        raise BadFileError(table, message, "It lists the reasons; --max_failed sets the limit.")
