"""Parameters of a pipeline as runtime parameters of TFX, which are numbers and texts only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from thruway.kit.dag import Dag
    from thruway.targets.tasks import Parameter

_TYPES: dict[object, type] = {"integer": int, "number": float, "string": str}
_WIDEST = 2**63
"""What TFX can hold of a whole number."""


@dataclass(frozen=True)
class Runtime:
    """A runtime parameter.

    Attributes:
        name: of it.
        type: `int`, `float` or `str`.
        is_json: whether its text is JSON, since TFX has no type for the value.
        default: text of the default; "" if it has none.
    """

    name: str
    type: str
    is_json: bool
    default: str


def runtime_of(parameters: Iterable[Parameter], dag: Dag) -> tuple[Runtime, ...]:
    """Return the runtime parameters; those whose default JSON cannot write are left out."""
    said = {parameter.name: parameter.annotation for parameter in dag.parameters}
    return tuple(_runtime(one, said[one.name]) for one in parameters if one.is_json)


def _runtime(parameter: Parameter, annotation: str) -> Runtime:
    wanted = _TYPES.get(_type_name(parameter)) if annotation else None
    if wanted is None or not _fits(parameter, wanted):
        default = "" if parameter.required else repr(json.dumps(parameter.default))
        return Runtime(parameter.name, "str", True, default)
    default = "" if parameter.required else repr(parameter.default)
    return Runtime(parameter.name, wanted.__name__, False, default)


def _type_name(parameter: Parameter) -> Any:
    name = parameter.schema.get("type")
    return name if isinstance(name, str) else None


def _fits(parameter: Parameter, wanted: type) -> bool:
    if parameter.required:
        return True
    value = parameter.default
    # A default of 0 or "" is none to TFX, which then has no value at all; as JSON it is one.
    wide = isinstance(value, int) and not -_WIDEST <= value < _WIDEST
    return type(value) is wanted and bool(value) and not wide
