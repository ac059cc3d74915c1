"""Run a pipeline: what the cache can answer is answered, the rest is executed.

The engine walks the nodes in order and knows nothing of how a step is executed (`inprocess`,
`isolated`), what is in an object (`store`), what a key is made of (`key`) or when the cache may
answer (`answers`). It is the only one that writes to the lineage, from one thread.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from thruway.kit.dag import Dag, FromOutput, Node
from thruway.kit.read import read_pipeline
from thruway.run import choose, key
from thruway.run.answers import Answers, contents, file_clock, words
from thruway.run.interpreter import CodeKeys
from thruway.run.job import WHOLE, Done, Executor, Failed, Input, Job
from thruway.run.lineage import Execution, Lineage
from thruway.run.logs import OrderedLogs, with_errors
from thruway.run.modules import probed_steps
from thruway.run.reporter import Reporter, SilentReporter
from thruway.run.scratch import Scratch, sweep
from thruway.run.store import Store
from thruway.run.types import RunOptions, RunResult, StepResult

if TYPE_CHECKING:
    from types import TracebackType

    from thruway.kit.project import ProjectConfig
    from thruway.run.sight import Sight


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
    """A step while it is executed."""

    node: Node
    job: Job
    execution: Execution
    row: int
    began: int
    attempt: int = 1


class PipelineRun:
    """One run while it goes on; a context manager, so that it always ends in the store."""

    def __init__(
        self, project: ProjectConfig, dag: Dag, options: RunOptions, reporter: Reporter
    ) -> None:
        self.project = project
        self.dag = dag
        self.options = options
        self.reporter = reporter
        self.seed = project.seed if options.seed is None else options.seed
        self.parameters = choose.parameter_values(dag, options.params)
        self.modes = choose.modes(dag, options)
        self.wanted = choose.wanted_fields(dag)
        self.store = Store(project.store)
        self.store.prepare()
        self.lineage = Lineage(self.store.root)
        self.answers = Answers(self.store, self.lineage, self.wanted, reporter)
        self.code = CodeKeys(dag, project.roots, options.python if options.isolate else "")
        self.scratch = Scratch(project, self.store, lambda: self.run, shared=not options.isolate)
        self.run = ""
        self.context = 0
        self.names = [node.name for node in dag.nodes if self.modes[node.name] != "skip"]
        self.logs = OrderedLogs(self.names, reporter)
        self.done: dict[str, StepResult] = {}
        self.memory: dict[tuple[str, str], Any] = {}
        self._waiting = list(self.names)
        self._going: dict[int, _Going] = {}
        self._tickets = 0
        self._failed: dict[str, BaseException] = {}
        self._executor: Executor | None = None
        self._finished = False

    def __enter__(self) -> Self:
        """Record that the run began."""
        shown = {name: repr(value) for name, value in self.parameters.items()}
        executor = "isolated" if self.options.isolate else "in-process"
        self.context, self.run = self.lineage.start_run(self.dag.name, shown, self.seed, executor)
        sweep(self.store, self.lineage.running())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop what still runs, remove the working folders, record how the run ended."""
        if self._executor is not None:
            self._executor.close()
        self.scratch.close()
        if not self._finished:
            self.lineage.finish_run(self.context, "FAILED", {})
        self.lineage.__exit__(kind, error, traceback)

    def go(self) -> RunResult:
        """Answer or execute every step that was asked for.

        After a failure nothing new begins, and what goes on is let finish: its results are kept.
        """
        self.reporter.run_started(self.run, self.names)
        while self._going or (self._waiting and not self._failed):
            self._begin_ready()
            if self._going:
                self._end_one()
        self.logs.flush()
        for name in self.names:
            if name in self._failed:
                raise self._failed[name]
        return self._finish()

    def _finish(self) -> RunResult:
        steps = tuple(self.done[name] for name in self.names)
        files = {token: ref for step in steps for token, ref in step.files.items()}
        self.scratch.publish(files)
        made = [step for step in steps if step.state == "COMPLETE"]
        self.store.settle(ref.hash for step in made for ref in step.outputs.values())
        results = {
            name: (source.node, source.field or WHOLE)
            for name, source in self.dag.outputs
            if isinstance(source, FromOutput) and source.node in self.done
        }
        result = RunResult(
            run=self.run,
            state="COMPLETE" if made else "CACHED",
            steps=steps,
            results={name: self.done[node].outputs[port] for name, (node, port) in results.items()},
            outputs=self.project.outputs,
            store=self.store.root,
            memory={name: self.memory[at] for name, at in results.items() if at in self.memory},
        )
        self.lineage.finish_run(self.context, result.state, results)
        self._finished = True
        self.reporter.run_finished(result)
        return result

    # Which step is next -------------------------------------------------------------------------

    def _begin_ready(self) -> None:
        """Begin, in the order of the pipeline, every step whose inputs are there."""
        at_once = max(self.options.jobs, 1) if self.options.isolate else 1
        for name in list(self._waiting):
            if self._failed or len(self._going) >= at_once:
                return
            node = self.dag.node(name)
            if all(needed in self.done for needed in node.needs):
                self._begin(node, self.modes[name])

    def _begin(self, node: Node, mode: choose.Mode) -> None:
        """Answer a step from the cache, or begin to execute it."""
        job = self._job(node)
        found = self._ingredients(node, job)
        address = key.key_of(found) if found else ""
        if self._soon_answered(address, mode):
            return
        self._waiting.remove(node.name)
        execution = Execution(0, self.run, node.name, "RUNNING", address, found)
        hit, reason = self._answer(mode, execution, self._sight(job))
        if hit is not None:
            # An equal call may have given it: what is recorded is this one.
            self._reuse(node, replace(hit, step=node.name, key=address, ingredients=found))
            return
        inputs = {name: source.artifact for name, source in job.inputs.items()}
        self._execute(node, job, replace(execution, reason=reason, inputs=inputs))

    def _soon_answered(self, address: str, mode: choose.Mode) -> bool:
        """Say whether an equal call goes on, whose result the cache will give."""
        options = self.options
        if mode != "normal" or options.probe or options.no_cache or not address:
            return False
        return any(going.execution.key == address for going in self._going.values())

    def _answer(
        self, mode: choose.Mode, execution: Execution, sight: Sight
    ) -> tuple[Execution | None, str]:
        if mode == "force" or (self.options.probe and mode == "normal"):
            return None, "asked for"  # nobody can be asked again what they saw
        hit, reason = None, "the cache is off"
        if not self.options.no_cache:
            hit, reason = self.answers.find(execution, sight)
        if hit is None and mode == "take":
            hit = self.answers.newest(execution, self.options.only)
        return hit, reason

    def _job(self, node: Node) -> Job:
        inputs: dict[str, Input] = {}
        for name, source in node.inputs:
            if isinstance(source, FromOutput):
                artifact = self.done[source.node].outputs[source.field or WHOLE]
                inputs[name] = Input(source.node, artifact)
        return Job(
            node=node.name,
            module=node.step.module,
            qualname=node.step.qualname,
            inputs=inputs,
            values=choose.plain_arguments(node, self.parameters),
            fields=node.step.outputs,
            wanted=self.wanted[node.name],
            code=self.code.places(node),
            seed=self.seed,
            probe=self.options.probe,
            keep=frozenset(name for step, name in self.options.keep if step == node.name),
            trusted=frozenset(
                source.artifact.hash
                for source in inputs.values()
                if source.artifact.hash in self.answers.sound
            ),
        )

    def _sight(self, job: Job) -> Sight:
        return self.scratch.sight(source.artifact for source in job.inputs.values())

    def _ingredients(self, node: Node, job: Job) -> dict[str, str]:
        """Return what the key is made of; nothing when an input is only in memory."""
        inputs = {name: source.artifact for name, source in job.inputs.items()}
        if any(artifact.unstored for artifact in inputs.values()):
            return {}
        code, packages = self.code.of(node)
        return key.ingredients(
            code=code,
            params=job.values,
            inputs=inputs,
            packages=packages,
            seed=self.seed,
            python=self.code.python,
        )

    def _reuse(self, node: Node, hit: Execution) -> None:
        self.lineage.reuse(self.context, self.dag.nodes.index(node), hit, self.seed)
        self.scratch.add(hit.files, written=False)
        self.done[node.name] = StepResult(
            node.name, "CACHED", hit.seconds, hit.outputs, hit.files, ""
        )
        self._log(node.name, hit.log)
        self.reporter.step_finished(node.name, "CACHED", hit.seconds, "")

    # Execution ----------------------------------------------------------------------------------

    def _execute(self, node: Node, job: Job, execution: Execution) -> None:
        self._check_types()
        self.reporter.step_started(node.name)
        position = self.dag.nodes.index(node)
        row = self.lineage.start(self.context, position, execution, self.seed)
        self._start(_Going(node, job, execution, row, file_clock()))

    def _start(self, going: _Going) -> None:
        self._tickets += 1
        self._going[self._tickets] = going
        position = self.dag.nodes.index(going.node)
        self._get_executor().start(
            self._tickets, going.job, lambda at: self._needed_after(position, at)
        )

    def _needed_after(self, position: int, at: tuple[str, str]) -> bool:
        """Say whether a later step takes something out of an object."""
        node, address = at
        taken = {
            source.field or WHOLE
            for later in self.dag.nodes[position + 1 :]
            if self.modes[later.name] != "skip"
            for _, source in later.inputs
            if isinstance(source, FromOutput) and source.node == node
        }
        if not taken or node not in self.done:
            # The step that just ran is not among the done ones: what it gave is judged by ports.
            return bool(taken)
        outputs = self.done[node].outputs
        return any(Input(node, outputs[port]).object[1] == address for port in taken)

    def _end_one(self) -> None:
        """Wait for a step, and keep what it gave, or what became of it."""
        ticket, done = self._get_executor().wait()
        going = self._going.pop(ticket)
        if done.failure is not None and done.failure.kind == "Missing":
            self.lineage.fail(going.row, done.failure.what)
            self._repair(going.node, done.failure)
        elif done.failure is not None and self._may_retry(going, done.failure):
            self.reporter.warned(going.node.name, f"{done.failure.what}; tried again")
            time.sleep(min(0.5 * 2 ** (going.attempt - 1), 30.0))
            self._start(replace(going, attempt=going.attempt + 1))
        else:
            self._settle(going, done)

    def _may_retry(self, going: _Going, failure: Failed) -> bool:
        attempts = 1 + int(choose.step_option(going.node, "retries", 0) or 0)
        fatal = failure.kind == "StorageError" or bool(self._failed)
        return going.attempt < attempts and not fatal

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
        self.lineage.fail(going.row, done.failure.what, log, stderr)
        self.reporter.step_finished(name, "FAILED", done.seconds, execution.reason)
        error = with_errors(done.failure, done.stderr).error()
        error.__cause__ = done.cause
        self._failed[name] = error

    def _keep(self, going: _Going, done: Done, execution: Execution) -> None:
        name = going.node.name
        unstored = [port for port, artifact in done.outputs.items() if artifact.unstored]
        for port in unstored:
            self.memory[name, port] = done.values.get(port)
            self.reporter.warned(name, f"`{port}` is not cached: {done.outputs[port].unstored}")
        reads, unsettled = contents(done.reads, self._sight(going.job), going.began)
        for token in unsettled:
            self.reporter.warned(name, f"{words(token)} changed meanwhile: not cached")
        off = self.options.no_cache or "stdin" in reads
        allowed = bool(execution.key) and not unstored and not unsettled and not off
        complete = replace(
            execution,
            outputs=done.outputs,
            files=done.files,
            reads=reads,
            seconds=done.seconds,
        )
        self.lineage.complete(going.row, complete, cacheable=allowed)
        self.scratch.add(done.files, written=True)
        self.answers.sound |= {ref.hash for ref in done.outputs.values() if ref.hash}
        self.done[name] = StepResult(
            name,
            "COMPLETE",
            done.seconds,
            done.outputs,
            done.files,
            execution.reason,
            done.record,
        )
        self.reporter.step_finished(name, "COMPLETE", done.seconds, execution.reason)

    def _repair(self, node: Node, failure: Failed) -> None:
        """Execute again the steps whose objects turned out to be damaged, then this one."""
        damaged = [
            name
            for name in node.needs
            if any(not self.store.sound(ref.hash) for ref in self.done[name].outputs.values())
        ]
        if not damaged:
            self._failed[node.name] = failure.error()
            return
        for name in damaged:
            self.reporter.warned(name, "its result in the store is gone or damaged: made anew")
            self.answers.sound -= {ref.hash for ref in self.done.pop(name).outputs.values()}
            self.modes[name] = "force"
        again = {*self._waiting, *damaged, node.name}
        self._waiting = [name for name in self.names if name in again]

    def _get_executor(self) -> Executor:
        if self._executor is None:
            if self.options.isolate:
                from thruway.run.isolated import IsolatedExecutor

                self._executor = IsolatedExecutor(self.scratch, self.dag, self.options)
            else:
                from thruway.run.inprocess import InProcessExecutor

                self._executor = InProcessExecutor(
                    self.scratch.place(), probed_steps(self.dag) if self.options.probe else {}
                )
        return self._executor

    def _check_types(self) -> None:
        address = self.code.all()
        if not self.lineage.was_checked(address):
            self._get_executor().check_types(self.dag)
            self.lineage.note_checked(address)

    def _log(self, name: str, address: str) -> None:
        if self.options.logs:
            self.logs.add(name, self.store.get_text(address))
