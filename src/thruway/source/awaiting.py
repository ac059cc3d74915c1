"""`await` at the top of a cell: what waits becomes an async function that `asyncio.run` runs.

IPython runs such a cell in an event loop of its own. From the first statement that waits to the
last one, the cell goes into a function; the names that it binds are what the function returns.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from thruway.findings import Place
from thruway.source.answers import Answer, dropped, is_bound, refused
from thruway.source.capture import indented
from thruway.source.drafts import Line

if TYPE_CHECKING:
    from collections.abc import Iterator

_MENTIONS = re.compile(r"\b(await|async)\b")
# What belongs to the loop that runs: it must be made in the loop that waits for it.
_OF_A_LOOP = re.compile(
    r"\b(create_task|ensure_future|get_running_loop|get_event_loop)\b"
    r"|\basyncio\.(Queue|Lock|Event|Semaphore|Condition)\b"
)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_WAITS = (ast.Await, ast.AsyncFor, ast.AsyncWith)
_NOT_IN_A_FUNCTION = (ast.Global, ast.Nonlocal, ast.Delete)
_FIX = "put it into an async function, and call that with asyncio.run(...)"


@dataclass
class _Names:
    """Names of the statements that move.

    Attributes:
        bound: bound for sure, in order.
        maybe: bound in a branch or a loop.
        needed: read before they are bound.
    """

    bound: dict[str, None] = field(default_factory=dict)
    maybe: set[str] = field(default_factory=set)
    needed: set[str] = field(default_factory=set)


def without_await(
    lines: list[Line], place: Place, before: str, after: str
) -> tuple[list[Line], Answer]:
    """Return the lines of a cell with what waits in a function, and what to tell.

    Args:
        lines: the cell's Python.
        place: of the cell.
        before: the text of the cells above.
        after: the text of the cells below.

    Raises:
        MigrationRefused: what waits cannot be moved into a function.
    """
    code = "\n".join(line.text for line in lines)
    if not _MENTIONS.search(code):
        return lines, Answer()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError):
        return lines, Answer()  # told where the cell is compiled
    region = _region(body, code)
    if not region:
        return lines, Answer()
    first, last = body[region[0]], body[region[-1]]
    moved = [body[number] for number in region]
    here = Place(place.file, place.cell, lines[first.lineno - 1].origin)
    names = _names_of(moved, here, code)
    before += "\n" + "\n".join(line.text for line in lines[: first.lineno - 1])
    after += "\n" + "\n".join(line.text for line in lines[last.end_lineno or 0 :])
    names.needed = {n for n in names.needed if n in names.bound or is_bound(n, before)}
    used = sorted(n for n in names.maybe if re.search(rf"\b{n}\b", after))
    names.bound.update(dict.fromkeys(used))
    shown = isinstance(last, ast.Expr) and last is body[-1] and not _is_silenced(lines, last)
    reason = "`await` became asyncio.run: tasks end with the cell"
    return _written(lines, moved, names, place, shown=shown), dropped("TW001", here, reason)


def first_line(code: str, node: ast.stmt) -> str:
    """Return the line on which a statement begins."""
    return code.split("\n")[node.lineno - 1]


def _region(body: list[ast.stmt], code: str) -> list[int]:
    """Return the statements from the first to the last that needs a loop."""
    waiting = [n for n, node in enumerate(body) if _waits(node)]
    if not waiting:
        return []
    bound = [
        n
        for n, node in enumerate(body)
        if not isinstance(node, _SCOPES)
        and _OF_A_LOOP.search(ast.get_source_segment(code, node) or "")
    ]
    first, last = min(waiting + bound), max(waiting + bound)
    while first and body[first - 1].end_lineno == body[first].lineno:
        first -= 1
    while last + 1 < len(body) and body[last + 1].lineno == body[last].end_lineno:
        last += 1
    return list(range(first, last + 1))


def _waits(node: ast.AST) -> bool:
    if isinstance(node, _SCOPES):
        return False
    if isinstance(node, _WAITS) or (isinstance(node, ast.comprehension) and node.is_async):
        return True
    return any(_waits(child) for child in ast.iter_child_nodes(node))


def _names_of(moved: list[ast.stmt], place: Place, code: str) -> _Names:
    names = _Names()
    for node in moved:
        for name, how in _uses(node):
            if how == "load" and name not in names.bound:
                names.needed.add(name)
            elif how == "certain":
                names.bound[name] = None
            elif how == "maybe" and name not in names.bound:
                names.maybe.add(name)
        for inner in ast.walk(node):
            if isinstance(inner, _NOT_IN_A_FUNCTION):
                what = "A cell that waits declares or deletes names."
                raise refused(what, place, first_line(code, node), _FIX)
    names.needed &= names.bound.keys() | names.maybe
    return names


def _uses(node: ast.AST, how: str = "certain") -> Iterator[tuple[str, str]]:
    """Yield the names that a statement reads and binds, in the order in which it does."""
    if isinstance(node, ast.Name):
        yield node.id, "load" if isinstance(node.ctx, ast.Load) else how
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (((a.asname or a.name.split(".")[0]), how) for a in node.names)
    elif isinstance(node, _SCOPES):
        if not isinstance(node, ast.Lambda):
            yield node.name, how
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, "load"
        yield from _uses(node.value, how) if node.value else ()
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from _uses(target, how)
    elif isinstance(node, ast.For | ast.AsyncFor):
        yield from _uses(node.iter, how)
        targets = [name for name, _ in _uses(node.target)]
        yield from ((name, "maybe") for name in targets)
        inner = [use for child in [*node.body, *node.orelse] for use in _uses(child, "maybe")]
        yield from ((name, use) for name, use in inner if name not in targets)
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        inner = [use for child in ast.iter_child_nodes(node) for use in _uses(child, "own")]
        own = {name for name, use in inner if use == "own"}
        yield from ((name, use) for name, use in inner if name not in own)
    else:
        branches = isinstance(node, ast.If | ast.While | ast.Try | ast.Match)
        within = "maybe" if how == "certain" and branches else how
        for child in ast.iter_child_nodes(node):
            yield from _uses(child, within)


def _is_silenced(lines: list[Line], node: ast.stmt) -> bool:
    tail = lines[(node.end_lineno or node.lineno) - 1].text.encode()[node.end_col_offset :]
    return tail.strip().startswith(b";")


def _written(
    lines: list[Line], moved: list[ast.stmt], names: _Names, place: Place, *, shown: bool
) -> list[Line]:
    first, last = moved[0], moved[-1]
    start = min([first.lineno, *(d.lineno for d in getattr(first, "decorator_list", []))]) - 1
    end = last.end_lineno or last.lineno
    top, bottom = lines[start].origin, lines[end - 1].origin
    inside = lines[start:end]
    results = list(names.bound)
    if shown:
        at = last.lineno - 1 - start
        text = inside[at].text
        word = "shown = " if results else "return "
        head = text.encode()[: last.col_offset].decode()
        inside[at] = Line(f"{head}{word}{text[len(head) :]}", inside[at].origin)
        results += ["shown"] if results else []
    name = f"wait_in_cell_{place.cell}"
    given = ", ".join(f"{needed}={needed}" for needed in sorted(names.needed))
    call = f"asyncio.run({name}())"
    back = [Line(f"    return {', '.join(results)}", bottom)] if results else []
    bound = f"{', '.join(results)} = {call}" if results else call
    after = [Line("shown", bottom)] if shown and len(results) > len(names.bound) else []
    return [
        *lines[:start],
        Line("import asyncio", top),
        Line(f"async def {name}({given}):", top),
        *indented(inside),
        *back,
        Line(bound, bottom),
        *after,
        *lines[end:],
    ]
