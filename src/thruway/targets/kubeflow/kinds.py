"""What kind of artifact an output is for Kubeflow, from what its annotation and its role say."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from thruway.run.store.store import WHOLE
from thruway.targets.kubeflow.names import CURVES, VIEW, key_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from thruway.kit.dag import Node

ARTIFACT = "system.Artifact"
DATASET = "system.Dataset"
MODEL = "system.Model"
METRICS = "system.Metrics"
CLASSIFICATION = "system.ClassificationMetrics"
HTML = "system.HTML"

_PLAIN = frozenset({"int", "float", "str", "bool", "bytes", "complex", "None"})
_NUMBERS = frozenset({"int", "float", "dict", "Dict", "Mapping", "float64", "floating", "Number"})
_DATA = frozenset({"DataFrame", "Series", "ndarray", "Table", "Frame", "LazyFrame", "Chunks"})
_DATA_ROLES = frozenset({"ingest", "prepare", "split", "transform"})
_MODELS = ("Classifier", "Regressor", "Regression", "Estimator", "Pipeline", "Model", "Booster")
_TRAINED = frozenset({"Trained", "TrainedModel", "PushedModel", "ResolvedModel", "Module"})
_EVALUATION = "Evaluation"


@dataclass(frozen=True)
class Output:
    """An artifact that a task gives.

    Attributes:
        key: its name there.
        kind: its type: `system.Dataset` …
        port: of the step; "" for what is made for people to look at.
    """

    key: str
    kind: str
    port: str = ""


def outputs_of(
    node: Node, wanted: Collection[str | None], stage: str, *, views: bool = True
) -> tuple[Output, ...]:
    """Return the artifacts that a task of a node gives; none of one that counts items.

    Args:
        node: the node.
        wanted: fields of its result that others take; None stands for the whole.
        stage: of a mapped node, which part.
        views: whether there is a page for people.
    """
    if stage == "items":
        return ()
    found: list[Output] = []
    for port, annotation in _ports(node, wanted, stage):
        kind = kind_of(annotation, node.step.role)
        if not kind:
            continue
        found.append(Output(key_of(port), kind, port))
        if _last(annotation) == _EVALUATION:
            found.append(Output(key_of(port) + CURVES, CLASSIFICATION))
    return (*found, Output(VIEW, HTML)) if views else tuple(found)


def kind_of(annotation: str, role: str) -> str:
    """Return the type of artifact that a value is; "" for None, which is none.

    >>> kind_of("pd.DataFrame", ""), kind_of("dict", "train"), kind_of("float", "evaluate")
    ('system.Dataset', 'system.Model', 'system.Metrics')
    >>> kind_of("list[pd.DataFrame]", ""), kind_of("float", "")
    ('system.Dataset', 'system.Artifact')
    """
    name = _last(annotation)
    if name == "None":
        return ""
    if name == _EVALUATION or (role == "evaluate" and (name in _NUMBERS or not name)):
        return METRICS
    if name in _DATA:
        return DATASET
    if name in _TRAINED or name.endswith(_MODELS):
        return MODEL
    if role == "train" and name not in _PLAIN:
        return MODEL
    if role in _DATA_ROLES and name not in _PLAIN:
        return DATASET
    return ARTIFACT


def _last(annotation: str) -> str:
    """Return the name of a type without module and arguments; of a list, that of its items."""
    try:
        tree = ast.parse(annotation.strip() or "''", mode="eval").body
    except SyntaxError:
        return ""
    return _name(tree)


def _name(tree: ast.expr) -> str:
    if isinstance(tree, ast.Constant):
        if tree.value is None:
            return "None"
        return _last(tree.value) if isinstance(tree.value, str) and tree.value else ""
    if isinstance(tree, ast.Name):
        return tree.id
    if isinstance(tree, ast.Attribute):
        return tree.attr
    if isinstance(tree, ast.BinOp):
        names = [name for name in (_name(tree.left), _name(tree.right)) if name != "None"]
        return names[0] if len(names) == 1 else ""
    if isinstance(tree, ast.Subscript):
        outer, inner = _name(tree.value), tree.slice
        first = inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner
        return _name(first) if outer in ("list", "List", "Annotated", "Optional") else outer
    return ""


# Ports ----------------------------------------------------------------------------------------


def _ports(node: Node, wanted: Collection[str | None], stage: str) -> list[tuple[str, str]]:
    """Return (port, annotation); those of a step that nothing is known of are what others take."""
    step = node.step
    if stage:
        return [(WHOLE, f"list[{step.returns}]" if stage == "gather" else step.returns)]
    taken = sorted(name for name in wanted if name is not None)
    if step.outputs or taken:
        known = _annotations(step.file, _last(step.returns)) if step.file else {}
        known = known or _of_tuple(step.returns)
        ports = [(name, known.get(name, "")) for name in step.outputs or taken]
        return [*ports, (WHOLE, "")] if None in wanted else ports
    return [(WHOLE, step.returns)]


def _of_tuple(returns: str) -> dict[str, str]:
    """Return position → annotation of `tuple[int, str]`."""
    try:
        tree = ast.parse(returns or "''", mode="eval").body
    except SyntaxError:
        return {}
    if isinstance(tree, ast.Subscript) and isinstance(tree.slice, ast.Tuple):
        return {str(at): ast.unparse(each) for at, each in enumerate(tree.slice.elts)}
    return {}


@lru_cache(maxsize=64)
def _annotations(file: Path, name: str) -> dict[str, str]:
    """Return field → annotation of a class that a file defines."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError):
        return {}
    return {
        line.target.id: ast.unparse(line.annotation)
        for each in ast.walk(tree)
        if isinstance(each, ast.ClassDef) and each.name == name
        for line in each.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }
