"""Settle text that differs: is the original at one with itself, and in which lines?

Text in which two runs of the original differ is not compared, but the lines that they agree on are:
a pipeline that prints something else there is not excused by lines that are not deterministic.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.verify.expected import expected_of
from thruway.verify.lines import first_mismatch, pattern_of
from thruway.verify.text import comparable

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.project.types import StepRecord
    from thruway.run.types import StepRecord as Probed
    from thruway.trace.types import Trace
    from thruway.verify.types import Check


def settle_text(
    check: Check,
    step: StepRecord,
    first: Trace,
    second: Trace,
    third: Callable[[], Trace],
    record: Probed | None,
) -> Check:
    """Return what becomes of a check of printed or displayed text that differs.

    Args:
        check: of `stdout` or `display`.
        step: as it was planned.
        first: run of the original that the pipeline was compared with.
        second: another run of it.
        third: gives one more run, if it is needed: lines may be alike in two runs by chance.
        record: what the step printed and displayed in the pipeline.
    """
    runs = [_text(check, step, trace) for trace in (first, second)]
    if runs[0] == runs[1] or record is None:
        return check
    given = record.stdout if check.what == "stdout" else "\n".join(record.displays)
    lines = comparable(given).splitlines()
    pattern = pattern_of(*runs)
    if first_mismatch(pattern, lines) is not None:
        pattern = pattern_of(*runs, _text(check, step, third()))
    mismatch = first_mismatch(pattern, lines)
    if mismatch is not None:
        number, *pair = mismatch
        expected, actual = (line[:160] for line in pair)
        reason = "in a line on which three runs of the original agree"
        where = f"line {number}"
        return replace(check, reason=reason, path=where, expected=expected, actual=actual)
    agree = any(isinstance(part, str) for part in pattern)
    reason = "it differs between two runs of the original"
    reason += " in some lines; the others are the same" if agree else ""
    return replace(check, verdict="not compared", reason=reason)


def _text(check: Check, step: StepRecord, trace: Trace) -> str:
    wanted = expected_of(step, trace)
    return comparable(wanted.stdout if check.what == "stdout" else "\n".join(wanted.displays))
