"""Run a pipeline: what the cache can answer is answered, the rest is executed.

The engine walks the nodes in order and knows nothing of how a step is executed (`inprocess`,
`isolated`), what is in an object (`store`), what a key is made of (`key`) or when the cache may
answer (`answers`). It is the only one that writes to the lineage, from one thread.
"""

from __future__ import annotations

import contextlib
import time
from bisect import insort
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from thruway.errors import StepFailed, StorageError
from thruway.kit.dag import Dag, FromOutput, Node, outputs_in
from thruway.kit.reading.read import read_pipeline
from thruway.run.engine import choose
from thruway.run.engine.answers import Answers, Moment, contents, words
from thruway.run.engine.conditions import Conditions, load_from
from thruway.run.engine.failures import arguments_text, gate_error, run_error
from thruway.run.engine.fan import Fan
from thruway.run.engine.given import given_ports, store_given
from thruway.run.engine.jobs import Jobs
from thruway.run.engine.logs import OrderedLogs, with_errors
from thruway.run.engine.schedule import Schedule, stops
from thruway.run.events.events import events_of
from thruway.run.events.reporter import Reporter, SilentReporter
from thruway.run.executors.choice import Executors
from thruway.run.executors.interpreter import CodeKeys
from thruway.run.executors.room import need_of, processors, this_machine
from thruway.run.lineage.lineage import Execution, Lineage
from thruway.run.step import key
from thruway.run.step.declared import may_cache, step_option
from thruway.run.step.job import WHOLE, Done, Failed, Job
from thruway.run.step.scratch import Scratch, sweep
from thruway.run.store.store import LIST_FORMAT, Store
from thruway.run.types import RunOptions, RunResult, StepResult

if TYPE_CHECKING:
    from types import TracebackType

    from thruway.kit.project import ProjectConfig
    from thruway.run.step.sight import Sight

_LONGEST_BACKOFF = 60.0


def run_project(
    project: ProjectConfig, options: RunOptions | None = None, reporter: Reporter | None = None
) -> RunResult:
    """Run the pipeline of a project and return what came of it.

    Args:
        project: the project, from `kit.project.load_project`.
        options: how to run it.
        reporter: hears what happens.

    Raises:
        StepFailed: a step raised, or its process died.
        StorageError: an output cannot be stored, or the store cannot be used.
        PipelineError: the pipeline cannot be built, or its types do not fit.
        UsageError: the options make no sense for this pipeline.
    """
    dag = read_pipeline(project)
    options = options or RunOptions()
    with PipelineRun(project, dag, options, reporter or SilentReporter()) as run:
        return run.go()


@dataclass(frozen=True)
class _Going:
    """A step while it is executed, or while it waits to be tried again.

    Attributes:
        due: when it is to be tried again, by `time.monotonic`.
        here: it runs where the executor of the run says.
    """

    node: Node
    job: Job
    execution: Execution
    row: int
    began: Moment
    attempt: int = 1
    due: float = 0.0
    here: bool = True


