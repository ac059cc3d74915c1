"""A DAG while it is made: what its tasks take from where.

A value that is used elsewhere than it is made has to be handed up out of every DAG around it and
down into every DAG around its user. A scope does that on demand: whoever asks it for a value gets
what to write in the inputs of one of its tasks, and the scopes in between learn of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from thruway.targets.kubeflow.names import channel

if TYPE_CHECKING:
    from thruway.targets.kubeflow.graph import Group, Leaf
    from thruway.targets.kubeflow.kinds import Output

Record = dict[str, Any]


class Surroundings(Protocol):
    """What a scope asks of the whole."""

    def path_in(self, scope: Scope, task: str) -> tuple[Group, ...] | None:
        """Return the DAGs around a task that are in a scope, outermost first; None: it is not."""

    def surface(self, path: tuple[Group, ...], leaf: Leaf, output: Output) -> str:
        """Hand an artifact up out of the DAGs around its task; return its key outside."""

    def surface_result(self, path: tuple[Group, ...], task: str, key: str, kind: str) -> str:
        """Hand a parameter up out of the DAGs around its task; return its key outside."""


class Scope:
    """A DAG while it is made: its tasks, what comes into it and what goes out of it."""

    def __init__(self, spec: Surroundings, group: Group | None, parent: Scope | None) -> None:
        self.spec = spec
        self.group = group
        self.parent = parent
        self.tasks: dict[str, Record] = {}
        self.parameters: Record = {}
        self.artifacts: Record = {}
        self.outputs: dict[str, tuple[str, str, Record]] = {}
        self.results: dict[str, tuple[str, str, str]] = {}

    @property
    def task(self) -> Record:
        """The task of the scope around it that it is."""
        assert self.parent is not None
        assert self.group is not None
        return self.parent.tasks[self.group.id]

    def takes(self, name: str, kind: str, source: Record) -> None:
        """Note that a parameter comes in."""
        self.parameters[name] = {"parameterType": kind}
        self.task["inputs"].setdefault("parameters", {})[name] = source

    def parameter(self, name: str, kind: str) -> Record:
        """Return where a task of this scope has a parameter of the pipeline from."""
        if self.parent is None:
            return {"componentInputParameter": name}
        inner = f"pipelinechannel--{name}"
        if inner not in self.parameters:
            self.takes(inner, kind, self.parent.parameter(name, kind))
        return {"componentInputParameter": inner}

    def artifact(self, user: Record, maker: Leaf, output: Output) -> Record:
        """Return where a task of this scope has an artifact from.

        Args:
            user: the task.
            maker: the task that makes it.
            output: which artifact of that.
        """
        path = self.spec.path_in(self, maker.id)
        if path is not None:
            first = path[0].id if path else maker.id
            key = self.spec.surface(path, maker, output)
            after(user, first)
            return {"taskOutputArtifact": {"outputArtifactKey": key, "producerTask": first}}
        assert self.parent is not None
        name = channel(maker.id, output.key)
        if name not in self.artifacts:
            source = self.parent.artifact(self.task, maker, output)
            self.task["inputs"].setdefault("artifacts", {})[name] = source
            self.artifacts[name] = {"artifactType": schema_of(output.kind)}
        return {"componentInputArtifact": name}

    def result(self, user: Record, maker: str, key: str, kind: str) -> Record:
        """Return where a task of this scope has a parameter that a task gives from."""
        path = self.spec.path_in(self, maker)
        if path is not None:
            first = path[0].id if path else maker
            inner = self.spec.surface_result(path, maker, key, kind)
            after(user, first)
            return {"taskOutputParameter": {"outputParameterKey": inner, "producerTask": first}}
        assert self.parent is not None
        name = channel(maker, key)
        if name not in self.parameters:
            self.takes(name, kind, self.parent.result(self.task, maker, key, kind))
        return {"componentInputParameter": name}

    def component(self) -> Record:
        """Return it as a component."""
        selectors = {
            name: {"artifactSelectors": [{"outputArtifactKey": key, "producerSubtask": task}]}
            for name, (task, key, _) in self.outputs.items()
        }
        results = {
            name: {"valueFromParameter": {"outputParameterKey": key, "producerSubtask": task}}
            for name, (task, key, _) in self.results.items()
        }
        dag: Record = {}
        outputs = some(artifacts=by_name(selectors), parameters=by_name(results))
        if outputs:
            dag["outputs"] = outputs
        dag["tasks"] = {name: _task_text(self.tasks[name]) for name in sorted(self.tasks)}
        found: Record = {"dag": dag}
        inputs = some(artifacts=by_name(self.artifacts), parameters=by_name(self.parameters))
        if inputs:
            found["inputDefinitions"] = inputs
        given = some(
            artifacts={name: shape for name, (*_, shape) in sorted(self.outputs.items())},
            parameters={n: {"parameterType": k} for n, (*_, k) in sorted(self.results.items())},
        )
        return found | ({"outputDefinitions": given} if given else {})


def after(task: Record, name: str) -> None:
    """Have a task wait for another one."""
    task["dependentTasks"] = sorted({*task.get("dependentTasks", ()), name})


def schema_of(kind: str) -> Record:
    """Return the type of an artifact."""
    return {"schemaTitle": kind, "schemaVersion": "0.0.1"}


def _task_text(task: Record) -> Record:
    """Return a task as it is written: sorted, without empty inputs."""
    inputs = {kind: by_name(each) for kind, each in sorted(task["inputs"].items()) if each}
    rest = {key: value for key, value in task.items() if key != "inputs"}
    return by_name(rest | ({"inputs": inputs} if inputs else {}))


def some(**records: Record) -> Record:
    """Return the records that hold something, by name."""
    return {name: record for name, record in records.items() if record}


def by_name(record: Record) -> Record:
    """Return a record in the order of its keys."""
    return dict(sorted(record.items()))
