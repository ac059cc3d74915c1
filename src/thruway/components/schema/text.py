"""A schema as a text file: TOML for people, JSON for programs."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from thruway.components.schema.types import Feature, Schema, problem
from thruway.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD = """\
# What is expected of the data, column by column. Made by `infer_schema`: review and edit it, keep
# it under version control, and read it with `import_schema`. What is not said is as by default.
"""
_TOP = ("environments", "min_rows", "max_rows", "allow_new", "features")


def written(schema: Schema, suffix: str) -> str:
    """Return the text of a schema file: JSON for `.json`, else TOML."""
    if suffix == ".json":
        return json.dumps(schema.to_dict(), indent=2, ensure_ascii=False) + "\n"
    return to_toml(schema)


def to_toml(schema: Schema) -> str:
    """Return a schema as TOML."""
    found = schema.to_dict()
    top = [f"{name} = {_value(found[name])}" for name in _TOP[:-1] if name in found]
    parts = [_HEAD + "\n".join(top)]
    if not found["features"]:
        parts.append("[features]")
    for name, feature in found["features"].items():
        lines = [f"[features.{_key(name)}]"]
        lines += [f"{field} = {_value(value)}" for field, value in feature.items()]
        parts.append("\n".join(lines))
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _key(name: str) -> str:
    plain = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if plain else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        # TOML has the escapes of JSON, but for this one character that JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def schema_of(data: Mapping[str, Any]) -> Schema:
    """Return the schema that a dict says.

    Raises:
        DataError: a name is not known, or a value makes no sense.
    """
    if not isinstance(data.get("features"), dict):
        raise DataError(
            "this is no schema: it has no `features`",
            where=f"it has {', '.join(map(str, data)) or 'nothing'}",
            fix="give what `Schema.to_dict`, `save` or `to_toml` made",
        )
    _known(data, _TOP, "the schema")
    features = {name: _feature(name, one) for name, one in data["features"].items()}
    top = {name: value for name, value in data.items() if name != "features"}
    if "environments" in top:
        top["environments"] = tuple(top["environments"])
    schema = Schema(features, **top)
    for name, feature in features.items():
        _environments(schema, name, feature)
    return schema


def _feature(name: str, data: Any) -> Feature:
    if not isinstance(data, dict) or "type" not in data:
        raise DataError(
            "in the schema, a column has no `type`", where=f"column `{name}`", fix="say its type"
        )
    _known(data, [one.name for one in fields(Feature)], f"column `{name}`")
    found: dict[str, Any] = {one: tuple(v) if isinstance(v, list) else v for one, v in data.items()}
    feature = Feature(**found)
    wrong = problem(name, feature)
    if wrong is not None:
        raise wrong
    return feature


def _known(data: Mapping[str, Any], names: Any, where: str) -> None:
    unknown = [name for name in data if name not in names]
    if unknown:
        raise DataError(
            f"in the schema, `{unknown[0]}` is not known",
            where=where,
            fix=f"known are {', '.join(names)}",
        )


def _environments(schema: Schema, name: str, feature: Feature) -> None:
    for one in feature.not_in:
        if one not in schema.environments:
            raise DataError(
                f"in the schema, `not_in` names the environment `{one}`, which is not there",
                where=f"column `{name}`",
                fix=f'add it at the top: environments = ["{one}"]',
            )
