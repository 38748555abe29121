"""Write docs/reference/licences.md: the licence of every package that an installation brings, as it states it itself.

Usage: python scripts/licences.py, in an environment made by ``make setup``
"""

import re
import textwrap
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mwe.core.files import atomic_write
from mwe.encoders import weights
from mwe.words import english

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs/reference/licences.md"
TOOLS = "dev"  # what tests need is not part of an installation
# libraries inside wheels whose metadata state the licence of the Python part
BUNDLED = {
    "av": "its wheels bundle FFmpeg: LGPL-3.0-or-later, with x264 and x265: GPL-2.0-or-later",
    "soundfile": "its wheels bundle libsndfile, mpg123 and LAME: LGPL-2.1-or-later",
    "soxr": "its wheels bundle libsoxr",
}
ASKS_MORE = re.compile(r"GPL|MPL|Mozilla|EUPL|CDDL", re.IGNORECASE)
HEAD = """# Licences of the dependencies
This software is under Apache-2.0. What an installation brings besides, as the packages say themselves; written by
`python scripts/licences.py`. Packages that are needed for tests alone are not listed.
"""


def declared() -> dict[str, str]:
    """Direct dependencies by name, with ``always`` or the extra that asks for them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"always": project["dependencies"], **project["optional-dependencies"]}
    found: dict[str, str] = {}
    for group, requirements in groups.items():
        if group != TOOLS:
            for requirement in requirements:
                found.setdefault(canonicalize_name(Requirement(requirement).name), group)
    return found


def licence_of(package: Distribution) -> str:
    """A licence expression where there is one, else what classifiers or the free field say."""
    told = package.metadata
    if expression := told.get("License-Expression"):
        return str(expression)
    prefix = "License :: "
    classes = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or () if one.startswith(prefix)]
    named = [one for one in classes if one != "OSI Approved"]
    free = (told.get("License") or "").strip().partition("\n")[0].strip()
    return ", ".join(dict.fromkeys(named)) or (free if 0 < len(free) < 60 else "") or "see its files"


def needed_by(package: Distribution) -> Iterator[str]:
    """Names of what a package needs here."""
    for line in package.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)


def closure(direct: dict[str, str]) -> dict[str, str]:
    """Licence by name of the direct dependencies that are installed, and of what they need."""
    found: dict[str, str] = {}
    left = list(direct)
    while left:
        name = left.pop()
        if name in found:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:
            found[name] = "not installed here"
            continue
        found[name] = licence_of(package) + (f"; {BUNDLED[name]}" if name in BUNDLED else "")
        left += needed_by(package)
    return found


def fetched() -> str:
    """Section on what `mwe weights` takes out of packages that are never installed."""
    parts = [{**weights.declaration(), "what": "weights of the towers", "terms": ""}, *english.declaration().values()]
    rows = [f"| {data['package']} {data['version']} | {data['what']} | {data['licence']} |" for data in parts]
    terms = " ".join(f"{data['package']}: {data['terms']}" for data in parts if data["terms"])
    text = f"The licence text is written beside the files in the cache. No code of these packages is run. {terms}"
    table = "| package | what is taken | licence |\n|---|---|---|\n" + "\n".join(rows)
    return f"## Data that `mwe weights` fetches\n{textwrap.fill(text, 120, break_on_hyphens=False)}\n\n{table}\n"


def document() -> str:
    """The whole page."""
    direct = declared()
    licences = closure(direct)
    rows = [f"| {name} | {group} | {licences[name]} |" for name, group in sorted(direct.items())]
    others = [f"| {name} | {licence} |" for name, licence in sorted(licences.items()) if name not in direct]
    more = sorted(f"{name} ({licence})" for name, licence in licences.items() if ASKS_MORE.search(licence))
    all_of_them = f"All of them are linked or imported as they are, none is changed: {'; '.join(more)}."
    parts = [
        HEAD,
        "## Direct\n| package | needed | licence |\n|---|---|---|\n" + "\n".join(rows) + "\n",
        "## Through them\n| package | licence |\n|---|---|\n" + "\n".join(others) + "\n",
        f"## Those that ask for more than attribution\n{textwrap.fill(all_of_them, 120, break_on_hyphens=False)}\n",
        fetched(),
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    with atomic_write(DOCUMENT) as temporary:
        temporary.write_text(document(), encoding="utf-8")
