"""A schema as JSON Schema of one row, and back.

Source: https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.schema.types import Feature, Schema
from thruway.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.components.schema.types import Type

_JSON: dict[Type, dict[str, Any]] = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "string": {"type": "string"},
    "datetime": {"type": "string", "format": "date-time"},
    "duration": {"type": "number"},
    "bytes": {"type": "string", "contentEncoding": "base64"},
    "other": {},
}


def to_json_schema(schema: Schema, environment: str = "") -> dict[str, Any]:
    """Return a JSON Schema of one row: what a client sends to a model.

    What is about all rows together (shares, drift, unique) is not in it.
    """
    features = schema.of(environment)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {name: _property(one) for name, one in features.items()},
        "required": [n for n, one in features.items() if one.required and one.min_fraction == 1.0],
        "additionalProperties": schema.allow_new,
    }


def _property(feature: Feature) -> dict[str, Any]:
    found = dict(_JSON[feature.type])
    if feature.min is not None and feature.type != "datetime":
        found["minimum"] = feature.min
    if feature.max is not None and feature.type != "datetime":
        found["maximum"] = feature.max
    if feature.max_length is not None:
        found["maxLength"] = feature.max_length
    if feature.domain is not None and feature.min_domain_mass == 1.0:
        found["enum"] = list(feature.domain)
    if feature.min_values is not None:
        found = {"type": "array", "items": found, "minItems": feature.min_values}
        if feature.max_values is not None:
            found["maxItems"] = feature.max_values
    if feature.min_fraction < 1.0:
        found = _or_null(found)
    if feature.description:
        found["description"] = feature.description
    return found


def _or_null(found: dict[str, Any]) -> dict[str, Any]:
    if "type" not in found:
        return found
    nullable = {**found, "type": [found["type"], "null"]}
    if "enum" in found:
        nullable["enum"] = [*found["enum"], None]
    return nullable


def of_json_schema(data: Mapping[str, Any]) -> Schema:
    """Return the schema that a JSON Schema of one row says.

    Raises:
        DataError: it is not one of an object with properties.
    """
    properties = data.get("properties")
    if not isinstance(properties, dict):
        raise DataError(
            "this JSON Schema has no `properties`",
            fix="give the schema of one row: an object with a property for each column",
        )
    required = set(data.get("required", ()))
    features = {name: _feature(one, name in required) for name, one in properties.items()}
    return Schema(features, allow_new=bool(data.get("additionalProperties", True)))


def _feature(said: Mapping[str, Any], required: bool) -> Feature:
    types = said.get("type", ())
    types = [types] if isinstance(types, str) else list(types)
    nullable = "null" in types
    types = [one for one in types if one != "null"]
    if types == ["array"]:
        inner = _feature(said.get("items", {}), required)
        return Feature(
            inner.type,
            min_fraction=0.0 if nullable or not required else 1.0,
            min_values=int(said.get("minItems", 0)),
            max_values=said.get("maxItems"),
        )
    type_ = _type(types, str(said.get("format", "")), said)
    enum = said.get("enum")
    return Feature(
        type_,
        required=required or nullable,
        min_fraction=0.0 if nullable or not required else 1.0,
        domain=None if enum is None else tuple(one for one in enum if one is not None),
        min=said.get("minimum", said.get("exclusiveMinimum")),
        max=said.get("maximum", said.get("exclusiveMaximum")),
        max_length=said.get("maxLength"),
        description=str(said.get("description", "")),
    )


def _type(types: list[str], form: str, said: Mapping[str, Any]) -> Type:
    if types == ["string"]:
        if said.get("contentEncoding") == "base64":
            return "bytes"
        return "datetime" if form in {"date", "date-time"} else "string"
    if set(types) == {"integer", "number"}:
        return "float"
    plain: dict[str, Type] = {"integer": "int", "number": "float", "boolean": "bool"}
    return plain.get(types[0], "other") if len(types) == 1 else "other"
