"""A schema from a file, from pandera, from a dict, a JSON Schema, or TensorFlow Data Validation."""

from __future__ import annotations

import json
import tomllib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from thruway.components.schema.json_schema import of_json_schema
from thruway.components.schema.pbtxt import of_pbtxt
from thruway.components.schema.text import schema_of
from thruway.components.schema.to_pandera import is_pandera, of_pandera
from thruway.components.schema.types import Schema
from thruway.errors import DataError, UsageError

__all__ = ["import_schema"]


def import_schema(source: Any) -> Schema:
    """Return a schema that was reviewed, or made elsewhere.

    Args:
        source: a path (`.toml` and `.json` that `Schema.save` wrote, a JSON Schema, `.pbtxt` of
            TensorFlow Data Validation), a dict of either kind, a DataFrameSchema or DataFrameModel
            of pandera, or a Schema. What a foreign schema says that ours has no word for is warned
            of.

    Raises:
        DataError: the file is missing, or is no schema.
        UsageError: it is nothing of these.

    >>> import_schema({"features": {"age": {"type": "int", "max": 120}}})["age"].max
    120
    """
    if isinstance(source, Schema):
        return source
    if isinstance(source, str | Path):
        return _of_file(Path(source))
    if isinstance(source, Mapping):
        return _of_dict(source)
    if is_pandera(source):
        schema, lost = of_pandera(source)
        _warn(lost)
        return schema
    raise UsageError(
        f"a {type(source).__module__}.{type(source).__qualname__} is no schema",
        fix="give a path, a dict, or a schema of pandera",
    )


def _of_dict(data: Mapping[str, Any]) -> Schema:
    foreign = "features" not in data and ("properties" in data or "$schema" in data)
    return of_json_schema(data) if foreign else schema_of(data)


def _of_file(path: Path) -> Schema:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise DataError(
            f"the schema cannot be read: {why}", where=str(path), fix="check the path"
        ) from error
    try:
        if path.suffix in {".pbtxt", ".textproto", ".prototxt"}:
            schema, lost = of_pbtxt(text)
            _warn(lost)
            return schema
        return _of_dict(json.loads(text) if path.suffix == ".json" else tomllib.loads(text))
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        form = "JSON" if path.suffix == ".json" else "TOML"
        raise DataError(
            f"the schema is no valid {form}: {error}", where=str(path), fix="correct the file"
        ) from error
    except DataError as error:
        error.where = f"{path}, {error.where}" if error.where else str(path)
        raise


def _warn(lost: tuple[str, ...]) -> None:
    if lost:
        shown = "; ".join(lost[:5]) + (f" and {len(lost) - 5} more" if len(lost) > 5 else "")
        warnings.warn(f"not in the imported schema: {shown}", UserWarning, stacklevel=3)
