"""A mark of the first rows of a table, by which raw and transformed rows are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.kit.values.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROWS = 3
_COLUMNS = 200


def mark(table: Any, names: Sequence[Any]) -> str:
    """Return a digest of the first rows of those columns (of a narwhals frame)."""
    head = table.select(*list(names)[:_COLUMNS])[:_ROWS]
    return str(fingerprint([head[name].to_list() for name in head.columns]).hex)
