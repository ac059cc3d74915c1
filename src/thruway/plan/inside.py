"""Why a value cannot leave the step that made it.

It cannot be stored, an earlier attempt to store it failed, or it names a function or class that is
written inside steps, and so cannot be imported where the value is read back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thruway.kit.values.types import Value
    from thruway.plan.place import Definitions

_NEVER = frozenset({"figure", "iterator", "handle", "function", "class", "module"})


def why_inside(
    name: str,
    source: int,
    value: Value | None,
    definitions: Definitions,
    unstorable: frozenset[tuple[str, int]],
) -> str:
    """Return why a value stays in its step, "" when it can leave.

    Args:
        name: of the value.
        source: the statement that made it what it is.
        value: its description there.
        definitions: the functions and classes of the program.
        unstorable: (name, statement) pairs that an earlier attempt could not store.
    """
    if (name, source) in unstorable:
        return f"`{name}` could not be stored and read back the same"
    if value is None:
        return ""
    if value.unstorable:
        return f"`{name}` cannot be stored: {value.unstorable}"
    if value.kind in _NEVER:
        return f"`{name}` ({value.type}) cannot be stored"
    for held in value.definitions:
        kind = definitions.local(held, source)
        if kind:
            return f"`{name}` needs the {kind} `{held}`, which reads or holds data of the program"
    return ""
