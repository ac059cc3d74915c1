"""Which functions hold the program: those that do things of several kinds.

A function that only loads, or only trains, is a good step as it is, and the step calls it. One
that loads, splits and trains hides a list of statements.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from thruway.program.calls import calls_of
from thruway.program.imports import Imports
from thruway.program.knowledge import lookup, lookup_method
from thruway.program.opening.rows import parsed
from thruway.program.opening.scope import names

if TYPE_CHECKING:
    from thruway.program.opening.rows import Text

ENTRIES = frozenset({"main", "_main", "run", "cli"})
PARSERS = frozenset({"parse_args", "parse_known_args"})
_FEWEST = 3  # statements worth a list
_FAMILIES = {
    "ingest": "ingest",
    "prepare": "prepare",
    "validate": "prepare",
    "transform": "prepare",
    "split": "split",
    "tune": "train",
    "train": "train",
    "evaluate": "evaluate",
    "predict": "evaluate",
    "export": "export",
}


@dataclass
class Kinds:
    """What the functions of a program do, looked at as far as needed."""

    text: Text
    _imports: Imports = field(default_factory=Imports)
    _direct: dict[str, frozenset[str]] = field(default_factory=dict)
    _calls: dict[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look at every function and class of the top level."""
        self._imports = imports_of(self.text)
        for node in self.text.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                self._look(node.name, self.text.source(node))
            if isinstance(node, ast.ClassDef):
                block = self.text.block(node)
                for method in block.body:
                    if isinstance(method, ast.FunctionDef):
                        self._look(f"{node.name}.{method.name}", block.source(method))

    def _look(self, name: str, code: str) -> None:
        found: set[str] = set()
        called: set[str] = set()
        for call in calls_of(code, parsed(code), self._imports):
            api = lookup(call.target) if call.resolved else lookup_method(call.method, None)
            found |= {_FAMILIES[api.role]} if api and api.role in _FAMILIES else set()
            called.add(call.receiver or call.target)
            called.add(f".{call.method}")  # of whatever class
        self._direct[name] = frozenset(found)
        self._calls[name] = frozenset(called | names(code).deferred)

    def families(self, name: str) -> frozenset[str]:
        """Return what a function does itself and through the functions that it uses."""
        pending, seen = [name], {name}
        found: set[str] = set()
        while pending:
            current = pending.pop()
            found |= self._direct.get(current, frozenset())
            more = self._known(self._calls.get(current, frozenset())) - seen
            seen |= more
            pending += more
        return frozenset(found)

    def _known(self, called: frozenset[str]) -> set[str]:
        """Return the functions, and the methods, among what is called."""
        return {
            name
            for name in self._direct
            if name in called or ("." in name and "." + name.rpartition(".")[2] in called)
        }

    def drives(self, cls: str, method: ast.FunctionDef) -> bool:
        """Tell whether a method is to be opened, if that can be done."""
        return len(self.families(f"{cls}.{method.name}")) > 1 and len(method.body) > 1

    def hold_the_program(self, function: ast.FunctionDef) -> bool:
        """Tell whether a function is to be opened, if that can be done."""
        if function.name in ENTRIES or parses_arguments(function):
            return True
        return len(self.families(function.name)) > 1 and len(function.body) >= _FEWEST


def parses_arguments(function: ast.AST) -> bool:
    """Tell whether a function reads the command line, or makes what reads it."""
    return any(
        getattr(node, "attr", getattr(node, "id", "")) in {*PARSERS, "ArgumentParser"}
        for node in ast.walk(function)
    )


def imports_of(text: Text) -> Imports:
    """Return what every name of an import stands for, those inside functions included."""
    found = Imports()
    for node in ast.walk(text.tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found.learn(ast.Module([node], []), frozenset())
    return found
