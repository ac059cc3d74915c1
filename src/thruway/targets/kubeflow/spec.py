"""The IR: a pipeline as KFP's protobuf has it, as plain data.

A value that is used elsewhere than it is made has to be handed up out of every DAG around it and
down into every DAG around its user. `_Scope` does that on demand: whoever asks a scope for a value
gets what to write in the inputs of one of its tasks, and the scopes in between learn of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.kit.dag import FromOutput
from thruway.run.engine.choose import wanted_fields
from thruway.run.store.store import WHOLE
from thruway.targets.kubeflow import containers
from thruway.targets.kubeflow.graph import Group, Leaf, deciding, leaves, surely_some
from thruway.targets.kubeflow.kinds import Output, outputs_of
from thruway.targets.kubeflow.names import ITEM, OUTPUT, RUN, channel, holds_key
from thruway.targets.kubeflow.parameters import definition, type_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.kit.dag import Dag
    from thruway.targets.kubeflow.settings import Settings
    from thruway.targets.tasks import Tasks

Record = dict[str, Any]

SCHEMA = "2.1.0"
_SDK = "kfp-2.17.0"
_ID_OF_RUN = "{{$.pipeline_job_uuid}}"
_FINISH = "finish"
_STATUS = "status"


def ir_of(dag: Dag, tasks: Tasks, tree: Group, settings: Settings) -> tuple[Record, Record]:
    """Return the IR of a pipeline and what Kubernetes alone knows of it.

    Raises:
        CompileRefused: a step needs what a container cannot have.
    """
    return _Spec(dag, tasks, tree, settings).whole()


class _Scope:
    """A DAG while it is made: its tasks, what comes into it and what goes out of it."""

    def __init__(self, spec: _Spec, group: Group | None, parent: _Scope | None) -> None:
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
        path = self.spec.path_in(self, maker)
        if path is not None:
            first = path[0] if path else maker
            key = self.spec.surface(path, maker, output)
            _after(user, first.id)
            return {"taskOutputArtifact": {"outputArtifactKey": key, "producerTask": first.id}}
        assert self.parent is not None
        name = channel(maker.id, output.key)
        if name not in self.artifacts:
            source = self.parent.artifact(self.task, maker, output)
            self.task["inputs"].setdefault("artifacts", {})[name] = source
            self.artifacts[name] = {"artifactType": _schema(output.kind)}
        return {"componentInputArtifact": name}

    def result(self, user: Record, maker: Leaf, key: str, kind: str) -> Record:
        """Return where a task of this scope has a parameter that a task gives from."""
        path = self.spec.path_in(self, maker)
        if path is not None:
            first = path[0] if path else maker
            inner = self.spec.surface_result(path, maker, key, kind)
            _after(user, first.id)
            return {"taskOutputParameter": {"outputParameterKey": inner, "producerTask": first.id}}
        assert self.parent is not None
        name = channel(maker.id, key)
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
        outputs = _some(artifacts=_by_name(selectors), parameters=_by_name(results))
        if outputs:
            dag["outputs"] = outputs
        dag["tasks"] = {name: _task_text(self.tasks[name]) for name in sorted(self.tasks)}
        found: Record = {"dag": dag}
        inputs = _some(artifacts=_by_name(self.artifacts), parameters=_by_name(self.parameters))
        if inputs:
            found["inputDefinitions"] = inputs
        given = _some(
            artifacts={name: shape for name, (*_, shape) in sorted(self.outputs.items())},
            parameters={n: {"parameterType": k} for n, (*_, k) in sorted(self.results.items())},
        )
        return found | ({"outputDefinitions": given} if given else {})


class _Spec:
    def __init__(self, dag: Dag, tasks: Tasks, tree: Group, settings: Settings) -> None:
        self.dag = dag
        self.tasks = tasks
        self.tree = tree
        self.settings = settings
        self.wanted = wanted_fields(dag)
        self.types = {parameter.name: type_of(parameter) for parameter in tasks.parameters}
        self.decide = deciding(tree)
        self.leaf_of = {leaf.task.name: leaf for leaf in leaves(tree)}
        self.gives = {leaf.node.name: leaf for leaf in leaves(tree)}  # the last one gives
        self.paths: dict[str, tuple[Group, ...]] = {}
        self.scopes: dict[str, _Scope] = {}
        self.components: Record = {}
        self.executors: Record = {}
        self._learn(tree, ())

    def _learn(self, group: Group, above: tuple[Group, ...]) -> None:
        for child in group.children:
            self.paths[child.id] = (*above, group)
            if isinstance(child, Group):
                self._learn(child, (*above, group))

    def whole(self) -> tuple[Record, Record]:
        root = _Scope(self, None, None)
        self._group(root, self.tree)
        finish = self._finish(root)
        for scope in self.scopes.values():
            assert scope.group is not None
            self._seal(scope)
            self.components[f"comp-{scope.group.id}"] = scope.component()
        dag = root.component()["dag"]
        written = {parameter.name: parameter for parameter in self.dag.parameters}
        inputs = {each.name: definition(each, written[each.name]) for each in self.tasks.parameters}
        info: Record = {"description": self.tasks.doc} if self.tasks.doc else {}
        names = [leaf.id for leaf in leaves(self.tree)] + [finish]
        on_each = containers.on_kubernetes(self.settings)
        spec: Record = {
            "components": _by_name(self.components),
            "deploymentSpec": {"executors": _by_name(self.executors)},
            "pipelineInfo": info | {"name": _pipeline_name(self.tasks.pipeline)},
            "root": {"dag": dag}
            | ({"inputDefinitions": {"parameters": _by_name(inputs)}} if inputs else {}),
            "schemaVersion": SCHEMA,
            "sdkVersion": _SDK,
        }
        executors = {f"exec-{name}": on_each for name in sorted(names)} if on_each else {}
        platform: Record = {
            "platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}
        }
        return spec, platform if executors else {}

    # DAGs ---------------------------------------------------------------------------------------

    def _group(self, scope: _Scope, group: Group) -> None:
        """Add a DAG to a scope, with all that is in it."""
        task: Record = {"componentRef": {"name": f"comp-{group.id}"}, "inputs": {}}
        scope.tasks[group.id] = task | {"taskInfo": {"name": group.id}}
        inner = self.scopes[group.id] = _Scope(self, group, scope)
        if group.kind == "loop":
            self._iterate(scope, inner)
        if group.kind == "condition":
            self._decide(scope, group)
        for child in group.children:
            if isinstance(child, Group):
                self._group(inner, child)
            else:
                self._leaf(inner, child)

    def _iterate(self, scope: _Scope, inner: _Scope) -> None:
        """Have a loop go over the list that its items task gives."""
        assert inner.group is not None
        items = channel(inner.group.items, OUTPUT)
        source = {"outputParameterKey": OUTPUT, "producerTask": inner.group.items}
        inner.takes(items, "LIST", {"taskOutputParameter": source})
        inner.parameters[f"{items}-loop-item"] = {"parameterType": "NUMBER_INTEGER"}
        task = inner.task
        _after(task, inner.group.items)
        task["parameterIterator"] = {
            "itemInput": f"{items}-loop-item",
            "items": {"inputParameter": items},
        }
        if self.settings.parallel:
            task["iteratorPolicy"] = {"parallelismLimit": self.settings.parallel}
        del scope

    def _decide(self, scope: _Scope, group: Group) -> None:
        """Have a branch run only when its condition holds."""
        inner = self.scopes[group.id]
        binding = group.binding
        if isinstance(binding, FromOutput):
            maker = self.gives[binding.node]
            key = holds_key(binding.field or WHOLE)
            name = channel(maker.id, key)
            inner.takes(name, "BOOLEAN", scope.result(inner.task, maker, key, "BOOLEAN"))
        else:
            assert binding is not None
            name = inner.parameter(binding.name, "BOOLEAN")["componentInputParameter"]
        holds = f"inputs.parameter_values['{name}'] == true"
        inner.task["triggerPolicy"] = {"condition": f"!({holds})" if group.negated else holds}

    def _seal(self, scope: _Scope) -> None:
        """Give a DAG an input, if it has none: kfp.local hands artifacts on only beside one."""
        if not scope.task["inputs"].get("parameters"):
            scope.takes(RUN, "STRING", {"runtimeValue": {"constant": _ID_OF_RUN}})

    # Tasks --------------------------------------------------------------------------------------

    def _leaf(self, scope: _Scope, leaf: Leaf) -> None:
        """Add the task of a part to a scope."""
        task: Record = {
            "cachingOptions": {},
            "componentRef": {"name": f"comp-{leaf.id}"},
            "inputs": {},
            "taskInfo": {"name": leaf.id},
        }
        scope.tasks[leaf.id] = task
        retry = containers.retry_of(leaf.task.options)
        if retry:
            task["retryPolicy"] = retry
        types = {RUN: "STRING", **self.types}
        given = {name: scope.parameter(name, kind) for name, kind in self.types.items()}
        given[RUN] = {"runtimeValue": {"constant": _ID_OF_RUN}}
        if leaf.task.stage == "item":
            assert scope.group is not None
            item = f"{channel(scope.group.items, OUTPUT)}-loop-item"
            given[ITEM] = {"componentInputParameter": item}
            types[ITEM] = "NUMBER_INTEGER"
        task["inputs"]["parameters"] = _by_name(given)
        artifacts, shapes = self._artifacts(scope, task, leaf)
        if artifacts:
            task["inputs"]["artifacts"] = _by_name(artifacts)
        self._wait(scope, task, leaf)
        self._component(leaf, types, shapes)
        self.executors[f"exec-{leaf.id}"] = {
            "container": containers.container_of(leaf, self.settings)
        }

    def _wait(self, scope: _Scope, task: Record, leaf: Leaf) -> None:
        """Have a task wait for those that it needs, or for the DAGs of this scope they are in."""
        inside: _Scope | None = scope
        for needed in leaf.task.needs:
            maker = self.leaf_of[needed]
            inside, user = scope, task
            path = self.path_in(inside, maker)
            while path is None:
                user = inside.task
                assert inside.parent is not None
                inside = inside.parent
                path = self.path_in(inside, maker)
            _after(user, (path[0] if path else maker).id)

    def _artifacts(self, scope: _Scope, task: Record, leaf: Leaf) -> tuple[Record, Record]:
        """Return where the artifacts come from that a task takes, and what they are."""
        sources: Record = {}
        shapes: Record = {}
        for name, maker, port in self._taken(leaf):
            found = [each for each in self._outputs(maker) if each.port == port]
            if not found:
                continue
            key = f"{name}-value" if name in self.types else name
            listed = leaf.task.stage == "gather"
            sources[key] = scope.artifact(task, maker, found[0])
            shapes[key] = {"artifactType": _schema(found[0].kind)}
            if listed:
                shapes[key]["isArtifactList"] = True
        return sources, shapes

    def _taken(self, leaf: Leaf) -> list[tuple[str, Leaf, str]]:
        """Return (name, task, port) of what a task takes that is there whenever it runs."""
        if leaf.task.stage == "gather":
            item = self.leaf_of[leaf.task.needs[1]]
            return [(OUTPUT, item, WHOLE)] if surely_some(leaf.node) else []
        found = []
        for argument, source in leaf.node.inputs:
            if not isinstance(source, FromOutput):
                continue
            maker = self.gives[source.node]
            if maker.node.condition is None or maker.node.condition == leaf.node.condition:
                name = f"argument-{argument}" if argument.isdigit() else argument
                found.append((name, maker, source.field or WHOLE))
        return found

    def _outputs(self, leaf: Leaf) -> tuple[Output, ...]:
        wanted = self.wanted[leaf.node.name]
        return outputs_of(leaf.node, wanted, leaf.task.stage, views=self.settings.views)

    def _component(self, leaf: Leaf, types: Mapping[str, str], shapes: Record) -> None:
        """Add the component of a task: what comes in and what goes out."""
        inputs = {name: {"parameterType": kind} for name, kind in types.items()}
        given = {each.key: {"artifactType": _schema(each.kind)} for each in self._outputs(leaf)}
        results: Record = {}
        if leaf.task.stage == "items":
            results[OUTPUT] = {"parameterType": "LIST"}
        for node, field in self.decide:
            if node == leaf.node.name:
                results[holds_key(field or WHOLE)] = {"parameterType": "BOOLEAN"}
        found: Record = {"executorLabel": f"exec-{leaf.id}"}
        found["inputDefinitions"] = _some(artifacts=_by_name(shapes), parameters=_by_name(inputs))
        outputs = _some(artifacts=_by_name(given), parameters=_by_name(results))
        self.components[f"comp-{leaf.id}"] = found | (
            {"outputDefinitions": outputs} if outputs else {}
        )

    def _finish(self, root: _Scope) -> str:
        """Add the task that ends the run, whatever became of the others; return its name."""
        name = _FINISH
        while name in self.paths or name == self.tree.id:
            name = f"{name}-run"
        root.tasks[name] = {
            "cachingOptions": {},
            "componentRef": {"name": f"comp-{name}"},
            "dependentTasks": [self.tree.id],
            "inputs": {
                "parameters": {
                    RUN: {"runtimeValue": {"constant": _ID_OF_RUN}},
                    _STATUS: {"taskFinalStatus": {"producerTask": self.tree.id}},
                }
            },
            "taskInfo": {"name": name},
            "triggerPolicy": {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"},
        }
        self.components[f"comp-{name}"] = {
            "executorLabel": f"exec-{name}",
            "inputDefinitions": {
                "parameters": {
                    RUN: {"parameterType": "STRING"},
                    _STATUS: {"isOptional": True, "parameterType": "TASK_FINAL_STATUS"},
                }
            },
        }
        self.executors[f"exec-{name}"] = {"container": containers.end_container(self.settings)}
        return name

    # From one DAG to another --------------------------------------------------------------------

    def path_in(self, scope: _Scope, leaf: Leaf) -> tuple[Group, ...] | None:
        """Return the DAGs around a task that are in a scope, outermost first; None: it is not."""
        around = self.paths[leaf.id]
        if scope.group is None:
            return around
        if scope.group not in around:
            return None
        return around[around.index(scope.group) + 1 :]

    def surface(self, path: tuple[Group, ...], leaf: Leaf, output: Output) -> str:
        """Hand an artifact up out of the DAGs around its task; return its key outside."""
        task, key, listed = leaf.id, output.key, False
        for group in reversed(path):
            scope, name = self.scopes[group.id], channel(leaf.id, output.key)
            listed = listed or group.kind == "loop"
            shape: Record = {"artifactType": _schema(output.kind)}
            scope.outputs[name] = task, key, shape | ({"isArtifactList": True} if listed else {})
            task, key = group.id, name
        return key

    def surface_result(self, path: tuple[Group, ...], leaf: Leaf, key: str, kind: str) -> str:
        """Hand a parameter up out of the DAGs around its task; return its key outside."""
        task, inner = leaf.id, key
        for group in reversed(path):
            name = channel(leaf.id, key)
            self.scopes[group.id].results[name] = task, inner, kind
            task, inner = group.id, name
        return inner


def _after(task: Record, name: str) -> None:
    """Have a task wait for another one."""
    task["dependentTasks"] = sorted({*task.get("dependentTasks", ()), name})


def _schema(kind: str) -> Record:
    return {"schemaTitle": kind, "schemaVersion": "0.0.1"}


def _task_text(task: Record) -> Record:
    """Return a task as it is written: sorted, without empty inputs."""
    inputs = {kind: _by_name(each) for kind, each in sorted(task["inputs"].items()) if each}
    rest = {key: value for key, value in task.items() if key != "inputs"}
    return _by_name(rest | ({"inputs": inputs} if inputs else {}))


def _some(**records: Record) -> Record:
    return {name: record for name, record in records.items() if record}


def _by_name(record: Record) -> Record:
    return dict(sorted(record.items()))


def _pipeline_name(name: str) -> str:
    from thruway.targets.kubeflow.names import dashed

    return dashed(name)
