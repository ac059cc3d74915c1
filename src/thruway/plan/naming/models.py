"""Which models a step makes, fits and asks, by class."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from thruway.plan.naming.actions import prepares
from thruway.program.knowledge import lookup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from thruway.graph.types import Node
    from thruway.kit.values.types import Value
    from thruway.program.types import Call

# What holds a model is called by the model in it.
_HOLDERS = frozenset(
    {
        "CalibratedClassifierCV",
        "GridSearchCV",
        "HalvingGridSearchCV",
        "OneVsRestClassifier",
        "Pipeline",
        "RandomizedSearchCV",
        "TransformedTargetRegressor",
    }
)
_FITS = frozenset({"fit", "partial_fit", "fit_predict", "train"})
CROSS = frozenset({"cross_val_score", "cross_validate", "cross_val_predict"})
"""Functions that fit and judge a model on parts of the data in turn."""

_PREPARING = re.compile(
    r"sklearn\.(preprocessing|impute|decomposition|feature_\w+|compose|manifold|random_projection"
    r"|kernel_approximation)\b|imblearn\.(over_sampling|under_sampling|combine)\b"
)
_CLASSIFIERS = re.compile(r".*(Classifier|SVC|NB|LogisticRegression|Perceptron|Centroid)")
_REGRESSORS = re.compile(r".*(Regressor|Regression|Ridge|Lasso|ElasticNet|SVR|Lars)(CV)?")


class Models:
    """The models of the steps so far, by the names that hold them."""

    def __init__(self, own: Mapping[str, tuple[str, ...]]) -> None:
        """Begin with none.

        Args:
            own: functions of the program, and the models that their bodies make.
        """
        self._own = own
        self._held: dict[str, str] = {}
        self._preparing: dict[str, str] = {}
        self._last: list[str] = []

    def learn(self, nodes: Sequence[Node]) -> None:
        """Note what statements make and fit, in the order of the program."""
        for node in nodes:
            for name, value in _estimators(node):
                kind = _class(value)
                if _only_prepares(value):
                    self._preparing[name] = kind
                elif kind in _HOLDERS:
                    inside = [*self._made(node), *reversed(self._asked(node))]
                    self._held[name] = next(iter(inside), self._held.get(name, kind))
                else:
                    self._held[name] = kind
        trained = self.trained(nodes)
        if trained and any(self._fits(node) for node in nodes):
            self._last = trained

    def trained(self, nodes: Sequence[Node]) -> list[str]:
        """Classes of the models that a step fits; of those that it makes when it fits none.

        What prepares data for a model, or only holds one, counts when there is nothing else.
        """
        fitted = [name for node in nodes for name in _fitted(node) if name in self._held]
        names = fitted or [name for node in nodes for name, _ in _estimators(node)]
        made = [each for node in nodes for each in self._made(node)]
        held = [self._held[name] for name in dict.fromkeys(names) if name in self._held]
        others = [self._preparing[name] for name in names if name in self._preparing]
        alone = fitted and not any(_fits_each(node) for node in nodes)
        return _models(held if alone else [*made, *held]) or _models(made) or _models(others)

    def judged(self, nodes: Sequence[Node]) -> list[str]:
        """Classes of the models that a step asks; of those trained last when it asks none."""
        found = [each for node in nodes for each in (*self._made(node), *self._asked(node))]
        return [each for each in dict.fromkeys(found) if not _is_aside(each)] or self._last

    def _fits(self, node: Node) -> bool:
        called = [call for call in node.statement.calls if not call.in_definition]
        crosses = any(call.method in CROSS for call in called)
        return bool(crosses or _fit_calls(node) or {c.target for c in called} & self._own.keys())

    def _made(self, node: Node) -> list[str]:
        """Classes of the models that a statement makes, in functions of the program too."""
        called = [c.target for c in node.statement.calls if not c.in_definition]
        inside = [each for name in called for each in self._own.get(name, ())]
        return [*makes(node), *inside]

    def _asked(self, node: Node) -> list[str]:
        """Classes of the models that a statement reads, in the order of its text."""
        names = sorted(node.reads & self._held.keys(), key=node.statement.code.find)
        found = dict.fromkeys(self._held[name] for name in names)
        return [each for each in found if not _is_aside(each)]


def plural(models: Sequence[str]) -> str:
    """Return what several models are together.

    >>> plural(["SVC", "GaussianNB"]), plural(["Ridge", "KNeighborsRegressor"]), plural(["KMeans"])
    ('classifiers', 'regressors', 'models')
    """
    if all(_CLASSIFIERS.fullmatch(each) for each in models):
        return "classifiers"
    return "regressors" if all(_REGRESSORS.fullmatch(each) for each in models) else "models"


def _models(classes: Iterable[str]) -> list[str]:
    found = list(dict.fromkeys(classes))
    return [each for each in found if not _is_aside(each)] or found


def _is_aside(kind: str) -> bool:
    return kind in _HOLDERS or prepares(kind)


def _estimators(node: Node) -> list[tuple[str, Value]]:
    """Names that a statement binds to estimators, or whose estimators it changes."""
    found = ((name, node.fact.values.get(name)) for name in node.fact.binds | node.fact.changes)
    return sorted((name, v) for name, v in found if v is not None and v.kind == "estimator")


def _class(value: Value) -> str:
    return value.type.rsplit(".", 1)[-1]


def _only_prepares(value: Value) -> bool:
    return prepares(_class(value)) or _PREPARING.match(value.type) is not None


def _fitted(node: Node) -> list[str]:
    """Names of what a statement fits: receivers of `fit`, else what it binds to a fitted one."""
    calls = _fit_calls(node)
    names = [call.receiver for call in calls if call.receiver]
    return names or ([name for name, _ in _estimators(node)] if calls else [])


def _fits_each(node: Node) -> bool:
    """Whether a loop fits one model after the other under one name."""
    return bool(_fit_calls(node)) and node.statement.code.startswith("for ")


def _fit_calls(node: Node) -> list[Call]:
    return [c for c in node.statement.calls if c.method in _FITS and not c.in_definition]


def makes(node: Node) -> list[str]:
    """Return the classes of the models that the text of a statement makes."""
    return [call.method for call in node.statement.calls if _makes_model(call)]


def only_makes(nodes: Sequence[Node], own: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a step makes models and leaves their fitting to others.

    Args:
        nodes: the statements of the step.
        own: functions of the program that make models: they may fit them, too.
    """
    calls = [c for node in nodes for c in node.statement.calls if not c.in_definition]
    fits = any(call.method in _FITS | CROSS or call.target in own for call in calls)
    changed = any(node.fact.changes & {n for n, _ in _estimators(node)} for node in nodes)
    models = [call for call in calls if _trains(call)]
    return bool(models) and not fits and not changed and all(map(_makes_model, models))


def _trains(call: Call) -> bool:
    api = lookup(call.target) if call.resolved else None
    return api is not None and api.role == "train"


def _makes_model(call: Call) -> bool:
    makes = _trains(call) and call.method[:1].isupper()
    return makes and not _PREPARING.match(call.target)
