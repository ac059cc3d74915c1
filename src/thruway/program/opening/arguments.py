"""Puts the arguments of a command line in the place of the parser that reads them.

Each becomes a constant, where it was declared. `args.lr` becomes `lr` as long as the program only
looks at attributes; a namespace that is passed on as a whole is made from the constants.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.program.opening.argument import Argument, argument_rows
from thruway.program.opening.change import rewritten
from thruway.program.opening.choose import imports_of
from thruway.program.opening.namespace import Uses, key, uses_of
from thruway.program.opening.parser import Parsed, namespace_words, parse_of, replay
from thruway.program.opening.scope import names

if TYPE_CHECKING:
    from thruway.program.opening.namespace import Key
    from thruway.program.opening.rows import Row, Text


def open_arguments(text: Text, words: tuple[str, ...]) -> Text | None:
    """Return the text without its parser; None if there is none at the top level.

    Args:
        text: of the program.
        words: the command line.

    Raises:
        ClosedError: the parser cannot be understood.
        RefusedError: the command line does not fit.
    """
    if parse_of(text) is None:
        return None
    parsed = replay(text, imports_of(text), words)
    simple = {argument.name for argument in parsed.arguments if argument.simple}
    leave = frozenset({*parsed.statements, parsed.parse})
    uses = uses_of(text, parsed.name, leave)
    known = {argument.name for argument in parsed.arguments}
    unknown = uses.read - known - uses.assigned
    whole = uses.whole or bool(unknown) or (uses.shown and uses.assigned)
    attributes = known | (set() if whole else uses.assigned)
    copies = {} if whole else _copies(text, parsed, known - uses.assigned - simple)
    variables = _variables(parsed.name, attributes, uses, frozenset(copies))
    found: dict[ast.stmt, list[Row]] = {node: [] for node in (*leave, *copies.values())}
    raw = _declare(text, parsed, uses, variables, found, whole=bool(whole))
    origin = text.rows[text.start(parsed.parse)[0] - 1]
    rows = [f"{parsed.rest} = {list(parsed.unknown)!r}"] if parsed.rest else []
    rows += _settled(parsed, variables, raw)
    if whole or uses.shown:
        made = {a.name: _value(a, variables, uses) for a in parsed.arguments}
        rows += _namespace(text, parsed.name, made)
    found[parsed.parse] += [replace(origin, text=row, moved=True) for row in rows]
    done = text.replaced(found)
    if whole:
        return done
    values = variables | {a.name: _value(a, variables, uses) for a in parsed.arguments}
    return _renamed(done, parsed.name, uses, values)


def _is_simple(argument: Argument, uses: Uses) -> bool:
    """Tell whether an argument is converted where it is used, not where it is declared."""
    return argument.simple and argument.name not in uses.assigned


def _value(argument: Argument, variables: dict[str, str], uses: Uses) -> str:
    """Return the expression for the value of an argument."""
    variable = variables[argument.name]
    return f"{argument.convert}({variable})" if _is_simple(argument, uses) else variable


def _declare(
    text: Text,
    parsed: Parsed,
    uses: Uses,
    variables: dict[str, str],
    found: dict[ast.stmt, list[Row]],
    *,
    whole: bool,
) -> dict[str, str]:
    """Add the constants where they are declared; return the names of those with another name."""
    raw: dict[str, str] = {}
    for argument in parsed.arguments:
        variable = variables[argument.name]
        if argument.convert and not _is_simple(argument, uses):
            raw[argument.name] = _free(f"{variable}_text", uses.taken | set(variables.values()))
        elif argument.name in uses.assigned and not whole:
            prefixed = f"{parsed.name}_{argument.name}"
            raw[argument.name] = _free(prefixed, uses.taken | set(variables.values()))
        place = argument.declared or parsed.parse
        origin = text.rows[text.start(place)[0] - 1]
        found[place] += argument_rows(argument, raw.get(argument.name, variable), origin)
    return raw


def _settled(parsed: Parsed, variables: dict[str, str], raw: dict[str, str]) -> list[str]:
    """Return the assignments that make the program's values of what was given."""
    rows = []
    for argument in parsed.arguments:
        if argument.name in raw:
            variable, given = variables[argument.name], raw[argument.name]
            convert = argument.convert
            rows.append(argument.converted(variable, given) if convert else f"{variable} = {given}")
    return rows


def _copies(text: Text, parsed: Parsed, known: set[str]) -> dict[str, ast.stmt]:
    """Return the statements `lr = args.lr`, where `lr` is bound by nothing else."""
    found: dict[str, ast.stmt] = {}
    for node in text.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith(f"{parsed.name}."):
            name = ast.unparse(node.value).partition(".")[2]
            if ast.unparse(node.targets[0]) == name and len(node.targets) == 1 and name in known:
                found[name] = node
    return {name: node for name, node in found.items() if _is_only(text, name, node)}


def _is_only(text: Text, name: str, statement: ast.stmt) -> bool:
    before = True
    for node in text.body:
        if node is statement:
            before = False
            continue
        used = names(text.source(node))
        if name in used.stores | used.deletes | used.global_writes:
            return False
        if before and name in used.loads:
            return False
    return True


def _variables(
    name: str, attributes: set[str], uses: Uses, copies: frozenset[str]
) -> dict[str, str]:
    """Return the variable for each attribute: of its own name, if that is free."""
    found: dict[str, str] = {}
    for attribute in sorted(attributes):
        free = attribute in copies or attribute not in uses.taken
        taken = uses.taken | set(found.values()) | attributes
        found[attribute] = attribute if free else _free(f"{name}_{attribute}", taken)
    return found


def _free(name: str, taken: set[str]) -> str:
    number = 2
    wanted = name
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def _namespace(text: Text, name: str, made: dict[str, str]) -> list[str]:
    for node in text.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "argparse":
                    module = alias.asname or alias.name
                    return [f"{name} = {module}.Namespace({namespace_words(made)})"]
    return ["from argparse import Namespace", f"{name} = Namespace({namespace_words(made)})"]


def _renamed(text: Text, name: str, old: Uses, variables: dict[str, str]) -> Text:
    """Return the text with `args.lr` as `lr`, where `args` is the module's."""
    uses = uses_of(text, name, _namespace_statement(text, name) if old.shown else frozenset())
    keys: set[Key] = uses.keys

    def rewrite(node: ast.expr) -> ast.expr | None:
        if isinstance(node, ast.Attribute) and key(node) in keys:
            new = ast.parse(variables[node.attr], mode="eval").body
            return ast.Name(new.id, node.ctx) if isinstance(new, ast.Name) else new
        return None

    return rewritten(text, rewrite)


def _namespace_statement(text: Text, name: str) -> frozenset[ast.stmt]:
    return frozenset(node for node in text.body if name in names(text.source(node)).stores)
