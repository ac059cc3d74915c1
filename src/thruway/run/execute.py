"""Run a pipeline: what the cache can answer is answered, the rest is executed.

The engine walks the nodes in order and knows nothing of how a step is executed (`inprocess`,
`isolated`), what is in an object (`store`) or what a key is made of (`key`).
"""

from __future__ import annotations

import ast
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, Self

from thruway.errors import UsageError
from thruway.kit.dag import Dag, FromOutput, Node
from thruway.kit.read import read_pipeline
from thruway.run import choose, key
from thruway.run.interpreter import CodeKeys
from thruway.run.job import WHOLE, Done, Executor, Failed, Input, Job
from thruway.run.lineage import Execution, Lineage
from thruway.run.reporter import Reporter, SilentReporter
from thruway.run.scratch import Scratch, sweep
from thruway.run.store import Store
from thruway.run.types import ArtifactRef, RunOptions, RunResult, StepResult

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from thruway.kit.project import ProjectConfig

_CLOCK_SLACK = 10_000_000  # nanoseconds by which file times may lag behind the clock
_VERIFIED_ON_HIT = 64 << 20  # larger objects are verified when they are read


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
        self.code = CodeKeys(dag, project.roots, options.python if options.isolate else "")
        self.scratch = Scratch(project, self.store, lambda: self.run)
        self.run = ""
        self.context = 0
        self.done: dict[str, StepResult] = {}
        self.memory: dict[tuple[str, str], Any] = {}
        self.verified: set[str] = set()
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
        """Stop what still runs, remove the working folder, record how the run ended."""
        if self._executor is not None:
            self._executor.close()
        self.scratch.close()
        if not self._finished:
            self.lineage.finish_run(self.context, "FAILED", {})
        self.lineage.__exit__(kind, error, traceback)

    def go(self) -> RunResult:
        """Answer or execute every step that was asked for."""
        names = [node.name for node in self.dag.nodes if self.modes[node.name] != "skip"]
        self.reporter.run_started(self.run, names)
        for position, node in enumerate(self.dag.nodes):
            if self.modes[node.name] != "skip":
                self.step(position, node, self.modes[node.name])
        return self._finish(names)

    def _finish(self, names: list[str]) -> RunResult:
        outputs = self.project.outputs
        self.scratch.publish(outputs)
        results = {
            name: (source.node, source.field or WHOLE)
            for name, source in self.dag.outputs
            if isinstance(source, FromOutput) and source.node in self.done
        }
        steps = tuple(self.done[name] for name in names)
        cached = all(step.state == "CACHED" for step in steps)
        result = RunResult(
            run=self.run,
            state="CACHED" if cached else "COMPLETE",
            steps=steps,
            results={name: self.done[node].outputs[port] for name, (node, port) in results.items()},
            outputs=outputs,
            store=self.store.root,
            memory={name: self.memory[at] for name, at in results.items() if at in self.memory},
        )
        self.lineage.finish_run(self.context, result.state, results)
        self._finished = True
        self.reporter.run_finished(result)
        return result

    # One step -----------------------------------------------------------------------------------

    def step(self, position: int, node: Node, mode: choose.Mode) -> None:
        """Answer one step from the cache, or execute it."""
        job = self._job(node)
        found = self._ingredients(node, job)
        address = key.key_of(found) if found else ""
        execution = Execution(0, self.run, node.name, "RUNNING", address, found)
        hit, reason = self._answer(node, mode, execution)
        if hit is None and mode == "take":
            hit = self._newest(node, execution)
        if hit is not None:
            self._reuse(position, node, replace(hit, key=address, ingredients=found))
            return
        inputs = {name: source.artifact for name, source in job.inputs.items()}
        self._execute(position, node, job, replace(execution, reason=reason, inputs=inputs))

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
        )

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

    # The cache ----------------------------------------------------------------------------------

    def _answer(
        self, node: Node, mode: choose.Mode, execution: Execution
    ) -> tuple[Execution | None, str]:
        """Return an execution that gave what this one would give, or why there is none."""
        if mode == "force":
            return None, "asked for"
        if self.options.no_cache or self.options.probe:
            return None, "the cache is off"
        if not execution.key:
            return None, "an input is only in memory"
        reason = ""
        for candidate in self.lineage.candidates(execution.key):
            reason = self._unusable(node, candidate)
            if not reason:
                return candidate, ""
        return None, reason or self._why(node, execution.ingredients)

    def _unusable(self, node: Node, candidate: Execution) -> str:
        ports = {field or WHOLE for field in self.wanted[node.name]}
        if not ports <= set(candidate.outputs):
            return "an output that was not kept is needed"
        changed = key.files_unchanged(candidate.reads, self._digest)
        if changed:
            return f"{_words(changed)} changed"
        for artifact in (*candidate.outputs.values(), *candidate.files.values()):
            if not self._sound(artifact):
                self.reporter.warned(
                    node.name, f"`{artifact.member}` in the store is gone or damaged: made anew"
                )
                return f"`{artifact.member}` in the store is gone or damaged"
        return ""

    def _sound(self, artifact: ArtifactRef) -> bool:
        if artifact.hash in self.verified:
            return True
        large = artifact.bytes > _VERIFIED_ON_HIT
        good = self.store.has(artifact.hash) if large else self.store.sound(artifact.hash)
        if good:
            self.verified.add(artifact.hash)
        return good

    def _digest(self, token: str) -> str:
        return self.scratch.digest(token)

    def _changed_since(self, token: str, began: int) -> bool:
        """Say whether a file changed while a step ran: which content it read is not known."""
        if token.partition(":")[2] in self.scratch.files:
            return False
        try:
            changed = self.scratch.present(token).stat().st_ctime_ns
        except OSError:
            return False
        return changed >= began - _CLOCK_SLACK

    def _why(self, node: Node, found: Mapping[str, str]) -> str:
        last = self.lineage.latest(node.name, complete=False)
        if not last:
            return "it never ran before"
        if last[0].state == "FAILED" and last[0].ingredients == found:
            return "it failed the last time"
        return key.difference(last[0].ingredients, found) or "it was not kept the last time"

    def _newest(self, node: Node, execution: Execution) -> Execution:
        """Return the newest result of a step that is not to be executed."""
        for last in self.lineage.latest(node.name, limit=8):
            complete = {field or WHOLE for field in self.wanted[node.name]} <= set(last.outputs)
            if complete and all(self._sound(artifact) for artifact in last.outputs.values()):
                why = key.difference(last.ingredients, execution.ingredients) or "a file changed"
                self.reporter.warned(node.name, f"taken from run {last.run} although {why}")
                return last
        raise UsageError(
            f"step `{self.options.only}` needs step `{node.name}`, which has no result yet",
            fix="run the pipeline once without `--only`",
        )

    def _reuse(self, position: int, node: Node, hit: Execution) -> None:
        self.lineage.reuse(self.context, position, hit, self.seed)
        self.scratch.add(hit.files, written=False)
        self.done[node.name] = StepResult(
            node.name, "CACHED", hit.seconds, hit.outputs, hit.files, ""
        )
        if self.options.logs:
            self._echo(node, self.store.get_text(hit.log))
        self.reporter.step_finished(node.name, "CACHED", hit.seconds, "")

    # Execution ----------------------------------------------------------------------------------

    def _execute(self, position: int, node: Node, job: Job, execution: Execution) -> None:
        self._check_types()
        self.reporter.step_started(node.name)
        began = time.time_ns()
        row = self.lineage.start(self.context, position, execution, self.seed)
        done = self._attempts(node, job, position)
        if done.failure is not None and done.failure.kind == "Missing":
            self.lineage.fail(row, done.failure.what, "")
            self._repair(position, node, done.failure)
            return
        log = self.store.put_text(done.stdout)
        if self.options.logs:
            self._echo(node, done.stdout)
        for text in done.warnings:
            self.reporter.warned(node.name, text)
        if done.failure is not None:
            self._fail(row, node, done, log, execution.reason)
        self._keep(row, node, done, began, replace(execution, log=log))

    def _attempts(self, node: Node, job: Job, position: int) -> Done:
        executor = self._get_executor()
        attempts = 1 + int(step_option(node, "retries", 0) or 0)
        for attempt in range(attempts):
            done = executor.perform(job, lambda at: self._needed_after(position, at))
            fatal = done.failure is None or done.failure.kind in ("Missing", "StorageError")
            if fatal or attempt + 1 == attempts:
                break
            assert done.failure is not None
            self.reporter.warned(node.name, f"{done.failure.what}; tried again")
            time.sleep(min(0.5 * 2**attempt, 30.0))
        return done

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

    def _fail(self, row: int, node: Node, done: Done, log: str, reason: str) -> NoReturn:
        assert done.failure is not None
        self.lineage.fail(row, done.failure.what, log)
        self.reporter.step_finished(node.name, "FAILED", done.seconds, reason)
        raise done.failure.error() from done.cause

    def _keep(self, row: int, node: Node, done: Done, began: int, execution: Execution) -> None:
        unstored = [port for port, artifact in done.outputs.items() if artifact.unstored]
        for port in unstored:
            self.memory[node.name, port] = done.values.get(port)
            why = done.outputs[port].unstored
            self.reporter.warned(node.name, f"`{port}` is not cached: {why}")
        reads = {token: self._digest(token) for token in done.reads}
        unsettled = [token for token in reads if self._changed_since(token, began)]
        for token in unsettled:
            self.reporter.warned(node.name, f"{_words(token)} changed meanwhile: not cached")
        off = self.options.no_cache or self.options.probe or "stdin" in reads
        allowed = bool(execution.key) and not unstored and not unsettled and not off
        complete = replace(
            execution,
            outputs=done.outputs,
            files=done.files,
            reads=reads,
            seconds=done.seconds,
        )
        self.lineage.complete(row, complete, cacheable=allowed)
        self.scratch.add(done.files, written=True)
        self.verified |= {artifact.hash for artifact in done.outputs.values() if artifact.hash}
        self.done[node.name] = StepResult(
            node.name,
            "COMPLETE",
            done.seconds,
            done.outputs,
            done.files,
            execution.reason,
            done.record,
        )
        self.reporter.step_finished(node.name, "COMPLETE", done.seconds, execution.reason)

    def _repair(self, position: int, node: Node, failure: Failed) -> None:
        """Execute again the steps whose objects turned out to be damaged, then this one."""
        damaged = [
            name
            for name in node.needs
            if any(not self.store.sound(ref.hash) for ref in self.done[name].outputs.values())
        ]
        if not damaged:
            raise failure.error()
        for name in damaged:
            self.reporter.warned(name, "its result in the store is gone or damaged: made anew")
            self.verified -= {artifact.hash for artifact in self.done[name].outputs.values()}
            producer = self.dag.node(name)
            self.step(self.dag.nodes.index(producer), producer, "force")
        self.step(position, node, self.modes[node.name])

    def _get_executor(self) -> Executor:
        if self._executor is None:
            place = self.scratch.place()
            if self.options.isolate:
                from thruway.run.isolated import IsolatedExecutor

                self._executor = IsolatedExecutor(place, self.dag, self.options)
            else:
                from thruway.run.inprocess import InProcessExecutor

                self._executor = InProcessExecutor(place, self._probed())
        return self._executor

    def _probed(self) -> dict[str, str]:
        if not self.options.probe:
            return {}
        return {node.step.module: node.step.qualname for node in self.dag.nodes}

    def _check_types(self) -> None:
        address = self.code.all()
        if not self.lineage.was_checked(address):
            self._get_executor().check_types(self.dag)
            self.lineage.note_checked(address)

    def _echo(self, node: Node, text: str) -> None:
        if text:
            self.reporter.output(node.name, text)


def step_option(node: Node, name: str, default: Any) -> Any:
    """Return a literal keyword of `@step(...)`."""
    for option, text in node.step.options:
        if option == name:
            try:
                return ast.literal_eval(text)
            except (ValueError, SyntaxError):
                return default
    return default


def _words(token: str) -> str:
    kind, _, name = token.partition(":")
    return f"the folder `{name}`" if kind == "dir" else f"the file `{name or kind}`"
