"""A pipeline as tasks of another engine: what every target is made from.

A task is one call of `run.run_part`. A plain step is one task; a mapped step is three: its items
are counted, each is a task, and what they gave is gathered. What a step is given does not pass
between tasks: parts of one run find it in the store, by the lineage that they share.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from thruway.kit.dag import FromLiteral, FromParameter
from thruway.kit.options import DEFAULTS, StepOptions, with_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.kit.dag import Dag, Node, StepParameter

Stage = Literal["", "items", "item", "gather"]


@dataclass(frozen=True)
class Parameter:
    """A parameter of the pipeline, as a JSON schema.

    Attributes:
        name: of it.
        schema: JSON schema of its values; {} when its annotation says nothing that JSON knows.
        required: it has no default.
        default: as JSON writes it; None too when it has none.
        is_json: whether JSON can write its default exactly; else it can only be left as it is.
    """

    name: str
    schema: Mapping[str, Any]
    required: bool
    default: Any = None
    is_json: bool = True


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes:
        name: unique: the node's, and `.items`, `.item` or `.gather` for parts of a mapped one.
        node: name of the node.
        stage: of a mapped node, which part.
        needs: names of tasks that have to be done before, in the order of the pipeline.
        over: of an `item` task, the task that counts the items.
        condition: text of the condition that the node runs on, "" if it always does.
        decides: names of tasks whose value the condition is; of `condition`.
        options: retries, timeout, resources.
        role: of the step, "" if none.
        outputs: names of its ports; () for a single one.
        doc: place of the step, `module.function`.
    """

    name: str
    node: str
    stage: Stage = ""
    needs: tuple[str, ...] = ()
    over: str = ""
    condition: str = ""
    decides: tuple[str, ...] = ()
    options: StepOptions = DEFAULTS
    role: str = ""
    outputs: tuple[str, ...] = ()
    doc: str = ""

    def dump(self) -> str:
        """Return one line: `fit.item: fit item over fit.items (fit.items)`."""
        stage = f" {self.stage}" if self.stage else ""
        over = f" over {self.over}" if self.over else ""
        when = f" when {self.condition}" if self.condition else ""
        return f"{self.name}: {self.node}{stage}{over} ({', '.join(self.needs)}){when}"


@dataclass(frozen=True)
class Tasks:
    """A pipeline as another engine sees it.

    Attributes:
        pipeline: its name.
        doc: its docstring, "" if none.
        tasks: in an order in which they can run.
        parameters: of the pipeline.
    """

    pipeline: str
    doc: str
    tasks: tuple[Task, ...]
    parameters: tuple[Parameter, ...]

    def dump(self) -> str:
        """Return one line for each task."""
        return "\n".join(task.dump() for task in self.tasks)


def tasks_of(dag: Dag) -> Tasks:
    """Return the tasks that a pipeline is made of.

    Raises:
        PipelineError: an option of a step makes no sense.
    """
    gives: dict[str, str] = {}
    tasks: list[Task] = []
    for node in dag.nodes:
        made = _of_node(node, gives)
        tasks += made
        gives[node.name] = made[-1].name
    parameters = tuple(map(_parameter, dag.parameters))
    return Tasks(dag.name, dag.doc, tuple(tasks), parameters)


def _of_node(node: Node, gives: Mapping[str, str]) -> list[Task]:
    needs = tuple(gives[name] for name in node.needs)
    condition = node.condition
    decides = () if condition is None else tuple(gives[o.node] for o in _outputs(condition.binding))
    options = with_options({name: ast.literal_eval(text) for name, text in node.step.options})

    def task(stage: Stage, needs: tuple[str, ...], over: str = "") -> Task:
        return Task(
            f"{node.name}.{stage}" if stage else node.name,
            node.name,
            stage,
            needs,
            over,
            "" if condition is None else str(condition),
            decides,
            options,
            node.step.role,
            node.step.outputs if not stage else (),
            f"{node.step.module}.{node.step.qualname}",
        )

    if not node.mapped:
        return [task("", needs)]
    items = task("items", needs)
    item = task("item", (items.name,), items.name)
    return [items, item, task("gather", (items.name, item.name))]


def _outputs(binding: Any) -> Any:
    from thruway.kit.dag import outputs_in

    return () if isinstance(binding, FromParameter | FromLiteral) else outputs_in(binding)


# Parameters -----------------------------------------------------------------------------------

_PLAIN = {"int": "integer", "float": "number", "str": "string", "bool": "boolean", "Path": "string"}
_LISTS = frozenset({"list", "List", "Sequence", "Iterable", "tuple", "Tuple", "set", "frozenset"})
_DICTS = frozenset({"dict", "Dict", "Mapping"})


def _parameter(parameter: StepParameter) -> Parameter:
    schema = _schema(parameter.annotation)
    if not parameter.has_default:
        return Parameter(parameter.name, schema, required=True)
    value = ast.literal_eval(parameter.default)
    good = is_json(value)
    schema = schema or (_of_value(value) if good else {})
    return Parameter(parameter.name, schema, False, value if good else None, good)


def is_json(value: object) -> bool:
    """Say whether JSON can write a value so that the same value is read back.

    >>> is_json({"a": [1, 2.5, None]}), is_json((1, 2)), is_json({1: 2})
    (True, False, False)
    """
    if isinstance(value, float):
        return value == value and abs(value) != float("inf")  # noqa: PLR0124 - NaN is not itself
    if value is None or type(value) in (bool, int, str):
        return True
    if type(value) is list:
        return all(map(is_json, value))
    return type(value) is dict and all(type(k) is str and is_json(v) for k, v in value.items())


def _of_value(value: object) -> dict[str, Any]:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    kinds |= {list: "array", dict: "object"}
    return {"type": kinds[type(value)]} if type(value) in kinds else {}


def _schema(annotation: str) -> dict[str, Any]:
    try:
        return _of_node_text(ast.parse(annotation, mode="eval").body) if annotation else {}
    except SyntaxError:
        return {}


def _of_node_text(node: ast.expr) -> dict[str, Any]:
    """Return the JSON schema of a type, {} where JSON has none."""
    if isinstance(node, ast.Constant) and node.value is None:
        return {"type": "null"}
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _schema(node.value)
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        if name in _PLAIN:
            return {"type": _PLAIN[name]}
        return {"type": "array"} if name in _LISTS else {"type": "object"} if name in _DICTS else {}
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _any_of([node.left, node.right])
    if isinstance(node, ast.Subscript):
        return _of_subscript(node)
    return {}


def _of_subscript(node: ast.Subscript) -> dict[str, Any]:
    outer = node.value
    name = outer.id if isinstance(outer, ast.Name) else getattr(outer, "attr", "")
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name == "Literal":
        return {"enum": [ast.literal_eval(each) for each in inner]}
    if name == "Annotated":
        return _of_node_text(inner[0])
    if name == "Optional":
        return _any_of([inner[0], ast.Constant(None)])
    if name == "Union":
        return _any_of(inner)
    if name in ("list", "List", "Sequence", "Iterable"):
        items = _of_node_text(inner[0])
        return {"type": "array", "items": items} if items else {"type": "array"}
    return {"type": "array"} if name in _LISTS else {"type": "object"} if name in _DICTS else {}


def _any_of(nodes: list[ast.expr]) -> dict[str, Any]:
    found = [_of_node_text(node) for node in nodes]
    if not all(found):
        return {}
    plain = all(set(each) == {"type"} and isinstance(each["type"], str) for each in found)
    return {"type": [each["type"] for each in found]} if plain else {"anyOf": found}
