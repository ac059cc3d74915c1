"""Literals that become parameters: paths, seeds, hyper-parameters, thresholds, constants.

A literal is lifted from a call that a knowledge table knows, or from a constant that is bound
once. Its old value is the default, so nothing changes until somebody changes it; and it then
changes in one place, whichever steps use it.
"""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast

from thruway.plan.place import SCALARS
from thruway.plan.types import Edit, Parameter
from thruway.program.knowledge import lookup, lookup_method

if TYPE_CHECKING:
    from collections.abc import Iterable

    from thruway.graph.types import Node
    from thruway.plan.types import ParameterKind
    from thruway.program.types import Call, Literal_

_LONGEST = 200
_URL = re.compile(r"^[a-z][a-z0-9+.-]*://")


@dataclass(frozen=True)
class Lifted:
    """The parameters of a step, and the edits that put their names into its lines."""

    parameters: tuple[Parameter, ...]
    edits: tuple[Edit, ...]


def lift(
    body: Iterable[Node],
    constants: Iterable[Node],
    taken: frozenset[str],
    written_files: frozenset[str],
) -> Lifted:
    """Lift the literals of a step's own statements, and the constants that it uses.

    Args:
        body: the step's statements, in order.
        constants: constants chosen to become parameters.
        taken: names that mean something in the step already.
        written_files: paths that the program itself writes and reads back: they stay.
    """
    parameters = dict(map(_constant, constants))
    by_value: dict[tuple[str, str, str], str] = {}
    edits: list[Edit] = []
    names = set(taken) | set(parameters)
    for node in body:
        for call in node.statement.calls:
            for literal, kind in _liftable(call, node, written_files):
                owner = call.target if kind == "hyperparameter" else ""
                key = (_wanted(literal, kind, call), literal.value, owner)
                name = by_value.get(key)
                if name is None:
                    name = _free(key[0], _owner(call, node), names)
                    names.add(name)
                    by_value[key] = name
                    parameters[name] = _parameter(name, literal, kind, call)
                elif call.target != parameters[name].owner:
                    parameters[name] = replace(parameters[name], owner="")
                edits.append(_edit(node, literal, name))
    return Lifted(tuple(parameters.values()), tuple(edits))


def _constant(node: Node) -> tuple[str, Parameter]:
    name = next(iter(node.statement.stores))
    value = node.fact.values[name]
    text = _value_text(node)
    kind: ParameterKind = "constant"
    if "seed" in name.lower() or "random_state" in name.lower():
        kind = "seed"
    annotation = node.statement.argument or value.type.removeprefix("builtins.")
    place = node.statement.place
    comment = node.statement.comment.strip("\n")
    reason = f"{'an argument' if node.statement.argument else 'a constant'} of {place}"
    return name, Parameter(name, name, text, annotation, kind, reason, comment)


def _value_text(node: Node) -> str:
    """The text of the constant's value as the author wrote it."""
    statement = ast.parse(node.statement.code).body[0]
    assert isinstance(statement, ast.Assign | ast.AnnAssign)
    assert statement.value is not None
    return ast.unparse(statement.value)


def _liftable(
    call: Call, node: Node, written_files: frozenset[str]
) -> list[tuple[Literal_, ParameterKind]]:
    if call.in_definition:
        return []
    table = _table(call, node)
    found = []
    for literal in call.literals:
        kind = table.get(literal.name)
        if kind is None or literal.nested or literal.type not in SCALARS:
            continue
        if len(literal.value) > _LONGEST or "\n" in literal.value:
            continue
        if kind == "path" and _stays(literal, written_files):
            continue
        found.append((literal, cast("ParameterKind", kind)))
    return found


def _table(call: Call, node: Node) -> dict[str, str]:
    if call.resolved:
        api = lookup(call.target)
    else:
        receiver = node.fact.values.get(call.receiver)
        api = lookup_method(call.method, receiver.type if receiver else None)
    return dict(api.lift) if api else {}


def _stays(literal: Literal_, written_files: frozenset[str]) -> bool:
    path = ast.literal_eval(literal.value)
    return not isinstance(path, str) or not path or _same_file(path, written_files)


def _same_file(path: str, written_files: frozenset[str]) -> bool:
    clean = PurePosixPath(path.replace("\\", "/")).as_posix()
    return any(clean == other or other.endswith("/" + clean) for other in written_files)


def _wanted(literal: Literal_, kind: ParameterKind, call: Call) -> str:
    """The name that a literal asks for."""
    if kind == "seed" and literal.name != "random_state":
        return "seed"
    if kind != "path":
        return literal.name
    path = str(ast.literal_eval(literal.value))
    last = _URL.sub("", path).replace("\\", "/").rstrip("/").split("/")[-1]
    return _identifier(last) or _identifier(call.method) + "_path"


def _identifier(text: str) -> str:
    name = re.sub(r"[\W_]+", "_", text.strip().lower(), flags=re.ASCII).strip("_")
    if name and name[0].isdigit():
        name = f"file_{name}"
    return name


def _owner(call: Call, node: Node) -> str:
    """A word that tells two parameters of one name apart: what is bound, or what is called."""
    stores = sorted(node.statement.stores)
    if len(stores) == 1 and node.statement.kind == "ordinary":
        return _identifier(stores[0])
    return _identifier(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", call.method))


def _free(wanted: str, owner: str, taken: set[str]) -> str:
    for name in (wanted, f"{owner}_{wanted}"):
        if name not in taken and not keyword.iskeyword(name):
            return name
    number = 2
    while f"{owner}_{wanted}_{number}" in taken:
        number += 1
    return f"{owner}_{wanted}_{number}"


def _parameter(name: str, literal: Literal_, kind: ParameterKind, call: Call) -> Parameter:
    reason = f"`{literal.name}` of `{call.target}`"
    owner = call.target if call.resolved else ""
    return Parameter(name, name, literal.value, literal.type, kind, reason, owner=owner)


def _edit(node: Node, literal: Literal_, name: str) -> Edit:
    return Edit(
        node.statement.id,
        literal.line,
        literal.column,
        literal.end_line,
        literal.end_column,
        name,
    )
