"""The top of a module: docstring, imports, and those that only annotations need."""

from __future__ import annotations

from dataclasses import dataclass, field

from thruway.project.code_text import INDENT, docstring
from thruway.project.names import future_features, imported_names, is_future

FUTURE = "from __future__ import annotations"


@dataclass
class Header:
    """Imports, gathered while a module is rendered.

    Attributes:
        title: the module's docstring.
        annotations: annotations are not evaluated in this module.
        about: more for the docstring, below its first line.
    """

    title: str
    annotations: bool = True
    about: str = ""
    _runtime: list[str] = field(default_factory=list)
    _type_only: list[str] = field(default_factory=list)

    def need(self, *lines: str) -> None:
        """Add imports that the module needs when it runs."""
        self._runtime += [line for line in lines if line not in self._runtime]

    def need_for_types(self, *lines: str) -> None:
        """Add imports that only annotations need."""
        self._type_only += [line for line in lines if line not in self._type_only]

    def names(self) -> frozenset[str]:
        """Return the names bound so far by imports that run."""
        return imported_names(self._runtime)

    def text(self) -> str:
        """Return the top of the module."""
        type_only = self._missing()
        if type_only:
            self.need("from typing import TYPE_CHECKING")
        ordinary = [line for line in self._runtime if not is_future(line)]
        parts = [docstring(self.title, self.about), self._future(), "\n".join(ordinary)]
        if type_only:
            block = "\n".join(INDENT + line for line in type_only)
            parts.append(f"if TYPE_CHECKING:\n{block}")
        return "\n\n".join(part for part in parts if part)

    def _future(self) -> str:
        features = set(future_features(self._runtime))
        if self.annotations:
            features.add("annotations")
        return f"from __future__ import {', '.join(sorted(features))}" if features else ""

    def _missing(self) -> list[str]:
        bound = self.names()
        return [line for line in self._type_only if not imported_names([line]) <= bound]