class PipelineRun:
    """One run while it goes on; a context manager, so that it always ends in the store.

    Attributes:
        answered_only: what is looked at has been answered; other parts of the run may say so too.
    """

    answered_only = False

    def __init__(
        self, project: ProjectConfig, dag: Dag, options: RunOptions, reporter: Reporter
    ) -> None:
        self.project = project
        self.dag = dag
        self.options = options
        self.reporter = reporter
        self.seed = project.seed if options.seed is None else options.seed
        parameters = choose.parameter_values(dag, options.params)
        self._given = given_ports(dag, options.given)
        self.schedule = Schedule(dag, options)
        self.done = self.schedule.done
        self.store = Store(project.storage)
        self.store.prepare()
        self.lineage = Lineage(project.storage)
        self.store.announce(self.lineage.id, self.lineage.database.place)
        self.scratch = Scratch(project, self.store, lambda: self.run, shared=not options.apart)
        self._executors = Executors(self.scratch, dag, options)
        self.events = events_of(project, dag, lambda text: reporter.warned(dag.name, text))
        self.code = CodeKeys(dag, project.roots, self._executors.about)
        self.answers = Answers(self.store, self.lineage, self.schedule.wanted, reporter, self.code)
        self.memory: dict[tuple[str, str], Any] = {}
        load = load_from(self.schedule, self.memory, self.store.load)
        self.conditions = Conditions(self.schedule, parameters, load)
        self.jobs = Jobs(
            self.schedule,
            parameters,
            self.code,
            self.answers,
            options,
            self.seed,
            self.conditions,
        )
        self.run = ""
        self.context = 0
        self.logs = OrderedLogs(self.schedule.names, reporter)
        self._going: dict[int, _Going] = {}
        self._delayed: list[_Going] = []
        self._failed: dict[str, BaseException] = {}
        self._room = this_machine(options.jobs or processors())
        self._finished = False
        self._checked = False

    def __enter__(self) -> Self:
        """Record that the run began."""
        shown = {name: repr(value) for name, value in self.jobs.parameters.items()}
        self.context, self.run = self.lineage.start_run(
            self.dag.name, shown, self.seed, self.options.where
        )
        sweep(self.store, self.lineage.running)
        self.events.run_started(self.run, shown)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop what still runs, remove the working folders, record how the run ended."""
        self._executors.close()
        self.scratch.close()
        if not self._finished:
            canceled = isinstance(error, KeyboardInterrupt)
            self.lineage.finish_run(self.context, "CANCELED" if canceled else "FAILED", {})
            self.events.run_ended("FAILED", str(error) if error else "")
        self.lineage.__exit__(kind, error, traceback)

    def go(self) -> RunResult:
        """Answer or execute every step that was asked for.

        After a failure, what does not need the failed step goes on: its results are kept.
        """
        self.loop()
        return self._finish()

    def loop(self) -> None:
        """Do all that waits; what does not need a failed step goes on.

        Raises:
            ThruwayError: the first failure, when all is done that could be.
        """
        self.reporter.run_started(self.run, self.schedule.names)
        while True:
            self._begin_ready()
            if self._going:
                self._end_one()
            elif self._delayed:
                time.sleep(max(self._delayed[0].due - time.monotonic(), 0.0))
            else:
                break
            self._begin_delayed()
        self.logs.flush()
        self.raise_failures()

    def raise_failures(self) -> None:
        """Raise the first failure of a step, if there was one."""
        if self._failed:
            names = self.schedule.in_order(list(self._failed))
            canceled = [name for name in self.schedule.names if self._is_canceled(name)]
            raise run_error([self._failed[name] for name in names], canceled)

    def _is_canceled(self, name: str) -> bool:
        begun = any(failed.partition("[")[0] == name for failed in self._failed)
        return name not in self.done and not begun

    def _finish(self) -> RunResult:
        steps = tuple(self.done[name] for name in self.schedule.names)
        files = {token: ref for step in steps for token, ref in step.files.items()}
        self.scratch.publish(files)
        made = [step for step in steps if step.state == "COMPLETE"]
        new = [*made, *(each for step in made for each in step.instances)]
        self.store.settle(ref.hash for step in new for ref in step.outputs.values())
        results, none = self.results()
        result = RunResult(
            run=self.run,
            state="COMPLETE" if made else "CACHED",
            steps=steps,
            results={name: self.done[node].outputs[port] for name, (node, port) in results.items()},
            outputs=self.project.outputs,
            store=self.store.root,
            storage=self.store.config,
            memory=none
            | {name: self.memory[at] for name, at in results.items() if at in self.memory},
        )
        self.lineage.finish_run(self.context, result.state, results, code=self.code.digest)
        self._finished = True
        self.events.run_ended(result.state)
        self.reporter.run_finished(result)
        return result

    def results(self) -> tuple[dict[str, tuple[str, str]], dict[str, Any]]:
        """Return, for each result of the pipeline that is there: (step, port); and those None."""
        results: dict[str, tuple[str, str]] = {}
        none: dict[str, Any] = {}
        for name, source in self.dag.outputs:
            if any(output.node not in self.done for output in outputs_in(source)):
                continue
            settled = self.conditions.settle(source)
            if isinstance(settled, FromOutput):
                results[name] = settled.node, settled.field or WHOLE
            elif settled is None:
                none[name] = None
        return results, none

    # Which step is next -------------------------------------------------------------------------

    def _begin_ready(self) -> None:
        """Begin, in the order of the pipeline, every step whose inputs are there."""
        while not self._is_full() and any(map(self._begin, self.schedule.ready())):
            pass

    def _is_full(self) -> bool:
        return self._room.is_full and self.options.apart

    def _begin(self, node: Node) -> bool:
        """Answer a step from the cache, or begin to execute it; False when it has to wait."""
        if node.name in self.schedule.fans:
            self._continue_fan(self.schedule.fans[node.name])
            return True
        if not self._has_room(node):
            return False
        if node.name in self.schedule.given:
            self._take_given(node)
            return True
        if not self.conditions.holds(node):
            self._skip(node)
            return True
        mode = self.schedule.modes[node.name]
        job = self.jobs.of(node)
        found = self.jobs.ingredients(node, job)
        address = key.key_of(found) if found else ""
        if self._soon_answered(address, mode):
            return False
        execution = Execution(0, self.run, node.name, "RUNNING", address, found)
        hit, reason = self._answer(node, mode, execution, self._sight(job))
        # An equal call may have given it: what is recorded is this one.
        if hit is not None:
            if self._reuse(node, replace(hit, step=node.name, key=address, ingredients=found)):
                return True
            reason = "its result was collected just now"
        inputs = {name: source.artifact for name, source in job.inputs.items()}
        execution = replace(execution, reason=reason, inputs=inputs)
        self._check_types()
        if node.mapped:
            self._open_fan(node, job, execution)
        else:
            self._execute(node, job, execution)
        return True

    def _has_room(self, node: Node) -> bool:
        """Say whether a step could begin; in this process, one runs at a time."""
        if not self.options.apart:
            return not self._going and not self._delayed
        self._room.total = self._executors.total or self._room.total
        return bool(node.mapped) or self._room.fits(need_of(node))

    def _soon_answered(self, address: str, mode: choose.Mode) -> bool:
        """Say whether an equal call goes on, whose result the cache will give."""
        options = self.options
        if mode != "normal" or options.probe or options.no_cache or not address:
            return False
        return any(going.execution.key == address for going in self._going.values())

    def _answer(
        self, node: Node, mode: choose.Mode, execution: Execution, sight: Sight
    ) -> tuple[Execution | None, str]:
        if node.name in self._given:
            return None, "a value is given in place of one of its outputs"
        if self.options.resume and mode == "normal":
            hit = self.answers.of_run(self.options.resume, execution, sight)
            if hit is not None:
                return hit, ""
        if mode == "force" or (self.options.probe and mode == "normal"):
            return None, "asked for"  # nobody can be asked again what they saw
        hit, reason = self.answers.ask(node, execution, sight, off=self.options.no_cache)
        if hit is None and mode == "take":
            hit = self.answers.newest(execution, self.options.only)
        return hit, reason

    def _skip(self, node: Node) -> None:
        """Leave out a step whose condition does not hold."""
        self.schedule.begin(node.name)
        reason = self.conditions.reason(node)
        position = self.schedule.positions[node.name]
        skipped = Execution(0, self.run, node.name, "SKIPPED", "", {}, reason=reason)
        self.lineage.skip(self.context, position, skipped, self.seed)
        self.events.step_ended(skipped, "SKIPPED")
        self._log(node.name, "")
        self._finished_step(StepResult(node.name, "SKIPPED", reason=reason))

    def _take_given(self, node: Node) -> None:
        """Take values from files, in place of executing a step."""
        files = self._given[node.name]
        outputs = store_given(self.store, files)
        reason = f"given: {', '.join(map(str, files.values()))}"
        found = {f"given:{port}": ref.hash for port, ref in outputs.items()}
        taken = Execution(0, self.run, node.name, "RUNNING", "", found, reason=reason)
        self.schedule.begin(node.name)
        row = self.lineage.start(self.context, self.schedule.positions[node.name], taken, self.seed)
        self.answers.keep(row, replace(taken, outputs=outputs), cacheable=False)
        self._note(taken, cacheable=False, written=False)
        self._log(node.name, "")
        self._finished_step(StepResult(node.name, "COMPLETE", 0.0, outputs, {}, reason))

    def _sight(self, job: Job) -> Sight:
        return self.scratch.sight(source.artifact for source in job.inputs.values())

    def _reuse(self, node: Node, hit: Execution) -> bool:
        position = self.schedule.positions[node.name]
        present = partial(self.answers.still_there, hit)
        if not self.lineage.reuse(
            self.context, position, hit, self.seed, present=present, once=self.answered_only
        ):
            return False
        self.schedule.begin(node.name)
        self._note(hit, cacheable=True, written=False)
        self.events.step_ended(replace(hit, run=self.run), "CACHED")
        self._log(node.name, hit.log)
        self._finished_step(
            StepResult(node.name, "CACHED", hit.seconds, hit.outputs, hit.files, "")
        )
        return True

    def _note(self, execution: Execution, *, cacheable: bool, written: bool) -> None:
        """Keep what a step did to files: of one of several calls, until all are done."""
        fan = self.schedule.fan_of(execution.step)
        if fan is None:
            self.scratch.add(execution.files, written=written)
        else:
            fan.parts[execution.step] = execution
            fan.cacheable &= cacheable

    def _finished_step(self, result: StepResult) -> None:
        self.schedule.finish(result)
        self.reporter.step_finished(result.name, result.state, result.seconds, result.reason)
        for artifact in result.outputs.values():
            if artifact.gate == "warn":
                self.reporter.warned(result.name, "; ".join(artifact.reasons) or "its gate warns")
        stopped = stops(result)
        if stopped:
            reasons = [reason for artifact in stopped for reason in artifact.reasons]
            self._failed[result.name] = gate_error(result.name, reasons, stopped)

    # Execution ----------------------------------------------------------------------------------

    def _execute(self, node: Node, job: Job, execution: Execution) -> None:
        moves = self._executors.moves(job)
        self.events.step_started(execution)
        self.schedule.begin(node.name)
        self.reporter.step_started(node.name)
        row = self.lineage.start(
            self.context, self.schedule.positions[node.name], execution, self.seed
        )
        self._start(_Going(node, job, execution, row, Moment.now(), here=not moves))

    def _start(self, going: _Going) -> None:
        self.store.fetch_inputs(source.artifact for source in going.job.inputs.values())
        need = need_of(going.node)
        seen = self._room.visible(need) if self.options.where == "processes" else {}
        job = replace(going.job, environment={**going.job.environment, **seen})
        ticket = self._executors.start(job, self.schedule.needed)
        self._going[ticket] = going
        self._room.take(ticket, need, *filter(None, seen.values()))

    def _end_one(self) -> None:
        """Wait for a step, and keep what it gave, or what became of it."""
        patience = self._delayed[0].due - time.monotonic() if self._delayed else None
        ended = self._executors.wait(None if patience is None else max(patience, 0.0))
        if ended is None:
            return
        ticket, done = ended
        going = self._going.pop(ticket)
        self._room.leave(ticket)
        if done.failure is not None and done.failure.kind == "Missing":
            self.lineage.fail(going.row, done.failure.what)
            self._repair(going.node, done.failure)
        elif done.failure is not None and self._may_retry(going, done.failure):
            self._retry(going, done.failure)
        else:
            self._settle(going, done)

    def _may_retry(self, going: _Going, failure: Failed) -> bool:
        attempts = 1 + int(step_option(going.node, "retries", 0) or 0)
        return going.attempt < attempts and failure.kind != "StorageError"

    def _retry(self, going: _Going, failure: Failed) -> None:
        """Have a step tried again, after a while that doubles each time; others go on."""
        backoff = float(step_option(going.node, "backoff", 0.5))
        seconds = min(backoff * 2 ** (going.attempt - 1), _LONGEST_BACKOFF)
        self.reporter.warned(going.node.name, f"{failure.what}; tried again in {seconds:g} s")
        again = replace(going, attempt=going.attempt + 1, due=time.monotonic() + seconds)
        insort(self._delayed, again, key=lambda one: one.due)

    def _begin_delayed(self) -> None:
        while self._delayed and self._delayed[0].due <= time.monotonic():
            self._start(self._delayed.pop(0))

    def _settle(self, going: _Going, done: Done) -> None:
        name = going.node.name
        for text in done.warnings:
            self.reporter.warned(name, text)
        log, stderr = self.store.put_text(done.stdout), self.store.put_text(done.stderr)
        self._log(name, log)
        execution = replace(going.execution, log=log, stderr=stderr)
        if done.failure is None:
            self._keep(going, done, execution)
            return
        with contextlib.suppress(StorageError):  # what the step raised says more
            self.store.share((log, stderr))
        self.lineage.fail(going.row, done.failure.what, log, stderr, attempts=going.attempt)
        self.events.step_ended(execution, "FAILED", done.failure.what)
        self.reporter.step_finished(name, "FAILED", done.seconds, execution.reason)
        failure = with_errors(done.failure, done.stderr)
        called = arguments_text(going.job)
        if called:
            failure = replace(failure, detail=f"called with {called}\n{failure.detail}".rstrip())
        error = failure.error()
        error.__cause__ = done.cause
        self._failed[name] = error
        fan = self.schedule.fan_of(name)
        if fan is not None:
            self.lineage.fail(fan.row, done.failure.what)

    def _keep(self, going: _Going, done: Done, execution: Execution) -> None:
        name = going.node.name
        unstored = [port for port, artifact in done.outputs.items() if artifact.unstored]
        for port in unstored:
            self.memory[name, port] = done.values.get(port)
            self.reporter.warned(name, f"`{port}` is not cached: {done.outputs[port].unstored}")
        reads, unsettled = contents(done.reads, self._sight(going.job), going.began)
        for token in unsettled:
            self.reporter.warned(name, f"{words(token)} changed meanwhile: not cached")
        off = self.options.no_cache or "outside:stdin" in reads or name in self._given
        off = off or not may_cache(going.node)
        outputs = done.outputs
        if name in self._given:
            outputs = {**outputs, **store_given(self.store, self._given[name])}
        allowed = bool(execution.key) and not unstored and not unsettled and not off
        complete = replace(
            execution,
            outputs=outputs,
            files=done.files,
            reads=reads,
            seconds=done.seconds,
            attempts=going.attempt,
        )
        self.answers.keep(going.row, complete, cacheable=allowed)
        self.events.step_ended(complete, "COMPLETE")
        self._note(complete, cacheable=allowed, written=going.here)
        self.answers.sound |= {ref.hash for ref in outputs.values() if ref.hash}
        self._finished_step(
            StepResult(
                name,
                "COMPLETE",
                done.seconds,
                outputs,
                done.files,
                execution.reason,
                done.record,
            )
        )

    def _repair(self, node: Node, failure: Failed) -> None:
        """Execute again the steps whose objects turned out to be damaged, then this one."""
        damaged = [
            self.schedule.maker(name)
            for name in node.needs
            if not all(map(self.store.is_whole, self.done[name].outputs.values()))
        ]
        if not damaged:
            self._failed[node.name] = failure.error()
            return
        for name in damaged:
            self.reporter.warned(name, "its result in the store is gone or damaged: made anew")
            self.schedule.modes[name] = "force"
        for result in self.schedule.again([*damaged, node.name]):
            self.answers.sound -= {ref.hash for ref in result.outputs.values()}

    # Steps that are called for each item --------------------------------------------------------

    def _open_fan(self, node: Node, job: Job, execution: Execution) -> None:
        """Begin a mapped step: see what its items are, or have them taken apart first."""
        self.reporter.step_started(node.name)
        row = self.lineage.start(
            self.context, self.schedule.positions[node.name], execution, self.seed
        )
        fan = Fan(node, execution, row)
        self.schedule.open(fan)
        if node.mapped in job.values:
            count = fan.give(job.values[node.mapped], self.jobs.parameters)
            self.schedule.add(fan, fan.expand(count, given=True))
            return
        artifact = job.inputs[node.mapped].artifact
        parts = self.store.parts(artifact)
        if artifact.format == LIST_FORMAT:
            outputs = {str(index): part for index, part in enumerate(parts)}
            self.schedule.finish(StepResult(fan.items, "CACHED", outputs=outputs))
            self.schedule.add(fan, fan.expand(len(parts), given=False))
            return
        if artifact.unstored:
            fan.refuse_unstored(artifact)
        fan.awaits = (fan.items,)
        self.schedule.add(fan, [fan.splitting()])

    def _continue_fan(self, fan: Fan) -> None:
        if fan.instances is None:
            count = len(self.done[fan.items].outputs)
            self.schedule.add(fan, fan.expand(count, given=False))
            return
        try:
            result, execution = fan.gather([self.done[name] for name in fan.instances], self.store)
        except StepFailed as error:
            self.schedule.begin(fan.node.name)
            self.lineage.fail(fan.row, error.what)
            self.reporter.step_finished(fan.node.name, "FAILED", 0.0, fan.execution.reason)
            self._failed[fan.node.name] = error
            return
        allowed = fan.cacheable and bool(execution.key) and not self.options.no_cache
        self.answers.keep(fan.row, execution, cacheable=allowed)
        self.schedule.begin(fan.node.name)
        self.scratch.add(execution.files, written=False)
        self._log(fan.node.name, execution.log)
        self._finished_step(result)

    def _check_types(self) -> None:
        if self._checked:
            return
        self._checked = True
        address = self.code.digest
        if not self.lineage.was_checked(address):
            self._executors.check_types()
            self.lineage.note_checked(address)

    def _log(self, name: str, address: str) -> None:
        if self.options.logs and self.schedule.fan_of(name) is None:
            self.logs.add(name, self.store.get_text(address))
