"""The pieces of a program whose hidden statements were opened up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruway.program.opening import open_program
from thruway.program.opening.rows import Text
from thruway.program.split import CellText
from thruway.source.types import Cell

if TYPE_CHECKING:
    from thruway.findings import Finding
    from thruway.program.split import Piece
    from thruway.source.types import Source


@dataclass(frozen=True)
class OpenedPieces:
    """What `read_program` goes on with."""

    pieces: list[Piece]
    names: tuple[str, ...]
    findings: tuple[Finding, ...]


def opened_pieces(
    source: Source, pieces: list[Piece], arguments: tuple[str, ...], *, only_guard: bool
) -> OpenedPieces:
    """Return the pieces of the opened program; those of the program itself if nothing opens."""
    opened = open_program(source, arguments, only_guard=only_guard)
    if opened.text.rows == Text.of(source.code_cells).rows:
        return OpenedPieces(pieces, (), opened.findings)
    return OpenedPieces(_split(opened.text, pieces), opened.names, opened.findings)


def _split(text: Text, before: list[Piece]) -> list[Piece]:
    """Split the rows as one cell, and put every piece back to where the author wrote it."""
    code = "\n".join(text.lines)
    numbers = tuple(range(1, len(text.rows) + 1))
    whole = CellText(Cell(0, "code", code, code, numbers))
    known = {(piece.cell, piece.line, piece.code): piece for piece in before}
    found: list[Piece] = []
    done = 0
    for piece in whole.pieces():
        placed = _placed(piece, text, known, done)
        if found and (left := _left_behind(text, found[-1].cell, placed.cell, done, piece)):
            # The comments that end a cell go with its last statement, as they were written.
            border = (done + left + 1, 0)
            closing = whole.comment((done + 1, 0), border)
            comment = "\n".join(filter(None, [found[-1].comment, closing]))
            found[-1] = replace(found[-1], comment=comment)
            placed = replace(placed, comment=whole.comment(border, piece.start))
        found.append(placed)
        done = piece.end[0]
    ends = {piece.cell for piece in found if piece.last}
    for number in reversed(range(len(found))):
        if found[number].cell not in ends:  # what ended this cell was opened
            ends.add(found[number].cell)
            found[number] = replace(found[number], last=True, silenced=True)
    return found


def _left_behind(text: Text, before: int, here: int, done: int, piece: Piece) -> int:
    """Return how many rows above a piece still belong to the cell of the one before it."""
    if before == here or piece.last:
        return 0
    rows = text.rows[done : piece.start[0] - 1]
    return next((n for n, row in enumerate(rows) if row.cell != before), len(rows))


def _placed(piece: Piece, text: Text, known: dict[tuple[int, int, str], Piece], done: int) -> Piece:
    """Return a piece at its own place; `done` is the last row of the piece before it."""
    first, last = text.rows[piece.start[0] - 1], text.rows[piece.end[0] - 1]
    own = known.get((first.cell, first.line, piece.code))
    rows = text.rows[done : piece.end[0]]
    return replace(
        piece,
        cell=first.cell,
        line=first.line,
        end_line=max(last.line, first.line),
        last=own.last if own else False,
        silenced=own.silenced if own else True,
        title=first.title,
        moved=any(row.moved for row in rows),
        argument=first.argument,
    )
