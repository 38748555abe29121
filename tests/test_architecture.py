"""Imports go one way, and every committed configuration is read by a test."""

import ast
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
    "corpora": {"core", "tracks"},
    "words": {"core", "metrics", "tracks", "corpora"},
    "joint": {"core", "metrics", "tracks", "audio", "encoders", "corpora", "words"},
    "search": {"core", "metrics", "tracks", "audio", "encoders", "corpora", "words", "joint"},
    "page": {"core", "audio", "corpora", "words", "search"},
}
# rooms and modules of siamese_tags: each may import those before it
ORDER = (
    *("documents", "features", "networks", "losses", "metrics", "pairs", "pretraining", "checkpoints", "oov"),
    *("datamodule", "kept", "stage", "stage1", "stage2", "nested", "choose", "baselines", "evaluate", "topic_count"),
    *("masked", "contextual", "published", "tables", "figures", "cli"),
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


def test_siamese_tags_imports_only_the_core_of_mwe():
    for path in files("siamese_tags"):
        used = {name for name in imports(path) if name.split(".")[0] == "mwe"}
        assert all(name == "mwe" or name.startswith("mwe.core") for name in used), f"{path}: {used}"


@pytest.mark.parametrize("package", ["mwe", "siamese_tags"])
def test_neither_wandb_nor_pickle_nor_scikit_learn_metrics_are_imported(package):
    for path in files(package):
        # MSD's lists are pickles; one file reads them, and only plain values come out of it
        pickle = set() if path == ROOT / "mwe/tracks/pickles.py" else {"pickle"}
        for name in imports(path):
            assert name.split(".")[0] not in {"wandb", "lightning"} | pickle, path
            assert not name.startswith("sklearn.metrics"), path
