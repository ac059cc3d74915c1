"""The schema of TensorFlow Data Validation, read from its text file without TensorFlow.

Source: https://github.com/tensorflow/metadata/blob/master/tensorflow_metadata/proto/v0/schema.proto
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from thruway.components.schema.types import Feature, Schema
from thruway.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.components.schema.types import Type

_TOKEN = re.compile(
    r"""\s*(?:\#[^\n]*|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"""|(?P<sign>[{}<>:;,\[\]])|(?P<word>[-+\w.]+))"""
)
_TYPES: dict[str, Type] = {"INT": "int", "FLOAT": "float", "BYTES": "string"}
_STAGES = {"PLANNED", "ALPHA", "DEBUG", "DEPRECATED"}
_READ = {
    "name", "type", "presence", "domain", "string_domain", "int_domain", "float_domain",
    "bool_domain", "value_count", "shape", "not_in_environment", "in_environment",
    "distribution_constraints", "drift_comparator", "skew_comparator", "lifecycle_stage",
    "deprecated", "time_domain", "unique_constraints",
}  # fmt: skip

Message = dict[str, list[Any]]


def of_pbtxt(text: str) -> tuple[Schema, tuple[str, ...]]:
    """Return the schema, and what is in the file that ours has no word for.

    Raises:
        DataError: it is no text of a protocol buffer, or has no features.
    """
    found = _message(_tokens(text), top=True)
    if "feature" not in found:
        raise DataError("the schema has no `feature`", fix="give a schema.pbtxt of TFDV")
    domains = {
        _one(one, "name"): tuple(one.get("value", ())) for one in found.get("string_domain", ())
    }
    environments = tuple(found.get("default_environment", ()))
    named = [e for one in found["feature"] for e in one.get("not_in_environment", ())]
    environments = tuple(dict.fromkeys([*environments, *named]))
    lost = [
        f"{name}"
        for name in found
        if name not in {"feature", "string_domain", "default_environment"}
    ]
    features = {}
    for one in found["feature"]:
        name = str(_one(one, "name", ""))
        features[name] = _feature(one, domains)
        lost += [f"{name}: {field}" for field in one if field not in _READ]
    return Schema(features, environments), tuple(lost)


def _feature(said: Message, domains: dict[Any, tuple[Any, ...]]) -> Feature:
    presence, counts = _one(said, "presence", {}), _one(said, "value_count", {})
    low, high = _range(said)
    shape = _one(said, "shape", None)
    least, most = _one(counts, "min", None), _one(counts, "max", None)
    single = shape is not None or (least, most) in {(1, 1), (None, None), (0, 1), (None, 1)}
    fraction = float(_one(presence, "min_fraction", 0.0))
    many = int(_one(presence, "min_count", 0))
    stage = _one(said, "lifecycle_stage", "")
    mass = _one(_one(said, "distribution_constraints", {}), "min_domain_mass", 1.0)
    floats = _one(said, "float_domain", {})
    return Feature(
        type=_type(said),
        required=(fraction > 0 or many > 0) and stage not in _STAGES,
        min_fraction=fraction,
        min_count=many,
        domain=_domain(said, domains),
        min_domain_mass=float(mass),
        min=low,
        max=high,
        allow_nan=not _one(floats, "disallow_nan", False),
        allow_inf=not _one(floats, "disallow_inf", False),
        min_values=None if single else int(least or 0),
        max_values=None if single or most is None else int(most),
        categorical=bool(_one(_one(said, "int_domain", {}), "is_categorical", False)),
        not_in=tuple(said.get("not_in_environment", ())),
        drift=_comparator(_one(said, "drift_comparator", {})),
        skew=_comparator(_one(said, "skew_comparator", {})),
    )


def _type(said: Message) -> Type:
    if "bool_domain" in said:
        return "bool"
    if "time_domain" in said:
        return "datetime"
    return _TYPES.get(str(_one(said, "type", "")), "other")


def _range(said: Message) -> tuple[Any, Any]:
    if "bool_domain" in said:
        return None, None
    found = _one(said, "int_domain", None) or _one(said, "float_domain", {})
    return _one(found, "min", None), _one(found, "max", None)


def _domain(said: Message, domains: dict[Any, tuple[Any, ...]]) -> tuple[Any, ...] | None:
    if "string_domain" in said:
        return tuple(_one(said, "string_domain").get("value", ()))
    return domains.get(_one(said, "domain", None))


def _comparator(said: Message) -> dict[str, float]:
    names = {"infinity_norm": "l_infinity", "jensen_shannon_divergence": "jensen_shannon"}
    return {
        ours: float(_one(_one(said, theirs), "threshold", 0.0))
        for theirs, ours in names.items()
        if theirs in said
    }


def _one(said: Message, name: str, default: Any = None) -> Any:
    return said[name][-1] if said.get(name) else default


# -- the text of a protocol buffer ------------------------------------------------------------


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            if not text[place:].strip():
                return
            line = text.count("\n", 0, place) + 1
            raise DataError(
                "the schema is no text of a protocol buffer",
                where=f"line {line}",
                fix="give the schema.pbtxt that TFDV wrote",
            )
        place = match.end()
        if match.lastgroup is not None:
            yield match.lastgroup, match[match.lastgroup]


def _message(tokens: Iterator[tuple[str, str]], top: bool = False) -> Message:
    found: Message = {}
    for kind, token in tokens:
        if kind == "sign" and token in "}>" and not top:
            return found
        if kind == "sign" and token in ",;":
            continue
        if kind != "word":
            break
        for value in _value(tokens):
            found.setdefault(token, []).append(value)
    else:
        if top:
            return found
    raise DataError(
        "the schema is no text of a protocol buffer: its braces do not match",
        fix="give the schema.pbtxt that TFDV wrote",
    )


def _value(tokens: Iterator[tuple[str, str]]) -> list[Any]:
    kind, token = next(tokens, ("", ""))
    if (kind, token) == ("sign", ":"):
        kind, token = next(tokens, ("", ""))
    if kind == "sign" and token in "{<":
        return [_message(tokens)]
    if kind == "sign" and token == "[":
        found: list[Any] = []
        for inner, one in tokens:
            if (inner, one) == ("sign", "]"):
                return found
            if inner != "sign":
                found.append(_scalar(inner, one))
    return [_scalar(kind, token)]


def _scalar(kind: str, token: str) -> Any:
    if kind == "text":
        plain = token[1:-1].encode("utf-8").decode("unicode_escape")
        return plain.encode("latin-1", "ignore").decode("utf-8", "replace")
    if token in {"true", "false"}:
        return token == "true"
    for read in (int, float):
        try:
            return read(token)
        except ValueError:
            continue
    return token
