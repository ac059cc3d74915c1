"""Differences that a user accepted: the new reference of a pipeline that was changed on purpose.

An accepted difference holds as long as both sides stay as they were: the original's value, and the
pipeline's. If either is another one, the check differs again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.errors import UsageError
from thruway.project.types import Accepted
from thruway.verify.types import overall

if TYPE_CHECKING:
    from collections.abc import Collection

    from thruway.verify.types import Check, Proof

_OPEN = frozenset({"differs", "accepted"})


def with_accepted(checks: tuple[Check, ...], accepted: tuple[Accepted, ...]) -> tuple[Check, ...]:
    """Return the checks, those that differ as accepted marked so."""
    known = {(each.step, each.what, each.name): each for each in accepted}
    return tuple(_judged(check, known.get(_key(check))) for check in checks)


def with_reference(proof: Proof, accepted: tuple[Accepted, ...]) -> Proof:
    """Return the proof as it is with a new reference."""
    checks = with_accepted(proof.checks, accepted)
    return replace(proof, checks=checks, verdict=overall(checks))


def accept(
    proof: Proof, accepted: tuple[Accepted, ...], when: str, steps: Collection[str] = ()
) -> tuple[Accepted, ...]:
    """Return the new reference: what differs now, and what was accepted for other steps.

    Args:
        proof: the proof that differs.
        accepted: the reference so far.
        when: date of the decision.
        steps: accept the differences of these steps alone; of all by default.

    Raises:
        UsageError: a step that the pipeline does not have.
    """
    known = {check.step for check in proof.checks}
    if unknown := sorted(set(steps) - known):
        raise UsageError(
            f"the pipeline has no step `{unknown[0]}`", fix=f"choose of: {', '.join(sorted(known))}"
        )
    before = {(each.step, each.what, each.name): each for each in accepted}
    kept = [each for each in accepted if steps and each.step not in steps]
    new = [
        before[_key(check)]
        if check.verdict == "accepted"
        else Accepted(check.step, check.what, check.name, check.given, check.wanted, when)
        for check in proof.checks
        if check.verdict in _OPEN
        and (check.wanted or check.given)  # the original as opened up is not the user's to accept
        and (not steps or check.step in steps)
    ]
    return tuple(sorted((*kept, *new), key=lambda each: (each.step, each.what, each.name)))


def _key(check: Check) -> tuple[str, str, str]:
    return check.step, check.what, check.name


def _judged(check: Check, known: Accepted | None) -> Check:
    if known is None or check.verdict != "differs":
        return check
    if (known.given, known.wanted) == (check.given, check.wanted):
        reason = f"differs from the original as accepted on {known.when}"
        return replace(check, verdict="accepted", reason=reason, accepted=known.when)
    side = "pipeline" if known.given != check.given else "original"
    reason = f"the {side} gives something else than what was accepted on {known.when}"
    return replace(check, reason=reason)
