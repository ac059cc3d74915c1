"""The IR: a pipeline as KFP's protobuf has it, as plain data.

`scope` is one DAG of it and says how values come from one into another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruway.kit.dag import FromOutput
from thruway.run.engine.choose import wanted_fields
from thruway.run.store.store import WHOLE
from thruway.targets.kubeflow import containers
from thruway.targets.kubeflow.graph import Group, Leaf, deciding, leaves, surely_some
from thruway.targets.kubeflow.kinds import Output, outputs_of
from thruway.targets.kubeflow.names import (
    ANSWER,
    ID_OF_RUN,
    ITEM,
    OUTPUT,
    RUN,
    STATUS,
    answer_keys,
    channel,
    dashed,
    holds_key,
)
from thruway.targets.kubeflow.parameters import definition, type_of
from thruway.targets.kubeflow.scope import Record, Scope, after, by_name, schema_of, some

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.kit.dag import Dag
    from thruway.targets.kubeflow.settings import Settings
    from thruway.targets.tasks import Tasks

SCHEMA = "2.1.0"
_SDK = "kfp-2.17.0"
_START = "start"
_FINISH = "finish"


def ir_of(dag: Dag, tasks: Tasks, tree: Group, settings: Settings) -> tuple[Record, Record]:
    """Return the IR of a pipeline and what Kubernetes alone knows of it.

    Raises:
        CompileRefused: a step needs what a container cannot have.
    """
    return _Spec(dag, tasks, tree, settings).whole()


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
        self.scopes: dict[str, Scope] = {}
        self.components: Record = {}
        self.executors: Record = {}
        self._learn(tree, ())
        self.start = self._new(_START) if settings.caching else ""
        self.finish = self._new(_FINISH)
        self.paths |= {self.start: (tree,)} if self.start else {}
        self.answers = answer_keys(dag)

    def _learn(self, group: Group, above: tuple[Group, ...]) -> None:
        for child in group.children:
            self.paths[child.id] = (*above, group)
            if isinstance(child, Group):
                self._learn(child, (*above, group))

    def _new(self, name: str) -> str:
        """Return a name for a task of ours."""
        while name in self.paths or name == self.tree.id:
            name = f"{name}-run"
        return name

    def whole(self) -> tuple[Record, Record]:
        root = Scope(self, None, None)
        self._group(root, self.tree)
        self._finish(root)
        for scope in self.scopes.values():
            self._seal(scope)
        for name, scope in self.scopes.items():
            self.components[f"comp-{name}"] = scope.component()
        dag = root.component()["dag"]
        written = {parameter.name: parameter for parameter in self.dag.parameters}
        inputs = {each.name: definition(each, written[each.name]) for each in self.tasks.parameters}
        info: Record = {"description": self.tasks.doc} if self.tasks.doc else {}
        ours = [name for name in (self.start, self.finish) if name]
        names = [leaf.id for leaf in leaves(self.tree)] + ours
        on_each = containers.on_kubernetes(self.settings)
        spec: Record = {
            "components": by_name(self.components),
            "deploymentSpec": {"executors": by_name(self.executors)},
            "pipelineInfo": info | {"name": dashed(self.tasks.pipeline)},
            "root": {"dag": dag}
            | ({"inputDefinitions": {"parameters": by_name(inputs)}} if inputs else {}),
            "schemaVersion": SCHEMA,
            "sdkVersion": _SDK,
        }
        executors = {f"exec-{name}": on_each for name in sorted(names)} if on_each else {}
        platform: Record = {
            "platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}
        }
        return spec, platform if executors else {}

    # DAGs ---------------------------------------------------------------------------------------

    def _group(self, scope: Scope, group: Group) -> None:
        """Add a DAG to a scope, with all that is in it."""
        task: Record = {"componentRef": {"name": f"comp-{group.id}"}, "inputs": {}}
        scope.tasks[group.id] = task | {"taskInfo": {"name": group.id}}
        inner = self.scopes[group.id] = Scope(self, group, scope)
        if group.kind == "loop":
            self._iterate(inner)
        if group.kind == "condition":
            self._decide(scope, group)
        if group is self.tree and self.start:
            self._start(inner)
        for child in group.children:
            if isinstance(child, Group):
                self._group(inner, child)
            else:
                self._leaf(inner, child)

    def _iterate(self, inner: Scope) -> None:
        """Have a loop go over the list that its items task gives."""
        assert inner.group is not None
        items = channel(inner.group.items, OUTPUT)
        source = {"outputParameterKey": OUTPUT, "producerTask": inner.group.items}
        inner.takes(items, "LIST", {"taskOutputParameter": source})
        inner.parameters[f"{items}-loop-item"] = {"parameterType": "NUMBER_INTEGER"}
        task = inner.task
        after(task, inner.group.items)
        task["parameterIterator"] = {
            "itemInput": f"{items}-loop-item",
            "items": {"inputParameter": items},
        }
        if self.settings.parallel:
            task["iteratorPolicy"] = {"parallelismLimit": self.settings.parallel}

    def _decide(self, scope: Scope, group: Group) -> None:
        """Have a branch run only when its condition holds."""
        inner = self.scopes[group.id]
        binding = group.binding
        if isinstance(binding, FromOutput):
            maker = self.gives[binding.node]
            key = holds_key(binding.field or WHOLE)
            name = channel(maker.id, key)
            inner.takes(name, "BOOLEAN", scope.result(inner.task, maker.id, key, "BOOLEAN"))
        else:
            assert binding is not None
            name = inner.parameter(binding.name, "BOOLEAN")["componentInputParameter"]
        holds = f"inputs.parameter_values['{name}'] == true"
        inner.task["triggerPolicy"] = {"condition": f"!({holds})" if group.negated else holds}

    def _seal(self, scope: Scope) -> None:
        """Give a DAG an input, if it has none: kfp.local hands artifacts on only beside one."""
        if not scope.task["inputs"].get("parameters"):
            scope.takes(RUN, "STRING", {"runtimeValue": {"constant": ID_OF_RUN}})

    # Tasks --------------------------------------------------------------------------------------

    def _leaf(self, scope: Scope, leaf: Leaf) -> None:
        """Add the task of a part to a scope."""
        task = _task(leaf.id)
        scope.tasks[leaf.id] = task
        retry = containers.retry_of(leaf.task.options)
        if retry:
            task["retryPolicy"] = retry
        types = {ANSWER if self.start else RUN: "STRING", **self.types}
        given = self._parameters(scope)
        if self.start:
            answer = self.answers[leaf.node.name]
            given[ANSWER] = scope.result(task, self.start, answer, "STRING")
            task["cachingOptions"] = {"enableCache": True}
        else:
            given[RUN] = {"runtimeValue": {"constant": ID_OF_RUN}}
        if leaf.task.stage == "item":
            assert scope.group is not None
            item = f"{channel(scope.group.items, OUTPUT)}-loop-item"
            given[ITEM] = {"componentInputParameter": item}
            types[ITEM] = "NUMBER_INTEGER"
        task["inputs"]["parameters"] = by_name(given)
        artifacts, shapes = self._artifacts(scope, task, leaf)
        if artifacts:
            task["inputs"]["artifacts"] = by_name(artifacts)
        self._wait(scope, task, leaf)
        self._component(leaf, types, shapes)
        self.executors[f"exec-{leaf.id}"] = {
            "container": containers.container_of(leaf, self.settings)
        }

    def _wait(self, scope: Scope, task: Record, leaf: Leaf) -> None:
        """Have a task wait for those that it needs, or for the DAGs of this scope they are in."""
        inside: Scope | None = scope
        for needed in leaf.task.needs:
            maker = self.leaf_of[needed]
            inside, user = scope, task
            path = self.path_in(inside, maker.id)
            while path is None:
                user = inside.task
                assert inside.parent is not None
                inside = inside.parent
                path = self.path_in(inside, maker.id)
            after(user, (path[0] if path else maker).id)

    def _artifacts(self, scope: Scope, task: Record, leaf: Leaf) -> tuple[Record, Record]:
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
            shapes[key] = {"artifactType": schema_of(found[0].kind)}
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
        inputs = _shapes(types)
        given = {each.key: {"artifactType": schema_of(each.kind)} for each in self._outputs(leaf)}
        results: Record = {}
        if leaf.task.stage == "items":
            results[OUTPUT] = {"parameterType": "LIST"}
        for node, field in self.decide:
            if node == leaf.node.name:
                results[holds_key(field or WHOLE)] = {"parameterType": "BOOLEAN"}
        found: Record = {"executorLabel": f"exec-{leaf.id}"}
        found["inputDefinitions"] = some(artifacts=by_name(shapes), parameters=by_name(inputs))
        outputs = some(artifacts=by_name(given), parameters=by_name(results))
        self.components[f"comp-{leaf.id}"] = found | (
            {"outputDefinitions": outputs} if outputs else {}
        )

    def _parameters(self, scope: Scope) -> Record:
        """Return where a task of a scope has all parameters of the pipeline from."""
        return {name: scope.parameter(name, kind) for name, kind in self.types.items()}

    def _start(self, scope: Scope) -> None:
        """Add the task that begins the run, and says how the store answers each step."""
        name = self.start
        scope.tasks[name] = task = _task(name)
        task["inputs"]["parameters"] = self._parameters(scope)
        inputs = some(parameters=by_name(_shapes(self.types)))
        answers = _shapes(dict.fromkeys(sorted(self.answers.values()), "STRING"))
        self.components[f"comp-{name}"] = {
            "executorLabel": f"exec-{name}",
            **some(inputDefinitions=inputs),
            "outputDefinitions": {"parameters": answers},
        }
        self.executors[f"exec-{name}"] = {"container": containers.start_container(self.settings)}

    def _finish(self, root: Scope) -> None:
        """Add the task that ends the run, whatever became of the others."""
        name = self.finish
        status: Record = {STATUS: {"taskFinalStatus": {"producerTask": self.tree.id}}}
        taken: Record = {STATUS: {"isOptional": True, "parameterType": "TASK_FINAL_STATUS"}}
        if self.start:  # it may have to ask the store what becomes of the steps
            status |= self._parameters(root)
            taken |= _shapes(self.types)
        else:
            status[RUN] = {"runtimeValue": {"constant": ID_OF_RUN}}
            taken[RUN] = {"parameterType": "STRING"}
        root.tasks[name] = _task(name) | {
            "dependentTasks": [self.tree.id],
            "inputs": {"parameters": by_name(status)},
            "triggerPolicy": {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"},
        }
        self.components[f"comp-{name}"] = {
            "executorLabel": f"exec-{name}",
            "inputDefinitions": {"parameters": by_name(taken)},
        }
        self.executors[f"exec-{name}"] = {"container": containers.end_container(self.settings)}

    # From one DAG to another --------------------------------------------------------------------

    def path_in(self, scope: Scope, task: str) -> tuple[Group, ...] | None:
        """Return the DAGs around a task that are in a scope, outermost first; None: it is not."""
        around = self.paths[task]
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
            shape: Record = {"artifactType": schema_of(output.kind)}
            scope.outputs[name] = task, key, shape | ({"isArtifactList": True} if listed else {})
            task, key = group.id, name
        return key

    def surface_result(self, path: tuple[Group, ...], task: str, key: str, kind: str) -> str:
        """Hand a parameter up out of the DAGs around its task; return its key outside."""
        name, inside, inner = channel(task, key), task, key
        for group in reversed(path):
            self.scopes[group.id].results[name] = inside, inner, kind
            inside, inner = group.id, name
        return inner


def _shapes(types: Mapping[str, str]) -> Record:
    """Return the definitions of parameters."""
    return {name: {"parameterType": kind} for name, kind in types.items()}


def _task(name: str) -> Record:
    """Return a task that KFP's cache does not answer."""
    return {
        "cachingOptions": {},
        "componentRef": {"name": f"comp-{name}"},
        "inputs": {},
        "taskInfo": {"name": name},
    }
