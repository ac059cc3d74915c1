"""The checks of a component, one after the other."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any

from thruway.api.component import apart, signature
from thruway.api.component.around import Call, called, lasting
from thruway.api.component.report import CHECKS, ComponentReport, Flaw
from thruway.api.component.stored import stored
from thruway.errors import ThruwayError, UsageError
from thruway.kit.values.fingerprint import fingerprint
from thruway.run.types import EXECUTORS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from thruway.api.component.report import Verdict

_STREAMS = {"random:python": "random", "random:numpy": "numpy.random", "random:torch": "torch"}


def check_component(
    function: Callable[..., Any],
    examples: Sequence[Any] | None = None,
    *,
    executors: Sequence[str] = EXECUTORS,
    strict: bool = False,
) -> ComponentReport:
    """Return whether a function will behave as a step of a pipeline, whatever runs it.

    It is called some times with each example, here, in another process and by each executor, and
    must give the same each time, change nothing, and give what can be stored. It is called where
    it stands: a function that writes files writes them.

    Args:
        function: the component; a `@step` too.
        examples: calls to try: a dict of parameters, or a tuple of them, each. None for one call
            without arguments, if it needs none.
        executors: to try; those that are not installed are skipped and said.
        strict: raise what was found, instead of returning it.

    Raises:
        UsageError: it cannot be called, or an example does not match its signature; with `strict`,
            also a component that failed.

    Example:
        >>> from math import sqrt
        >>> report = check_component(sqrt, [(4.0,)], executors=())
        >>> report.ok, report.checks["deterministic"]
        (True, 'pass')
    """
    if not callable(function):
        raise UsageError(f"{function!r} cannot be called", fix="give a function")
    plain = signature.plain(function)
    calls = _calls(plain, examples)
    check = _Check(plain)
    check.add("types", signature.announced(plain))
    if not calls:
        for name in CHECKS[1:]:
            check.skip(name, "no examples were given")
    for number, given in enumerate(calls, 1):
        check.example(given, number, executors)
    report = ComponentReport(
        apart.name_of(plain), len(calls), check.verdicts(), tuple(check.flaws), check.notes
    )
    if strict and not report.ok:
        first = next(flaw for flaw in report.flaws if flaw.severity == "fail")
        raise UsageError(
            f"`{report.component}` is no component: {first.what}",
            first.where,
            first.fix,
            str(report),
        )
    return report


def _calls(function: Callable[..., Any], examples: Sequence[Any] | None) -> list[dict[str, Any]]:
    if examples is None:
        needed = [
            name
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.default is parameter.empty
            and parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
        ]
        return [] if needed else [{}]
    found = []
    for number, example in enumerate(examples, 1):
        try:
            found.append(signature.bound(function, example))
        except TypeError as error:
            raise UsageError(
                f"example {number} does not match the signature: {error}",
                where=f"{function.__name__}{inspect.signature(function)}",
                fix='give a dict of its parameters: {"frame": frame}',
            ) from error
    return found


class _Check:
    """Collects what is found; the same flaw of several examples counts once."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.flaws: list[Flaw] = []
        self.skipped: set[str] = set()
        self.notes: dict[str, str] = {}

    def add(self, name: str, flaws: Any) -> bool:
        """Take the flaws of a check; return whether none of them is a failure."""
        found = list(flaws)
        known = {(flaw.check, flaw.what) for flaw in self.flaws}
        self.flaws += [flaw for flaw in found if (flaw.check, flaw.what) not in known]
        self.skipped.discard(name)
        return all(flaw.severity != "fail" for flaw in found)

    def skip(self, name: str, why: str) -> None:
        """Note that a check was not made."""
        self.skipped.add(name)
        self.notes[name] = why

    def verdicts(self) -> dict[str, Verdict]:
        """Return the verdict of each check: that of its worst flaw."""
        found: dict[str, Verdict] = {}
        for name in CHECKS:
            severities = {flaw.severity for flaw in self.flaws if flaw.check == name}
            worst: Verdict = "fail" if "fail" in severities else "warn" if severities else "pass"
            found[name] = "skipped" if worst == "pass" and name in self.skipped else worst
        self.flaws.sort(key=lambda flaw: CHECKS.index(flaw.check))
        return found

    def example(self, given: dict[str, Any], number: int, executors: Sequence[str]) -> None:
        """Make every check with one example."""
        where = f"example {number}"
        self.add("types", signature.arguments(self.function, given, number))
        environment = dict(os.environ)
        first = called(self.function, given, seed=0)
        imported = {name: os.environ[name] for name in os.environ.keys() - environment.keys()}
        os.environ.clear()
        os.environ.update(environment)
        if first.error is not None:
            self.raised(first.error, where)
            return
        self.add("types", signature.result(self.function, first.result, number))
        again = called(self.function, given, seed=0)
        other = called(self.function, given, seed=1) if first.drew else again
        if first.imported:  # what libraries set when they are loaded stays
            os.environ.update(imported)
        self.add("arguments", _arguments(first, where))
        self.add("surroundings", _surroundings(first, lasting(first, again), where))
        same = self.add("deterministic", _deterministic(first, again, other, where))
        self.add("repeatable", _repeatable(first, again, where))
        flaws, formats = stored(signature.outputs(first.result), where)
        keeps = self.add("storable", flaws)
        self.notes["storable"] = formats
        if not same or not keeps:
            for name in ("process", "executors"):
                self.skip(name, "what it gives is not the same each time, or cannot be stored")
            return
        self.elsewhere(given, first, where, executors)

    def raised(self, error: Exception, where: str) -> None:
        """Note that a call raised: a component that refuses is no example of what it gives."""
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        kind = "" if isinstance(error, ThruwayError) else " while it ran"
        flaw = Flaw("types", "fail", f"it raised {said}{kind}", where, "give an example that works")
        self.add("types", [flaw])
        for name in CHECKS[1:]:
            self.skip(name, f"{where} raised")

    def elsewhere(
        self, given: dict[str, Any], first: Call, where: str, executors: Sequence[str]
    ) -> None:
        """Ask another process, and the executors."""
        why = apart.not_importable(self.function)
        if why:
            for name in ("process", "executors"):
                self.add(name, [Flaw(name, "fail", why, apart.name_of(self.function), _MOVE)])
            return
        wanted = {name: fingerprint(v).hex for name, v in signature.outputs(first.result).items()}
        try:
            job = apart.Job(self.function, given, where)
        except ThruwayError as error:
            for name in ("process", "executors"):
                self.skip(name, f"the example cannot be stored: {error.what}")
            return
        with job:
            self.add("process", job.in_process(wanted))
            told = {one: apart.unavailable(one) for one in executors}
            ran = [one for one, why in told.items() if not why]
            if ran:
                self.add("executors", job.by_executors(ran, wanted))
            else:
                self.skip("executors", "none was asked for")
            left = [f"{one} skipped: {why}" for one, why in told.items() if why]
            self.notes["executors"] = "; ".join([", ".join(ran), *left]) if ran else "none"


