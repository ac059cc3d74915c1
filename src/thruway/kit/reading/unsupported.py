"""What the text of a pipeline cannot have in it: its name, and what to write instead."""

from __future__ import annotations

import ast

STEP_INSTEAD = "put it into a step, and call that here"
_HINTS: dict[type[ast.AST], tuple[str, str]] = {
    ast.If: ("an `if`", "write when(condition, step, name=value), or put the choice into a step"),
    ast.IfExp: (
        "a choice",
        "write when(condition, step, otherwise, name=value), or put the choice into a step",
    ),
    ast.For: ("a loop", "write map_over(step, items), or loop inside one step"),
    ast.While: ("a loop", "loop inside one step"),
    ast.With: ("a `with` block", "open what is needed inside the step that uses it"),
    ast.Try: ("a `try`", "handle the error inside the step, or give it `@step(retries=…)`"),
    ast.BinOp: ("arithmetic", STEP_INSTEAD),
    ast.UnaryOp: ("arithmetic", STEP_INSTEAD),
    ast.BoolOp: ("logic on values", STEP_INSTEAD),
    ast.Compare: ("a comparison", STEP_INSTEAD),
    ast.JoinedStr: ("an f-string", "make the text inside the step that needs it"),
    ast.Subscript: ("a subscript", "take the part inside a step, or return it as an output"),
    ast.Lambda: ("a lambda", STEP_INSTEAD),
    ast.Import: ("an import", "put imports at the top of the file"),
    ast.ImportFrom: ("an import", "put imports at the top of the file"),
    ast.FunctionDef: ("a nested function", "define it at the top of the file as a step"),
    ast.AugAssign: ("arithmetic", STEP_INSTEAD),
    ast.Assert: ("an assertion", "check it inside a step"),
    ast.ListComp: ("a loop", "write map_over(step, items), or loop inside one step"),
    ast.DictComp: ("a loop", "loop inside one step"),
    ast.SetComp: ("a loop", "loop inside one step"),
    ast.GeneratorExp: ("a loop", "loop inside one step"),
    ast.List: ("a list of values", "pass them one by one, or collect them inside a step"),
    ast.Tuple: ("a tuple of values", "pass them one by one, or collect them inside a step"),
    ast.Dict: ("a dict of values", "pass them one by one, or collect them inside a step"),
    ast.Set: ("a set of values", "pass them one by one, or collect them inside a step"),
    ast.Starred: ("`*`", "name each value"),
}


def unsupported(node: ast.AST) -> tuple[str, str]:
    """Return what a piece of syntax is called, and what is possible instead."""
    return _HINTS.get(type(node), (f"`{ast.unparse(node).splitlines()[0]}`", STEP_INSTEAD))
