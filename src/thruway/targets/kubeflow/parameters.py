"""Parameters of the pipeline as KFP has them, and their values as the pipeline has them.

KFP knows six types, and hands every number on as a double. So a value that is not the default
goes through text, like that of `-p name=value`, and the annotation decides what it is; a default
is never handed on: the pipeline has it itself, exactly.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from thruway.kit.parameters import parse_parameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from thruway.kit.dag import StepParameter
    from thruway.targets.tasks import Parameter

_TYPES = {
    "integer": "NUMBER_INTEGER",
    "number": "NUMBER_DOUBLE",
    "string": "STRING",
    "boolean": "BOOLEAN",
    "array": "LIST",
    "object": "STRUCT",
}


def type_of(parameter: Parameter) -> str:
    """Return the KFP type of a parameter; what it has no type for is text."""
    kind = parameter.schema.get("type")
    known = isinstance(kind, str) and kind in _TYPES and parameter.is_json
    if known and (parameter.required or parameter.default is not None):
        return _TYPES[str(kind)]
    return "STRING"


def definition(parameter: Parameter, written: StepParameter) -> dict[str, Any]:
    """Return the definition of an input parameter of the pipeline.

    Args:
        parameter: as a JSON schema.
        written: as the pipeline's text has it.
    """
    kind = type_of(parameter)
    found: dict[str, Any] = {}
    if not parameter.required:
        found["defaultValue"] = _default(parameter, written, kind)
    if written.annotation and kind == "STRING" and parameter.schema.get("type") != "string":
        found["description"] = f"{written.annotation}, as Python writes it"
    if not parameter.required:
        found["isOptional"] = True
    return found | {"parameterType": kind}


def _default(parameter: Parameter, written: StepParameter, kind: str) -> Any:
    if kind != "STRING" or (parameter.is_json and isinstance(parameter.default, str)):
        return float(parameter.default) if kind == "NUMBER_DOUBLE" else parameter.default
    return written.default


def given_values(known: Iterable[StepParameter], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the parameters that are not the defaults.

    Args:
        known: parameters of the pipeline.
        told: what KFP handed on.

    Raises:
        UsageError: a value is not of the parameter's type.
    """
    values: dict[str, Any] = {}
    for parameter in known:
        value = told.get(parameter.name)
        if value is None or (parameter.has_default and _is_default(value, parameter.default)):
            continue
        text = value if isinstance(value, str) else json.dumps(_integral(value))
        values[parameter.name] = parse_parameter(text, parameter.annotation)
    return values


def _is_default(value: Any, default: str) -> bool:
    import ast

    if value == default:  # the text of a default that JSON does not know
        return True
    exact = ast.literal_eval(default)
    # True is 1 for Python, and not for us.
    return isinstance(value, bool) is isinstance(exact, bool) and bool(value == exact)


def _integral(value: Any) -> Any:
    """Return a value whose numbers are ints where they can be: JSON does not tell 1 from 1.0."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_integral(each) for each in value]
    if isinstance(value, dict):
        return {key: _integral(each) for key, each in value.items()}
    return value
