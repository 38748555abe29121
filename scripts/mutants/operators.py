"""Kinds of faults: functions from a syntax node to the nodes or texts in its place.

Besides those of other mutation testers there are the faults of this field: parts of the data exchanged, seeds ignored,
terms of a loss left out, a method of reduction exchanged for another.
"""

import ast
from collections.abc import Callable, Iterator, Mapping

Replacement = ast.expr | str

SWAPPED_COMPARISONS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
SWAPPED_ARITHMETIC: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
# each name for the next
PARTS = (
    *(("train", "valid", "test"), ("learn", "validation"), ("train_prototypes", "valid_prototypes")),
    *(("seen", "unseen"), ("unit", "raw"), ("artist", "track"), ("word", "tag")),
)
REDUCTIONS = (
    *(("min", "max"), ("any", "all"), ("argmin", "argmax"), ("mean", "sum"), ("minimum", "maximum"), ("floor", "ceil")),
)


def _next(rings: tuple[tuple[str, ...], ...]) -> dict[str, str]:
    return {name: ring[(place + 1) % len(ring)] for ring in rings for place, name in enumerate(ring)}


OTHER_PART, OTHER_REDUCTION = _next(PARTS), _next(REDUCTIONS)
# attributes of other names do not exist
ATTRIBUTES = _next((*PARTS[:3], *REDUCTIONS))
SEEDS = {"seed", "epoch", "current_epoch", "global_step", "global_rank", "rank"}
GENERATORS = {"default_rng", "RandomState", "SeedSequence"}
# calls whose first argument or object could stand in their place
WRAPPERS = {
    *("sorted", "set", "abs", "sqrt", "log", "log2", "log10", "log1p", "exp", "normalize", "relu", "softmax", "unique"),
    *("round", "list", "clamp", "clip", "clamp_min", "clamp_max", "maximum", "minimum", "masked_fill", "nan_to_num"),
    *("detach", "clone", "copy", "float", "lower", "strip", "casefold", "eval", "sort", "permutation", "shuffle"),
    *("square", "flip", "roll", "resolve", "removeprefix", "removesuffix", "rstrip", "abspath", "flatnonzero", "unit"),
}
# calls that only tell something to the user
REPORTS = {"print", "warn", "info", "debug", "rank_zero_info", "rank_zero_warn"}
# without them nothing works at all
NEEDED = {"__init__", "append", "add_argument"}
# arguments without an effect on results
COSMETIC = {
    *("strict", "prog_bar", "pin_memory", "stacklevel", "verbose", "enable_progress_bar", "enable_model_summary"),
}


def _copied(node: ast.expr, **changed: object) -> ast.expr:
    fields = {name: value for name, value in ast.iter_fields(node)} | changed
    return type(node)(**fields)


def _name(node: ast.expr) -> str:
    """Return the last part of a dotted name; empty for other expressions."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def comparison(node: ast.AST) -> Iterator[Replacement]:
    """Move or turn round a comparison."""
    if isinstance(node, ast.Compare):
        for place, kind in enumerate(node.ops):
            for other in SWAPPED_COMPARISONS[type(kind)]:
                yield _copied(node, ops=[*node.ops[:place], other(), *node.ops[place + 1 :]])


def arithmetic(node: ast.AST) -> Iterator[Replacement]:
    """Exchange plus and minus, times and divided by."""
    if isinstance(node, ast.BinOp) and type(node.op) in SWAPPED_ARITHMETIC and not isinstance(node.left, ast.JoinedStr):
        yield _copied(node, op=SWAPPED_ARITHMETIC[type(node.op)]())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand


def term(node: ast.AST) -> Iterator[Replacement]:
    """Leave out a term, a factor or a condition."""
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.MatMult):
        yield node.left
        if isinstance(node.op, ast.Add | ast.Mult | ast.BitAnd | ast.BitOr):
            yield node.right
    if isinstance(node, ast.BoolOp):
        for place in range(len(node.values)):
            rest = [*node.values[:place], *node.values[place + 1 :]]
            yield rest[0] if len(rest) == 1 else _copied(node, values=rest)


def constant(node: ast.AST) -> Iterator[Replacement]:
    """Change a number."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(node.value + 1 if type(node.value) is int else node.value * 2 or 1.0)


