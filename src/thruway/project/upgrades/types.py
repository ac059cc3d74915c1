"""What is known of a place where a component could stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Edit:
    """A replacement in a file; offsets in bytes of its UTF-8 text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Upgrade:
    """One call in a step that a component stands for.

    Attributes:
        step: name of the step.
        component: name of the component.
        file: where the step is written.
        line: of the call.
        found: what is written there.
        brings: what the component does that the call does not.
        written: what would stand there; "" when only a person can say.
        by_hand: without `written`, what a person would do.
        edit: of the file, with `written`.
    """

    step: str
    component: str
    file: Path
    line: int
    found: str
    brings: str
    written: str = ""
    by_hand: str = ""
    edit: Edit | None = None

    def dump(self) -> dict[str, Any]:
        """Return the record for `--json`."""
        return {
            "step": self.step,
            "component": self.component,
            "file": str(self.file),
            "line": self.line,
            "found": self.found,
            "brings": self.brings,
            "written": self.written,
            "by_hand": self.by_hand,
        }


@dataclass(frozen=True)
class Called:
    """A call of a library in a step.

    Attributes:
        name: dotted name of what is called, or `.name` for a method of a value.
        node: the call.
        statement: the statement of the step that it is in.
        text: gives the text of a part of the file.
    """

    name: str
    node: ast.Call
    statement: ast.stmt
    text: Callable[[ast.AST], str]


@dataclass(frozen=True)
class Recognised:
    """What a recogniser says of a call.

    Attributes:
        component: that stands for it.
        brings: what it does that the call does not.
        written: what would stand in place of `over`; "" if only a person can say.
        by_hand: without `written`, what a person would do.
        over: what is replaced: the call, or its whole statement.
    """

    component: str
    brings: str
    written: str = ""
    by_hand: str = ""
    over: ast.AST | None = None
