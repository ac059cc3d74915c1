"""Puts the body of a function where it is called.

Nothing may change by that. The body must run straight through; its names become names of the
module, so none of them may mean something else there: a name that both use is shared only if the
module's value is not needed any more, and what cannot be shared is renamed, a few at most.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruway.program.opening.bindings import Binding, bindings, is_literal, overwrites
from thruway.program.opening.change import renamed
from thruway.program.opening.reasons import ClosedError, require_straight
from thruway.program.opening.results import bind_results
from thruway.program.opening.rows import Edit, Row, Text, comment_rows
from thruway.program.opening.scope import (
    Scope,
    block_names,
    bound_as_definition,
    imports,
    names,
    own,
    scope_of,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.program.opening.sites import Site

_MOST_RENAMES = 3


@dataclass(frozen=True)
class Opening:
    """A function and the one call of it, ready to be joined.

    Attributes:
        text: that holds both.
        function: the definition, at the top level.
        site: the call.
        title: for the rows of the body, "" to leave them without one.
        given: parameters that are meant to be the module's variables of their names.
    """

    text: Text
    function: ast.FunctionDef
    site: Site
    title: str = ""
    given: frozenset[str] = frozenset()


def open_function(opening: Opening) -> Text:
    """Return the text with the body of the function in the place of the call.

    Raises:
        ClosedError: that could change what the program computes.
    """
    text, function, site = opening.text, opening.function, opening.site
    require_straight(function)
    found = bindings(text, function, site.call)
    code = text.source(function)
    scope = scope_of(code)
    if scope.outer:
        raise ClosedError(f"a function inside it rebinds `{min(scope.outer)}` (`nonlocal`)")
    body = _without_docstring(_without_global(text.block(function)))
    new = _new_names(opening, scope, body)
    early, late = _split(found, opening, new)
    body = renamed(body, new)
    body = bind_results(body, site)
    origin = text.rows[text.start(site.statement)[0] - 1]
    early_rows = [row for b in early for row in _rows(b, _origin(text, b), new)]
    return _joined(opening, early_rows, [*_late_rows(late, new, origin), *body.rows])


def _joined(opening: Opening, early: list[Row], rows: Sequence[Row]) -> Text:
    """Put the rows in their places; the comment above the definition goes with its body."""
    text, function, site = opening.text, opening.function, opening.site
    first, stop = text.above(function)
    comments = [replace(row, moved=True) for row in text.rows[first - 1 : stop - 1]]
    titled = [
        row if row.title or not opening.title else replace(row, title=opening.title)
        for row in [*comments, *rows]
    ]
    done = text.replaced({function: early, site.statement: titled})
    return Text([*done.rows[: first - 1], *done.rows[stop - 1 :]])


def _split(
    found: list[Binding], opening: Opening, new: dict[str, str]
) -> tuple[list[Binding], list[Binding]]:
    """Return what can be bound where the function was defined, and what is bound at the call."""
    used = _used_elsewhere(opening)
    free = {b.name for b in found} - (used - opening.given) | new.keys()
    early = [b for b in found if b.early and b.name in free]
    late = [b for b in found if b not in early]
    for binding in late:
        if not binding.given and not is_literal(binding.value):
            raise ClosedError(f"the default of `{binding.name}` is not a literal")
    return early, late


def _rows(binding: Binding, origin: Row, new: dict[str, str]) -> list[Row]:
    value = f"({binding.text})" if "\n" in binding.text else binding.text
    lines = f"{new.get(binding.name, binding.name)} = {value}".split("\n")
    return [replace(origin, text=line, moved=True) for line in lines]


def _origin(text: Text, binding: Binding) -> Row:
    return text.rows[text.start(binding.value)[0] - 1]


def _late_rows(found: list[Binding], new: dict[str, str], origin: Row) -> list[Row]:
    found = [b for b in found if not (b.same and b.name not in new)]
    moved = [replace(b, name=new.get(b.name, b.name)) for b in found]
    if not overwrites(moved):
        return [row for b in moved for row in _rows(b, origin, {})]
    names_ = ", ".join(b.name for b in moved)
    values = ", ".join(b.text for b in moved)
    if "\n" in values:
        raise ClosedError("its arguments cannot be bound one after the other")
    return [replace(origin, text=f"{names_} = {values}", moved=True)]


def _without_global(body: Text) -> Text:
    """Leave out `global`: at the top level every name is."""
    found = [node for node in own(body.tree) if isinstance(node, ast.Global)]
    if any(node not in body.body for node in found):
        raise ClosedError("it declares `global` inside of a block")
    return body.replaced({node: [] for node in found})


def _without_docstring(body: Text) -> Text:
    """Turn the docstring into a comment, as there is no function left that it could describe."""
    first = body.body[0] if body.body else None
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return body
    if not isinstance(first.value.value, str) or len(body.body) == 1:
        return body
    origin = body.rows[first.lineno - 1]
    return body.replaced({first: comment_rows(first.value.value, origin)})


# --- names --------------------------------------------------------------------------------


def _others(opening: Opening) -> list[ast.stmt]:
    """Return the statements of the module but for the two that are joined."""
    return [
        node
        for node in opening.text.body
        if node is not opening.function and node is not opening.site.statement
    ]


def _used_elsewhere(opening: Opening) -> frozenset[str]:
    """Return every name that the rest of the program uses at the top level or as a global."""
    used: set[str] = set(names(_site_code(opening)).loads | names(_site_code(opening)).stores)
    for node in _others(opening):
        found = names(opening.text.source(node))
        used |= found.loads | found.deferred | found.stores | found.deletes | found.global_writes
    return frozenset(used)


def _site_code(opening: Opening) -> str:
    return opening.text.source(opening.site.statement)


def _new_names(opening: Opening, scope: Scope, body: Text) -> dict[str, str]:
    """Return the names that must be changed, with what they become.

    Raises:
        ClosedError: too many, or one that cannot be.
    """
    used = _used_elsewhere(opening)
    same = imports([opening.function]).items() & imports(_others(opening)).items()
    meant = {name for name, _ in same} | _handed_on(opening) | opening.given
    clashing = (scope.local - meant) & used
    shared = {name for name in clashing if _may_share(opening, scope, body, name)}
    wanted = sorted(clashing - shared)
    if len(wanted) > _MOST_RENAMES:
        raise ClosedError(
            f"{len(wanted)} of its names mean something else in the program: "
            + ", ".join(f"`{name}`" for name in wanted[:4]),
            "give them names of their own",
        )
    blocked = sorted({*wanted} & scope.rebound)
    if blocked:
        raise ClosedError(f"`{blocked[0]}` has two meanings in it", "give it a name of its own")
    taken = words(opening.text.tree)
    return {name: _free(f"{opening.function.name}_{name}", taken) for name in wanted}


def _handed_on(opening: Opening) -> set[str]:
    """Return the parameters that are given the variable of their own name, and only read it."""
    found = bindings(opening.text, opening.function, opening.site.call)
    rebound = {
        node.id
        for node in ast.walk(opening.function)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    written = {
        name for node in _others(opening) for name in names(opening.text.source(node)).global_writes
    }
    return {b.name for b in found if b.same} - rebound - written


def _free(name: str, taken: frozenset[str]) -> str:
    number = 2
    wanted = name
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def _may_share(opening: Opening, scope: Scope, body: Text, name: str) -> bool:
    """Tell whether the function may use the module's name: nobody needs the value it has there."""
    others = _others(opening)
    texts = [opening.text.source(node) for node in others]
    if any(name in names(code).deferred | names(code).global_writes for code in texts):
        return False
    if name in scope.captured or name in bound_as_definition(others):
        return False
    inside = [node for node in ast.walk(body.tree) if isinstance(node, ast.stmt)]
    if name in bound_as_definition(inside):
        return False
    if name not in scope.parameters and name in _unbound_reads(body):
        return False
    return name in opening.site.bound or _is_dead(opening, name)


def _unbound_reads(body: Text) -> frozenset[str]:
    """Return the names that some path through the body reads before it binds them."""
    edits = [
        Edit(body.start(node), body.start(node.value), "")
        if node.value is not None
        else Edit(body.start(node), body.end(node), "pass")
        for node in own(body.tree)
        if isinstance(node, ast.Return)
    ]
    return block_names("\n".join(body.edited(edits).lines)).loads


def _is_dead(opening: Opening, name: str) -> bool:
    """Tell whether a value is not read after the call before it is bound again."""
    body = opening.text.body
    for node in body[body.index(opening.site.statement) + 1 :]:
        found = names(opening.text.source(node))
        if name in found.loads | found.deletes:
            return False
        if name in found.certain:
            return True
    return True
