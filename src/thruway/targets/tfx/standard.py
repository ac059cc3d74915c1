"""Which canonical components can be TFX's own, and why the others stay ours.

TFX's components hand files to each other, and ours values of the store. So a call is replaced only
if everything that takes its result is replaced, too, the pipeline does not return it, and it asks
for nothing that TFX's component has not. What reads the CSV file may run twice: as ours for our
steps, and as `CsvExampleGen` for TFX's. `Pusher` copies files: a component of ours writes the model
of the store as a folder first, in the form that `push` writes.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.kit.dag import FromLiteral, FromOutput, FromParameter, outputs_in
from thruway.targets.tfx.artifacts import is_canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.kit.dag import Binding, Dag, Node

# Component → TFX's, and the arguments that both have.
_EQUALS = {
    "ingest": ("CsvExampleGen", ("source",)),
    "statistics": ("StatisticsGen", ("examples",)),
    "infer_schema": ("SchemaGen", ("statistics",)),
    "import_schema": ("ImportSchemaGen", ("source",)),
    "validate": ("ExampleValidator", ("statistics", "schema")),
    "push": ("Pusher", ("model", "blessings", "destination")),
}
# What blesses → what Pusher calls that.
BLESSES = {"bless": "model_blessing", "infra_validate": "infra_blessing"}
# What an argument has to come from, for TFX's component to take it.
_FROM = {
    "examples": ("ingest",),
    "statistics": ("statistics",),
    "schema": ("infer_schema", "import_schema"),
}
_ENDS = {"ingest": ".csv", "import_schema": ".pbtxt"}
_WHY_OURS = {
    "split": "CsvExampleGen splits by a hash of the record: other rows would be in each part",
    "train": "Trainer runs a `run_fn` of a module file, and not an estimator or a function",
    "transform": "Transform runs a `preprocessing_fn` of TensorFlow",
    "tune": "Tuner runs a `tuner_fn` of a module file",
    "evaluate": "Evaluator takes a SavedModel of Trainer and examples as TFRecord",
    "bless": "Evaluator blesses only what it evaluated itself",
    "infra_validate": "InfraValidator takes a SavedModel of Trainer",
    "resolve": "Resolver finds models that Pusher pushed",
    "importer": "Importer gives an artifact, and the steps take a file",
}


@dataclass(frozen=True)
class Standard:
    """A call of a component of TFX.

    Attributes:
        node: the call of ours that it stands for.
        kind: its class.
        inputs: argument → node whose output it takes.
        source: file that it reads, or folder that it writes to, as Python; "" for none.
        parameter: of the pipeline, that says another one than `source`; "" for none.
        takes: argument → value of the store that it takes, as a file or a verdict.
    """

    node: str
    kind: str
    inputs: tuple[tuple[str, str], ...] = ()
    source: str = ""
    parameter: str = ""
    takes: tuple[tuple[str, FromOutput], ...] = ()


@dataclass(frozen=True)
class Choice:
    """What is replaced.

    Attributes:
        standard: calls of TFX's components, in the order of the pipeline.
        dropped: nodes that ours do not run.
        kept: canonical components that stay ours → why.
    """

    standard: tuple[Standard, ...] = ()
    dropped: frozenset[str] = frozenset()
    kept: tuple[tuple[str, str], ...] = ()


def choose(dag: Dag) -> Choice:
    """Return which calls of a pipeline TFX's own components can do."""
    kept: dict[str, str] = {}
    chosen: dict[str, Standard] = {}
    for node in dag.nodes:
        if is_canonical(node.step):
            why = _why_not(node, chosen, dag)
            if why:
                kept[node.name] = why
            else:
                chosen[node.name] = _standard(node, dag)
    while lost := _needed_by_ours(dag, chosen):
        kept |= lost
        for name in lost:
            del chosen[name]
    readers = {source for one in chosen.values() for _, source in one.inputs}
    for name in [name for name, one in chosen.items() if one.kind == "CsvExampleGen"]:
        if name not in readers:
            kept[name] = "nothing that takes its examples is a component of TFX"
            del chosen[name]
    dropped = frozenset(name for name in chosen if not _takers(dag, name, chosen))
    order = {node.name: at for at, node in enumerate(dag.nodes)}
    return Choice(
        tuple(chosen.values()),
        dropped,
        tuple(sorted(kept.items(), key=lambda pair: order[pair[0]])),
    )


