"""One part of a run that another engine drives: what is done with it.

Its inputs are what other parts gave in the same run, by the lineage; parts that the engine left
out, by a cache of its own, are answered by the store. `driven` says when which part is called.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

from thruway.errors import ThruwayError, UsageError
from thruway.run.engine.execute import PipelineRun, _Going
from thruway.run.engine.fan import Fan
from thruway.run.engine.schedule import stops
from thruway.run.lineage.lineage import Execution
from thruway.run.step import key
from thruway.run.store.store import LIST_FORMAT
from thruway.run.types import RunOptions, StepResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from thruway.kit.dag import Dag, Node
    from thruway.kit.project import ProjectConfig
    from thruway.run.events.reporter import Reporter
    from thruway.run.step.job import Failed, Job
    from thruway.run.types import ArtifactRef, State

Stage = Literal["", "items", "item", "gather"]
_DONE = ("COMPLETE", "CACHED", "SKIPPED")


@dataclass(frozen=True)
class EngineRun:
    """A run as the engine that drives it knows it.

    Attributes:
        engine: its name: `airflow`, `kubeflow`, `tfx`.
        id: of the run there, unique for the engine.
        link: to the run there; "" if there is none.
    """

    engine: str
    id: str
    link: str = ""


@dataclass(frozen=True)
class Part:
    """Which step of a run.

    Attributes:
        of: the run.
        node: name of the step in the pipeline.
        stage: of a mapped step, which part of it.
        index: of the item.
    """

    of: EngineRun
    node: str
    stage: Stage = ""
    index: int = 0


@dataclass(frozen=True)
class PartResult:
    """What came of a part.

    Attributes:
        run: id of the run in the store.
        result: of the step.
        count: how many items there are, of an `items` part.
    """

    run: str
    result: StepResult
    count: int | None = None

    def dump(self) -> dict[str, Any]:
        """Return the record for `--json` and for an engine to hand on: references, no values."""
        return {
            "run": self.run,
            "step": self.result.name,
            "state": self.result.state,
            "count": self.count,
            "outputs": {
                port: {"hash": ref.hash, "member": ref.member, "gate": ref.gate}
                for port, ref in self.result.outputs.items()
            },
        }


@dataclass(frozen=True)
class Begun:
    """What is known when a run begins.

    Attributes:
        run: id of the run in the store.
        answers: step → digest of what the store would answer now; "" for one that it would not.
    """

    run: str
    answers: Mapping[str, str]


class PartRun(PipelineRun):
    """A run that does one node, and leaves the run open."""

    def __init__(
        self,
        project: ProjectConfig,
        dag: Dag,
        options: RunOptions,
        reporter: Reporter,
        part: Part,
        *,
        begin: bool = True,
    ) -> None:
        if part.node and part.node not in [node.name for node in dag.nodes]:
            raise UsageError(
                f"pipeline `{dag.name}` has no step `{part.node}`",
                fix=f"use one of: {', '.join(node.name for node in dag.nodes)}",
            )
        super().__init__(project, dag, options, reporter)
        self._part = part
        self._may_begin = begin
        self._before: dict[str, Execution] = {}

    def __enter__(self) -> Self:
        """Take part in the run, or begin it; see what its other parts gave."""
        shown = {name: repr(value) for name, value in self.jobs.parameters.items()}
        of = self._part.of
        engine = (of.engine, of.id, of.link)
        joined = self.lineage.join_run(
            engine, self.dag.name, shown, self.seed, of.engine, begin=self._may_begin
        )
        if joined is None:
            self.lineage.__exit__(None, None, None)
            raise UsageError(
                "no step of this run is in the store",
                where=f"{of.engine} run {of.id}",
                fix="check that all parts use the same store and lineage",
            )
        self.context, run, began = joined
        self.run = run
        self.scratch.of_part(f"{self._part.node}-{self._part.stage}-{self._part.index}")
        self._look()
        if began:
            self.events.run_started(run, shown)
        else:
            self.events.run_joined(run, list(self._before.values()))
        return self

    def _look(self) -> None:
        """See what other parts of the run gave."""
        done = [one for one in self.lineage.executions(self.run) if one.state in _DONE]
        self._before = {one.step: one for one in done}

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop what still runs; the run goes on elsewhere."""
        self._executors.close()
        self.scratch.close()
        self.lineage.__exit__(kind, error, traceback)

    def part_result(self, *, engine_cache: bool) -> PartResult:
        """Do the part."""
        node = self.dag.node(self._part.node)
        self._skip_left_out()
        if engine_cache:
            self._answer_left_out(self.dag.ancestors(node.name))
        missing = [name for name in node.needs if name not in self._before]
        if missing:
            raise UsageError(
                f"step `{node.name}` needs `{missing[0]}`, which has no result in this run",
                where=f"{self._part.of.engine} run {self._part.of.id}",
                fix="run the steps before it first, in the same run, with the same store",
            )
        if bool(node.mapped) is not bool(self._part.stage):
            kind = "is mapped: say which part of it" if node.mapped else "is not mapped"
            raise UsageError(f"step `{node.name}` {kind}", fix="items, item or gather")
        self.schedule.narrow([node.name], map(_result, self._before.values()))
        if node.name in self.schedule.blocked:
            raise UsageError(
                f"step `{node.name}` takes the value of a step whose gate failed",
                where=f"{self._part.of.engine} run {self._part.of.id}",
                fix="correct what the gate says, and run that step again",
            )
        if not node.mapped or not self.conditions.holds(node):
            return self._done(node.name)
        fan, count = self._fan(node)
        if self._part.stage == "items":
            return self._count(fan, count)
        if count is None and engine_cache:
            count = self._count(fan, None).count
        if count is None:
            raise UsageError(
                f"the items of step `{node.name}` were not counted in this run",
                where=f"{self._part.of.engine} run {self._part.of.id}",
                fix="run the part `items` first",
            )
        if self._part.stage == "item":
            return self._item(fan, count)
        return self._gather(fan, count, engine_cache=engine_cache)

    # What the engine answers from its own cache ---------------------------------------------------

    def _answer_left_out(self, names: Iterable[str]) -> None:
        """Record what the store answers of steps that the engine left out.

        Raises:
            UsageError: it does not answer one of them.
        """
        missing = [name for name in names if name not in self._before]
        if missing:
            self.schedule.narrow(missing, map(_result, self._before.values()))
            self._loop_answered()
            self._look()

    def _loop_answered(self) -> None:
        self.answered_only = True
        try:
            self.loop()
        finally:
            self.answered_only = False

    def _execute(self, node: Node, job: Job, execution: Execution) -> None:
        """Begin a step; refuse one that should have been answered."""
        if not self.answered_only:
            super()._execute(node, job, execution)
        else:
            self._refuse(node.name, execution.reason)

    def _open_fan(self, node: Node, job: Job, execution: Execution) -> None:
        """Begin a mapped step; refuse one that should have been answered."""
        if not self.answered_only:
            super()._open_fan(node, job, execution)
        else:
            self._refuse(node.name, execution.reason)

    def _refuse(self, name: str, why: str) -> None:
        of = self._part.of
        self.schedule.begin(name)
        self._failed[name] = UsageError(
            f"{of.engine} took step `{name}` from its own cache, and the store has no such result"
            f" now: {why}",
            where=f"{of.engine} run {of.id}",
            fix="start the run again, without the cache of that engine",
        )

    def _skip_left_out(self) -> None:
        """Record the steps whose condition does not hold, and that the engine did not start."""
        for node in self.dag.nodes:
            known = self._before
            if node.condition is None or node.name in known or not known.keys() >= {*node.needs}:
                continue
            self.schedule.narrow([node.name], map(_result, known.values()))
            if node.name not in self.schedule.blocked and not self.conditions.holds(node):
                self._skip(node)
                reason = self.done[node.name].reason
                skipped = Execution(0, self.run, node.name, "SKIPPED", "", {}, reason=reason)
                known[node.name] = skipped

    def _may_retry(self, going: _Going, failure: Failed) -> bool:
        """Never: the engine does."""
        del going, failure
        return False

    def _done(self, name: str) -> PartResult:
        self._begin_all()
        return PartResult(self.run, self.done[name])

    def _begin_all(self) -> None:
        """Do what waits; the run itself is not ended."""
        self.loop()
        self.store.settle(
            ref.hash
            for name, result in self.done.items()
            if name not in self._before
            for ref in result.outputs.values()
        )

    # Mapped steps -------------------------------------------------------------------------------

    def _fan(self, node: Node) -> tuple[Fan, int | None]:
        """Return a mapped step, and how many items it has if that is known."""
        job = self.jobs.of(node)
        found = self.jobs.ingredients(node, job)
        inputs = {name: source.artifact for name, source in job.inputs.items()}
        address = key.key_of(found) if found else ""
        fan = Fan(
            node, Execution(0, self.run, node.name, "RUNNING", address, found, inputs=inputs), 0
        )
        self.schedule.fans[node.name] = fan
        if node.mapped in job.values:
            return fan, fan.give(job.values[node.mapped], self.jobs.parameters)
        artifact = job.inputs[node.mapped].artifact
        if artifact.format == LIST_FORMAT:
            parts = self.store.parts(artifact)
            outputs = {str(index): part for index, part in enumerate(parts)}
            self.done[fan.items] = StepResult(fan.items, "CACHED", outputs=outputs)
            return fan, len(parts)
        if artifact.unstored:
            fan.refuse_unstored(artifact)
        counted = self.done.get(fan.items)
        return fan, None if counted is None else len(counted.outputs)

    def _count(self, fan: Fan, count: int | None) -> PartResult:
        if count is None:
            fan.awaits = (fan.items,)
            self._only(fan, [fan.splitting()], fan.items)
            self._begin_all()
            count = len(self.done[fan.items].outputs)
        result = self.done.get(fan.items) or StepResult(fan.items, "COMPLETE")
        return PartResult(self.run, replace(result, outputs={}), count)

    def _item(self, fan: Fan, count: int) -> PartResult:
        index = self._part.index
        if not 0 <= index < count:
            raise UsageError(
                f"step `{fan.node.name}` has {count} items, and no item {index}",
                fix="count them again",
            )
        nodes = fan.expand(count, given=fan.items not in self.done)
        self._only(fan, nodes, nodes[index].name)
        return self._done(nodes[index].name)

    def _gather(self, fan: Fan, count: int, *, engine_cache: bool) -> PartResult:
        nodes = fan.expand(count, given=fan.items not in self.done)
        missing = [node.name for node in nodes if node.name not in self._before]
        if missing and engine_cache:
            self.schedule.add(fan, nodes)
            self.schedule.narrow(missing, list(self.done.values()))
            self._loop_answered()
            self._look()
        elif missing:
            raise UsageError(
                f"`{missing[0]}` has no result in this run",
                where=f"{self._part.of.engine} run {self._part.of.id}",
                fix="run the parts of all items before they are gathered",
            )
        for node in nodes:
            fan.parts[node.name] = self._before[node.name]
        fan.cacheable = self.lineage.may_answer([part.id for part in fan.parts.values()])
        self.schedule.narrow([fan.node.name], self.done.values())
        if self._gathered_before(fan):
            return PartResult(self.run, self.done[fan.node.name])
        fan.row = self.lineage.start(
            self.context, self.schedule.positions[fan.node.name], fan.execution, self.seed
        )
        self._continue_fan(fan)
        self.raise_failures()
        return PartResult(self.run, self.done[fan.node.name])

    def _gathered_before(self, fan: Fan) -> bool:
        """Take the whole from the cache, if all of its parts came from there."""
        name = fan.node.name
        if not fan.parts or any(part.state != "CACHED" for part in fan.parts.values()):
            return False
        sight = self._sight(self.jobs.of(fan.node))
        hit, _ = self._answer(fan.node, self.schedule.modes[name], fan.execution, sight)
        if hit is None:
            return False
        known = fan.execution
        hit = replace(hit, step=name, key=known.key, ingredients=known.ingredients)
        return self._reuse(fan.node, hit)

    def _only(self, fan: Fan, nodes: Iterable[Node], name: str) -> None:
        known = list(nodes)
        self.schedule.add(fan, known)
        self.schedule.narrow([name], list(self.done.values()))

    # The end ------------------------------------------------------------------------------------

    def end(self, elsewhere: Mapping[str, State], *, engine_cache: bool) -> tuple[str, State]:
        """Record how the run ended, from what became of its steps."""
        names = [node.name for node in self.dag.nodes if node.name not in elsewhere]
        self._skip_left_out()
        refused = self._refused_at_the_end(names) if engine_cache else None
        self.schedule.narrow([], map(_result, self._before.values()))
        results = [_result(self._before[name]) for name in names if name in self._before]
        good = len(results) == len(names) and not any(map(stops, results))
        good = good and all(state in _DONE for state in elsewhere.values())
        made = any(self._before[name].state == "COMPLETE" for name in names if good)
        state: State = "FAILED" if not good else "COMPLETE" if made else "CACHED"
        files = {
            token: ref for name in names if good for token, ref in self._before[name].files.items()
        }
        self.scratch.publish(files)
        results_of = self.results()[0] if good else {}
        self.lineage.finish_run(self.context, state, results_of, code=self.code.digest)
        self.events.run_ended(state)
        if refused is not None:
            raise refused
        return self.run, state

    def _refused_at_the_end(self, names: Iterable[str]) -> ThruwayError | None:
        """Record what the engine left out, unless something failed; return what the store lacks."""
        newest = {one.step: one.state for one in self.lineage.executions(self.run)}
        if "FAILED" in newest.values():
            return None
        try:
            self._answer_left_out(names)
        except ThruwayError as error:
            self._look()
            return error
        return None


def _result(execution: Execution) -> StepResult:
    """Return a recorded execution as the result of a step."""
    outputs: Mapping[str, ArtifactRef] = execution.outputs
    return StepResult(execution.step, execution.state, execution.seconds, outputs, execution.files)
