"""The two files: the pipeline with its components, and what runs it on one machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.targets.tfx.artifacts import OWN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from thruway.targets.tfx.components import Call, Component
    from thruway.targets.tfx.parameters import Runtime
    from thruway.targets.tfx.standard_text import StandardText


@dataclass(frozen=True)
class Written:
    """What the files say.

    Attributes:
        name: of the pipeline.
        doc: of the pipeline.
        module: of the file with the pipeline.
        calls: its nodes.
        parameters: its runtime parameters.
        begin: class and variable of the component that all others wait for.
        standard: lines that call TFX's own components, and the ids of these → nodes.
        project, store, lineage: where these are.
        root, metadata: pipeline root and path of the metadata, unless others are said.
    """

    name: str
    doc: str
    module: str
    calls: tuple[Call, ...]
    parameters: tuple[Runtime, ...]
    begin: tuple[str, str]
    standard: StandardText
    project: str
    store: str
    lineage: str
    root: str
    metadata: str


def pipeline_text(told: Written) -> str:
    """Return the file with components and pipeline."""
    components = list(dict.fromkeys(call.component for call in told.calls))
    standard = told.standard
    blocks = [
        _head(told, components),
        _settings(told),
        _OWN_TYPE if OWN in _types(components) else "",
        _begin(told),
        *map(_component, components),
        *standard.functions,
        _create(told),
    ]
    return "\n\n".join(block.strip() for block in blocks if block)


def _head(told: Written, components: list[Component]) -> str:
    types = sorted({"String", *_types(components), *told.standard.types} - {OWN})
    inputs = bool(told.standard.types) or any(component.inputs for component in components)
    needed = ["InputArtifact", "OutputArtifact", "Parameter", "component"][0 if inputs else 1 :]
    first = told.doc.strip().partition("\n")[0].rstrip(".").replace("\\", "\\\\").replace('"', "'")
    return f'''"""The pipeline `{told.name}` as TFX components{": " if first else ""}{first}.

Written by `thruway compile --to tfx`: change the pipeline, and compile it again. Each component
runs one step of the project. Values are in its store, and the artifacts of TFX name them: `hash`
and `member` of an artifact are what `thruway show` takes.
"""

{"import json" if any(one.is_json for one in told.parameters) else ""}

{told.standard.first_import}from tfx import v1 as tfx
from tfx.v1.dsl.components import {", ".join(needed)}
from tfx.v1.types.standard_artifacts import ({", ".join(types)})
{told.standard.imports}from thruway.targets.tfx.running import RUN_ID, Steps
'''


def _settings(told: Written) -> str:
    words = {"store": told.store, "lineage": told.lineage}
    given = [repr(told.project), *(f"{name}={url!r}" for name, url in words.items() if url)]
    return f"""PIPELINE_NAME = {told.name!r}
