"""An IR looked at as a graph: what KFP accepts and would only trip over when it runs.

KFP's parsers take dangling producers, missing components and cycles. `flaws` finds them. `flow`
says where everything comes from in the end, whatever DAGs it is handed through, so that two IRs can
be compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Record = dict[str, Any]


def flaws(spec: Record) -> list[str]:
    """Return what is wrong, a sentence each."""
    found = [*_dag(spec, "root", spec["root"])]
    used = {"root"}
    for name, component in spec["components"].items():
        if "dag" in component:
            found += _dag(spec, name, component)
        elif component.get("executorLabel") not in spec["deploymentSpec"]["executors"]:
            found.append(f"{name}: no executor {component.get('executorLabel')}")
    for component in (spec["root"], *spec["components"].values()):
        for task in component.get("dag", {}).get("tasks", {}).values():
            used.add(task["componentRef"]["name"])
    found += [f"{name}: nobody uses it" for name in spec["components"] if name not in used]
    labels = {c.get("executorLabel") for c in spec["components"].values()}
    found += [
        f"{n}: nobody uses it" for n in spec["deploymentSpec"]["executors"] if n not in labels
    ]
    return found


def _dag(spec: Record, name: str, component: Record) -> Iterator[str]:
    tasks = component["dag"]["tasks"]
    inputs = component.get("inputDefinitions", {})
    for at, task in tasks.items():
        inner = spec["components"].get(task["componentRef"]["name"])
        if inner is None:
            yield f"{name}.{at}: no component {task['componentRef']['name']}"
            continue
        after = set(task.get("dependentTasks", ()))
        yield from (
            f"{name}.{at}: waits for {each}, which is not there" for each in after - {*tasks}
        )
        yield from _inputs(spec, f"{name}.{at}", task, inner, tasks, inputs)
        iterator = task.get("parameterIterator")
        if iterator and iterator["items"]["inputParameter"] not in task["inputs"]["parameters"]:
            yield f"{name}.{at}: goes over what it is not given"
        for each in _words(task.get("triggerPolicy", {}).get("condition", "")):
            if each not in task["inputs"].get("parameters", {}):
                yield f"{name}.{at}: its condition is on {each}, which it is not given"
    yield from (f"{name}: {each} is in a cycle" for each in _cyclic(tasks))
    yield from _outputs(spec, name, component)


def _inputs(
    spec: Record, at: str, task: Record, inner: Record, tasks: Record, outer: Record
) -> Iterator[str]:
    given = task.get("inputs", {})
    wanted = inner.get("inputDefinitions", {})
    item = task.get("parameterIterator", {}).get("itemInput")
    for kind in ("parameters", "artifacts"):
        for name, definition in wanted.get(kind, {}).items():
            if (
                name not in given.get(kind, {})
                and name != item
                and not definition.get("isOptional")
            ):
                yield f"{at}: {name} is not given"
        for name, source in given.get(kind, {}).items():
            if name not in wanted.get(kind, {}):
                yield f"{at}: {name} is given, and not taken"
                continue
            there = _type_of(spec, source, tasks, outer.get(kind, {}))
            if isinstance(there, str):
                yield f"{at}: {name}: {there}"
            elif there and _shape(there) != _shape(wanted[kind][name]):
                yield f"{at}: {name} is {_shape(there)}, and {_shape(wanted[kind][name])} is taken"
            producer = _producer(source)
            if producer and producer not in task.get("dependentTasks", ()):
                yield f"{at}: takes what {producer} gives, and does not wait for it"


def _type_of(spec: Record, source: Record, tasks: Record, outer: Record) -> Record | str | None:
    """What a source gives; a text says what is wrong with it."""
    for word in ("componentInputParameter", "componentInputArtifact"):
        if word in source:
            return outer.get(source[word]) or f"no input {source[word]} around it"
    for word, kind in (("taskOutputParameter", "parameters"), ("taskOutputArtifact", "artifacts")):
        if word in source:
            producer = tasks.get(source[word]["producerTask"])
            if producer is None:
                return f"no task {source[word]['producerTask']}"
            component = spec["components"].get(producer["componentRef"]["name"], {})
            key = source[word].get("outputParameterKey") or source[word]["outputArtifactKey"]
            known = component.get("outputDefinitions", {}).get(kind, {})
            return known.get(key) or f"{source[word]['producerTask']} gives no {key}"
    return None


def _producer(source: Record) -> str:
    for word in ("taskOutputParameter", "taskOutputArtifact", "taskFinalStatus"):
        if word in source:
            return source[word]["producerTask"]
    return ""


def _shape(definition: Record) -> str:
    if "parameterType" in definition:
        return definition["parameterType"]
    listed = "list of " if definition.get("isArtifactList") else ""
    return listed + definition["artifactType"]["schemaTitle"]


def _words(condition: str) -> list[str]:
    return condition.split("'")[1::2]


def _cyclic(tasks: Record) -> list[str]:
    left = {name: set(task.get("dependentTasks", ())) & {*tasks} for name, task in tasks.items()}
    while ready := [name for name, after in left.items() if not after]:
        for name in ready:
            del left[name]
        left = {name: after - {*ready} for name, after in left.items()}
    return sorted(left)


def _outputs(spec: Record, name: str, component: Record) -> Iterator[str]:
    tasks = component["dag"]["tasks"]
    declared = component.get("outputDefinitions", {})
    given = component["dag"].get("outputs", {})
    for kind in ("parameters", "artifacts"):
        if set(declared.get(kind, {})) != set(given.get(kind, {})):
            yield f"{name}: its outputs are not those that it declares"
        for key, selector in given.get(kind, {}).items():
            for task, inner in _selected(selector):
                source = {"producerTask": task, "outputArtifactKey": inner}
                word = "taskOutputArtifact" if kind == "artifacts" else "taskOutputParameter"
                if kind == "parameters":
                    source = {"producerTask": task, "outputParameterKey": inner}
                found = _type_of(spec, {word: source}, tasks, {})
                if isinstance(found, str):
                    yield f"{name}: {key}: {found}"


def _selected(selector: Record) -> list[tuple[str, str]]:
    if "artifactSelectors" in selector:
        found = selector["artifactSelectors"]
        return [(each["producerSubtask"], each["outputArtifactKey"]) for each in found]
    one = selector["valueFromParameter"]
    return [(one["producerSubtask"], one["outputParameterKey"])]


# Where everything comes from --------------------------------------------------------------------


def flow(spec: Record) -> dict[str, Record]:
    """Return, for each task with a container, where it is and where what it takes comes from.

    A source is `task.output: type`, or `$name` for a parameter of the pipeline. `after` are the
    tasks with containers that are done before, directly or in a DAG that it waits for.
    """
    found: dict[str, Record] = {}
    _walk(spec, spec["root"], (), {}, frozenset(), found)
    return found


def _walk(
    spec: Record,
    component: Record,
    inside: tuple[str, ...],
    given: dict[str, str],
    after: frozenset[str],
    found: dict[str, Record],
) -> None:
    tasks = component["dag"]["tasks"]
    for name, task in tasks.items():
        inner = spec["components"][task["componentRef"]["name"]]
        sources = {
            key: _source(spec, source, tasks, given)
            for kind in ("parameters", "artifacts")
            for key, source in task.get("inputs", {}).get(kind, {}).items()
        }
        waits = after | {
            leaf
            for each in task.get("dependentTasks", ())
            for leaf in _leaves(spec, each, tasks[each])
        }
        kind = _kind(task, sources)
        if "dag" in inner:
            _walk(spec, inner, (*inside, kind), sources, waits, found)
            continue
        shapes = inner.get("inputDefinitions", {}).get("artifacts", {})
        found[name] = {
            "inside": [each for each in inside if each],
            "after": sorted(waits),
            "takes": {key: f"{sources[key]}: {_shape(shape)}" for key, shape in shapes.items()},
            "parameters": {
                key: sources[key] for key in task.get("inputs", {}).get("parameters", {})
            },
            "gives": {
                key: _shape(shape)
                for kind in ("artifacts", "parameters")
                for key, shape in inner.get("outputDefinitions", {}).get(kind, {}).items()
            },
            "retry": task.get("retryPolicy", {}),
            "trigger": task.get("triggerPolicy", {}).get("strategy", ""),
        }


def _kind(task: Record, sources: dict[str, str]) -> str:
    iterator = task.get("parameterIterator")
    if iterator:
        return f"for each of {sources[iterator['items']['inputParameter']]}"
    condition = task.get("triggerPolicy", {}).get("condition", "")
    for each in _words(condition):
        condition = condition.replace(f"inputs.parameter_values['{each}']", sources[each])
    return f"if {condition}" if condition else ""


def _source(spec: Record, source: Record, tasks: Record, given: dict[str, str]) -> str:
    for word in ("componentInputParameter", "componentInputArtifact"):
        if word in source:
            name = source[word]
            return given.get(name, "each" if name.endswith("-loop-item") else f"${name}")
    for word, key in (
        ("taskOutputParameter", "outputParameterKey"),
        ("taskOutputArtifact", "outputArtifactKey"),
    ):
        if word in source:
            return _made(spec, source[word]["producerTask"], source[word][key], tasks)
    if "taskFinalStatus" in source:
        return "status"
    return str(source["runtimeValue"]["constant"])


def _made(spec: Record, task: str, key: str, tasks: Record) -> str:
    component = spec["components"][tasks[task]["componentRef"]["name"]]
    if "dag" not in component:
        return f"{task}.{key}"
    for outputs in component["dag"]["outputs"].values():
        if key in outputs:
            found = [
                _made(spec, inner, inner_key, component["dag"]["tasks"])
                for inner, inner_key in _selected(outputs[key])
            ]
            return " or ".join(found)
    raise KeyError(key)


def _leaves(spec: Record, name: str, task: Record) -> list[str]:
    component = spec["components"][task["componentRef"]["name"]]
    if "dag" not in component:
        return [name]
    inner = component["dag"]["tasks"]
    return [leaf for each in inner for leaf in _leaves(spec, each, inner[each])]
