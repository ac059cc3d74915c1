"""What is known of a component of another system before its step is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

System = Literal["kubeflow", "airflow", "tfx"]
NOTHING = object()
"""Default of an input that has none."""


@dataclass(frozen=True)
class Input:
    """An input of a component.

    Attributes:
        name: as the other system writes it.
        type: of Python, as text.
        kind: what the system's runner calls it, such as `file`; "" if that is of no use.
        default: of it; `NOTHING` if it has to be given.
        doc: what is said of it.
    """

    name: str
    type: str
    kind: str = ""
    default: Any = NOTHING
    doc: str = ""


@dataclass(frozen=True)
class Output:
    """An output of a component: the same facts."""

    name: str
    type: str
    kind: str = ""
    doc: str = ""


@dataclass(frozen=True)
class Foreign:
    """A component of another system.

    Attributes:
        system: which.
        what: file or dotted name that it was read from.
        name: of it, for people.
        doc: what it does.
        inputs: in the order in which they are written.
        outputs: the same.
        facts: what its runner has to know, as literals of Python.
        original: text of the file, kept beside the step; "" if there is none.
        notes: what to set up, a sentence each.
    """

    system: System
    what: str
    name: str
    doc: str
    inputs: Sequence[Input]
    outputs: Sequence[Output]
    facts: Mapping[str, Any] = field(default_factory=dict)
    original: str = ""
    notes: Sequence[str] = ()
