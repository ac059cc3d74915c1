"""What a user decided otherwise: steps merged, cuts pinned, names changed.

An override names statements by their text and by where they stood, so that it still finds them
after small edits of the program. It is kept in `thruway.json`. What it means for one graph is
found in `plan.wishes`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from thruway.program.types import Program, Statement

OverrideKind = Literal["merge", "cut", "rename", "move", "parameter"]
_LONGEST = 120
_SIMILAR = 0.7


@dataclass(frozen=True)
class Anchor:
    """A statement, told by its text and its place.

    Attributes:
        text: its first line.
        digest: of the whole text, white space apart.
        cell, line: where it stood.
        nth, of: which one it was among the statements with this text, and how many there were.
    """

    text: str
    digest: str
    cell: int
    line: int
    nth: int = 0
    of: int = 1

    def __str__(self) -> str:
        """Return its place and its text."""
        where = f"cell {self.cell}, line {self.line}" if self.cell else f"line {self.line}"
        return f"{where} (`{self.text}`)"


@dataclass(frozen=True)
class Override:
    """One decision of the user's.

    Attributes:
        kind: `merge`: all statements from the first anchor to the last are one step. `cut`: a
            step begins at the anchor. `move`: the first anchor stands beside the second, in its
            step. `rename`: the step that holds most of the anchors is
            called `name`. `parameter`: the pipeline's parameter `old` is called `name`.
        at: the statements that it is about.
        name: the new name.
        old: the name of a parameter before.
        said: how it was asked for, for messages (`--cut-before 4:2`).
    """

    kind: OverrideKind
    at: tuple[Anchor, ...] = ()
    name: str = ""
    old: str = ""
    said: str = ""

    @classmethod
    def load(cls, record: dict[str, Any]) -> Override:
        """Return the override of a record in `thruway.json`."""
        return cls(**{**record, "at": tuple(Anchor(**each) for each in record.get("at", ()))})


def anchor(statement: Statement, program: Program) -> Anchor:
    """Return what finds a statement again."""
    digest = text_digest(statement.code)
    same = [each.id for each in program.statements if text_digest(each.code) == digest]
    return Anchor(
        _first_line(statement.code),
        digest,
        statement.place.cell,
        statement.place.line,
        same.index(statement.id),
        len(same),
    )


def find_anchor(wanted: Anchor, program: Program) -> Statement | None:
    """Return the statement that an anchor means now; None when nothing is like it."""
    same = [each for each in program.statements if text_digest(each.code) == wanted.digest]
    if len(same) == wanted.of:
        return same[wanted.nth]
    if same:
        return min(same, key=lambda each: _distance(each, wanted))
    likeness = {each.id: _likeness(wanted, each) for each in program.statements}
    best = max(program.statements, key=lambda s: (likeness[s.id], *_nearness(s, wanted)))
    return best if likeness[best.id] >= _SIMILAR else None


def text_digest(code: str) -> str:
    """Return a short digest of a statement's text, white space apart."""
    return hashlib.sha256(" ".join(code.split()).encode()).hexdigest()[:16]


def align(old: Sequence[Statement], new: Sequence[Statement]) -> dict[int, int]:
    """Return old id → new id of the statements that are the same, or nearly.

    Statements keep their order; between two that are equal, those that are alike are paired.
    """
    left = [text_digest(each.code) for each in old]
    right = [text_digest(each.code) for each in new]
    pairs: dict[int, int] = {}
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs |= {o.id: n.id for o, n in zip(old[i1:i2], new[j1:j2], strict=True)}
        elif tag == "replace":
            pairs |= _alike(old[i1:i2], new[j1:j2])
    return pairs


def _alike(old: Sequence[Statement], new: Sequence[Statement]) -> dict[int, int]:
    pairs: dict[int, int] = {}
    free = list(new)
    for each in old:
        ratios = [(SequenceMatcher(None, each.code, other.code).ratio(), other) for other in free]
        best = max(ratios, key=lambda pair: pair[0], default=None)
        if best is not None and best[0] >= _SIMILAR:
            pairs[each.id] = best[1].id
            free = free[free.index(best[1]) + 1 :]
    return pairs


def spread(numbers: Iterable[int], most: int = 5) -> tuple[int, ...]:
    """Return at most so many of some ids, the first, the last and some between."""
    ids = sorted(numbers)
    if len(ids) <= most:
        return tuple(ids)
    return tuple(ids[round(i * (len(ids) - 1) / (most - 1))] for i in range(most))


def _first_line(code: str) -> str:
    return code.strip().splitlines()[0][:_LONGEST]


def _likeness(wanted: Anchor, statement: Statement) -> float:
    return SequenceMatcher(None, wanted.text, _first_line(statement.code)).ratio()


def _distance(statement: Statement, wanted: Anchor) -> tuple[int, int]:
    place = statement.place
    return abs(place.cell - wanted.cell), abs(place.line - wanted.line)


def _nearness(statement: Statement, wanted: Anchor) -> tuple[int, int]:
    cells, lines = _distance(statement, wanted)
    return -cells, -lines
