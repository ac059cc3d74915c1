"""Calls of TFX's own components, as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from thruway.targets.tfx.components import source_of
from thruway.targets.tfx.standard import BLESSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from thruway.kit.dag import Dag
    from thruway.targets.tfx.components import Call
    from thruway.targets.tfx.names import Names
    from thruway.targets.tfx.standard import Choice, Standard

_CSV = '''def csv_examples(path: str) -> tfx.components.CsvExampleGen:
    """Return what reads one CSV file, all of it as one split."""
    folder, name = STEPS.source(path)
    read = tfx.proto.Input.Split(name="all", pattern=name)
    kept = tfx.proto.SplitConfig.Split(name="all", hash_buckets=1)
    return tfx.components.CsvExampleGen(
        input_base=folder,
        input_config=tfx.proto.Input(splits=[read]),
        output_config=tfx.proto.Output(split_config=tfx.proto.SplitConfig(splits=[kept])),
    )
'''
_GATE = '''@component
def AnomaliesGate(anomalies: InputArtifact[ExampleAnomalies]) -> None:
    """What a failed `validate` does: ExampleValidator writes anomalies down, and stops nothing."""
    reasons = []
    for split in anomalies.splits:
        path = f"{anomalies.uri}/Split-{split}/SchemaDiff.pb"
        with tfx.dsl.io.fileio.open(path, "rb") as file:
            found = anomalies_pb2.Anomalies.FromString(file.read())
        for column, info in sorted(found.anomaly_info.items()):
            if info.severity == anomalies_pb2.AnomalyInfo.ERROR:
                reasons.append(f"{column}: {info.description}")
    if reasons:
        raise GateFailed(f"the data is not as expected: {'; '.join(reasons)}")
'''
_EXPORT = '''@component
def {name}(
    run: str, {key}: InputArtifact[{type}], exported: OutputArtifact[Model], node: Parameter[str]
) -> None:
    """A model as files, which Pusher copies: the folder that `push` would write."""
    STEPS.export(node, {key}, exported)
'''
_DESTINATION = '''def destination(path: str) -> tfx.proto.PushDestination:
    """Return the folder that models are pushed to, each version in one of its own."""
    folder = tfx.proto.PushDestination.Filesystem(base_directory=STEPS.destination(path))
    return tfx.proto.PushDestination(filesystem=folder)
'''
_BEAM = """# Beam in this process: newer ones would fetch a runner first.
BEAM = ["--runner=DirectRunner", "--direct_running_mode=in_memory"]
"""


@dataclass(frozen=True)
class StandardText:
    """What the file says of TFX's own components.

    Attributes:
        lines: that call them.
        names: of the variables that hold them.
        functions: that they need.
        ids: id of a component → the node that it stands for.
        types: of artifacts that are named.
        first_import, imports: lines for the head, before and after those of TFX.
        reads: whether a parameter of the pipeline says what they read.
        beam: whether they run on Beam.
    """

    lines: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    types: frozenset[str] = frozenset()
    first_import: str = ""
    imports: str = ""
    reads: bool = False
    beam: bool = False


def standard_text(
    choice: Choice, calls: tuple[Call, ...], names: Names, titles: Names, dag: Dag
) -> StandardText:
    """Return the text for what was chosen; nothing if that is nothing.

    Args:
        choice: what was chosen.
        calls: of components of ours.
        names: of variables that are taken.
        titles: of components that are taken.
        dag: the pipeline.
    """
    if not choice.standard:
        return StandardText()
    ours = {call.node for call in calls}
    held: dict[str, str] = {}
    lines, ids = [], {}
    exports: dict[tuple[str, str], str] = {}
    by_node = {call.node: call for call in calls}
    for one in choice.standard:
        name = f"{one.node}_examples" if one.node in ours else one.node
        if one.kind == "Pusher":
            export = names.free(f"{one.node}_model")
            held[export], held[one.node] = export, names.free(name)
            model = dict(one.takes)["model"]
            (source, key), kind = source_of(model, by_node)
            if (key, kind) not in exports:
                exports[key, kind] = titles.free("ExportModel")
            words = f"run=run, {key}={source}.outputs[{key!r}], node={model.node!r}"
            lines.append(f"{export} = {exports[key, kind]}({words}).with_id({export!r})")
            lines.append(_pushed(one, held[one.node], export, by_node, dag))
        else:
            held[one.node] = names.free(name)
            lines.append(_line(one, held))
        if one.node not in ours:
            ids[held[one.node]] = one.node
        if one.kind == "ExampleValidator":
            gate = names.free(f"{one.node}_gate")
            held[gate] = gate
            ids[gate] = one.node
            taken = f"{held[one.node]}.outputs['anomalies']"
            lines.append(f"{gate} = AnomaliesGate(anomalies={taken}).with_id({gate!r})")
    kinds = {one.kind for one in choice.standard}
    gates = "ExampleValidator" in kinds
    beam = kinds != {"Pusher"}
    return StandardText(
        tuple(lines),
        tuple(held.values()),
        (
            *([_BEAM] if beam else []),
            *([_CSV] if "CsvExampleGen" in kinds else []),
            *([_GATE] if gates else []),
            *(_EXPORT.format(name=t, key=key, type=kind) for (key, kind), t in exports.items()),
            *([_DESTINATION] if exports else []),
        ),
        ids,
        frozenset({"ExampleAnomalies"} if gates else ()) | frozenset({"Model"} if exports else ()),
        "from tensorflow_metadata.proto.v0 import anomalies_pb2\n" if gates else "",
        "from thruway.errors import GateFailed\n" if gates else "",
        any(one.parameter for one in choice.standard),
        beam,
    )


def _line(one: Standard, held: Mapping[str, str]) -> str:
    name = held[one.node]
    if one.kind == "CsvExampleGen":
        return f"{name} = csv_examples({_source(one)}).with_id({name!r})"
    words = [f"{key}={held[source]}.outputs[{key!r}]" for key, source in one.inputs]
    if one.kind == "ImportSchemaGen":
        words = [f"schema_file='/'.join(STEPS.source({_source(one)}))"]
    return f"{name} = tfx.components.{one.kind}({', '.join(words)}).with_id({name!r})"


def _pushed(one: Standard, name: str, export: str, calls: Mapping[str, Call], dag: Dag) -> str:
    verdict = dict(one.takes)["blessings"]
    (source, key), _ = source_of(verdict, calls)
    argument = BLESSES[dag.node(verdict.node).step.name]
    return (
        f"{name} = tfx.components.Pusher(model={export}.outputs['exported'], "
        f"{argument}={source}.outputs[{key!r}], "
        f"push_destination=destination({_source(one)})).with_id({name!r})"
    )


def _source(one: Standard) -> str:
    if one.parameter:
        return f"(parameters or {{}}).get({one.parameter!r}, {one.source})"
    return one.source


def notes_of(choice: Choice) -> Iterator[str]:
    """Yield what was replaced, and what was not."""
    for one in choice.standard:
        both = "" if one.node in choice.dropped else ", besides ours, whose value steps take"
        yield f"`{one.node}` is {one.kind}{both}"
    for one in choice.standard:
        if one.kind == "Pusher":
            yield f"`{one.node}` names a version by its time in seconds, and no version `latest`"
    if any(one.kind == "CsvExampleGen" for one in choice.standard):
        yield "CsvExampleGen takes only an empty field for missing, and `NA` for a text"
    for name, why in choice.kept:
        yield f"`{name}` stays ours: {why}"
