"""Rewrite what a program mixes, and keep only what a second run shows to be the same.

A rewriting is proven, never trusted: the rewritten program is observed as the original was, and
must leave every name, text, figure and file that the original left.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.findings import Finding, Severity
from thruway.graph import build_graph
from thruway.graph.loops import propose
from thruway.program import read_program
from thruway.verify.same import first_difference
from thruway.verify.types import Check

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.graph.types import Graph
    from thruway.program.types import Program, Rewriting
    from thruway.trace.types import Trace
    from thruway.verify.prove import Original
    from thruway.verify.same import Difference

    Observe = Callable[[Program], Trace]

_MOST_RUNS = 4
# A loop that takes no time is worth a second run only of a program that is soon through.
_LONG = 20.0
_SHARE = 0.02


def rewrite(original: Original, observe: Observe) -> Original:
    """Return the program with its loops parted where that is proven to compute the same.

    Args:
        original: as the author wrote it, with its run, which reached its end.
        observe: runs a program as the first one was run.
    """
    graph = build_graph(original.program, original.trace)
    whole, choices = _proposed(graph)
    runs = 0
    while choices and runs < _MOST_RUNS:
        runs += 1
        wanted = tuple(each[0] for each in choices)
        changed = _reread(original.program, wanted)
        seen = observe(changed)
        different = first_difference(graph, seen, wanted)
        if different is None:
            findings = (*_parted(original.program, wanted), *_whole(original.program, whole))
            check = Check("program", "program", "loops parted", "equal")
            checks = (*original.checks, check)
            changed = _noted(changed, original.program.findings, findings)
            return replace(original, program=changed, trace=seen, checks=checks)
        at = max((n for n, each in enumerate(wanted) if _reaches(each, different)), default=0)
        guilty = wanted[at].statement
        choices[at] = choices[at][1:]  # the next best way to write it
        if not choices[at]:
            del choices[at]
            where = "" if guilty == different.statement else _at(graph, different)
            whole[guilty] = f"parted, it does not compute the same: {different.what}{where}"
    whole |= {each[0].statement: "other loops could not be parted either" for each in choices}
    findings = _whole(original.program, whole)
    program = _noted(original.program, original.program.findings, findings)
    return replace(original, program=program)


def _reaches(rewriting: Rewriting, different: Difference) -> bool:
    return rewriting.statement <= different.statement


def repeat(original: Original, rewritings: tuple[Rewriting, ...], observe: Observe) -> Original:
    """Return the program rewritten as before; that it computes the same is checked anew."""
    if not rewritings:
        return original
    graph = build_graph(original.program, original.trace)
    changed = _reread(original.program, rewritings)
    seen = observe(changed)
    different = first_difference(graph, seen, rewritings)
    check = Check("program", "program", "loops parted", "equal")
    if different is not None:
        reason = f"{different.what}{_at(graph, different)}"
        check = replace(check, verdict="differs", reason=reason)
    return replace(original, program=changed, trace=seen, checks=(*original.checks, check))


def _proposed(graph: Graph) -> tuple[dict[int, str], list[tuple[Rewriting, ...]]]:
    """Return why loops stay whole, and how the others could be written, the best way first."""
    proposals = propose(graph)
    whole = {each.statement: each.reason for each in proposals if not each.rewritings}
    open_ = [each for each in proposals if each.rewritings]
    if not any(_is_worth(graph, each.statement) for each in open_):
        reason = "it takes too little of the time to be worth another run"
        return whole | {each.statement: reason for each in open_}, []
    return whole, [each.rewritings for each in open_]


def _reread(program: Program, rewritings: tuple[Rewriting, ...]) -> Program:
    return read_program(
        program.source,
        open=bool(program.opened),
        arguments=program.arguments,
        rewritings=rewritings,
    )


def _noted(program: Program, before: tuple[Finding, ...], more: tuple[Finding, ...]) -> Program:
    return replace(program, findings=(*before, *more))


def _is_worth(graph: Graph, statement: int) -> bool:
    total = graph.trace.user_seconds
    return total < _LONG or graph.trace.fact(statement).seconds > _SHARE * total


def _at(graph: Graph, different: Difference) -> str:
    statements = graph.program.statements
    return f" at {next(s.place for s in statements if s.id == different.statement)}"


def _parted(program: Program, rewritings: tuple[Rewriting, ...]) -> tuple[Finding, ...]:
    places = {statement.id: statement.place for statement in program.statements}
    return tuple(
        Finding(
            "TW211",
            Severity.INFO,
            places[each.statement],
            f"the loop is written as several: {each.reason}; a run of its own showed that it "
            "computes the same",
        )
        for each in rewritings
    )


def _whole(program: Program, reasons: dict[int, str]) -> tuple[Finding, ...]:
    places = {statement.id: statement.place for statement in program.statements}
    return tuple(
        Finding("TW212", Severity.INFO, places[number], f"the loop stays whole: {reason}")
        for number, reason in sorted(reasons.items())
    )