def truth(node: ast.AST) -> Iterator[Replacement]:
    """Turn round a truth value or a branch, or exchange and and or."""
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        yield ast.Constant(not node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        yield node.operand
    if isinstance(node, ast.BoolOp):
        yield _copied(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    if isinstance(node, ast.IfExp):
        yield _copied(node, body=node.orelse, orelse=node.body)


def filtered(node: ast.AST) -> Iterator[Replacement]:
    """Leave out the filter of a comprehension or the bounds of a slice."""
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        plain = [ast.comprehension(part.target, part.iter, [], part.is_async) for part in node.generators]
        yield _copied(node, generators=plain)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        yield node.value


def argument(node: ast.AST) -> Iterator[Replacement]:
    """Exchange two arguments of a function, or leave out one given by name."""
    if not isinstance(node, ast.Call):
        return
    name = _name(node.func)
    made = name.lstrip("_")[:1].isupper() or name in {*OTHER_REDUCTION, "zip", "isinstance", "getattr", "", "__init__"}
    if len(node.args) >= 2 and not made and not any(isinstance(value, ast.Starred) for value in node.args[:2]):
        yield _copied(node, args=[node.args[1], node.args[0], *node.args[2:]])
    for place, keyword in enumerate(node.keywords):
        if keyword.arg is not None and keyword.arg not in COSMETIC:
            yield _copied(node, keywords=[*node.keywords[:place], *node.keywords[place + 1 :]])


def wrapper(node: ast.AST) -> Iterator[Replacement]:
    """Leave out a call, with its argument or object in its place."""
    if isinstance(node, ast.Call) and _name(node.func) in WRAPPERS:
        of_module = not isinstance(node.func, ast.Attribute) or _name(node.func.value) in {"np", "torch", "math", "rng"}
        if not of_module and isinstance(node.func, ast.Attribute):
            yield node.func.value
        elif node.args and not isinstance(node.args[0], ast.Starred):
            yield node.args[0]


def exchanged(node: ast.AST) -> Iterator[Replacement]:
    """Exchange the parts of the data, or the way in which numbers are reduced."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in OTHER_PART:
        yield ast.Constant(OTHER_PART[node.value])
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in ATTRIBUTES:
        yield _copied(node, attr=ATTRIBUTES[node.attr])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OTHER_REDUCTION:
        yield _copied(node, func=ast.Name(OTHER_REDUCTION[node.func.id], ast.Load()))


def unseeded(node: ast.AST) -> Iterator[Replacement]:
    """Ignore a seed, an epoch or the rank of a process."""
    if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load) and _name(node) in SEEDS:
        yield ast.Constant(0)
    if isinstance(node, ast.Call):
        if _name(node.func) in GENERATORS and node.args:
            yield ast.Call(node.func, [], [])
        if _name(node.func) == "global_seed":
            yield ast.Constant(0)


def dropped(node: ast.AST) -> Iterator[Replacement]:
    """Leave out a statement."""
    called = _name(node.value.func) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    if called is not None and called not in REPORTS | NEEDED:
        yield "pass"
    if isinstance(node, ast.AugAssign | ast.Raise | ast.Continue | ast.Break | ast.Delete):
        yield "pass"
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        yield "pass"


Operator = Callable[[ast.AST], Iterator[Replacement]]
EXPRESSIONS: Mapping[str, Operator] = {
    "comparison": comparison,
    "arithmetic": arithmetic,
    "term": term,
    "constant": constant,
    "truth": truth,
    "filter": filtered,
    "argument": argument,
    "wrapper": wrapper,
    "exchange": exchanged,
    "seed": unseeded,
}
STATEMENTS: Mapping[str, Operator] = {"statement": dropped}
