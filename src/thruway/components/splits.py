"""Examples that come in parts: a frame, a dict of frames by name, or what `split` returned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thruway.errors import UsageError

WHOLE = "examples"
"""What the only part is called when the examples are one frame."""


def named(examples: Any) -> dict[str, Any]:
    """Return the parts by their names, without those that are None.

    >>> named({"train": 1, "eval": None})
    {'train': 1}

    Raises:
        UsageError: there is no part.
    """
    if isinstance(examples, tuple) and hasattr(examples, "_asdict"):
        parts = dict(examples._asdict())
    elif isinstance(examples, Mapping):
        parts = dict(examples)
    else:
        return {WHOLE: examples}
    given = {str(name): part for name, part in parts.items() if part is not None}
    if not given:
        raise UsageError("`examples` has no part", fix="give it a frame, or a dict of frames")
    return given


def alike(examples: Any, parts: dict[str, Any]) -> Any:
    """Return the parts in the form that the examples have: one frame, a dict, a NamedTuple."""
    if isinstance(examples, tuple) and hasattr(examples, "_replace"):
        return examples._replace(**parts)
    return dict(parts) if isinstance(examples, Mapping) else parts[WHOLE]
