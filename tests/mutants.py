"""Mutants of a study: one operator, comparison, index, slice bound or number of it changed.

Strings, and so docstrings, stay as they are, and so does the layout of figures.
"""

import ast
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

OPERATORS = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div],
    ast.Div: [ast.Mult],
    ast.FloorDiv: [ast.Div, ast.Mult],
    ast.Mod: [ast.FloorDiv],
    ast.Pow: [ast.Mult],
    ast.MatMult: [ast.Mult],
    ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
    ast.USub: [ast.UAdd],
    # Of a comparison the limit on its other side, and the negation.
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
}
# Operators whose operands are exchanged.
ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
# Too small to tell a reader where they stand: a description shows what is around them.
SMALL = (ast.Constant, ast.UnaryOp, ast.Slice, ast.Tuple, ast.keyword, ast.FormattedValue)
# Variables that index a dict by a string.
KEYS = {"name", "kind"}
# Arguments and methods that say how a figure looks, and not what it shows.
LAYOUT = {
    *("figsize", "width_ratios", "height_ratios", "sharex", "bbox_to_anchor", "ncols", "grid"),
    *("xytext", "arrowprops", "fontsize", "linewidth", "markersize", "markevery", "zorder"),
    "alpha",
}


@dataclass(frozen=True)
class Study:
    """A module by its name, its source and the file of its tests."""

    module: str
    source: Path
    tests: Path


@dataclass(frozen=True)
class Mutant:
    """A change of one node in the syntax tree of a study, not yet made."""

    study: Study
    function: str
    line: int
    change: str
    tree: ast.Module
    node: ast.AST
    fields: dict

    def __str__(self):
        return f"{self.study.source.name}:{self.line}: {self.change}"

    @property
    def key(self):
        """What stays where other lines are edited."""
        return ".".join(filter(None, [self.study.source.stem, self.function])) + ": " + self.change

    @property
    def draws(self):
        return self.function == "figure" or self.function.startswith("draw_")

    def code(self):
        """The study with the change, compiled; the tree that all its mutants share keeps it."""
        vars(self.node).update(self.fields)
        return compile(ast.fix_missing_locations(self.tree), self.study.source, "exec")


def changes(node):
    """The changes of a node of the syntax tree, each a dict field → value."""
    match node:
        case ast.BinOp() | ast.AugAssign() | ast.BoolOp() | ast.UnaryOp(op=ast.USub()):
            yield from ({"op": new()} for new in OPERATORS.get(type(node.op), []))
            if isinstance(node, ast.BinOp) and isinstance(node.op, ORDERED):
                yield {"left": node.right, "right": node.left}
        case ast.UnaryOp(op=ast.Not() | ast.Invert()):
            yield {"operand": ast.UnaryOp(node.op, node.operand)}
        case ast.Compare(ops=ops):
            for k, op in enumerate(ops):
                for new in OPERATORS[type(op)]:
                    yield {"ops": [*ops[:k], new(), *ops[k + 1 :]]}
        case ast.Constant(value=bool(value)):
            yield {"value": not value}
        case ast.Constant(value=int(value)):
            yield from ({"value": new} for new in (value + 1, value - 1))
        case ast.Constant(value=float(value)):
            yield from ({"value": new} for new in (2 * value, value / 1.5))
        case ast.Slice():
            bounds = ("lower", "upper", "step")
            yield from ({bound: None} for bound in bounds if getattr(node, bound))
        case ast.Subscript(slice=ast.Name(id=name)) if name not in KEYS:
            yield {"slice": ast.BinOp(node.slice, ast.Sub(), ast.Constant(1))}


def nodes(node, function="", shown=None):
    """Each node with the name of its function and the smallest node that shows where it is."""
    match node:
        case ast.keyword(arg=name) | ast.Call(func=ast.Attribute(attr=name)) if name in LAYOUT:
            return
    function = node.name if isinstance(node, ast.FunctionDef) else function
    shown = shown if isinstance(node, SMALL) else node
    yield node, function, shown
    # An annotation computes nothing.
    annotation = node.annotation if isinstance(node, ast.AnnAssign) else None
    for child in ast.iter_child_nodes(node):
        if child is not annotation:
            yield from nodes(child, function, shown)


def mutants(study):
    """All mutants of a study, in the order of its source; a change made twice has a number."""
    tree, made = ast.parse(study.source.read_text(encoding="utf-8")), Counter()
    for node, function, shown in nodes(tree):
        old, before = first_line(shown), dict(vars(node))
        for fields in list(changes(node)):
            vars(node).update(fields)
            key = function, f"{old} -> {first_line(shown)}"
            vars(node).update(before)
            made[key] += 1
            number = f" #{made[key]}" if made[key] > 1 else ""
            yield Mutant(study, function, node.lineno, key[1] + number, tree, node, fields)


def first_line(node):
    return ast.unparse(node).partition("\n")[0]


def unchanged(study):
    """A mutant without a change."""
    tree = ast.parse(study.source.read_text(encoding="utf-8"))
    return Mutant(study, "", 1, "unchanged", tree, tree, {})