PIPELINE_ROOT = {told.root!r}
METADATA_PATH = {told.metadata!r}
STEPS = Steps({", ".join(given)})
{_standard_ids(told.standard)}
{_parameters(told.parameters)}"""


def _standard_ids(standard: StandardText) -> str:
    if not standard.ids:
        return ""
    pairs = ", ".join(f"{name!r}: {node!r}" for name, node in standard.ids.items())
    return f"# Components of TFX's own: id → the step that it stands for.\nSTANDARD = {{{pairs}}}"


def _parameters(parameters: tuple[Runtime, ...]) -> str:
    if not parameters:
        return ""
    rows = [f"    {one.name!r}: {_parameter(one)}," for one in parameters]
    lines = ["\n# Types and defaults; each run may set others.", "PARAMETERS = {", *rows, "}"]
    as_json = [repr(one.name) for one in parameters if one.is_json]
    if as_json:
        lines += [
            "# Written as JSON: TFX has numbers and texts only, and takes a default of 0 for none.",
            f"AS_JSON = {{{', '.join(as_json)}}}",
        ]
    return "\n".join(lines)


def _parameter(one: Runtime) -> str:
    default = f", default={one.default}" if one.default else ""
    return f"tfx.dsl.experimental.RuntimeParameter({one.name!r}, ptype={one.type}{default})"


_OWN_TYPE = f'''class {OWN}(tfx.dsl.Artifact):
    """What a step gives that TFX has no type for."""

    TYPE_NAME = "{OWN}"
'''


def _begin(told: Written) -> str:
    arguments = ["run: OutputArtifact[String]", "run_id: Parameter[str]"]
    arguments += [f"{one.name}: Parameter[{one.type}]" for one in told.parameters]
    values = [
        f"{one.name!r}: {f'json.loads({one.name})' if one.is_json else one.name}"
        for one in told.parameters
    ]
    return _function(
        told.begin[0],
        arguments,
        "The parameters of a run, and its id: what all other components take.",
        f"STEPS.begin(run, run_id, {{{', '.join(values)}}})",
    )


def _component(component: Component) -> str:
    step = component.step
    arguments = ["run: str"]
    arguments += [f"{name}: InputArtifact[{kind}]" for name, kind in component.inputs]
    arguments += [f"{each.key}: OutputArtifact[{each.type}]" for each in component.outputs]
    arguments.append("node: Parameter[str]")
    given = [f"{each.port!r}: {each.key}" for each in component.outputs]
    role = f"{step.role.capitalize()}: " if step.role else ""
    return _function(
        component.name,
        arguments,
        f"{role}`{step.module}.{step.qualname}`{', for each item' if component.mapped else ''}.",
        f"STEPS.run(run, node, {{{', '.join(given)}}})",
    )


def _function(name: str, arguments: list[str], doc: str, body: str) -> str:
    return f'''@component
def {name}({", ".join(arguments)}) -> None:
    """{doc}"""
    {body}
'''


def _create(told: Written) -> str:
    title, begin = told.begin
    parameters = ", **PARAMETERS" if told.parameters else ""
    lines = [
        "run_id = tfx.dsl.experimental.RuntimeParameter(RUN_ID, ptype=str)",
        f"{begin} = {title}(run_id=run_id{parameters}).with_id({begin!r})",
        f"run = {begin}.outputs['run']",
        *map(_call, told.calls),
        *told.standard.lines,
    ]
    body = "\n    ".join(lines)
    names = [begin, *(call.name for call in told.calls), *told.standard.names]
    given = ", parameters: dict | None = None" if told.standard.reads else ""
    beam = "beam_pipeline_args=BEAM," if told.standard.beam else ""
    return f'''def create_pipeline(
    pipeline_root: str = PIPELINE_ROOT, metadata_path: str = METADATA_PATH{given}
) -> tfx.dsl.Pipeline:
    """Return the pipeline: its files are under `pipeline_root`, its lineage in a SQLite file."""
    {body}
    return tfx.dsl.Pipeline(
        pipeline_name=PIPELINE_NAME,
        pipeline_root=pipeline_root,
        components=[{", ".join(names)}],
        {beam}
        enable_cache=False,  # the steps know by themselves what need not be done again
        metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
            metadata_path
        ),
    )
'''


def _call(call: Call) -> str:
    words = ["run=run"]
    words += [f"{name}={source}.outputs[{key!r}]" for name, (source, key) in call.wiring]
    words.append(f"node={call.node!r}")
    return f"{call.name} = {call.component.name}({', '.join(words)}).with_id({call.name!r})"


def runner_text(told: Written) -> str:
    """Return the file that runs the pipeline on one machine."""
    as_json = any(one.is_json for one in told.parameters)
    names = [*(["AS_JSON"] if as_json else []), "METADATA_PATH"]
    names += ["PARAMETERS"] if told.parameters else []
    names += ["PIPELINE_ROOT", *(["STANDARD"] if told.standard.ids else [])]
    names += ["STEPS", "create_pipeline"]
    standard = ", STANDARD" if told.standard.ids else ""
    read = ", parameters" if told.standard.reads else ""
    known = f"{'PARAMETERS' if told.parameters else '{}'}, {'AS_JSON' if as_json else 'set()'}"
    return f'''"""Run the TFX pipeline `{told.name}` on this machine.

    python {told.name}_runner.py --help
    python {told.name}_runner.py -p name=value --pipeline-root DIR --metadata-path FILE

What does not need a component that failed runs all the same, as in a run of Thruway, and the end of
the run is recorded whatever happens. A run that failed goes on with `--run-id` and its id.
"""

import sys

from tfx import v1 as tfx
from tfx.orchestration.portable.runtime_parameter_utils import substitute_runtime_parameter
from thruway.targets.tfx.local import LocalRun, main

from {told.module} import ({", ".join(names)})


class Runner(tfx.orchestration.LocalDagRunner):
    """TFX's local runner; what it runs is a run of Thruway."""

    def __init__(self, current: LocalRun) -> None:
        super().__init__()
        self.current = current

    def run_with_ir(self, pipeline, run_options=None) -> None:
        """Run the nodes of a compiled pipeline."""
        self.current.check(run_options)
        substitute_runtime_parameter(pipeline, self.current.bindings())
        self.current.launch(pipeline, super().run_with_ir)


def run(
    parameters: dict | None = None,
    pipeline_root: str = PIPELINE_ROOT,
    metadata_path: str = METADATA_PATH,
    run_id: str = "",
) -> LocalRun:
    """Run the pipeline; return what became of it, whether it failed or not."""
    current = LocalRun(STEPS, {known}, parameters or {{}}, run_id{standard})
    Runner(current).run(create_pipeline(pipeline_root, metadata_path{read}))
    return current


if __name__ == "__main__":
    sys.exit(main(run, STEPS, PIPELINE_ROOT, METADATA_PATH))
'''


def _types(components: Iterable[Component]) -> set[str]:
    return {kind for one in components for _, kind in one.inputs} | {
        each.type for one in components for each in one.outputs
    }
