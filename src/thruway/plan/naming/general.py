"""Names and types that hold for every call of a step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.graph.types import Graph
    from thruway.plan.types import Port, StepPlan

_MOST = 3
_ANY = ("Any", ("from typing import Any",))
# Libraries whose estimators all derive from scikit-learn's.
_SKLEARN_LIKE = ("sklearn.", "imblearn.", "xgboost.sklearn", "lightgbm.sklearn")
_BASE = ("BaseEstimator", ("from sklearn.base import BaseEstimator",))


def general_name(names: Sequence[str], step: StepPlan, name: str, graph: Graph) -> str:
    """Return what to call a variable that the calls of a step call differently.

    Args:
        names: what each of them calls it.
        step: the first of them.
        name: its name there.
        graph: the program.
    """
    common = _common_words(names)
    if common:
        return common
    bound = dict(step.bound)
    at = bound.get(name, next((p.statement for p in step.inputs if p.name == name), 0))
    value = graph.value_at(name, at)
    if value is not None and value.kind == "estimator":
        return "model"
    if at in step.body and value is not None and value.kind in {"array", "series"}:
        methods = {call.method for call in graph.node(at).statement.calls}
        if "predict" in methods:
            return "predictions"
        if "predict_proba" in methods:
            return "probabilities"
    return name


def _common_words(names: Sequence[str]) -> str:
    """Return the words that all names have, in the order of the first: `y_pred_lr` → `y_pred`.

    >>> _common_words(["y_pred_lr", "y_pred_svm"]), _common_words(["lr", "svm"])
    ('y_pred', '')
    >>> _common_words(["r2", "r2_svm"]), _common_words(["X1", "X2"])
    ('r2', 'X')
    """
    for word in (r"[^\W_]+", r"[^\W\d_]+"):
        rows = [re.findall(word, each) for each in names]
        common = [each for each in rows[0] if all(each in row for row in rows[1:])]
        if common and not common[0][0].isdigit():
            return "_".join(common)
    return ""


def joined_type(ports: Sequence[Port], *, strict: bool = False) -> tuple[str, tuple[str, ...]]:
    """Return the annotation that holds for all of some ports, and the imports that it needs.

    Args:
        ports: the same port of several calls.
        strict: no union: what takes the value asks for one of its members.
    """
    annotations = list(dict.fromkeys(port.annotation for port in ports))
    if len(annotations) == 1:
        return ports[0].annotation, ports[0].imports
    if strict:
        return _ANY
    if len(annotations) <= _MOST and "Any" not in annotations:
        imports = dict.fromkeys(line for port in ports for line in port.imports)
        return " | ".join(annotations), tuple(imports)
    types = [port.value.type if port.value else "" for port in ports]
    return _BASE if all(each.startswith(_SKLEARN_LIKE) for each in types) else _ANY
