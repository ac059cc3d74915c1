"""What the outside sees of the DAG: its parameters, and the assets that it updates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thruway.errors import UsageError
from thruway.kit.dag import outputs_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.kit.dag import Dag
    from thruway.targets.airflow.settings import Settings
    from thruway.targets.tasks import Parameter, Tasks

_KINDS = {"ingest": "dataset", "train": "model"}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


@dataclass(frozen=True)
class AssetOf:
    """An asset that a run updates.

    Attributes:
        name: of it, after the DAG's.
        kind: `result`, `dataset` or `model`.
        tasks: that update it: several where branches meet.
    """

    name: str
    kind: str
    tasks: tuple[str, ...]


def assets_of(dag: Dag, tasks: Tasks) -> list[AssetOf]:
    """Return the results of a pipeline, and the datasets and models that are none of these."""
    last = {task.node: task.name for task in tasks.tasks}
    roles = {task.name: task.role for task in tasks.tasks}
    found: list[AssetOf] = []
    for name, binding in dag.outputs:
        nodes = dict.fromkeys(last[output.node] for output in outputs_in(binding) if output.node)
        makers = tuple(node for node in nodes if not _decides(binding, node, last))
        if makers:
            is_model = all(roles[maker] == "train" for maker in makers)
            found.append(AssetOf(name, "model" if is_model else "result", makers))
    known = {maker for asset in found for maker in asset.tasks}
    names = {asset.name for asset in found}
    for node, task in last.items():
        kind = _KINDS.get(roles[task])
        if kind and task not in known and node not in names:
            found.append(AssetOf(node, kind, (task,)))
    return found


def _decides(binding: Any, task: str, last: Mapping[str, str]) -> bool:
    """Say whether a task only decides between the branches of a result."""
    condition = getattr(binding, "condition", None)
    if condition is None:
        return False
    branches = (binding.then, binding.otherwise)
    return task not in {last[each.node] for each in branches if each is not None}


def schemas(tasks: Tasks, settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the JSON schema of each parameter that can be given to a run.

    Raises:
        UsageError: a run that starts by itself would lack one.
    """
    found = {}
    for parameter in tasks.parameters:
        if not parameter.is_json:
            continue
        of_run = parameter.name == settings.span
        if parameter.required and not of_run and (settings.schedule or settings.assets):
            raise UsageError(
                f"parameter `{parameter.name}` has no default, and nobody gives it to a run that "
                "starts by itself",
                where=f"pipeline `{tasks.pipeline}`",
                fix="give it a default in the pipeline, or leave out the schedule",
            )
        found[parameter.name] = _of_span(parameter) if of_run else _plain(parameter)
    return found


def _plain(parameter: Parameter) -> dict[str, Any]:
    schema = dict(parameter.schema)
    if parameter.required:
        return schema
    if not fits(parameter.default, schema):  # the annotation says other than the default
        schema = {}
    return {"default": parameter.default, **schema}


def _of_span(parameter: Parameter) -> dict[str, Any]:
    kinds = parameter.schema.get("type", ["string", "integer"])
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    types = [*kinds, "null"] if "null" not in kinds else kinds
    words = "What the run is for; by default the date of its data."
    return {"default": None, "type": types, "description": words}


def fits(value: object, schema: Mapping[str, Any]) -> bool:
    """Say whether a value is one of a schema, as far as those of `tasks` go.

    >>> fits(1, {"type": "number"}), fits(True, {"type": "integer"}), fits(None, {})
    (True, False, True)
    """
    if "enum" in schema:
        return value in schema["enum"]
    if "anyOf" in schema:
        return any(fits(value, each) for each in schema["anyOf"])
    if "type" not in schema:
        return True
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if not any(_is(value, kind) for kind in kinds):
        return False
    items = schema.get("items")
    return not (items and isinstance(value, list)) or all(fits(each, items) for each in value)


def _is(value: object, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
