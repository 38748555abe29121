"""What became of many files: told in one line, and judged."""

from collections.abc import Mapping
from pathlib import Path

from mwe.core.errors import BadFileError


def outcome_text(ok: int, skipped: Mapping[str, int], table: Path) -> str:
    """How many files were of use and how many were skipped, by reason, with the table that lists these."""
    text = f"{ok:,} ok, {sum(skipped.values()):,} skipped"
    if not skipped:
        return text
    reasons = ", ".join(f"{reason} x {count:,}" for reason, count in sorted(skipped.items()))
    return f"{text}: {reasons} -> {table}"


def require_few_failed(skipped: Mapping[str, int], asked: int, max_failed: float, table: Path, what: str) -> None:
    """Judge whether the files were the right ones.

    Args:
        skipped: Number of files by reason.
        asked: Number of all files.
        max_failed: Share from which on they are taken for wrong.
        table: What lists the skipped ones.
        what: What they are, such as ``tracks are unreadable``.

    Raises:
        BadFileError: More than ``max_failed`` were skipped.
    """
    failed = sum(skipped.values())
    if failed > max_failed * asked:
        told = f"{failed:,} of {asked:,} {what}, more than {max_failed:.0%}"
        raise BadFileError(table, told, "See the reasons there; --max_failed sets the limit.")
