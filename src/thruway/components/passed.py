"""A value that goes on only if the gates before it did not fail."""

from __future__ import annotations

from typing import Any, TypeVar

from thruway.errors import GateFailed, UsageError
from thruway.kit.gate import gate_of, worst

__all__ = ["passed"]

T = TypeVar("T")


def passed(value: T, *gates: Any) -> T:
    """Return a value as it is, if no gate failed.

    In a pipeline it makes what follows wait for a gate that it would not otherwise look at: a run
    does not begin a step that takes a value whose gate failed.

    Args:
        value: what goes on.
        gates: anomalies, blessings, anything that holds a gate.

    Raises:
        GateFailed: one failed (called directly; a run stops before).
        UsageError: there is no gate, or something holds none.

    >>> from thruway.kit.gate import Gate
    >>> passed("rows", Gate("pass"), Gate("warn", ("few rows",)))
    'rows'
    """
    found = [gate_of(gate) for gate in gates]
    held = [gate for gate in found if gate is not None]
    if not gates or len(held) < len(gates):
        kinds = ", ".join(type(g).__name__ for g, one in zip(gates, found, strict=True) if not one)
        raise UsageError(
            f"a {kinds} holds no gate" if gates else "there is no gate to pass",
            fix="give it what `validate`, `bless` or a step of yours with a gate returned",
        )
    verdict = worst(held)
    if verdict.verdict == "fail":
        raise GateFailed(
            f"a gate failed: {verdict.reasons[0] if verdict.reasons else 'it gives no reason'}",
            detail="\n".join(f"- {reason}" for reason in verdict.reasons),
            fix="correct what it says, or relax its policy",
        )
    return value
