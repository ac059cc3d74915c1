"""How ports are written: annotations, names of fields, and the value returned."""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.project.code_text import INDENT, quoted
from thruway.project.names import annotation_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.plan.types import Port
    from thruway.project.header import Header

RANDOM_TYPES = {
    "random:numpy": "NumpyRandom",
    "random:python": "PythonRandom",
    "random:torch": "TorchRandom",
    "random:tensorflow": "TensorflowRandom",
}


@dataclass(frozen=True)
class Annotations:
    """Writes the types of ports into one module, and asks its header for what they need.

    Attributes:
        header: of the module that is written.
        package: the project's package.
        local: names that the module itself defines.
        shared: names that `shared.py` defines.
        kit: name in the kit → name under which this module imports it.
    """

    header: Header
    package: str
    local: frozenset[str]
    shared: frozenset[str]
    kit: dict[str, str]

    def of(self, port: Port) -> str:
        """Return the annotation of a port; `Any` for what this module cannot name."""
        if port.kind != "value":
            name = kit_type(port)
            self.header.need(kit_import(name, self.kit.get(name, name)))
            return self.kit.get(name, name)
        plain = self.plain(port.annotation, port.imports)
        if not port.schema:
            return plain
        self.header.need("from typing import Annotated")
        self.header.need_for_types(f"from {self.package}.schemas import {port.schema}")
        return f"Annotated[{plain}, {port.schema}]"

    def plain(self, annotation: str, imports: Sequence[str] = ()) -> str:
        """Return an annotation whose names are imported, else `Any`."""
        needed = annotation_names(annotation) - self.local
        from_shared = needed & self.shared
        self.header.need_for_types(
            *(f"from {self.package}.shared import {name}" for name in sorted(from_shared))
        )
        from_imports = _named_by(imports)
        useful = [line for line, names in from_imports.items() if names & needed]
        known = from_shared | self.header.names() | {"Any"}
        for line in useful:
            known |= from_imports[line]
        if not annotation or needed - known:
            annotation, needed, useful = "Any", frozenset({"Any"}), []
        if "Any" in needed:
            self.header.need("from typing import Any")
        self.header.need_for_types(*useful)
        return annotation


def _named_by(imports: Sequence[str]) -> dict[str, frozenset[str]]:
    from thruway.project.names import imported_names

    return {line: imported_names([line]) for line in imports}


def kit_type(port: Port) -> str:
    """Return the class of the kit that carries a random state or a file."""
    return "File" if port.kind == "file" else RANDOM_TYPES.get(port.resource, "NumpyRandom")


def kit_import(name: str, alias: str) -> str:
    """Return the line that imports a name of the kit."""
    return f"from thruway import {name}" + (f" as {alias}" if alias != name else "")


def field_names(names: Sequence[str]) -> list[str]:
    """Return names that fields of a named tuple may have: no leading underscore, no keyword."""
    fields: list[str] = []
    for name in names:
        field = name.lstrip("_") or "value"
        if keyword.iskeyword(field) or field[0].isdigit():
            field = f"value_{field}"
        while field in fields:
            field += "_"
        fields.append(field)
    return fields


def named_tuple(name: str, title: str, fields: Sequence[tuple[str, str]]) -> str:
    """Return the text of a named tuple class from (field, annotation)."""
    rows = "\n".join(f"{INDENT}{field}: {annotation}" for field, annotation in fields)
    return f'class {name}(NamedTuple):\n{INDENT}"""{title}"""\n\n{rows}'


def returned(port: Port, kit: dict[str, str], paths: dict[str, str]) -> str:
    """Return the expression that gives the value of an output.

    Args:
        port: the output.
        kit: name in the kit → name in this module.
        paths: path → name of the parameter that holds it.
    """
    if port.kind == "value":
        return port.inside
    name = kit_type(port)
    alias = kit.get(name, name)
    if port.kind == "random":
        return f"{alias}.capture()"
    path = port.resource.partition(":")[2]
    return f"{alias}({paths.get(path) or quoted(path)})"
