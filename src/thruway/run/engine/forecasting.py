"""What a run would do, without doing it: which steps are cached, which run, and why.

A step whose inputs are known is asked of the cache as a run would ask. One that needs what a
step yet to run gives is not known in advance: if that gives the same as before, it is cached.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from thruway.kit.reading.read import read_pipeline
from thruway.run.engine import choose
from thruway.run.engine.answers import Answers
from thruway.run.engine.conditions import Conditions, load_from
from thruway.run.engine.given import given_ports
from thruway.run.engine.jobs import Jobs
from thruway.run.engine.schedule import Schedule
from thruway.run.events.reporter import SilentReporter
from thruway.run.executors.choice import Executors
from thruway.run.executors.interpreter import CodeKeys
from thruway.run.lineage.lineage import Execution, Lineage
from thruway.run.step import key
from thruway.run.step.scratch import Scratch
from thruway.run.store.store import Store
from thruway.run.types import RunOptions, StepResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.kit.dag import Dag, Node
    from thruway.kit.project import ProjectConfig
    from thruway.run.types import ArtifactRef

Verdict = Literal["cached", "run", "depends", "skip"]
"""cached: answered; run: executed; depends: on what steps before it give; skip: not looked at."""


@dataclass(frozen=True)
class StepForecast:
    """What would become of one step.

    Attributes:
        name: of the step.
        verdict: what a run would do.
        reason: why the cache cannot answer, or what it depends on; "" for a cached step.
        seconds: of its own code the last time; None if it never ran.
        run: id of the run whose result would be used, "" if none.
        changes: what differs from its newest execution, a sentence each.
        pickled: outputs that its newest execution stored as pickle.
        answer: digest of what a cached step is answered with, or of that its condition does not
            hold; "" for another.
    """

    name: str
    verdict: Verdict
    reason: str = ""
    seconds: float | None = None
    run: str = ""
    changes: tuple[str, ...] = ()
    pickled: tuple[str, ...] = ()
    answer: str = ""


@dataclass(frozen=True)
class Forecast:
    """What a run would do, step by step in the order of the pipeline."""

    pipeline: str
    steps: tuple[StepForecast, ...] = field(default_factory=tuple)

    def count(self, verdict: Verdict) -> int:
        """Return how many steps have a verdict."""
        return sum(step.verdict == verdict for step in self.steps)

    def step(self, name: str) -> StepForecast:
        """Return one step; KeyError if there is none."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    def dump(self) -> dict[str, Any]:
        """Return the record for `--json`."""
        return {"pipeline": self.pipeline, "steps": [asdict(step) for step in self.steps]}


def forecast(project: ProjectConfig, options: RunOptions | None = None) -> Forecast:
    """Return what a run of a project would do; nothing is executed, and nothing is written.

    Raises:
        PipelineError: the pipeline cannot be built.
        UsageError: the options make no sense for it.
    """
    dag = read_pipeline(project)
    asked = options or RunOptions()
    with Lineage(project.storage) as lineage:
        return Forecast(dag.name, _Forecaster(project, dag, asked, lineage).all())


class _Forecaster:
    def __init__(
        self, project: ProjectConfig, dag: Dag, options: RunOptions, lineage: Lineage
    ) -> None:
        self._dag = dag
        self._options = options
        self._given = given_ports(dag, options.given)
        self._schedule = Schedule(dag, options)
        self._store = Store(project.storage)
        self._lineage = lineage
        self._scratch = Scratch(project, self._store, lambda: "", shared=not options.apart)
        executors = Executors(self._scratch, dag, options)
        code = CodeKeys(dag, project.roots, executors.about)
        self._answers = Answers(self._store, lineage, self._schedule.wanted, SilentReporter(), code)
        seed = project.seed if options.seed is None else options.seed
        parameters = choose.parameter_values(dag, options.params)
        load = load_from(self._schedule, {}, self._store.load)
        self._conditions = Conditions(self._schedule, parameters, load)
        self._jobs = Jobs(
            self._schedule, parameters, code, self._answers, options, seed, self._conditions
        )
        self._rewritten: dict[str, str] = {}

    def all(self) -> tuple[StepForecast, ...]:
        return tuple(self._one(node) for node in self._dag.nodes)

    def _one(self, node: Node) -> StepForecast:
        mode = self._schedule.modes[node.name]
        if mode == "skip":
            return StepForecast(node.name, "skip", "not asked for")
        last = next(iter(self._lineage.latest(node.name, complete=False)), None)
        seconds = last.seconds if last and last.state != "FAILED" else None
        pickled = _pickled(last.outputs) if last else ()
        if node.name in self._given:
            self._will_write(node.name, last)
            return StepForecast(node.name, "run", "a value is given", seconds, pickled=pickled)
        if mode == "force":
            self._will_write(node.name, last)
            return StepForecast(node.name, "run", "asked for", seconds, pickled=pickled)
        open_needs = [need for need in node.needs if need not in self._schedule.done]
        if open_needs:
            self._will_write(node.name, last)
            reason = f"it needs `{'`, `'.join(open_needs)}`"
            return StepForecast(node.name, "depends", reason, seconds, pickled=pickled)
        if not self._conditions.holds(node):
            reason = self._conditions.reason(node)
            self._schedule.finish(StepResult(node.name, "SKIPPED", reason=reason))
            return StepForecast(node.name, "skip", reason, answer=key.answer_of("", {}))
        return self._asked(node, last, seconds, pickled)

    def _asked(
        self, node: Node, last: Execution | None, seconds: float | None, pickled: tuple[str, ...]
    ) -> StepForecast:
        job = self._jobs.of(node)
        found = self._jobs.ingredients(node, job)
        execution = Execution(0, "", node.name, "NEW", key.key_of(found) if found else "", found)
        if last and last.ingredients == found:
            for name in (token.partition(":")[2] for token in last.reads):
                if name in self._rewritten:
                    self._will_write(node.name, last)
                    reason = f"`{self._rewritten[name]}`, which runs first, writes `{name}`"
                    return StepForecast(node.name, "depends", reason, seconds, pickled=pickled)
        sight = self._scratch.sight(source.artifact for source in job.inputs.values())
        hit, reason = self._answers.ask(node, execution, sight, off=self._options.no_cache)
        if hit is None:
            self._will_write(node.name, last)
            changes = tuple(key.changes(last.ingredients, found)) if last else ()
            return StepForecast(node.name, "run", reason, seconds, changes=changes, pickled=pickled)
        self._scratch.add(hit.files, written=False)
        self._schedule.finish(StepResult(node.name, "CACHED", hit.seconds, hit.outputs, hit.files))
        return StepForecast(
            node.name,
            "cached",
            "",
            hit.seconds,
            hit.run,
            pickled=_pickled(hit.outputs),
            answer=key.answer_of(execution.key, {**hit.outputs, **hit.files}),
        )

    def _will_write(self, name: str, last: Execution | None) -> None:
        """Note files that a step, which runs, may write anew."""
        for path in last.files if last else ():
            self._rewritten.setdefault(path, name)


def _pickled(outputs: Mapping[str, ArtifactRef]) -> tuple[str, ...]:
    return tuple(port for port, ref in outputs.items() if ref.format.startswith("pickle"))
