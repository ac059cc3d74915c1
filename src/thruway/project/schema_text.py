"""The schemas module: a pandera schema for every frame that crosses a port.

A `DataFrameSchema` takes column names of any spelling and dtypes as pandas prints them, so that
what was observed is written down without translation. Steps import this module only for
annotations: a project runs without pandera.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from thruway.project.code_text import INDENT, docstring, quoted

if TYPE_CHECKING:
    from thruway.kit.values.types import Value
    from thruway.plan.types import Plan

WIDE = 200
"""Frames with more columns are described, not listed."""

_KNOWN_DTYPE = re.compile(
    r"(u?int|float|complex|U?Int|Float)\d+|bool|boolean|object|str|string|category"
    r"|datetime64\[(ns|us|ms|s)(, [^\]]+)?\]|timedelta64\[(ns|us|ms|s)\]"
)
# Names are observed as text: such a column may be named by a number, a date or a tuple.
_MAYBE_NO_TEXT = re.compile(r"-?\d+(\.\d+)?|\(.*\)|\d{4}-\d\d-\d\d.*|True|False|None|nan|NaT")
_Column = tuple[str, str, bool]


def schemas_text(plan: Plan) -> str:
    """Return the text of `<package>/schemas.py`, "" when no frame crosses a port."""
    schemas = schema_ports(plan)
    if not schemas:
        return ""
    title = "The frames that cross ports, as they were observed"
    parts = [docstring(title), f"import {pandera_module(plan)} as pa"]
    parts += [_schema(name, port, value) for name, (port, value) in sorted(schemas.items())]
    return "\n\n".join(parts) + "\n"


def pandera_module(plan: Plan) -> str:
    """Return pandera's module for pandas: it moved in 0.24."""
    return "pandera" if _is_old_pandas(plan) else "pandera.pandas"


def pandera_requirement(plan: Plan) -> str:
    """Return which pandera checks the frames: from 0.24 on it needs pandas 2."""
    return "pandera>=0.20,<0.24" if _is_old_pandas(plan) else "pandera>=0.24"


def _is_old_pandas(plan: Plan) -> bool:
    return plan.graph.trace.packages.get("pandas", "3").split(".")[0] in ("0", "1")


def schema_ports(plan: Plan) -> dict[str, tuple[str, Value]]:
    """Return schema → (`step.port` where it was first seen, value seen there)."""
    found: dict[str, tuple[str, Value]] = {}
    for step in plan.steps:
        for port in (*step.outputs, *step.inputs):
            if port.schema and port.value is not None:
                found.setdefault(port.schema, (f"{step.name}.{port.name}", port.value))
    return found


def _schema(name: str, port: str, value: Value) -> str:
    columns = value.columns
    seen = f"`{port}`"
    if value.shape:
        rows, *rest = value.shape
        seen += f": {rows:,} rows" + (f" × {rest[0]:,} columns" if rest else "")
    body = _wide(value) if len(columns) > WIDE else _columns(_merged(columns))
    return f"# {seen}\n{name} = pa.DataFrameSchema(\n{body}{INDENT}name={quoted(name)},\n)"


def _wide(value: Value) -> str:
    """Return what holds for every column when there are too many to list."""
    counts = Counter(dtype for _, dtype, _ in value.columns)
    words = ", ".join(f"{count:,} {dtype}" for dtype, count in counts.most_common(6))
    lines = f"{INDENT}# Too many columns to list: {words}.\n"
    complete = value.shape is not None and value.shape[-1] == len(value.columns)
    if complete and len(counts) == 1 and _KNOWN_DTYPE.fullmatch(value.columns[0][1]):
        lines += f"{INDENT}dtype={quoted(value.columns[0][1])},\n"
    return lines


def _columns(columns: list[_Column]) -> str:
    rows = "".join(f"{INDENT * 2}{_column(*column)},\n" for column in columns)
    return f"{INDENT}{{\n{rows}{INDENT}}},\n"


def _column(name: str, dtype: str, nullable: bool) -> str:
    arguments = [quoted(dtype)] if _KNOWN_DTYPE.fullmatch(dtype) else []
    if nullable:
        arguments.append("nullable=True")
    if _MAYBE_NO_TEXT.fullmatch(name):
        arguments.append("required=False")
    return f"{quoted(name)}: pa.Column({', '.join(arguments)})"


def _merged(columns: tuple[_Column, ...]) -> list[_Column]:
    """Return one entry per name: pandera checks every column that bears it."""
    merged: dict[str, _Column] = {}
    for name, dtype, nullable in columns:
        _, known, nulls = merged.get(name, (name, dtype, nullable))
        merged[name] = (name, dtype if known == dtype else "", nulls or nullable)
    return list(merged.values())
