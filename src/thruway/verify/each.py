"""Compare what a mapped step gave for each item with what the iterations of the loop gave."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.run.step.job import WHOLE
from thruway.verify.types import Check

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from thruway.project.types import StepRecord
    from thruway.run.types import StepResult
    from thruway.trace.types import Fact


def compare_items(
    step: StepRecord, fact: Fact, done: StepResult, places: Mapping[int, str]
) -> Iterator[Check]:
    """Yield one check for the list of results, and say what stays inside the calls.

    Items are compared one by one: in the loop they may have shared an object, and here each call
    has its own.

    Args:
        step: the mapped step.
        fact: what the loop did.
        done: what the calls did.
        places: statement → its place in words.
    """
    results = step.outputs[0].name
    place = places.get(step.loop, "")
    check = Check(step.name, "port", results, "equal", place=place, statement=step.loop)
    records = [each.record for each in done.instances]
    given = [record.ports.get(WHOLE, "") if record else "" for record in records]
    yield _compared(check, fact.items, tuple(given))
    for name in sorted(step.bound.keys() - {results}):
        reason = "it stays inside the calls: nothing needs the last iteration's"
        inside = replace(check, what="name", name=name, reason=reason)
        yield replace(inside, verdict="not compared")


def _compared(check: Check, expected: tuple[str, ...], given: tuple[str, ...]) -> Check:
    if len(expected) != len(given):
        one, other = f"{len(expected)} items", f"{len(given)} items"
        return replace(check, verdict="differs", expected=one, actual=other)
    for number, (one, other) in enumerate(zip(expected, given, strict=True)):
        if not one:
            reason = f"item {number} cannot be looked into"
            return replace(check, verdict="not compared", reason=reason)
        if one != other:
            path = f"{check.name}[{number}]"
            return replace(check, verdict="differs", path=path, wanted=one, given=other)
    return check
