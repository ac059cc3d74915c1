"""What a step does with its arguments, read from its text: what it fits on, what it scores by.

Only what is plain to see: a parameter itself, or a column of it, possibly by way of a name. What
was computed from a parameter is another value, and is not taken for it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.kit.dag import StepRef

_ASKS = frozenset({"predict", "predict_proba", "decision_function", "predict_log_proba", "score"})
_SCORES = ("_score", "_error", "_loss", "_report", "_matrix", "_curve")
_SAME = frozenset({"ravel", "to_numpy", "copy", "reset_index", "astype", "squeeze"})


class Origin(NamedTuple):
    """Where a value in a step comes from: a parameter, a column of it, or it without columns."""

    parameter: str
    column: str = ""
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Uses:
    """What a step does with its arguments.

    Attributes:
        fits: (rows, label) that something is fitted on.
        asks: (model, rows) that a model is asked about.
        scores: what predictions are compared with.
        train_test: outputs that hold the training part of `train_test_split`, and the test part.
    """

    fits: tuple[tuple[Origin, Origin], ...] = ()
    asks: tuple[tuple[Origin, Origin], ...] = ()
    scores: tuple[Origin, ...] = ()
    train_test: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


def uses_of(step: StepRef) -> Uses:
    """Return what a step does with its arguments; nothing for steps of libraries."""
    function = _function(step)
    return Uses() if function is None else _Reader(function).uses()


def _function(step: StepRef) -> ast.FunctionDef | None:
    if step.file is None:
        return None
    tree = ast.parse(step.file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == step.name:
            return node
    return None


class _Reader:
    def __init__(self, function: ast.FunctionDef) -> None:
        arguments = function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        self.known: dict[str, Origin] = {arg.arg: Origin(arg.arg) for arg in every}
        self.function = function
        self.fits: list[tuple[Origin, Origin]] = []
        self.asks: list[tuple[Origin, Origin]] = []
        self.scores: list[Origin] = []
        self.parts: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    def uses(self) -> Uses:
        """Return what the step does, in the order of its text."""
        for statement in self.function.body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Call):
                    self.call(node)
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                self.assign(statement.targets[0], statement.value)
        return Uses(tuple(self.fits), tuple(self.asks), tuple(self.scores), self.parts)

    def assign(self, target: ast.expr, value: ast.expr) -> None:
        """Follow a name; one that is made of something else is not the parameter any more."""
        is_call = isinstance(value, ast.Call) and _called(value) == "train_test_split"
        if isinstance(target, ast.Tuple) and is_call:
            names = [part.id for part in target.elts if isinstance(part, ast.Name)]
            self.parts = (tuple(names[::2]), tuple(names[1::2]))
        names_in = target.elts if isinstance(target, ast.Tuple) else [target]
        found = self.origin(value)
        for name in names_in:
            if isinstance(name, ast.Name):
                self.known.pop(name.id, None)
                if found is not None and len(names_in) == 1:
                    self.known[name.id] = found

    def call(self, node: ast.Call) -> None:
        """Note a call that fits, asks or scores."""
        name = _called(node)
        first = [self.origin(argument) for argument in node.args[:2]]
        if isinstance(node.func, ast.Attribute) and name in {"fit", "fit_predict"}:
            if len(first) == 2 and first[0] and first[1]:
                self.fits.append((first[0], first[1]))
        elif isinstance(node.func, ast.Attribute) and name in _ASKS:
            model = self.origin(node.func.value)
            if model and first and first[0]:
                self.asks.append((model, first[0]))
            if name == "score" and len(first) == 2 and first[1]:
                self.scores.append(first[1])
        elif name.endswith(_SCORES):
            # The predictions are computed; what they are compared with is not. Some swap the two.
            self.scores += [one for one in first if one is not None][:1]

    def origin(self, node: ast.expr) -> Origin | None:
        """Return where a value comes from; None when it was computed."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        if isinstance(node, ast.Subscript):
            return self._column(node)
        if isinstance(node, ast.Attribute):
            inner = self.origin(node.value)
            return inner if node.attr == "values" else None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            inner = self.origin(node.func.value)
            if inner and node.func.attr in _SAME:
                return inner
            if inner and node.func.attr in {"drop", "pop"} and not inner.column:
                return self._dropped(inner, node)
        return None

    def _column(self, node: ast.Subscript) -> Origin | None:
        inner = self.origin(node.value)
        if inner is None or inner.column:
            return None
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return Origin(inner.parameter, node.slice.value)
        return None

    def _dropped(self, inner: Origin, node: ast.Call) -> Origin | None:
        assert isinstance(node.func, ast.Attribute)
        given = [
            *node.args[:1],
            *(k.value for k in node.keywords if k.arg in {"columns", "labels"}),
        ]
        columns = tuple(text for one in given for text in _texts(one))
        if node.func.attr == "pop":
            return Origin(inner.parameter, columns[0]) if columns else None
        return Origin(inner.parameter, without=(*inner.without, *columns)) if columns else None


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _texts(node: ast.expr) -> Iterator[str]:
    parts = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    for part in parts:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
