"""Numbers as a reader says them."""

from __future__ import annotations

_UNITS = ("kB", "MB", "GB", "TB")


def human_bytes(count: float, *, short: bool = False) -> str:
    """Return a size in bytes with its unit; `short` says `B` for `bytes`.

    >>> human_bytes(2_000_000_000), human_bytes(1), human_bytes(12, short=True)
    ('2.0 GB', '1 byte', '12 B')
    """
    if count < 1000:
        return f"{count:.0f} {'B' if short else 'byte' if count == 1 else 'bytes'}"
    unit = -1
    while count >= 1000 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    return f"{count:.1f} {_UNITS[unit]}"
