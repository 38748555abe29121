"""The faults that a program can make in a source file, one at a time.

A fault replaces the text of one syntax node, so that lines and everything else stay as they are.
"""

import ast
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scripts.mutants.operators import COSMETIC, EXPRESSIONS, REPORTS, STATEMENTS

SHOWN = 60


@dataclass(frozen=True)
class Fault:
    """A fault in a source file.

    Args:
        path: The file, relative to the root.
        line: Line where it starts.
        scope: Dotted name of the class and function it is in.
        operator: Kind of fault.
        before: The source text.
        after: The text in its place.
        start: Offset of the source text in bytes.
        number: Number among equal faults in the scope, from 0.
    """

    path: str
    line: int
    scope: str
    operator: str
    before: str
    after: str
    start: int
    number: int = 0

    @property
    def key(self) -> str:
        """A name that survives changes elsewhere in the file."""
        told = "\n".join([self.path, self.scope, self.operator, self.before, self.after, str(self.number)])
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def applied(self, source: bytes) -> bytes:
        """Return the source with the fault.

        Examples:
            >>> fault = Fault("a.py", 1, "", "arithmetic", "a + b", "a - b", start=4)
            >>> fault.applied(b"x = a + b")
            b'x = a - b'
        """
        before = self.before.encode()
        stop = self.start + len(before)
        if source[self.start : stop] != before:
            raise ValueError(f"{self.path} has changed at {self.before!r}")
        return source[: self.start] + self.after.encode() + source[stop:]

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {one_line(self.before)} → {one_line(self.after)}"


def one_line(text: str) -> str:
    r"""Return a text on one line, cut short.

    Examples:
        >>> one_line("f(a,\n  b)")
        'f(a, b)'
    """
    joined = " ".join(text.split())
    return joined if len(joined) <= SHOWN else joined[: SHOWN - 1] + "…"


def faults(path: str, source: bytes) -> list[Fault]:
    r"""Return the faults that can be made in a file, in the order of the text.

    Examples:
        >>> for fault in faults("a.py", b"def mean(total, count):\n    return total / count\n"):
        ...     print(fault)
        a.py:2: total / count → (total * count)
        a.py:2: total / count → total
    """
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    seen: Counter[tuple[str, ...]] = Counter()
    made = []
    for node, scope, operator, after in _replaced(ast.parse(source), ""):
        start, stop = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        before = source[start:stop].decode()
        same = (scope, operator, before, after)
        fault = Fault(path, node.lineno, scope, operator, before, after, start, seen[same])
        if _differs(node, after):
            seen[same] += 1
            made.append(fault)
    return sorted(made, key=lambda fault: fault.start)


def _differs(node: ast.AST, after: str) -> bool:
    mode = "exec" if isinstance(node, ast.stmt) else "eval"
    body = ast.parse(after, mode=mode).body
    return ast.dump(body[0] if isinstance(body, list) else body) != ast.dump(node)


def _replaced(node: ast.AST, scope: str) -> Iterator[tuple[ast.AST, str, str, str]]:
    """Yield nodes, their scope, the kind of fault and the text in their place."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        scope = f"{scope}.{node.name}" if scope else node.name
    table = STATEMENTS if isinstance(node, ast.stmt) else EXPRESSIONS
    for operator, replacements in table.items():
        for after in replacements(node):
            yield node, scope, operator, after if isinstance(after, str) else _text(after)
    if isinstance(node, ast.If) and not _for_types(node):
        yield from ((node.test, scope, "branch", always) for always in ("True", "False"))
    for child in _children(node):
        yield from _replaced(child, scope)


def _for_types(node: ast.If) -> bool:
    return "TYPE_CHECKING" in ast.unparse(node.test)


def _text(node: ast.expr) -> str:
    text = ast.unparse(node)
    atoms = ast.Name | ast.Constant | ast.Attribute | ast.Call | ast.Subscript
    return text if isinstance(node, atoms) else f"({text})"


def _children(node: ast.AST) -> Iterable[ast.AST]:
    """Return the parts of a node that a fault may be in: no annotation, docstring, message or formatted text."""
    if isinstance(node, ast.FunctionDef):
        defaults = [value for value in (*node.args.defaults, *node.args.kw_defaults) if value is not None]
        return [*defaults, *node.body]
    if isinstance(node, ast.ClassDef):
        return node.body
    if isinstance(node, ast.AnnAssign):
        return [node.value] if node.value is not None else []
    if isinstance(node, ast.Raise | ast.Assert | ast.JoinedStr | ast.Import | ast.ImportFrom):
        return []
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return []
    if isinstance(node, ast.If) and _for_types(node):
        return []
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {*REPORTS, "cast", "TypeVar"}:
        return [node.args[1]] if ast.unparse(node.func) == "cast" else []
    if isinstance(node, ast.keyword) and node.arg in COSMETIC:
        return []
    return ast.iter_child_nodes(node)
