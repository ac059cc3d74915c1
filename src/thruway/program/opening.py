"""Opens up what holds the whole program: `if __name__ == "__main__":` and a plain `main()`.

Their bodies become statements of the module, so that they can be cut like any other. `main` is
opened only where that cannot change what is computed: it takes and returns nothing, is called
once, and none of its names is one of the module's.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.program.deferred import FUNCTIONS, local_names
from thruway.program.names import names_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from thruway.program.split import CellText, Piece

GUARD = ast.dump(ast.parse('__name__ == "__main__"').body[0])
GUARD_TURNED = ast.dump(ast.parse('"__main__" == __name__').body[0])
CLOSED = (
    ast.Global,
    ast.Nonlocal,
    ast.Yield,
    ast.YieldFrom,
    ast.Await,
    ast.AsyncFor,
    ast.AsyncWith,
)
SEES_LOCALS = frozenset({"locals", "vars", "exec", "eval", "dir", "globals"})


def opened(pieces: list[Piece], texts: Mapping[int, CellText]) -> list[Piece]:
    """Return the pieces with the guard, and then `main()`, replaced by their bodies."""
    pieces = [inner for piece in pieces for inner in _without_guard(piece, texts[piece.cell])]
    return _without_main(pieces, texts)


def _without_guard(piece: Piece, text: CellText) -> list[Piece]:
    node = piece.node
    if not isinstance(node, ast.If) or node.orelse:
        return [piece]
    if ast.dump(ast.Expr(node.test)) not in {GUARD, GUARD_TURNED}:
        return [piece]
    return _body(piece, node.body, text)


def _body(piece: Piece, body: list[ast.stmt], text: CellText) -> list[Piece]:
    """Return the statements of a block; the comment above the block goes to the first."""
    inner = text.block(body, piece.start, piece.end)
    first, last = inner[0], inner[-1]
    inner[0] = replace(first, comment=_joined(piece.comment, first.comment))
    inner = [replace(one, last=False) for one in inner]
    inner[-1] = replace(inner[-1], last=piece.last, silenced=last.silenced or piece.silenced)
    return inner


def _joined(*comments: str) -> str:
    return "\n".join(comment for comment in comments if comment)


def _without_main(pieces: list[Piece], texts: Mapping[int, CellText]) -> list[Piece]:
    found = _main(pieces)
    if found is None:
        return pieces
    definition, call = found
    rest = [piece for piece in pieces if piece is not definition and piece is not call]
    if not _can_open(definition, rest):
        return pieces
    assert isinstance(definition.node, ast.FunctionDef)
    body = _body(definition, definition.node.body, texts[definition.cell])
    if isinstance(body[-1].node, ast.Return):
        body = body[:-1]
    if not body:
        return pieces
    body[0] = replace(body[0], comment=_joined(call.comment, body[0].comment))
    body[-1] = replace(body[-1], silenced=True, last=call.last)
    at = pieces.index(call)
    before = [piece for piece in pieces[:at] if piece is not definition]
    return [*before, *body, *pieces[at + 1 :]]


def _main(pieces: list[Piece]) -> tuple[Piece, Piece] | None:
    """Return the definition of `main` and the one statement that is `main()`."""
    definitions = [
        p for p in pieces if isinstance(p.node, ast.FunctionDef) and p.node.name == "main"
    ]
    calls = [p for p in pieces if _is_main_call(p.node)]
    if len(definitions) != 1 or len(calls) != 1:
        return None
    definition, call = definitions[0], calls[0]
    return (definition, call) if pieces.index(definition) < pieces.index(call) else None


def _is_main_call(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "main"
        and not node.value.args
        and not node.value.keywords
    )


def _can_open(definition: Piece, rest: list[Piece]) -> bool:
    node = definition.node
    assert isinstance(node, ast.FunctionDef)
    if ast.unparse(node.args) or node.decorator_list or not _is_straight(node):
        return False
    others: set[str] = set()
    for piece in rest:
        names = names_of(piece.code, ast.parse(piece.code))
        others |= names.loads | names.deferred | names.stores | names.deletes | names.global_writes
    imported = _imports([definition.node])
    same = imported.items() & _imports([piece.node for piece in rest]).items()
    local = local_names(definition.code) - {name for name, _ in same}
    own = names_of(definition.code, ast.parse(definition.code)).deferred
    return "main" not in others | own and not local & others


def _is_straight(node: ast.FunctionDef) -> bool:
    """Tell whether a body runs from top to end, and asks for nothing a function alone has."""
    if any(isinstance(inner, CLOSED) for inner in ast.walk(node)):
        return False
    if any(isinstance(n, ast.Name) and n.id in SEES_LOCALS for n in ast.walk(node)):
        return False
    returns = [inner for inner in _own(node) if isinstance(inner, ast.Return)]
    return all(inner is node.body[-1] and _gives_nothing(inner) for inner in returns)


def _gives_nothing(node: ast.Return) -> bool:
    value = node.value
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, FUNCTIONS):
            yield child
            yield from _own(child)


def _imports(nodes: list[ast.stmt]) -> dict[str, str]:
    """Return the names that imports bind, with what they mean."""
    found: dict[str, str] = {}
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, (ast.Import, ast.ImportFrom)):
                module = getattr(inner, "module", "")
                for alias in inner.names:
                    name = alias.asname or alias.name.split(".")[0]
                    found[name] = f"{module}:{alias.name}:{alias.asname}"
    return found
