"""Opening a program up must change nothing: the original runs as it was written, too.

What is opened by conditions on the text is checked once more by what happens: both runs must
print the same, draw the same and write the same files. If they do not, the program is taken
unopened, with a finding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruway.findings import Finding, Place, Severity
from thruway.program import read_program
from thruway.trace.observe import observe
from thruway.verify.text import comparable, first_difference
from thruway.verify.types import Check

if TYPE_CHECKING:
    from thruway.kit.values.types import Verdict
    from thruway.program.types import Program
    from thruway.trace.observe import ObserveOptions
    from thruway.trace.reporter import ObserveReporter
    from thruway.trace.types import Trace

_TWICE = "it differs between two runs of the original"


@dataclass(frozen=True)
class Settled:
    """The program to go on with, its run, and what was compared."""

    program: Program
    trace: Trace
    checks: tuple[Check, ...] = ()


def settle_opening(
    program: Program,
    trace: Trace,
    options: ObserveOptions,
    reporter: ObserveReporter | None = None,
) -> Settled:
    """Return the opened program if it did what the original does; else the original.

    Args:
        program: with something opened.
        trace: its run.
        options: of both runs.
        reporter: hears how the original runs.

    Raises:
        InterpreterError: the original cannot be run.
    """
    plain = read_program(program.source, open=False, arguments=program.arguments)
    first = observe(plain, options, reporter)
    if first.failure is not None and trace.failure is not None:
        return Settled(plain, first)
    different = _differences(first, trace)
    if _ends_early(program, trace) and not _ends_early(plain, first):
        different["how it ends"] = "early"
    if not different:
        return Settled(program, trace, (_check("equal"),))
    again = observe(plain, options, reporter)
    left = different.keys() - _differences(first, again).keys()
    if not left:
        parts = ", ".join(different)
        return Settled(program, trace, (_check("not compared", f"{parts}: {_TWICE}"),))
    finding = _undone(program, {what: different[what] for what in different if what in left})
    return Settled(replace(plain, findings=(*plain.findings, finding)), first)


def _ends_early(program: Program, trace: Trace) -> bool:
    """Tell whether a run left the program before its last statement, without an error."""
    ran = trace.facts[-1].statement if trace.facts else 0
    return trace.failure is None and ran < program.statements[-1].id


def _check(verdict: Verdict, reason: str = "") -> Check:
    return Check("program", "program", "opened", verdict, reason)


def _differences(plain: Trace, other: Trace) -> dict[str, str]:
    """Return what one run shows that the other does not, with what is known of it."""
    found: dict[str, str] = {}
    if (plain.failure is None) != (other.failure is None):
        failure = other.failure or plain.failure
        assert failure is not None
        found["how it ends"] = f"{failure.type}: {failure.message}"
    left, right = _printed(plain), _printed(other)
    if comparable(left) != comparable(right):
        where, one, two = first_difference(left, right)
        found["what it prints"] = f"{where}: {one} ≠ {two}"
    if _shown(plain) != _shown(other):
        found["what it shows"] = ""
    if _figures(plain) != _figures(other):
        found["what it draws"] = ""
    ours, theirs = _files(plain), _files(other)
    for path in sorted(ours.keys() | theirs.keys()):
        if ours.get(path) != theirs.get(path):
            found[f"the file {path}"] = ""
    return found


def _printed(trace: Trace) -> str:
    return "".join(fact.stdout for fact in trace.facts)


def _shown(trace: Trace) -> list[str]:
    return [comparable(display.text) for fact in trace.facts for display in fact.displays]


def _figures(trace: Trace) -> list[str]:
    return sorted(figure.digest for fact in trace.facts for figure in fact.figures)


def _files(trace: Trace) -> dict[str, str]:
    """Return the files that a run wrote, as it left them."""
    files: dict[str, str] = {}
    for fact in trace.facts:
        files.update(fact.files_written)
    return files


def _undone(program: Program, found: dict[str, str]) -> Finding:
    parts = "; ".join(f"{what} {detail}".strip() for what, detail in list(found.items())[:3])
    opened = ", ".join(f"`{name}`" for name in program.opened)
    place = Place(program.source.path.name)
    reason = f"opening {opened} changed the run, so that it stays closed: {parts}"
    return Finding("TW122", Severity.WARNING, place, reason, "please report the program")
