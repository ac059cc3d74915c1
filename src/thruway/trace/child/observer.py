"""Run the statements of a job one by one, and note what each of them did."""

from __future__ import annotations

import builtins
import time
from dataclasses import dataclass, field, replace
from io import IOBase
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from thruway.kit.ambient.display import DisplayLog, display
from thruway.kit.ambient.figures import FigureLog
from thruway.kit.ambient.output import OutputLog
from thruway.kit.values.fingerprint import fingerprint
from thruway.trace.child.captures import Captures
from thruway.trace.child.covariables import Covariables
from thruway.trace.child.failure import describe_failure
from thruway.trace.child.file_effects import FileEffects
from thruway.trace.child.harmless import judge
from thruway.trace.child.last_show import part_last_show
from thruway.trace.child.surroundings import Surroundings
from thruway.trace.types import Display, Effect, Fact, Failure, Figure

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from thruway.trace.child.compiled import Compiled, CompiledProgram
    from thruway.trace.child.covariables import Outcome
    from thruway.trace.child.harmless import Verdict
    from thruway.trace.child.namespace import Namespace, Touched
    from thruway.trace.job import Job

    Tell = Callable[..., None]

_COROUTINE = 0x80
_STDERR = 4000
_NOT_VALUES = frozenset({"module", "function", "class"})


@dataclass
class _Ended:
    """How the user's code of one statement ended."""

    seconds: float
    error: BaseException | None = None


@dataclass
class Observed:
    """What the whole run showed; filled statement by statement."""

    facts: list[Fact] = field(default_factory=list)
    failure: Failure | None = None
    alive: frozenset[str] = frozenset()
    user_seconds: float = 0.0
    stderr: str = ""


