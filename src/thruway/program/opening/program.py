"""The moves in their order, until nothing is left to open."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruway.errors import MigrationRefused
from thruway.findings import Finding, Place, Severity
from thruway.program.opening.arguments import open_arguments
from thruway.program.opening.argv import with_words
from thruway.program.opening.choose import ENTRIES, Kinds, imports_of, parses_arguments
from thruway.program.opening.commands import command_of, open_command
from thruway.program.opening.dissolve import dissolve
from thruway.program.opening.function import Opening, open_function
from thruway.program.opening.guard import without_guards
from thruway.program.opening.hidden import hidden
from thruway.program.opening.method import as_function, driven, named_objects
from thruway.program.opening.parser import RefusedError, parse_of
from thruway.program.opening.reasons import ClosedError, require_plain_program
from thruway.program.opening.rows import Row, Text
from thruway.program.opening.scope import names, references
from thruway.program.opening.sites import Site, named_results, sites

if TYPE_CHECKING:
    from thruway.source.types import Source

_DRIVERS = ENTRIES | {"call", "execute", "start", "process", "run_pipeline", "pipeline"}
_MORE = "it is used more than once"
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
    source: Source, arguments: tuple[str, ...] = (), *, only_guard: bool = False
) -> Opened:
    """Return the program with everything opened that can be opened soundly."""
    text = without_guards(Text.of(source.code_cells))
    if only_guard:
        return Opened(text)
    opener = _Opener(source.path.name, text, arguments, notebook=source.kind == "notebook")
    found = opener.run()
    rest = tuple(hidden(found.text, source.path, opener.closed))
    return replace(found, findings=(*found.findings, *rest))


class _Opener:
    def __init__(
        self,
        file: str,
        text: Text,
        arguments: tuple[str, ...],
        forced: frozenset[str] = frozenset(),
        given: frozenset[str] = frozenset(),
        *,
        notebook: bool,
    ) -> None:
        self._file = file
        self._notebook = notebook
        self._arguments = arguments
        self._text = text
        self._names: list[str] = []
        self._findings: list[Finding] = []
        self._closed: set[str] = set()  # what was tried in vain
        self._forced = forced
        self._given = given

    @property
    def closed(self) -> frozenset[str]:
        """The functions and methods that were tried in vain."""
        return frozenset(self._closed)

    def run(self) -> Opened:
        """Open one thing after another."""
        self._open_command()
        while self._open_one():
            pass
        if self._open_parser():
            while self._open_one():
                pass
        if self._arguments:
            self._write_words()
        return Opened(self._text, tuple(self._names), tuple(self._findings))

    def _open_one(self) -> bool:
        return self._open_function() or self._take_apart() or self._open_method()

    def _open_function(self) -> bool:
        """Open the first function that is to be opened; False when there is none."""
        text = named_results(self._text)
        kinds = Kinds(text)
        functions = _functions(text)
        for site in sites(text, notebook=self._notebook):
            name = site.call.func.id if isinstance(site.call.func, ast.Name) else ""
            function = functions.get(name)
            if function is None or name in self._closed:
                continue
            if name not in self._forced and not kinds.hold_the_program(function):
                continue
            making = name.startswith("make_") and name in self._forced
            title = "" if making or _is_entry(function) else _words(name)
            given = self._given if making else frozenset()
            row = text.rows[function.lineno - 1]
            place = Place(self._file, row.cell, row.line)
            try:
                require_plain_program(text.tree)
                _require_one_use(text, function, site)
                self._text = open_function(Opening(text, function, site, title, given))
            except ClosedError as closed:
                self._closed.add(name)
                if closed.reason != _MORE or _is_entry(function):
                    reason = f"`{name}()` stays closed: {closed.reason}"
                    self._tell_closed(place, reason, closed.fix)
                continue
            self._names.append(f"{name}()")
            return True
        return False

    def _take_apart(self) -> bool:
        """Take an object apart that one call drives, with all of its methods that bind."""
        text = named_objects(named_results(self._text))
        kinds = Kinds(text)
        for site, cls, method in driven(text):
            key = f"the object {cls.name}"
            if key in self._closed or not kinds.drives(cls.name, method):
                continue
            self._closed.add(key)
            try:
                require_plain_program(text.tree)
                self._text = self._apart(text, cls, site)
            except (ClosedError, SyntaxError):
                continue  # the object is kept, and its method opened
            self._names.append(f"{cls.name}.{method.name}()")
            return True
        return False

    def _apart(self, text: Text, cls: ast.ClassDef, site: Site) -> Text:
        done = dissolve(text, cls, site)
        inner = _Opener(
            self._file, done.text, (), done.functions, done.given, notebook=self._notebook
        )
        while inner._open_function():
            pass
        if done.must & _functions(inner._text).keys():
            raise ClosedError("its methods are called in other ways than one by one")
        idle: dict[ast.stmt, list[Row]] = {
            node: [] for node in inner._text.body if isinstance(node, ast.Pass)
        }
        return inner._text.replaced(idle)

    def _open_method(self) -> bool:
        """Open the first method through which an object drives the program."""
        text = named_objects(named_results(self._text))
        kinds = Kinds(text)
        for site, cls, method in driven(text):
            name = f"{cls.name}.{method.name}"
            if name in self._closed or not kinds.drives(cls.name, method):
                continue
            row = text.rows[text.start(site.statement)[0] - 1]
            try:
                require_plain_program(text.tree)
                prepared, new = as_function(text, site, cls, method)
                self._text = open_function(
                    _opening(prepared, new, _words(method.name), notebook=self._notebook)
                )
            except ClosedError as closed:
                self._closed.add(name)
                reason = f"`{name}()` stays closed: {closed.reason}"
                self._tell_closed(Place(self._file, row.cell, row.line), reason, closed.fix)
                continue
            self._names.append(f"{name}()")
            return True
        return False

    def _open_command(self) -> None:
        """Make a plain call of what `click` or `typer` calls."""
        imports = imports_of(self._text)
        command = command_of(self._text, imports)
        if command is None:
            return
        place = self._place(command.function)
        try:
            self._text = open_command(self._text, command, imports, self._arguments)
        except ClosedError as closed:
            reason = f"the command `{command.function.name}` stays as it is: {closed.reason}"
            self._tell_closed(place, reason, closed.fix)
        except RefusedError as refused:
            raise self._refused(place, refused) from refused
        else:
            self._forced |= {command.function.name}
            self._arguments = ()
            self._names.append("the command line")

    def _refused(self, place: Place, refused: RefusedError) -> MigrationRefused:
        return MigrationRefused(
            f"the script does not run with this command line: {refused}",
            str(place),
            f"give it behind `--`: thruway migrate {self._file} -- …",
        )

    def _open_parser(self) -> bool:
        """Put the arguments in the place of the parser."""
        found = parse_of(self._text)
        if found is None:
            return False
        statement, _ = found
        try:
            text = open_arguments(self._text, self._arguments)
        except ClosedError as closed:
            reason = f"the command line stays as it is: {closed.reason}"
            self._tell_closed(self._place(statement), reason, closed.fix)
            return False
        except RefusedError as refused:
            raise self._refused(self._place(statement), refused) from refused
        assert text is not None
        self._text = text
        self._names.append("the command line")
        return True

    def _write_words(self) -> None:
        """Put what is left of the command line where the program reads it."""
        try:
            text = with_words(self._text, (self._file, *self._arguments))
        except ClosedError as closed:
            place = self._place(self._text.body[0])
            self._tell_closed(place, f"the command line stays: {closed.reason}", closed.fix)
            return
        if text is not self._text:
            self._text = text
            self._names.append("the command line")

    def _place(self, node: ast.stmt) -> Place:
        row = self._text.rows[node.lineno - 1]
        return Place(self._file, row.cell, row.line)

    def _tell_closed(self, place: Place, reason: str, fix: str) -> None:
        self._findings.append(Finding("TW121", Severity.INFO, place, reason, fix or _FIX))


def _functions(text: Text) -> dict[str, ast.FunctionDef]:
    """Return the functions of the top level."""
    return {node.name: node for node in text.body if isinstance(node, ast.FunctionDef)}


def _opening(text: Text, name: str, title: str, *, notebook: bool) -> Opening:
    """Return the opening of a function that was just put before its only call."""
    calls = sites(text, notebook=notebook)
    found = [s for s in calls if isinstance(s.call.func, ast.Name) and s.call.func.id == name]
    return Opening(text, _functions(text)[name], found[0], "" if name in _DRIVERS else title)


def _words(name: str) -> str:
    return name.strip("_").replace("_", " ").capitalize()


def _is_entry(function: ast.FunctionDef) -> bool:
    """Tell whether the name of a function says nothing of what it does."""
    return function.name in ENTRIES or parses_arguments(function)


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
        raise ClosedError(_MORE, "call it once, at the top level")
    if text.body.index(function) > text.body.index(site.statement):
        raise ClosedError("it is called before it is defined")