_MOVE = "put it at the top level of a module that can be imported"


def _arguments(call: Call, where: str) -> list[Flaw]:
    return [
        Flaw(
            "arguments", "fail",
            f"it changes its argument `{name}`", where,
            f"work on a copy: {name} = {name}.copy()",
        )
        for name in call.changed
    ]  # fmt: skip


def _surroundings(call: Call, settings: tuple[str, ...], where: str) -> list[Flaw]:
    found = [
        Flaw(
            "surroundings", "fail", f"it changes {_setting(token)}", where,
            "set it for the call only (a `with` block), or take it as a parameter",
        )
        for token in settings
    ]  # fmt: skip
    found += [
        Flaw(
            "surroundings", "fail", f"it changes `{name}` of its module", where,
            "return what should be kept: other processes do not see a module's values",
        )
        for name in call.globals
    ]  # fmt: skip
    if call.figures:
        found.append(
            Flaw("surroundings", "warn", f"it leaves {call.figures} figures open", where,
                 "close them, or return them")
        )  # fmt: skip
    for place in dict.fromkeys(call.outside):
        found.append(
            Flaw("surroundings", "warn", f"it uses the {_OUTSIDE.get(place, place)}", where,
                 "what comes from there is not in the cache's key: take it as a parameter")
        )  # fmt: skip
    return found


_OUTSIDE = {"network": "network", "process": "programs of the system", "stdin": "keyboard"}


def _setting(token: str) -> str:
    kind, _, name = token.partition(":")
    return f"the environment variable `{name}`" if kind == "env" else f"the options of `{name}`"


def _deterministic(first: Call, again: Call, other: Call, where: str) -> list[Flaw]:
    if again.error is not None:
        said = f"{type(again.error).__name__}: {again.error}".splitlines()[0]
        return [
            Flaw("deterministic", "fail", f"the second call raised {said}", where,
                 "a step may be called again: let it not depend on what an earlier call left")
        ]  # fmt: skip
    unlike = _unlike(first.result, again.result)
    if unlike:
        return [
            Flaw("deterministic", "fail", f"two calls give different {name}", where,
                 "take a seed as a parameter; sort what comes from sets, threads or the clock")
            for name in unlike
        ]  # fmt: skip
    found = []
    if _unlike(first.result, other.result):
        names = ", ".join(_STREAMS.get(token, token) for token in first.drew)
        found.append(
            Flaw("deterministic", "warn",
                 f"what it gives depends on the global random stream of {names}", where,
                 "take a seed as a parameter: a run seeds the stream, a notebook does not")
        )  # fmt: skip
    elif first.drew:
        names = ", ".join(_STREAMS.get(token, token) for token in first.drew)
        found.append(
            Flaw("surroundings", "warn", f"it draws from the global random stream of {names}",
                 where, "use a generator of its own: numpy.random.default_rng(seed)")
        )  # fmt: skip
    found += [
        Flaw("deterministic", "warn", f"what is in {name} could not be compared whole: {opaque}",
             where, "give plain data, frames, arrays, or estimators")
        for name, value in signature.outputs(first.result).items()
        if (opaque := fingerprint(value).opaque)
    ]  # fmt: skip
    return found


def _unlike(one: Any, other: Any) -> list[str]:
    """Return which results differ."""
    ours, theirs = signature.outputs(one), signature.outputs(other)
    if ours.keys() != theirs.keys():
        return ["results"]
    return [
        f"`{name}`" if name != "result" else "results"
        for name in ours
        if fingerprint(ours[name]).hex != fingerprint(theirs[name]).hex
    ]


def _repeatable(first: Call, again: Call, where: str) -> list[Flaw]:
    files = list({**first.files, **again.files})
    return [
        Flaw("repeatable", "fail", f"called again, it writes `{name.partition(':')[2]}` otherwise",
             where, "replace what is there, whole; do not add to it")
        for name in files
        if first.files.get(name) != again.files.get(name)
    ]  # fmt: skip
