"""Which packages an installation brings: pinned with hashes, bad releases kept out, licences listed."""

import importlib.util
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DECLARED = [
    Requirement(one)
    for group in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for one in group
    if not one.startswith("mwe[")
]
# from an index of its own, with builds that differ by processor and CUDA version
UNLOCKED = {"torch"}


def pins():
    """Version by name, as constraints.txt has them."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def test_every_pin_is_locked_with_hashes_and_nothing_else_is():
    text = (ROOT / "constraints.lock").read_text(encoding="utf-8")
    locked = {}
    for name, version, hashes in re.findall(
        r"^([\w.-]+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", text, re.M
    ):
        locked[canonicalize_name(name)] = version
        assert hashes
    assert locked == {name: version for name, version in pins().items() if name not in UNLOCKED}, "run `make lock`"
    assert len(re.findall(r"^[\w.-]+==", text, re.M)) == len(locked), "a pin without a hash"
    assert "index" not in re.sub(r"^ *#.*$", "", text, flags=re.M)


def test_every_declared_dependency_is_pinned_within_its_bounds():
    optional = {"umap-learn"}  # an extra that neither tests nor targets need
    for requirement in DECLARED:
        name = canonicalize_name(requirement.name)
        if name not in optional:
            assert requirement.specifier.contains(pins()[name], prereleases=True), (
                f"{requirement}, pinned {pins()[name]}"
            )


@pytest.mark.parametrize(
    ("name", "release"),
    [
        ("pytorch-lightning", "2.6.2"),  # withdrawn with the stolen-credentials releases of its sister package
        ("pytorch-lightning", "2.6.3"),
        ("torch", "2.5.1"),  # torch.load(weights_only=True) could be led to run code (CVE-2025-32434)
        ("pyarrow", "14.0.0"),  # unpickled the types of columns (CVE-2023-47248)
    ],
)
def test_bad_releases_are_kept_out(name, release):
    (bounds,) = [one.specifier for one in DECLARED if one.name == name]
    assert not bounds.contains(release)


def test_the_package_whose_releases_were_malicious_is_not_used():
    assert "lightning" not in {one.name for one in DECLARED} | set(pins())


def test_every_direct_dependency_has_its_licence_listed():
    described = importlib.util.spec_from_file_location("licences", ROOT / "scripts/licences.py")
    module = importlib.util.module_from_spec(described)
    sys.modules[described.name] = module
    described.loader.exec_module(module)
    text = (ROOT / "docs/reference/licences.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| ([\w.-]+) \| (\w+) \| .+ \|$", text.partition("## Through them")[0], re.M))
    listed.pop("package", None)
    assert listed == module.declared(), "run `python scripts/licences.py`"
    assert "not installed here" not in text
    assert "see its files" not in text
