"""Values of pipeline parameters written as text (`-p C=0.5`), read by their annotation."""

from __future__ import annotations

import ast
import json
from typing import Any

from thruway.errors import UsageError

_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})
_SEQUENCES: dict[str, type[list[Any] | tuple[Any, ...] | set[Any] | frozenset[Any]]] = {
    "list": list,
    "List": list,
    "Sequence": list,
    "Iterable": list,
    "tuple": tuple,
    "Tuple": tuple,
    "set": set,
    "Set": set,
    "frozenset": frozenset,
}
_MAPPINGS = frozenset({"dict", "Dict", "Mapping"})


def parse_parameter(text: str, annotation: str = "") -> Any:
    """Return the value that a text means for a parameter.

    Lists, tuples, sets and dicts are JSON or Python literals. Without an annotation, a literal is
    read as one, and all else is text.

    Args:
        text: what was written after `name=`.
        annotation: the parameter's annotation, as text.

    Raises:
        UsageError: the text is not a value of that type.

    >>> parse_parameter("1", "float"), parse_parameter("none", "int | None")
    (1.0, None)
    >>> parse_parameter('["age", "fare"]', "list[str]")
    ['age', 'fare']
    """
    try:
        wanted = ast.parse(annotation or "Any", mode="eval").body
        return _read(text, wanted)
    except (ValueError, SyntaxError, TypeError) as error:
        raise UsageError(
            f"`{text}` is not a value of type {annotation}.",
            fix="write a Python or JSON literal of that type",
        ) from error


def _read(text: str, wanted: ast.expr) -> Any:
    name, args = _parts(wanted)
    if name in ("|", "Optional", "Union"):
        return _read_union(text, args)
    if name == "Annotated":
        return _read(text, args[0])
    if name == "Literal":
        return _choice(text, [ast.literal_eval(arg) for arg in args])
    if name in ("str", "Path", "PathLike"):
        return text if name == "str" else _path(text)
    if name == "bool":
        return _boolean(text)
    if name in ("int", "float"):
        return int(text) if name == "int" else float(text)
    if name == "None":
        return _none(text)
    if name in _SEQUENCES or name in _MAPPINGS:
        return _convert(_literal(text), wanted)
    return _free(text)


def _parts(wanted: ast.expr) -> tuple[str, list[ast.expr]]:
    """Return the name of a type and its arguments; `|` for a union written with it."""
    if isinstance(wanted, ast.BinOp):
        return "|", [wanted.left, wanted.right]
    if isinstance(wanted, ast.Subscript):
        inner = wanted.slice
        args = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        name = _parts(wanted.value)[0]
        return name, [*args, ast.Constant(None)] if name == "Optional" else args
    if isinstance(wanted, ast.Constant):
        return str(wanted.value), []
    return ast.unparse(wanted).rpartition(".")[2], []


def _read_union(text: str, members: list[ast.expr]) -> Any:
    # What is narrow is tried first: every text is a `str`.
    for member in sorted(members, key=_width):
        try:
            return _read(text, member)
        except (ValueError, SyntaxError, TypeError):
            continue
    raise ValueError(text)


def _width(member: ast.expr) -> int:
    name, args = _parts(member)
    if name == "|":
        return max(_width(arg) for arg in args)
    order = ("None", "Literal", "int", "float", "bool")
    if name in order:
        return order.index(name)
    return 7 if name in ("str", "Path", "Any", "object") else 6


def _none(text: str) -> None:
    if text.lower() not in ("none", "null"):
        raise ValueError(text)


def _boolean(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError(text)
    return text.lower() in _TRUE


def _path(text: str) -> Any:
    from pathlib import Path

    return Path(text)


def _choice(text: str, choices: list[Any]) -> Any:
    for choice in choices:
        if text in (str(choice), repr(choice)):
            return choice
    raise ValueError(text)


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return ast.literal_eval(text)


def _free(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return {"true": True, "false": False, "null": None}.get(text, text)


def _convert(value: Any, wanted: ast.expr) -> Any:
    """Return a literal's value as the type says, its members too; nothing is cut or rounded."""
    name, args = _parts(wanted)
    if name in _SEQUENCES:
        return _convert_sequence(value, name, args)
    if name in _MAPPINGS:
        return _convert_mapping(value, args)
    if name == "float" and type(value) is int:
        return float(value)
    if name in ("|", "Optional", "Union"):
        return _convert_union(value, args)
    if name == "Literal":
        return _choice(str(value), [ast.literal_eval(arg) for arg in args])
    simple = {"int": int, "float": float, "str": str, "bool": bool, "None": type(None)}.get(name)
    if simple is not None and type(value) is not simple:
        raise ValueError(value)
    return value


def _convert_sequence(value: Any, name: str, args: list[ast.expr]) -> Any:
    if not isinstance(value, list | tuple | set):
        raise TypeError(value)
    members = list(value)
    if name in ("tuple", "Tuple") and args and ast.unparse(args[-1]) != "...":
        pairs = zip(members, args, strict=True)
        return tuple(_convert(member, arg) for member, arg in pairs)
    converted = [_convert(member, args[0]) for member in members] if args else members
    return _SEQUENCES[name](converted)


def _convert_mapping(value: Any, args: list[ast.expr]) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise TypeError(value)
    if len(args) != 2:
        return value
    return {_convert(key, args[0]): _convert(item, args[1]) for key, item in value.items()}


def _convert_union(value: Any, members: list[ast.expr]) -> Any:
    for member in members:
        try:
            return _convert(value, member)
        except (ValueError, TypeError):
            continue
    raise ValueError(value)
