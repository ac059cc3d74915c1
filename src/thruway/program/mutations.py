"""Variables whose content a statement is known to change: stores into them, changing methods."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from thruway.program.calls import root_name
from thruway.program.deferred import FUNCTIONS
from thruway.program.imports import Changing, dotted_name
from thruway.program.knowledge import lookup, lookup_method

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.program.imports import Imports
    from thruway.program.knowledge import Api

# Methods that give what they hold, not a copy: changing the result changes the receiver.
INNER = frozenset({"get", "setdefault", "values", "items", "__getitem__", "gca", "get_legend"})
ARGUMENT = "argument:"


def mutated(tree: ast.Module, imports: Imports) -> frozenset[str]:
    """Return the root variables of everything that the statement changes in place.

    Loop variables of comprehensions are among them; they are no names that a statement loads.
    """
    owners = _loop_owners(tree)
    found: set[str] = set()
    for node in _running(tree):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        for root in _roots(node, imports):
            found |= {root} | owners.get(root, set())
    return frozenset(found - {""})


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run with the statement: not the bodies of functions."""
    for child in ast.iter_child_nodes(tree):
        if not isinstance(child, FUNCTIONS):
            yield child
            yield from _running(child)


def _roots(node: ast.AST, imports: Imports) -> Iterator[str]:
    if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
        yield root_name(node)
    elif isinstance(node, ast.Call):
        yield from _roots_of_call(node, imports)


def _roots_of_call(node: ast.Call, imports: Imports) -> Iterator[str]:
    dotted = dotted_name(node.func)
    resolved = imports.resolve(dotted) if dotted else None
    if resolved is not None:
        yield from _changed_arguments(node, lookup(resolved))
    elif isinstance(node.func, ast.Name) and node.func.id in imports.changing:
        yield from _given(node, imports.changing[node.func.id])
    elif isinstance(node.func, ast.Attribute):
        api = lookup_method(node.func.attr, None)
        yield from _changed_arguments(node, api)
        if _is_inplace(node) or _changes_receiver(node.func.attr, api):
            yield _owner(node.func.value, imports)


def _given(node: ast.Call, function: Changing) -> Iterator[str]:
    """Yield the roots of the arguments that a function of the program changes."""
    named = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    by_place = dict(zip(function.parameters, node.args, strict=False))
    for parameter in sorted(function.changed):
        value = named.get(parameter, by_place.get(parameter))
        if value is not None:
            yield root_name(value)


def learn_changing(tree: ast.Module, imports: Imports) -> None:
    """Note which arguments the functions defined here change, in text whatever the branch."""
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        arguments = node.args
        parameters = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
        keywords = [each.arg for each in arguments.kwonlyargs]
        changed = mutated(ast.Module(node.body, []), imports) & {*parameters, *keywords}
        changed -= {name for name in changed if _is_own(node, name, imports)}
        imports.changing.pop(node.name, None)
        if changed:
            imports.changing[node.name] = Changing(tuple(parameters), frozenset(changed))


def _is_own(function: ast.FunctionDef, name: str, imports: Imports) -> bool:
    """Whether a parameter is bound to something else (`df = df.copy()`) before it is changed."""
    for statement in function.body:
        if isinstance(statement, ast.Assign):
            targets = {target.id for target in statement.targets if isinstance(target, ast.Name)}
            if name in targets and name not in mutated(ast.Module([statement], []), imports):
                return not _is_name(statement.value, name)
        if name in mutated(ast.Module([statement], []), imports):
            return False
    return False


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _changes_receiver(method: str, api: Api | None) -> bool:
    if api is not None and "receiver" in api.effects:
        return True
    return method.startswith("__set") or method in {"__delitem__", "__iadd__", "__delattr__"}


def _changed_arguments(node: ast.Call, api: Api | None) -> Iterator[str]:
    for token in api.effects if api is not None else ():
        if token.startswith(ARGUMENT) and int(token.removeprefix(ARGUMENT)) < len(node.args):
            yield root_name(node.args[int(token.removeprefix(ARGUMENT))])


def _is_inplace(node: ast.Call) -> bool:
    for keyword in node.keywords:
        if keyword.arg == "inplace":
            return not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
    return False


def _owner(receiver: ast.expr, imports: Imports) -> str:
    """Return the variable that a receiver belongs to; "" for what a call made anew."""
    node: ast.AST = receiver
    while not isinstance(node, ast.Name):
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr not in INNER and not _gives_itself(node.func.attr):
                return ""
            node = node.func
        else:
            return ""
    return "" if node.id in imports.targets else node.id


def _gives_itself(method: str) -> bool:
    return method in {"fit", "set_params", "partial_fit"}


def _loop_owners(tree: ast.AST) -> dict[str, set[str]]:
    """Return for each loop variable the names it is taken from: they hold what it changes."""
    owners: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            sources = {n.id for n in ast.walk(node.iter) if isinstance(n, ast.Name)}
            called = {
                n.func.id
                for n in ast.walk(node.iter)
                if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
            }
            for target in ast.walk(node.target):
                if isinstance(target, ast.Name):
                    owners.setdefault(target.id, set()).update(sources - called)
    return owners
