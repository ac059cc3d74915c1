"""The moves in their order, until nothing is left to open."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.findings import Finding, Place, Severity
from thruway.program.opening.choose import Kinds
from thruway.program.opening.function import Opening, open_function
from thruway.program.opening.guard import without_guards
from thruway.program.opening.reasons import ClosedError, require_plain_program
from thruway.program.opening.rows import Text
from thruway.program.opening.scope import names, references
from thruway.program.opening.sites import Site, sites

if TYPE_CHECKING:
    from thruway.source.types import Source

_FIX = "what it holds stays one statement: write its parts at the top level"


@dataclass(frozen=True)
class Opened:
    """A program, opened.

    Attributes:
        text: its rows.
        names: what was opened beyond the guard, in order.
        findings: what was opened, and what could not be.
    """

    text: Text
    names: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def open_program(
    source: Source, _arguments: tuple[str, ...] = (), *, only_guard: bool = False
) -> Opened:
    """Return the program with everything opened that can be opened soundly."""
    text = without_guards(Text.of(source.code_cells))
    if only_guard:
        return Opened(text)
    return _Opener(source.path.name, text).run()


class _Opener:
    def __init__(self, file: str, text: Text) -> None:
        self._file = file
        self._text = text
        self._names: list[str] = []
        self._findings: list[Finding] = []
        self._closed: set[str] = set()

    def run(self) -> Opened:
        """Open one thing after another."""
        while self._open_function():
            pass
        return Opened(self._text, tuple(self._names), tuple(self._findings))

    def _open_function(self) -> bool:
        """Open the first function that is to be opened; False when there is none."""
        text = self._text
        kinds = Kinds(text)
        functions = _functions(text)
        for site in sites(text):
            name = site.call.func.id if isinstance(site.call.func, ast.Name) else ""
            function = functions.get(name)
            if function is None or name in self._closed or not kinds.hold_the_program(function):
                continue
            title = "" if name in {"main", "_main"} else name.strip("_").replace("_", " ")
            place = self._place(function)
            try:
                require_plain_program(text.tree)
                _require_one_use(text, function, site)
                self._text = open_function(Opening(text, function, site, title.capitalize()))
            except ClosedError as closed:
                self._closed.add(name)
                self._tell_closed(place, f"`{name}()` stays closed: {closed.reason}", closed.fix)
                continue
            self._names.append(f"{name}()")
            return True
        return False

    def _place(self, node: ast.stmt) -> Place:
        row = self._text.rows[node.lineno - 1]
        return Place(self._file, row.cell, row.line)

    def _tell_closed(self, place: Place, reason: str, fix: str) -> None:
        self._findings.append(Finding("TW121", Severity.INFO, place, reason, fix or _FIX))


def _functions(text: Text) -> dict[str, ast.FunctionDef]:
    """Return the functions of the top level."""
    return {node.name: node for node in text.body if isinstance(node, ast.FunctionDef)}


def _require_one_use(text: Text, function: ast.FunctionDef, site: Site) -> None:
    """Refuse a function that is used in another way than by this one call.

    Raises:
        ClosedError: it is.
    """
    name = function.name
    others = [node for node in text.body if node is not function]
    if any(name in names(text.source(node)).stores for node in others):
        raise ClosedError("its name is bound more than once")
    if references(text.tree, name) != 1:
        raise ClosedError("it is used more than once", "call it once, at the top level")
    if text.body.index(function) > text.body.index(site.statement):
        raise ClosedError("it is called before it is defined")
