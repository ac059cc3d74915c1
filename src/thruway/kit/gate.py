"""Gates: what a step decided about its data or its model, for whoever runs the pipeline.

A `Gate`, or a value that holds one in its attribute `gate`, decides something: anomalies, a
blessing. Called directly, a step just returns it. In a run, a gate that fails stops the steps that
take that value; the value itself is kept, so that it can be looked at, and the run ends with an
error that says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Verdict = Literal["pass", "warn", "fail"]
"""pass: go on; warn: go on, and tell the reader; fail: nothing may be made from this."""


@dataclass(frozen=True)
class Gate:
    """A decision.

    Attributes:
        verdict: what follows from it.
        reasons: sentences for people; none for a plain pass.

    >>> Gate("fail", ("`age` is missing in 12 % of the rows",)).verdict
    'fail'
    """

    verdict: Verdict
    reasons: tuple[str, ...] = ()


def gate_of(value: object) -> Gate | None:
    """Return the gate of a value; None for the many that decide nothing.

    A gate is data of its value: one that a property computes does not count, since what it says
    could change with the code while the stored value stays the same.

    >>> gate_of(Gate("pass")), gate_of("a column is called gate")
    (Gate(verdict='pass', reasons=()), None)
    """
    if isinstance(value, Gate):
        return value
    # Not `getattr`: values may answer to any name, as a DataFrame does to those of its columns.
    held = getattr(value, "__dict__", None)
    found = held.get("gate") if isinstance(held, dict) else None
    return found if isinstance(found, Gate) else None


def worst(gates: Iterable[Gate]) -> Gate:
    """Return one gate for several: its verdict is the worst, its reasons are those of all.

    >>> worst([Gate("pass"), Gate("warn", ("few rows",))])
    Gate(verdict='warn', reasons=('few rows',))
    """
    order: tuple[Verdict, ...] = ("pass", "warn", "fail")
    every = list(gates)
    verdict: Verdict = max((gate.verdict for gate in every), key=order.index, default="pass")
    return Gate(verdict, tuple(reason for gate in every for reason in gate.reasons))
