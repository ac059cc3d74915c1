"""Which calls train a model and which judge one, told from the API tables and observed types.

A function of the program does what its body does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruway.program.knowledge import lookup, lookup_method

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from thruway.graph.types import Graph
    from thruway.program.types import Call

_FITS = frozenset({"fit", "partial_fit", "fit_predict", "train", "fit_regularized", "optimize"})
# Functions that fit models on the way to what they return.
_TRAINS = frozenset(
    {
        "cross_val_score",
        "cross_validate",
        "cross_val_predict",
        "learning_curve",
        "validation_curve",
        "permutation_test_score",
        "cv",
        "train",
    }
)
_LIBRARIES = frozenset({"sklearn", "xgboost", "lightgbm", "catboost", "imblearn"})
_TRANSFORMERS = ("preprocessing", "impute", "decomposition", "feature_", "compose", "manifold")
_JUDGES = frozenset({"evaluate", "predict"})


class Calls:
    """What calls do, in one program."""

    def __init__(self, graph: Graph) -> None:
        """Read the functions of the program, in its order: a later one may use the earlier."""
        self._training: set[str] = set()
        self._judging: set[str] = set()
        for node in graph.nodes:
            if node.statement.kind not in {"function", "class"}:
                continue
            inside = [call for call in node.statement.calls if call.in_definition]
            if any(self._is_training(call, {}) for call in inside):
                self._training |= node.statement.stores
            if any(self._is_judging(call) for call in inside):
                self._judging |= node.statement.stores

    def train(self, calls: Iterable[Call], types: Mapping[str, str]) -> bool:
        """Whether one of the calls fits a model; `types` are the classes of variables."""
        return any(self._is_training(c, types) for c in calls if not c.in_definition)

    def judge(self, calls: Iterable[Call]) -> bool:
        """Whether one of the calls predicts or measures."""
        return any(self._is_judging(c) for c in calls if not c.in_definition)

    def _is_training(self, call: Call, types: Mapping[str, str]) -> bool:
        if call.resolved:
            library = call.target.split(".")[0]
            return call.method in _TRAINS and library in _LIBRARIES
        if call.target in self._training:
            return True
        if call.method not in _FITS or call.target == call.method:
            return False
        return not any(part in types.get(call.receiver, "") for part in _TRANSFORMERS)

    def _is_judging(self, call: Call) -> bool:
        if not call.resolved and call.target in self._judging:
            return True
        api = lookup(call.target) if call.resolved else lookup_method(call.method, None)
        return api is not None and api.role in _JUDGES
