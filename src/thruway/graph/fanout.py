"""Which loops have iterations that could run each by itself.

An iteration is independent if it writes nothing but what it makes anew, and the model that is
its own item. A model that an iteration fits in place is fitted on a copy, and put back in its
place afterwards: so the text says what happens when each iteration runs in a process of its own.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.graph.fission import MOST_KEPT

if TYPE_CHECKING:
    from thruway.graph.fission import Dependences
    from thruway.program.loops import Loop

_LISTS = frozenset({"builtins.list", "builtins.tuple"})


@dataclass(frozen=True)
class Independence:
    """A loop whose first part could be a call for each item.

    Attributes:
        loop: the loop.
        first: positions of the lines of one call.
        rest: positions of the lines that take up what the calls gave.
        kept: names whose values a call gives.
        needs: the second loop uses what the header binds.
        items: text of what the calls go over.
        named: `items` is the name of a list.
        target: text of what one call takes of it.
        put_back: statement that puts fitted models in their place, with `{results}` for the list
            of them and `{items}` for that of the items; "" if none is fitted in place.
    """

    loop: Loop
    first: tuple[int, ...]
    rest: tuple[int, ...]
    kept: tuple[str, ...]
    needs: bool
    items: str
    named: bool
    target: str
    put_back: str = ""


def independent(
    lines: Dependences,
    training: frozenset[int],
    later: frozenset[str],
    types: dict[str, str],
    *,
    repeats: bool,
) -> Independence | None:
    """Return how to make calls of the iterations of a loop; None if they are not independent.

    Args:
        lines: what the lines of the loop need from each other.
        training: positions of the lines that train.
        later: names that the rest of the program reads as the loop leaves them.
        types: classes of the variables before the loop.
        repeats: a second loop can go over the same expression.
    """
    loop = lines.loop
    first, rest = lines.parted(training)
    if not lines.writes_its_own(first):
        return None
    fitted = [name for name in loop.targets if any(name in lines.lines[i].mutates for i in first)]
    kept = lines.kept(first, rest, later)
    needs = lines.needs_targets(rest) or bool(later & set(loop.targets))
    target, items = loop.target, loop.items
    if repeats or not rest:
        target, items = _narrowed(loop, lines.used(first))
    named = types.get(items) in _LISTS and items not in lines.stored
    put_back = ""
    if fitted:
        put_back = _put_back(loop, fitted[0], types) if len(fitted) == 1 and not kept else ""
        if not put_back or lines.changed_unseen - loop.loads:
            return None
        kept = (fitted[0],)
    elif not kept or len(kept) > MOST_KEPT or lines.changed_unseen or (needs and not rest):
        return None
    return Independence(loop, first, rest, kept, needs, items, named, target, put_back)


def _narrowed(loop: Loop, used: frozenset[str]) -> tuple[str, str]:
    """Return what a call takes and what the calls go over, without what they do not use."""
    tree, target = loop.items_tree, ast.parse(loop.target, mode="eval").body
    if not isinstance(target, ast.Tuple) or not isinstance(tree, ast.Call) or tree.keywords:
        return loop.target, loop.items
    wanted = [i for i, part in enumerate(target.elts) if used & _names(part)]
    if len(wanted) != 1:
        return loop.target, loop.items
    only = ast.unparse(target.elts[wanted[0]])
    function = tree.func
    if isinstance(function, ast.Attribute) and function.attr == "items" and not tree.args:
        part = ("keys", "values")[wanted[0]]
        return only, f"{ast.unparse(function.value)}.{part}()"
    if isinstance(function, ast.Name) and function.id == "zip":
        return only, ast.unparse(tree.args[wanted[0]])
    if isinstance(function, ast.Name) and function.id == "enumerate" and wanted == [1]:
        return only, ast.unparse(tree.args[0])
    return loop.target, loop.items


def _names(tree: ast.AST) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _put_back(loop: Loop, fitted: str, types: dict[str, str]) -> str:
    """Return the statement that puts what was fitted where it came from, "" if there is none."""
    tree, target = loop.items_tree, ast.parse(loop.target, mode="eval").body
    if isinstance(target, ast.Name):
        return _into(tree, types)
    if not isinstance(target, ast.Tuple):
        return ""
    at = next((i for i, part in enumerate(target.elts) if ast.unparse(part) == fitted), -1)
    if at < 0:
        return ""
    if isinstance(tree, ast.Name) and types.get(tree.id) == "builtins.list":
        names = [ast.unparse(part) for part in target.elts]
        others = ["_" if i == at else name for i, name in enumerate(names)]
        row, old = ", ".join(names), ", ".join(others)
        return f"{tree.id}[:] = [({row}) for ({old}), {fitted} in zip({tree.id}, {{results}})]"
    if not isinstance(tree, ast.Call) or tree.keywords:
        return ""
    if isinstance(tree.func, ast.Attribute) and tree.func.attr == "items" and at == 1:
        return _into_dict(tree.func.value)
    if isinstance(tree.func, ast.Name) and tree.func.id == "zip" and at < len(tree.args):
        return _into(tree.args[at], types)
    if isinstance(tree.func, ast.Name) and tree.func.id == "enumerate" and at == 1:
        return _into(tree.args[0], types)
    return ""


def _into(tree: ast.expr, types: dict[str, str]) -> str:
    """Return the statement that puts fitted models back into a list, a dict or their names."""
    if isinstance(tree, ast.Name):
        return f"{tree.id}[:] = {{results}}" if types.get(tree.id) == "builtins.list" else ""
    if isinstance(tree, (ast.List, ast.Tuple)):
        names = [part.id for part in tree.elts if isinstance(part, ast.Name)]
        if len(names) == len(tree.elts) == len(set(names)) > 1:
            return f"{', '.join(names)} = {{results}}"
        return "{items}[:] = {results}" if isinstance(tree, ast.List) and not names else ""
    called = tree.func if isinstance(tree, ast.Call) and not tree.args else None
    if isinstance(called, ast.Attribute) and called.attr == "values":
        return _into_dict(called.value)
    return ""


def _into_dict(tree: ast.expr) -> str:
    return f"{tree.id}.update(zip({tree.id}, {{results}}))" if isinstance(tree, ast.Name) else ""