def _why_not(node: Node, chosen: Mapping[str, Standard], dag: Dag) -> str:
    """Return why a call stays ours, whatever takes its result; "" if it need not."""
    name = node.step.name
    if name not in _EQUALS:
        return _WHY_OURS.get(name, "TFX has no such component")
    kind, known = _EQUALS[name]
    if node.mapped or node.condition is not None:
        return f"{kind} runs once, and in any case"
    given = _arguments(node, known)
    foreign = [argument for argument in given if argument not in known]
    if foreign:
        return f"{kind} has no `{foreign[0]}`"
    if kind == "Pusher":
        return _why_not_pushed(given, dag)
    for argument, binding in given.items():
        why = _why_not_from(argument, binding, chosen, dag, _ENDS.get(name, ""), kind)
        if why:
            return why
    return "" if len(given) == len(known) else f"{kind} needs {' and '.join(known)}"


def _why_not_from(
    argument: str,
    binding: Binding,
    chosen: Mapping[str, Standard],
    dag: Dag,
    ends: str,
    kind: str,
) -> str:
    if argument == "source":
        text = _text(binding, dag)
        return "" if text.endswith(ends) else f"{kind} reads one file that ends in {ends}"
    found = isinstance(binding, FromOutput) and binding.field is None and binding.node in chosen
    if found and dag.node(binding.node).step.name in _FROM[argument]:  # type: ignore[union-attr]
        return ""
    return f"{kind} takes {argument} of {' or '.join(_EQUALS[n][0] for n in _FROM[argument])} only"


def _why_not_pushed(given: Mapping[str, Binding], dag: Dag) -> str:
    """Return why Pusher cannot do what a `push` does; "" if it can."""
    model, blessing, destination = map(given.get, _EQUALS["push"][1])
    for one in (model, blessing):
        if isinstance(one, FromOutput) and dag.node(one.node).condition is not None:
            return f"Pusher does not know that `{one.node}` may be left out"
    blesses = "Pusher takes one verdict, of `bless` or of `infra_validate`"
    if not isinstance(model, FromOutput):
        return "Pusher takes the model of a step"
    if not isinstance(blessing, FromOutput):
        return blesses
    by = dag.node(blessing.node)
    if not is_canonical(by.step) or by.step.name not in BLESSES or blessing.field or by.mapped:
        return blesses
    if isinstance(destination, FromParameter) and not _default(destination, dag):
        return ""  # each run says where
    text = _text(destination, dag) if destination is not None else ""
    return "" if text and not text.startswith("models:") else "Pusher writes to a folder"


def _text(binding: Binding, dag: Dag) -> str:
    """Return the place that is meant unless a run says another; "" if that is not known."""
    if isinstance(binding, FromParameter):
        literal = _default(binding, dag)
    else:
        literal = binding.text if isinstance(binding, FromLiteral) else ""
    value = ast.literal_eval(literal) if literal else ""
    special = isinstance(value, str) and ("://" in value or set(value) & set("*?[{"))
    return value if isinstance(value, str) and not special else ""


def _default(binding: FromParameter, dag: Dag) -> str | None:
    return next(each.default for each in dag.parameters if each.name == binding.name)


def _arguments(node: Node, known: tuple[str, ...]) -> dict[str, Binding]:
    def named(name: str) -> str:
        return known[int(name)] if name.isdigit() and int(name) < len(known) else name

    return {named(name): binding for name, binding in node.inputs}


def _standard(node: Node, dag: Dag) -> Standard:
    kind, known = _EQUALS[node.step.name]
    given = _arguments(node, known)
    taken = [(name, each) for name, each in given.items() if isinstance(each, FromOutput)]
    source = given.get("source", given.get("destination"))
    of_store = kind == "Pusher"
    return Standard(
        node.name,
        kind,
        () if of_store else tuple((name, each.node) for name, each in taken),
        "" if source is None else repr(_text(source, dag)),
        source.name if isinstance(source, FromParameter) else "",
        tuple(taken) if of_store else (),
    )


def _needed_by_ours(dag: Dag, chosen: Mapping[str, Standard]) -> dict[str, str]:
    """Return calls that cannot be replaced as things are → why."""
    lost = {}
    for name, one in chosen.items():
        gone = [source for _, source in one.inputs if source not in chosen]
        takers = _takers(dag, name, chosen)
        if gone:
            lost[name] = f"{one.kind} would need `{gone[0]}` of TFX"
        elif takers and one.kind != "CsvExampleGen":
            lost[name] = f"{takers[0]} takes its value from the store"
    return lost


def _takers(dag: Dag, name: str, chosen: Mapping[str, Standard]) -> list[str]:
    """Return what of ours takes the value of a node."""
    takers = [node.name for node in dag.nodes if name in node.needs]
    ours = [f"`{each}`" for each in takers if each not in chosen or chosen[each].takes]
    returned = any(
        output.node == name for _, binding in dag.outputs for output in outputs_in(binding)
    )
    return [*ours, *(["the pipeline"] if returned else [])]
