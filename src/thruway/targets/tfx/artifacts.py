"""Which type of artifact of TFX is closest to what a step gives.

The annotation decides where it says what the value is; the role of the step where it does not.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.kit.dag import StepRef

OWN = "StepOutput"
"""Type of what TFX has no type for; the written file defines it."""
VALUES = {"int": "Integer", "float": "Float", "str": "String", "bool": "Boolean"}
"""Types whose artifact holds the value itself, as TFX's own components read it."""

# By name of the type; the canonical components give those that are named as in TFX.
_BY_TYPE = {
    **dict.fromkeys(("DataFrame", "LazyFrame", "Series", "Table", "RecordBatch"), "Examples"),
    **dict.fromkeys(("ndarray", "NDArray", "ArrayLike", "spmatrix", "csr_matrix"), "Examples"),
    **dict.fromkeys(("Chunks", "Split", "Transformed", "Dataset", "DataLoader"), "Examples"),
    **dict.fromkeys(("Statistics", "SplitStatistics"), "ExampleStatistics"),
    "Schema": "Schema",
    "Anomalies": "ExampleAnomalies",
    "TransformGraph": "TransformGraph",
    "Trained": "Model",
    "TrainedModel": "Model",
    "ResolvedModel": "Model",
    "ModelRun": "ModelRun",
    "Tuned": "TunerResults",
    "TunerResults": "TunerResults",
    "Evaluation": "ModelEvaluation",
    "Blessing": "ModelBlessing",
    "InfraBlessing": "InfraBlessing",
    "PushedModel": "PushedModel",
    "Pushed": "PushedModel",
}
_BY_ROLE = {
    "ingest": "Examples",
    "prepare": "Examples",
    "split": "Examples",
    "transform": "Examples",
    "train": "Model",
    "tune": "TunerResults",
    "evaluate": "ModelEvaluation",
    "validate": "ExampleAnomalies",
    "predict": "InferenceResult",
    "export": "PushedModel",
}
# Canonical components, whose text is not read: they are no steps of the project.
_BY_COMPONENT = {
    "ingest": "Examples",
    "split": "Examples",
    "statistics": "ExampleStatistics",
    "merge": "ExampleStatistics",
    "infer_schema": "Schema",
    "import_schema": "Schema",
    "validate": "ExampleAnomalies",
    "transform": "TransformGraph",
    "tune": "TunerResults",
    "train": "Model",
    "resolve": "Model",
    "load_pushed": "Model",
    "evaluate": "ModelEvaluation",
    "bless": "ModelBlessing",
    "infra_validate": "InfraBlessing",
    "push": "PushedModel",
    "roll_back": "PushedModel",
}
_COMPONENTS = "thruway.components"
_ESTIMATORS = (
    "SearchCV",
    "Pipeline",
    "Model",
    "Module",
    "Booster",
    "Classifier",
    "Regressor",
    "Estimator",
)
_FITTED = ("ColumnTransformer", "Scaler", "Encoder", "Imputer", "Vectorizer", "Transformer")
# What TFX calls the output of a component that gives such an artifact.
_KEYS = {
    "Examples": "examples",
    "ExampleStatistics": "statistics",
    "Schema": "schema",
    "ExampleAnomalies": "anomalies",
    "TransformGraph": "transform_graph",
    "Model": "model",
    "ModelRun": "model_run",
    "TunerResults": "tuner_results",
    "ModelEvaluation": "evaluation",
    "ModelBlessing": "blessing",
    "InfraBlessing": "blessing",
    "PushedModel": "pushed_model",
    "InferenceResult": "inference_result",
}


TYPES = frozenset({*_BY_TYPE.values(), *_BY_ROLE.values(), *VALUES.values()})
"""All types of TFX that are chosen from."""


@dataclass(frozen=True)
class Output:
    """One output of a component.

    Attributes:
        key: what TFX calls it.
        port: of the step; "" for the whole result.
        type: name of the artifact's type.
    """

    key: str
    port: str
    type: str


