"""Rows by a digest of their key: where one is, it stays, whatever other rows there are."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from thruway.components.split.checks import too_few

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals as nw

__all__ = ["as_key", "bucket", "by_hash"]

_ROUND = 1 << 64


def by_hash(
    frame: nw.DataFrame[Any], names: list[str], evals: float, tests: float, seed: int
) -> Any:
    """Return the part of each row by where the digest of its key lies: test, eval, train."""
    import numpy as np

    if evals + tests >= 1:
        raise too_few(len(frame))
    values = [frame[name].to_list() for name in names]
    known: dict[str, int] = {}
    places: Any = np.zeros(len(frame), dtype=np.int8)
    # Whole numbers, so that the same key is on the same side of an edge on every machine.
    first = int(Fraction(tests) * _ROUND)
    second = int(Fraction(tests + evals) * _ROUND)
    for row, parts in enumerate(zip(*values, strict=True)):
        key = as_key(parts)
        place = known.get(key)
        if place is None:
            at = bucket(key, seed)
            place = known[key] = 2 if at < first else 1 if at < second else 0
        places[row] = place
    return places


def bucket(key: str, seed: int = 0) -> int:
    """Return where a key lies, from 0 to 2**64 - 1; the same for ever.

    It is the first eight bytes, most significant first, of the SHA-256 of `<seed>:<key>` in UTF-8.

    >>> bucket("ada@example.org") / 2**64 < 0.1
    False
    """
    digest = hashlib.sha256(f"{seed}:{key}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")


def as_key(parts: Sequence[Any]) -> str:
    """Return the text of a key: alike in all libraries, also where one makes integers floats.

    >>> as_key(["ada"]), as_key([3.0]), as_key(["a", 1])
    ('ada', '3', '["a","1"]')
    """
    texts = [_text(part) for part in parts]
    return texts[0] if len(texts) == 1 else json.dumps(texts, separators=(",", ":"))


def _text(part: Any) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, float) and part.is_integer():
        return str(int(part))
    if isinstance(part, dt.datetime):
        moment = part.astimezone(dt.UTC) if part.tzinfo else part
        return moment.isoformat().removesuffix("T00:00:00")
    return part.isoformat() if isinstance(part, dt.date) else str(part)
