"""A trace as JSON, and back: how the child hands it to the parent."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from thruway.kit.values.types import Value
from thruway.trace.types import Display, Effect, Fact, Failure, Figure, Trace


def encode(trace: Trace) -> dict[str, Any]:
    """Return plain lists and dictionaries that `decode` turns into an equal trace."""
    record = asdict(trace)
    record["facts"] = [_encode_fact(fact) for fact in trace.facts]
    record["alive"] = sorted(trace.alive)
    return record


def _encode_fact(fact: Fact) -> dict[str, Any]:
    record = asdict(fact)
    for name in ("reads", "binds", "deletes", "changes", "places"):
        record[name] = sorted(record[name])
    record["shares"] = sorted(sorted(group) for group in fact.shares)
    return record


def decode(record: dict[str, Any]) -> Trace:
    """Return the trace of a record that `encode` made."""
    failure = record["failure"]
    return Trace(
        **{
            **record,
            "facts": tuple(_decode_fact(fact) for fact in record["facts"]),
            "failure": Failure(**failure) if failure else None,
            "local_modules": tuple(record["local_modules"]),
            "import_path": tuple(record["import_path"]),
            "linked_folders": tuple(record["linked_folders"]),
            "import_draws": tuple((module, token) for module, token in record["import_draws"]),
            "alive": frozenset(record["alive"]),
        }
    )


def _decode_fact(record: dict[str, Any]) -> Fact:
    kinds = ("reads", "binds", "deletes", "changes", "places")
    names = {name: frozenset(record[name]) for name in kinds}
    return Fact(
        **{
            **record,
            **names,
            "effects": tuple(Effect(**effect) for effect in record["effects"]),
            "values": {name: _decode_value(value) for name, value in record["values"].items()},
            "shares": tuple(frozenset(group) for group in record["shares"]),
            "displays": tuple(Display(**display) for display in record["displays"]),
            "figures": tuple(Figure(**figure) for figure in record["figures"]),
            "items": tuple(record["items"]),
        }
    )


def _decode_value(record: dict[str, Any]) -> Value:
    shape = record["shape"]
    return Value(
        **{
            **record,
            "imports": tuple(record["imports"]),
            "definitions": tuple(record["definitions"]),
            "shape": None if shape is None else tuple(shape),
            "columns": tuple(
                (name, dtype, bool(nulls)) for name, dtype, nulls in record["columns"]
            ),
        }
    )
