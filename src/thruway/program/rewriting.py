"""Puts several statements in the place of one, text for text.

Comments stay: those above the statement go to the first part, those that end its cell to the
last. The parts say themselves which of the author's lines they hold.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.program.split import CellText, Piece
    from thruway.program.types import Rewriting


def rewritten(
    pieces: list[Piece], texts: Mapping[int, CellText], rewritings: tuple[Rewriting, ...]
) -> list[Piece]:
    """Return the pieces with those that are rewritten replaced by their parts.

    Args:
        pieces: the statements of a program, the first of which has id 1.
        texts: the cells that they come from.
        rewritings: by the ids of these statements.
    """
    by_id = {rewriting.statement: rewriting for rewriting in rewritings}
    found: list[Piece] = []
    for number, piece in enumerate(pieces, start=1):
        if number in by_id:
            found += _parts(piece, texts[piece.cell], by_id[number])
        else:
            found.append(piece)
    return found


def _parts(piece: Piece, text: CellText, rewriting: Rewriting) -> list[Piece]:
    parts = [
        replace(
            piece,
            node=ast.parse(part.code).body[0],
            line=part.line,
            end_line=part.end_line,
            code=part.code,
            comment="",
            last=False,
            fan=part.fan,
            begins=part.begins,
        )
        for part in rewriting.parts
    ]
    above, below = _comments(piece, text)
    parts[0] = replace(parts[0], comment=above)
    parts[-1] = replace(parts[-1], comment=below or parts[-1].comment, last=piece.last)
    return parts


def _comments(piece: Piece, text: CellText) -> tuple[str, str]:
    """Return the comments above a statement, and those that follow it at the end of its cell."""
    below = text.comment(piece.end, (len(text.lines) + 1, 0)) if piece.last else ""
    if not below or not piece.comment.endswith(below):
        return piece.comment, ""
    return piece.comment.removesuffix(below).rstrip("\n"), below
