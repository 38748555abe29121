"""Write the checksum list of a declared collection from a folder that holds it.

Usage: python scripts/declare_collection.py NAME FOLDER PATTERN [PATTERN ...] [--unpinned PATH ...]
"""

import argparse
from pathlib import Path

from mwe.core.datasets import DECLARATIONS, UNPINNED
from mwe.core.files import atomic_write, sha256


def main() -> None:
    """List the files that match the patterns, sorted, with their SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("folder", type=Path)
    parser.add_argument("patterns", nargs="+")
    parser.add_argument("--unpinned", nargs="*", default=[], help="paths whose upstream checksum is not known")
    given = parser.parse_args()
    paths = sorted({path for pattern in given.patterns for path in given.folder.glob(pattern) if path.is_file()})
    with (
        atomic_write(DECLARATIONS / f"{given.name}.tsv") as temporary,
        temporary.open("w", encoding="utf-8") as listing,
    ):
        for path in paths:
            relative = path.relative_to(given.folder).as_posix()
            listing.write(f"{relative}\t{UNPINNED if relative in given.unpinned else sha256(path)}\n")


if __name__ == "__main__":
    main()