def outputs_of(
    step: StepRef, *, mapped: bool = False, taken: Sequence[str | None] = ()
) -> tuple[Output, ...]:
    """Return the outputs of a step's component; of a mapped one, a single list.

    Args:
        step: the step.
        mapped: whether it is called for each item.
        taken: fields of its result that others take; they are what is known of the outputs of a
            step whose text is not read.
    """
    if mapped or not step.outputs:
        fields = [] if mapped else sorted({field for field in taken if field})
        kind = type_of("list", step.role) if mapped else _whole(step)
        whole = (
            [] if fields and None not in taken else [Output(_KEYS.get(kind, "result"), "", kind)]
        )
        return (*whole, *(Output(_key(field), field, _part(step, field)) for field in fields))
    said = _fields(step)
    return tuple(
        Output(port, port, type_of(said.get(port, ""), step.role)) for port in step.outputs
    )


def _key(field: str) -> str:
    return f"output_{field}" if field.isdigit() else field


def is_canonical(step: StepRef) -> bool:
    """Say whether a step is a canonical component."""
    return step.module == _COMPONENTS or step.module.startswith(f"{_COMPONENTS}.")


def _whole(step: StepRef) -> str:
    if is_canonical(step):
        return _BY_COMPONENT.get(step.name, OWN)
    return type_of(step.returns, step.role)


def _part(step: StepRef, field: str) -> str:
    """Return the type of one field of a result whose text is not read."""
    whole = _whole(step)
    examples = whole in ("Examples", "TransformGraph") and field in ("train", "eval", "test")
    return "Examples" if examples else whole if field in ("model", "graph") else OWN


def type_of(annotation: str, role: str) -> str:
    """Return the name of the type of artifact for a port.

    >>> type_of("pd.DataFrame", "ingest"), type_of("dict", "train"), type_of("float", "evaluate")
    ('Examples', 'Model', 'Float')
    >>> type_of("Gate", "validate"), type_of("Gate", "evaluate"), type_of("", "report")
    ('ExampleAnomalies', 'ModelBlessing', 'StepOutput')
    """
    name = _name(annotation)
    if name in VALUES:
        return VALUES[name]
    if name == "Gate":
        return "ModelBlessing" if role in ("evaluate", "train", "tune") else "ExampleAnomalies"
    if name in _BY_TYPE:
        return _predicted(_BY_TYPE[name], role)
    if name.endswith(_FITTED):
        return "TransformGraph"
    if name.endswith(_ESTIMATORS):
        return "Model"
    return _BY_ROLE.get(role, OWN) if name in ("", "Any", "object", "dict", "list") else OWN


def _predicted(kind: str, role: str) -> str:
    return "InferenceResult" if kind == "Examples" and role == "predict" else kind


def _name(annotation: str) -> str:
    """Return the last name of a type: `DataFrame` of `Annotated[pd.DataFrame, Rows] | None`.

    >>> _name("Annotated[pd.DataFrame, Rows]"), _name("dict[str, int]"), _name("float | None")
    ('DataFrame', 'dict', 'optional float')
    """
    try:
        return _of(ast.parse(annotation, mode="eval").body) if annotation else ""
    except SyntaxError:
        return "unreadable"


def _of(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _name(node.value)
    if isinstance(node, ast.Subscript):
        outer = _of(node.value)
        inner = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
        return _of(inner) if outer == "Annotated" else _optional(inner, outer)
    if isinstance(node, ast.BinOp):
        return _optional(node.left, "Optional")
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "other")


def _optional(inner: ast.expr, outer: str) -> str:
    # A value that may be None is no number that TFX could read; a frame that may be is a frame.
    if outer not in ("Optional", "Union"):
        return outer
    name = _of(inner)
    return f"optional {name}" if name in VALUES else name


def _fields(step: StepRef) -> dict[str, str]:
    """Return field → annotation of the NamedTuple or dataclass that a step returns."""
    if step.file is None or not step.file.is_file():
        return {}
    module = ast.parse(step.file.read_text(encoding="utf-8"))
    wanted = _name(step.returns)
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef) and node.name == wanted:
            return {
                line.target.id: ast.unparse(line.annotation)
                for line in node.body
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
            }
    return {}
