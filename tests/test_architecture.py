"""Imports go one way, and every committed configuration is read by a test."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# each room may import itself and the rooms before it that are named
ROOMS = {
    "core": set(),
    "metrics": {"core"},
    "tracks": {"core"},
    "audio": {"core"},
    "encoders": {"core"},
    "tower_pairs": {"core", "audio"},
    "corpora": {"core", "tracks"},
    "words": {"core", "metrics", "tracks", "corpora"},
    "joint": {"core", "metrics", "tracks", "audio", "encoders", "corpora", "words"},
    "search": {"core", "metrics", "tracks", "audio", "encoders", "tower_pairs", "corpora", "words", "joint"},
    "open_model": {"core", "metrics", "tracks", "audio", "encoders", "corpora", "words", "joint", "search"},
    "page": {"core", "audio", "corpora", "words", "search"},
    "service": {"core", "audio", "search"},
    "beets": {"core", "audio", "search"},  # only beets imports it, through its own namespace
    # the doors: what signatures need at the top, rooms inside of functions
    "commands": {"core", "tracks", "audio", "encoders", "corpora", "words", "search", "open_model", "page", "service"},
    # the wing on top: only the command line knows it, by strings
    "reproduce": {
        *("core", "metrics", "tracks", "audio", "encoders", "tower_pairs", "corpora", "words", "joint", "search"),
        "open_model",
    },
}
# rooms and modules of siamese_tags: each may import those before it
ORDER = (
    *("documents", "features", "networks", "losses", "metrics", "pairs", "pretraining", "checkpoints", "oov"),
    *(
        "fold_data",
        "checkpoint_tags",
        "stage",
        "stage1",
        "stage2",
        "baselines",
        "evaluate",
        "choice",
        "masked",
        "contextual",
    ),
    *("stages", "commands", "reproduce", "cli"),
)


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            yield node.module or ""


def files(package):
    return sorted((ROOT / package).rglob("*.py"))


def test_every_room_is_listed():
    rooms = {path.name for path in (ROOT / "mwe").iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert rooms == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_of_mwe_imports_only_what_lies_before_it(room):
    allowed = ROOMS[room] | {room}
    for path in files(f"mwe/{room}"):
        used = {name.split(".")[1] for name in imports(path) if name.startswith("mwe.")}
        assert used <= allowed, f"{path.relative_to(ROOT)} imports {used - allowed}"


def test_the_namespace_of_beets_has_one_module_that_only_hands_on():
    """beets imports ``beetsplug.NAME`` and nothing else, and takes only a class that this module defines."""
    (path,) = files("beetsplug")
    assert (path.name, list(imports(path))) == ("mwe.py", ["mwe.beets.plugin"])
    assert not (ROOT / "beetsplug/__init__.py").exists()  # it would hide the plugins of beets itself
    assert len(path.read_text(encoding="utf-8").splitlines()) < 10
    for package in ("mwe", "siamese_tags"):
        for file in files(package):
            used = [name for name in imports(file) if name.split(".")[:2] == ["mwe", "beets"]]
            assert not used or file.parent == ROOT / "mwe/beets", f"{file.relative_to(ROOT)} imports {used}"


def test_siamese_tags_is_read_in_one_order():
    folder = ROOT / "siamese_tags"
    found = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert found - {"__init__", "__main__"} == set(ORDER)
    for place, name in enumerate(ORDER):
        paths = files(f"siamese_tags/{name}") or [folder / f"{name}.py"]
        for path in paths:
            used = {used.split(".")[1] for used in imports(path) if used.startswith("siamese_tags.")}
            assert used <= set(ORDER[: place + 1]), f"{path.relative_to(ROOT)} imports what comes after it"


def test_mwe_never_imports_siamese_tags():
    for path in files("mwe"):
        assert not any(name.split(".")[0] == "siamese_tags" for name in imports(path)), path


def test_siamese_tags_imports_only_the_core_and_the_tracks_of_mwe():
    for path in files("siamese_tags"):
        used = {name.split(".")[1] for name in imports(path) if name.startswith("mwe.")}
        wing = {"reproduce"} if "reproduce" in path.parts else set()
        assert used <= {"core", "tracks"} | wing, f"{path}: {used}"


def test_nothing_imports_a_wing_but_the_wings():
    for package in ("mwe", "siamese_tags"):
        for path in files(package):
            if "reproduce" not in path.relative_to(ROOT).parts:
                used = [name for name in imports(path) if name.split(".")[1:2] == ["reproduce"]]
                assert not used, f"{path.relative_to(ROOT)} imports {used}"


def test_the_census_is_within_its_limits():
    script = [sys.executable, str(ROOT / "scripts/census.py"), "--check"]
    done = subprocess.run(script, capture_output=True, text=True)
    assert not done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("package", ["mwe", "siamese_tags"])
def test_neither_wandb_nor_pickle_nor_scikit_learn_metrics_are_imported(package):
    for path in files(package):
        # MSD's lists are pickles; one file reads them, and only plain values come out of it
        pickle = set() if path == ROOT / "mwe/tracks/pickles.py" else {"pickle"}
        for name in imports(path):
            assert name.split(".")[0] not in {"wandb", "lightning"} | pickle, path
            assert not name.startswith("sklearn.metrics"), path
