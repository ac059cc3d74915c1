"""What an executor is given for a node, and what the key of that is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.kit.dag import FromOutput
from thruway.run.engine import choose
from thruway.run.executors.room import need_of
from thruway.run.step import key
from thruway.run.step.declared import declared_environment, step_option
from thruway.run.step.job import Input, Job

if TYPE_CHECKING:
    from collections.abc import Iterable

    from thruway.kit.dag import Node
    from thruway.run.engine.answers import Answers
    from thruway.run.engine.conditions import Conditions
    from thruway.run.engine.schedule import Schedule
    from thruway.run.executors.interpreter import CodeKeys
    from thruway.run.types import ArtifactRef, RunOptions


class Jobs:
    """Makes the jobs of one run.

    Attributes:
        parameters: value of every parameter of the pipeline, and of items that are plain values.
    """

    def __init__(
        self,
        schedule: Schedule,
        parameters: dict[str, Any],
        code: CodeKeys,
        answers: Answers,
        options: RunOptions,
        seed: int,
        conditions: Conditions,
    ) -> None:
        self.parameters = parameters
        self._conditions = conditions
        self._schedule = schedule
        self._code = code
        self._answers = answers
        self._options = options
        self._seed = seed

    def of(self, node: Node) -> Job:
        """Return what is to be executed for a node whose inputs are done."""
        inputs: dict[str, Input] = {}
        values = choose.plain_arguments(node, self.parameters)
        for name, source in node.inputs:
            settled = self._conditions.settle(source)
            if isinstance(settled, FromOutput):
                inputs[name] = self._schedule.input(settled)
            elif settled is None:
                values[name] = None
        fan = self._schedule.fan_of(node.name)
        splits = fan is not None and node.name == fan.items
        timeout = None if splits else step_option(node, "timeout", None)
        return Job(
            node=node.name,
            module=node.step.module,
            qualname=node.step.qualname,
            inputs=inputs,
            values=values,
            fields=node.step.outputs if fan is None else (),
            wanted=self._schedule.wanted[node.name],
            code=self._code.places(node, _named(source.artifact for source in inputs.values())),
            seed=self._seed,
            probe=self._options.probe,
            keep=frozenset(
                name
                for step, name in self._options.keep
                if step == node.name or (fan is not None and step == fan.node.name)
            ),
            fan="" if fan is None else "split" if splits else "item",
            timeout=float(timeout or 0.0),
            memory=0 if splits else need_of(node).memory,
            environment={} if splits else declared_environment(node),
            trusted=frozenset(
                source.artifact.hash
                for source in inputs.values()
                if source.artifact.hash in self._answers.sound
            ),
        )

    def ingredients(self, node: Node, job: Job) -> dict[str, str]:
        """Return what the key is made of; nothing when an input is only in memory."""
        inputs = {name: source.artifact for name, source in job.inputs.items()}
        if any(artifact.unstored for artifact in inputs.values()):
            return {}
        of_values, used = self._code.of_values(_named(inputs.values()))
        own, packages = self._code.of(node)
        code, packages = {**of_values, **own}, {**used, **packages}
        return key.ingredients(
            environment=job.environment,
            code=code,
            params=job.values,
            inputs=inputs,
            packages=packages,
            seed=self._seed,
            python=self._code.python,
        )


def _named(artifacts: Iterable[ArtifactRef]) -> list[str]:
    return sorted({name for artifact in artifacts for name in artifact.named})
