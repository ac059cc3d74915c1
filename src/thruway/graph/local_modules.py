"""Modules beside the program, above all those that it writes itself, and then imports.

Importing one needs the file as it was written, and so does all that uses a name which the import
bound, or an object whose class comes from there: each of them may run in a process of its own.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from thruway.program.imports import imported_roots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.program.types import Statement
    from thruway.trace.types import Fact, Trace

_PLAIN = frozenset({"scalar", "text", "frame", "array", "series", "index"})
_FILE = "file:"


class LocalModules:
    """The modules beside the program: their names, what wrote them, and what rests on them."""

    def __init__(self, trace: Trace) -> None:
        """Begin with none."""
        self._local = frozenset(f"{_FILE}{name}" for name in trace.local_modules)
        self._roots = frozenset(local_roots(trace))
        self._written: set[str] = set()
        self._carried: dict[str, frozenset[str]] = {}

    def is_local(self, resource: str) -> bool:
        """Whether a resource is the state of a module beside the program."""
        kind, _, name = resource.partition(":")
        return kind == "module" and name.partition(".")[0] in self._roots

    def needed(self, statement: Statement, fact: Fact, reads: frozenset[str]) -> frozenset[str]:
        """Return the files that a statement needs; remember what it wrote and bound."""
        tokens: frozenset[str] = frozenset()
        for name in reads:
            tokens |= self._carried.get(name, frozenset())
        if (
            self._written
            and statement.kind == "import"
            and self._roots & set(imported_roots(ast.parse(statement.code)))
        ):
            tokens |= self._written
        for name in fact.binds | fact.changes:
            value = fact.values.get(name)
            keeps = value is None or value.kind not in _PLAIN
            self._carried[name] = tokens if keeps else frozenset()
        self._written |= {f"{_FILE}{name}" for name in fact.files_written} & self._local
        return tokens


def local_roots(trace: Trace) -> Iterator[str]:
    """Yield the names under which the modules beside the program are imported."""
    for file in trace.local_modules:
        for folder in trace.import_path:
            prefix = "" if folder == "." else f"{folder}/"
            if file.startswith(prefix):
                yield file.removeprefix(prefix).partition("/")[0].removesuffix(".py")
