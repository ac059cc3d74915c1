"""Plain data as YAML: enough of it for an IR, and read back the same by every reader of YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_BARE = re.compile(
    r"(-{0,2}[A-Za-z_]|/)[A-Za-z0-9_./:+@-]*[A-Za-z0-9_/]|-{0,2}[A-Za-z_]|\d+\.\d+\.\d+"
)
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_SHOWN = r"\x20-\x7e\xa0-\u2027\u202a-\ud7ff"
"""Characters that every reader of YAML takes as they are; some break lines at U+2028."""
_PRINTABLE = re.compile(f"[{_SHOWN}]*")
_HIDDEN = re.compile(f"[^{_SHOWN}]")


def yaml_text(value: Any, indent: int = 0) -> str:
    """Return a value as YAML in block style; keys keep their order.

    >>> print(yaml_text({"a": [1, "two", {"b": "{{$}}", "c": []}], "d": {}}), end="")
    a:
    - 1
    - two
    - b: '{{$}}'
      c: []
    d: {}
    """
    return "".join(f"{line}\n" for line in _lines(value, " " * indent))


def _lines(value: Any, indent: str) -> list[str]:
    if isinstance(value, Mapping) and value:
        return [line for key, each in value.items() for line in _entry(key, each, indent)]
    if _is_list(value) and value:
        return [line for each in value for line in _item(each, indent)]
    return [f"{indent}{_scalar(value)}"]


def _entry(key: str, value: Any, indent: str) -> list[str]:
    head = f"{indent}{_scalar(key)}:"
    if isinstance(value, Mapping) and value:
        return [head, *_lines(value, f"{indent}  ")]
    if _is_list(value) and value:
        return [head, *_lines(value, indent)]
    return [f"{head} {_scalar(value)}"]


def _item(value: Any, indent: str) -> list[str]:
    first, *rest = _lines(value, f"{indent}  ")
    return [f"{indent}- {first[len(indent) + 2 :]}", *rest]


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _scalar(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{}"
    if _is_list(value):
        return "[]"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, float):
        return _float(value)
    return json.dumps(value)


def _float(value: float) -> str:
    """Return a float that YAML 1.1 takes for one too: `1.0e-05`, and not `1e-05`."""
    text = repr(value)
    mantissa, e, exponent = text.partition("e")
    if e and "." not in mantissa:
        return f"{mantissa}.0e{exponent}"
    return text


def _string(value: str) -> str:
    if _BARE.fullmatch(value) and value.lower() not in _WORDS:
        return value
    if _PRINTABLE.fullmatch(value):
        plain = "'" in value and '"' not in value and "\\" not in value
        return f'"{value}"' if plain else "'" + value.replace("'", "''") + "'"
    return _HIDDEN.sub(_escaped, json.dumps(value, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
