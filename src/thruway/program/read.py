"""Read a source as a program: its statements with everything that their text says."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.errors import MigrationRefused
from thruway.findings import Place
from thruway.program.banners import banner_in
from thruway.program.calls import calls_of
from thruway.program.imports import BUILTINS, Imports, has_star
from thruway.program.kinds import dynamic_of, kind_of
from thruway.program.mutations import learn_changing, mutated
from thruway.program.names import names_of
from thruway.program.opened import opened_pieces
from thruway.program.rewriting import rewritten
from thruway.program.split import CellText
from thruway.program.types import Program, Statement

if TYPE_CHECKING:
    from thruway.program.split import Piece
    from thruway.program.types import Rewriting
    from thruway.source.types import Source

HISTORY = re.compile(r"^(Out|In|_oh|_ih|_dh|_i{1,3}|_{2,3}|_\d+|_i\d+)$")
TITLE_LEVEL = 4
INTERACTIVITY = re.compile(r"ast_node_interactivity\s*=\s*['\"](\w+)['\"]")


def read_program(
    source: Source,
    *,
    open: bool = True,  # noqa: A002 - the verb
    arguments: tuple[str, ...] = (),
    rewritings: tuple[Rewriting, ...] = (),
) -> Program:
    """Return the statements of all code cells, in order.

    Args:
        source: what was read.
        open: open up what hides the list of statements: `main()`, a parser of arguments, …;
            else only `if __name__ == "__main__":`.
        arguments: of the command line.
        rewritings: statements to write as several, by the ids that they have without.

    Raises:
        MigrationRefused: the program reads IPython's history of outputs.
    """
    texts = {cell.number: CellText(cell) for cell in source.code_cells}
    pieces = _pieces(texts)
    opened = opened_pieces(source, pieces, arguments, only_guard=not open)
    pieces = rewritten(opened.pieces, texts, rewritings)
    shown = _interactivity(source)
    imports = Imports()
    statements: list[Statement] = []
    heading = _Headings(source)
    for number, piece in enumerate(pieces, start=1):
        statement = _statement(number, piece, source, imports)
        title, level = heading.at(piece)
        mode = shown[piece.cell]
        displays = source.kind == "notebook" and _displays(piece, mode)
        statements.append(replace(statement, heading=title, heading_level=level, displays=displays))
    statements = _without_builtins(statements)
    _refuse_history(source, statements)
    return Program(source, tuple(statements), opened.findings, opened.names, arguments, rewritings)


def _pieces(texts: dict[int, CellText]) -> list[Piece]:
    """Return the statements of all cells; comments of empty cells go to the next statement."""
    pieces: list[Piece] = []
    waiting = ""
    for text in texts.values():
        found = text.pieces()
        if not found:
            waiting = "\n\n".join(filter(None, [waiting, text.comment_only()]))
        elif waiting:
            comment = "\n\n".join(filter(None, [waiting, found[0].comment]))
            found[0] = replace(found[0], comment=comment)
            waiting = ""
        pieces += found
    if waiting and pieces:
        comment = "\n\n".join(filter(None, [pieces[-1].comment, waiting]))
        pieces[-1] = replace(pieces[-1], comment=comment)
    return pieces


def _statement(number: int, piece: Piece, source: Source, imports: Imports) -> Statement:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(piece.code)
        names = names_of(piece.code, tree)
    imports.learn(tree, names.stores)
    learn_changing(tree, imports)
    calls = calls_of(piece.code, tree, imports)
    return Statement(
        id=number,
        place=Place(source.path.name, piece.cell, piece.line),
        end_line=piece.end_line,
        code=piece.code,
        comment=piece.comment,
        kind=kind_of(tree.body[0]),
        loads=names.loads,
        deferred=names.deferred,
        stores=names.stores,
        certain=names.certain,
        deletes=names.deletes,
        global_writes=names.global_writes,
        mutates=mutated(tree, imports) & names.loads,
        calls=calls,
        displays=False,
        last_in_cell=piece.last,
        dynamic=dynamic_of(calls),
        moved=piece.moved,
        argument=piece.argument,
        fan=piece.fan,
        begins=piece.begins,
    )


def _displays(piece: Piece, mode: str) -> bool:
    """Tell whether Jupyter shows the value of this statement."""
    if not isinstance(piece.node, ast.Expr) or mode == "none":
        return False
    return (mode == "all" or piece.last) and not (piece.last and piece.silenced)


def _interactivity(source: Source) -> dict[int, str]:
    """Return for each cell which expressions IPython shows; a setting counts from the next."""
    mode, modes = "last_expr", {}
    for cell in source.code_cells:
        modes[cell.number] = mode
        for match in INTERACTIVITY.finditer(cell.text):
            mode = match[1]
    return modes


class _Headings:
    """The nearest heading, from markdown cells or, in scripts, from banner comments."""

    def __init__(self, source: Source) -> None:
        self.cells = {cell.number: cell for cell in source.cells}
        self.banners = source.kind != "notebook"
        self.cell = -1
        self.current = ("", 0)

    def at(self, piece: Piece) -> tuple[str, int]:
        """Return text and level of the heading of a statement; asked for in program order."""
        cell = self.cells[piece.cell]
        if piece.title:
            return banner_in(piece.comment) or (piece.title, TITLE_LEVEL)
        before = self.cells.get(self.cell)
        if before is None or (before.heading, before.heading_level) != (
            cell.heading,
            cell.heading_level,
        ):
            self.current = (cell.heading, cell.heading_level)
        self.cell = piece.cell
        if self.banners:
            self.current = banner_in(piece.comment) or self.current
        return self.current


def _without_builtins(statements: list[Statement]) -> list[Statement]:
    """Leave out builtins that the program nowhere binds; a star import may bind any."""
    bound: set[str] = set()
    for statement in statements:
        bound |= statement.stores | statement.global_writes
        if statement.kind == "import" and has_star(ast.parse(statement.code)):
            return statements
    hidden = (BUILTINS | {"__file__"}) - bound
    return [
        replace(one, loads=one.loads - hidden, deferred=one.deferred - hidden) for one in statements
    ]


def _refuse_history(source: Source, statements: list[Statement]) -> None:
    """Refuse `Out[3]` and `_3`: they number executions, which the text does not hold."""
    if source.kind != "notebook":
        return
    bound = {name for statement in statements for name in statement.stores}
    for statement in statements:
        for name in sorted((statement.loads | statement.deferred) - bound):
            if HISTORY.match(name):
                raise MigrationRefused(
                    f"`{name}` is IPython's history: what it holds depends on what ran before.",
                    f"{statement.place}: {statement.code.splitlines()[0]}",
                    "bind the value to a name in its cell and use that name",
                )
