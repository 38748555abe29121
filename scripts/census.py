"""Count what makes the house large or hard to read: files, lines, import circles, class names used twice, vague names.

python scripts/census.py            # print the figures
python scripts/census.py --check    # fail where a figure is above its limit; the tests run this
python scripts/census.py --root DIR # of another checkout, to compare
"""

import argparse
import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGES = ("mwe", "siamese_tags")
LIMITS = {
    "YAML files": 89,
    "lines of Make": 250,
    "evals in Make": 0,
    "import circles": 0,
    "class names used twice": 0,
    "floors": 11,
    "vague names": 0,
}
VAGUE = {"one", "own", "found", "place"}
"""Names that say nothing about a value; a variable is named in the terms of the field: score, row, track."""

Graph = Mapping[str, set[str]]


def sources(root: Path) -> dict[str, Path]:
    """Return every module of both packages by its dotted name."""
    modules = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


def imported(tree: ast.AST, modules: Mapping[str, Path]) -> Iterator[str]:
    """Yield the modules that a tree imports at any depth, except under TYPE_CHECKING.

    A name that a package re-exports counts as an import of the package.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in modules else node.module
        else:
            yield from imported(node, modules)


def import_graph(root: Path) -> dict[str, set[str]]:
    """Return the modules that each module of both packages imports."""
    modules = sources(root)
    return {
        name: {other for other in imported(ast.parse(path.read_text("utf-8")), modules) if other in modules} - {name}
        for name, path in modules.items()
    }


def circles(graph: Graph) -> list[list[str]]:
    """Return modules that import each other in a loop: strongly connected components of two or more (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    components: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in graph[name]:
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            component = [stack.pop()]
            while component[-1] != name:
                component.append(stack.pop())
            if len(component) > 1:
                components.append(sorted(component))

    sys.setrecursionlimit(10_000)
    for name in graph:
        if name not in index:
            visit(name)
    return components


def rooms(graph: Graph) -> dict[str, set[str]]:
    """Return the rooms that each room imports; a room is a folder of a package, or a module beside the folders."""
    between: dict[str, set[str]] = defaultdict(set)
    for name, others in graph.items():
        room = ".".join(name.split(".")[:2])
        between[room] |= {".".join(other.split(".")[:2]) for other in others} - {room}
    # the __init__ of a package re-exports names and is not a room
    return {room: {other for other in others if "." in other} for room, others in between.items() if "." in room}


def floors(between: Graph) -> int:
    """Return the length of the longest chain of rooms, each importing the next."""
    height: dict[str, int] = {}
    for room in TopologicalSorter(between).static_order():
        height[room] = 1 + max((height[other] for other in between.get(room, ())), default=0)
    return max(height.values())


def class_names(root: Path) -> dict[str, list[str]]:
    """Return the modules that define each public class, by the name of the class."""
    defined: dict[str, list[str]] = defaultdict(list)
    for module, path in sources(root).items():
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                defined[node.name].append(module)
    return defined


def vague_names(root: Path) -> list[str]:
    """Return where a variable, parameter, function or class has a vague name, as ``file:line: name``."""
    lines = []
    for path in sources(root).values():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                    pass
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    pass
                case _:
                    continue
            if name in VAGUE:
                lines.append(f"{path.relative_to(root)}:{node.lineno}: {name}")
    return lines


def census(root: Path) -> dict[str, int]:
    """Return every figure by its name."""
    graph, make = import_graph(root), [root / "Makefile", *sorted((root / "make").glob("*.mk"))]
    lines = [line for path in make for line in path.read_text("utf-8").splitlines()]
    python = [path.read_text("utf-8").count("\n") for path in sources(root).values()]
    between, looped = rooms(graph), circles(graph)
    return {
        "Python files": len(python),
        "lines of Python": sum(python),
        "YAML files": len(list((root / "lightning_configs").rglob("*.yaml"))),
        "lines of Make": len(lines),
        "evals in Make": sum(line.count("$(eval") for line in lines),
        "import circles": len(looped),
        "class names used twice": sum(len(modules) > 1 for modules in class_names(root).values()),
        "rooms": len(between),
        "floors": 0 if circles(between) else floors(between),
        "vague names": len(vague_names(root)),
    }


def main() -> None:
    """Print the census; with ``--check`` fail where a figure is above its limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).parent.parent)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    figures = census(args.root)
    for name, figure in figures.items():
        limit = f"  (limit {LIMITS[name]})" if name in LIMITS else ""
        print(f"{name:24}{figure:8,}{limit}")
    for circle in circles(import_graph(args.root)):
        print("circle:", ", ".join(circle))
    for name, modules in class_names(args.root).items():
        if len(modules) > 1:
            print(f"class {name}:", ", ".join(modules))
    for line in vague_names(args.root):
        print(f"vague name: {line}")
    above = [name for name, limit in LIMITS.items() if figures[name] > limit]
    if args.check and above:
        sys.exit(f"above the limit: {', '.join(above)}")


if __name__ == "__main__":
    main()