class Observer:
    """Runs one program; used once."""

    def __init__(
        self, job: Job, program: CompiledProgram, namespace: Namespace, tell: Tell
    ) -> None:
        self._job = job
        self._program = program
        self._namespace = namespace
        self._tell = tell
        self._covariables = Covariables(namespace)
        self._figures = FigureLog(thumbnails=job.thumbnails)
        self._surroundings = Surroundings(job, self._figures)
        self._files = FileEffects(job)
        self._displays = DisplayLog()
        self._output = OutputLog()
        self._captures = Captures(job, namespace)
        self._underscore: Any = None
        self._silent = False
        self._loop: asyncio.AbstractEventLoop | None = None
        namespace.pin(program.pins)

    def run(self) -> Observed:
        """Run until the end, a failure, or the program's own exit."""
        observed = Observed()
        logs = (self._figures, self._files, self._displays, self._output)
        for log in logs:
            log.start()
        self._surroundings.begin()
        try:
            for compiled in self._program.statements:
                if not self._step(compiled, observed):
                    break
            self._note_leftovers(observed)
        finally:
            for log in reversed(logs):
                log.stop()
        self._end(observed)
        return observed

    def _step(self, compiled: Compiled, observed: Observed) -> bool:
        """Observe one statement; return whether the program goes on."""
        number = compiled.statement.id
        self._tell(event="start", statement=number)
        verdict = judge(compiled.tree, self._value, self._program.definition)
        self._files.begin()
        self._namespace.begin()
        for name in compiled.class_loads:
            self._namespace.get(name)
        ended = self._execute(compiled)
        observed.user_seconds += ended.seconds
        touched = self._namespace.end()
        goes_on = ended.error is None
        if ended.error is not None and not _is_exit(ended.error):
            observed.failure = describe_failure(ended.error, compiled.statement)
            observed.stderr = (observed.stderr + self._output.take().stderr)[-_STDERR:]
            return False
        ended.error = None  # its frames hold values of the program
        fact = self._fact(compiled, verdict, touched, ended.seconds, observed)
        observed.facts.append(fact)
        self._end_cell(observed)
        self._captures.keep(number)
        self._tell(event="finish", statement=number, seconds=ended.seconds)
        return goes_on

    # -- running ------------------------------------------------------------------------------

    def _execute(self, compiled: Compiled) -> _Ended:
        start = time.perf_counter()
        try:
            self._run_code(compiled)
        except BaseException as error:  # whatever the user's code raises ends it here
            return _Ended(time.perf_counter() - start, error)
        return _Ended(time.perf_counter() - start)

    def _run_code(self, compiled: Compiled) -> None:
        code = compiled.code
        value = eval(code, self._namespace)  # noqa: S307 - the user's statement
        if code.co_flags & _COROUTINE:
            value = self._event_loop().run_until_complete(value)
        self._silent = not compiled.statement.displays or value is None
        if compiled.statement.displays and value is not None:
            display(value)
            self._set_underscore(value)

    def _event_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            import asyncio  # 30 ms, and few programs wait for anything

            self._loop = asyncio.new_event_loop()
        return self._loop

    def _set_underscore(self, value: Any) -> None:
        """Bind `_` as IPython does, unless the program uses that name for itself."""
        if not self._job.underscore:
            return
        if self._namespace.value("_", self._underscore) is self._underscore:
            self._underscore = self._namespace["_"] = value

    # -- noting -------------------------------------------------------------------------------

    def _value(self, name: str) -> Any:
        return self._namespace.value(name, getattr(builtins, name, None))

    def _fact(
        self,
        compiled: Compiled,
        verdict: Verdict,
        touched: Touched,
        seconds: float,
        observed: Observed,
    ) -> Fact:
        effects = self._surroundings.end(compiled.tree, self._value)
        files = self._files.end(moved=any(effect.resource == "options:cwd" for effect in effects))
        output = self._output.take()
        observed.stderr = (observed.stderr + output.stderr)[-_STDERR:]
        figures = self._ended_figures()
        if self._job.kind == "notebook" and compiled.statement.last_in_cell:
            self._figures.flush(shown=True)
        outcome = self._settle(verdict, touched)
        return Fact(
            statement=compiled.statement.id,
            reads=touched.reads,
            binds=touched.binds,
            deletes=touched.deletes,
            changes=outcome.changes,
            effects=tuple(sorted({*effects, *files.effects}, key=lambda e: (e.resource, e.mode))),
            values=outcome.values,
            shares=outcome.shares,
            seconds=seconds,
            stdout=output.stdout,
            displays=tuple(Display(shown.text, shown.html) for shown in self._displays.take()),
            figures=figures,
            silent=self._silent,
            files_read=files.read,
            files_written=files.written,
            places=frozenset(name for name in touched.binds if self._is_place(name)),
            items=self._items(compiled.statement.gathers),
        )

    def _items(self, name: str) -> tuple[str, ...]:
        """Digest the items of a list one by one."""
        found = (fingerprint(item) for item in self._value(name)) if name else ()
        return tuple("" if digest.opaque else digest.hex for digest in found)

    def _is_place(self, name: str) -> bool:
        """Whether a value is a path in the working folder."""
        value = self._namespace.value(name)
        return isinstance(value, str | PurePath) and str(value).startswith(self._job.workspace)

    def _settle(self, verdict: Verdict, touched: Touched) -> Outcome:
        reachable = touched.reads | self._namespace.pins
        return self._covariables.settle(
            reachable, touched.binds, touched.deletes, verdict.harmless(reachable)
        )

    def _end_cell(self, observed: Observed) -> None:
        """Note what was open at the end of a notebook's cell, and so was shown, as Jupyter does.

        Lines that call nothing see no figures, and may be part of no step (`del df`): the figures
        end before them.
        """
        figures, numbers = self._ended_figures(), self._figures.touched()
        if not figures:
            return
        resources = {f"figure:{number}" for number in numbers}
        place = len(observed.facts) - 1
        least = _last_touched(observed.facts, resources)
        while place > least and not self._program.statements[place].calls:
            place -= 1
        fact = observed.facts[place]
        effects = {e.resource: e for e in fact.effects}
        effects |= {name: Effect(name, "update") for name in resources - effects.keys()}
        observed.facts[place] = replace(
            fact,
            figures=(*fact.figures, *figures),
            effects=tuple(effects[name] for name in sorted(effects)),
            flushed=True,
        )

    def _ended_figures(self) -> tuple[Figure, ...]:
        return tuple(
            Figure(f.number, f.digest, f.shown, f.summary, f.png) for f in self._figures.take()
        )

    def _note_leftovers(self, observed: Observed) -> None:
        """Put figures that nobody showed or closed on the statement that last drew on them.

        What is written to files only when the program ends is on the statement that last wrote.
        """
        for name in self._namespace.user_names():
            value = self._namespace.value(name)
            if isinstance(value, IOBase) and not value.closed and value.writable():
                value.flush()
        for path, digest in self._files.late().items():
            for place in reversed(range(len(observed.facts))):
                fact = observed.facts[place]
                if path in fact.files_written:
                    files = {**fact.files_written, path: digest}
                    observed.facts[place] = replace(fact, files_written=files)
                    break
        part_last_show(observed.facts, [each.tree for each in self._program.statements])
        self._figures.flush(shown=False)
        for figure in self._ended_figures():
            place = _last_touched(observed.facts, {f"figure:{figure.number}"})
            fact = observed.facts[place]
            observed.facts[place] = replace(fact, figures=(*fact.figures, figure))

    def _end(self, observed: Observed) -> None:
        self._captures.close()
        if self._loop is not None:
            self._loop.close()
        observed.alive = frozenset(
            name
            for name in self._covariables.names()
            if not name.startswith("_") and self._covariables.kind(name) not in _NOT_VALUES
        )


def _last_touched(facts: list[Fact], resources: set[str]) -> int:
    """Return where the last of the statements is that touched one of the resources."""
    places = reversed(range(len(facts)))
    return next(n for n in places if any(e.resource in resources for e in facts[n].effects))


def _is_exit(error: BaseException) -> bool:
    return isinstance(error, SystemExit) and error.code in (None, 0)
