"""For each port the one value that fits it, with the reason; or why it is not one."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

from thruway.api.adding.scope import class_of, is_known
from thruway.api.adding.uses import uses_of
from thruway.components.frames import Frame
from thruway.kit.dag import FromLiteral
from thruway.kit.ports.fit import fits

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.api.adding.scope import Scope, Value
    from thruway.kit.dag import Node

_LIBRARY = "thruway.components"
_HELD_OUT = ("test", "eval", "held_out", "validation")
"""Names of the part of a split that a model has not seen, the surest first."""


class Chosen(NamedTuple):
    """What a port takes.

    Attributes:
        text: as it is written.
        node: the node that has to stand before it; "" for a literal.
        why: in words.
    """

    text: str
    node: str
    why: str


class Undecided(NamedTuple):
    """Why a port has no value, and what it could take."""

    why: str
    candidates: tuple[str, ...] = ()


Choice = Chosen | Undecided


def chosen(value: Value, why: str) -> Chosen:
    """Return a value of the pipeline as what a port takes."""
    return Chosen(value.text, value.node, why)


class Chooser:
    """Finds values of each kind in a pipeline.

    Args:
        scope: the pipeline.
        label: what the user said the label is; "" for nothing.
    """

    def __init__(self, scope: Scope, label: str = "") -> None:
        self.scope = scope
        self.label = label

    def find(self, kind: str) -> Choice:
        """Return the value of a kind; those of our own classes are the last of their class."""
        known: dict[str, Callable[[], Choice]] = {
            "model": self.model,
            "held-out rows": self.held_out_rows,
            "held-out label": self.held_out_label,
            "training rows": lambda: self.part(0),
            "rows": lambda: self.part(1),
        }
        return known[kind]()

    def of_class(self, name: str) -> Choice:
        """Return the value of a class of ours; the last one, if there are several."""
        found = [v for v in self.scope.values if _is_named(v.type, name)]
        if not found:
            return Undecided(f"the pipeline has no {name}")
        return chosen(found[-1], f"the {name} of `{found[-1].node}`")

    # --- model ------------------------------------------------------------------------------

    def models(self) -> list[Value]:
        """Return the values that can predict: by their types, or else by the role of the step."""
        typed = [value for value in self.scope.values if hasattr(class_of(value.type), "predict")]
        if typed:
            return typed
        return [
            value
            for value in self.scope.values
            if self.scope.dag.node(value.node).step.role == "train" and not is_known(value.type)
        ]

    def model(self) -> Choice:
        """Return the model: the only one, or the only one that a step is asked about."""
        found = self.models()
        if len(found) > 1:
            asked = [value for value in found if self._asked(value)]
            found = asked or found
        if len(found) == 1:
            return chosen(found[0], f"what `{found[0].node}` trains")
        if not found:
            return Undecided("no value with a name is a model, by its type", self._every())
        return Undecided(f"{len(found)} values are models", tuple(map(str, found)))

    # --- held-out rows and their label ------------------------------------------------------

    def held_out_rows(self) -> Choice:
        """Return the rows that the model is asked about."""
        found = self._held_out()
        return found if isinstance(found, Undecided) else found[0]

    def held_out_label(self) -> Choice:
        """Return what is right for these rows: a value, or the name of a column."""
        if self.label:
            value = self.scope.said(self.label)
            if value is not None:
                return chosen(value, "as you said")
            return Chosen(repr(self.label), "", "as you said")
        found = self._held_out()
        if isinstance(found, Undecided):
            return Undecided(f"{found.why}; say what the label is with --label", found.candidates)
        return found[1]

    def _held_out(self) -> tuple[Chosen, Choice] | Undecided:
        model = self.model()
        if isinstance(model, Undecided):
            return Undecided(f"which rows are held out shows from the model, and {model.why}",
                             model.candidates)  # fmt: skip
        value = self.scope.said(model.text)
        assert value is not None
        seen = {rows.text for rows, _ in self._trained_on(self.scope.dag.node(value.node))}
        found = [each for each in dict.fromkeys(self._asked(value)) if each[0].text not in seen]
        if len({rows.text for rows, _ in found}) == 1:
            return self._with_label(found, value)
        if found:
            texts = tuple(dict.fromkeys(f"{rows.text}: {rows.why}" for rows, _ in found))
            return Undecided("the model is asked about several", texts)
        return self._of_split(value)

    def _with_label(
        self, found: list[tuple[Chosen, Choice]], model: Value
    ) -> tuple[Chosen, Choice]:
        """Return the rows with the label that some step shows, or that the split has for them."""
        for rows, label in found:
            if isinstance(label, Chosen):
                return rows, label
        rows, label = found[0]
        other = self._of_split(model)
        if not isinstance(other, Undecided) and other[0].text == rows.text:
            return rows, other[1]
        return rows, label

    def _asked(self, model: Value) -> list[tuple[Chosen, Choice]]:
        """Return the rows and labels with which steps ask a model for predictions."""
        found = []
        for node in self.scope.dag.nodes:
            takes = [n for n, _ in node.inputs if self.scope.taken(node, n) == model]
            uses = uses_of(node.step)
            for by, rows in uses.asks:
                if by.parameter not in takes or rows.column:
                    continue
                value = self.scope.taken(node, rows.parameter)
                if value is not None:
                    why = f"what `{node.name}` asks the model about"
                    label = self._label_of(node, rows.parameter, uses.scores)
                    found.append((chosen(value, why), label))
        return found

    def _label_of(self, node: Node, rows: str, scores: tuple[Any, ...]) -> Choice:
        for score in scores:
            if score.parameter == rows and score.column:
                return Chosen(repr(score.column), "", f"what `{node.name}` scores by")
            value = self.scope.taken(node, score.parameter)
            if score.parameter != rows and not score.column and value is not None:
                return chosen(value, f"what `{node.name}` scores by")
        return Undecided(f"`{node.name}` does not show what is right for its rows", self._every())

    def _of_split(self, model: Value) -> tuple[Chosen, Choice] | Undecided:
        """Return the test part of a split, of which the model was trained on the other part."""
        node = self.scope.dag.node(model.node)
        for rows, label in self._trained_on(node):
            other = self._other_part(rows)
            if other is None:
                break
            why = f"the other part of `{rows.node}`, which `{node.name}` is not trained on"
            if isinstance(label, str):
                told = f"what `{node.name}` is trained to say"
                return chosen(other, why), Chosen(repr(label), "", told)
            truth = self._other_part(label) if label is not None else None
            if truth is not None:
                return chosen(other, why), chosen(truth, f"the label of {other.text}")
            return chosen(other, why), Undecided("the label of these rows is not plain to see")
        return Undecided("no step shows which rows are held out", self._every())

    def _trained_on(self, node: Node) -> list[tuple[Value, Value | str | None]]:
        """Return the rows that a step trains on, and their label: a value, or a column of them."""
        if node.step.module.startswith(_LIBRARY):
            inputs = dict(node.inputs)
            rows = self.scope.taken(node, "examples") or self.scope.taken(node, "0")
            told = inputs.get("label", inputs.get("2"))
            text = ast.literal_eval(told.text) if isinstance(told, FromLiteral) else None
            label = text if isinstance(text, str) else self.scope.taken(node, "label")
            return [] if rows is None else [(rows, label or self.scope.taken(node, "2"))]
        found: list[tuple[Value, Value | str | None]] = []
        for fitted, right in uses_of(node.step).fits:
            value = self.scope.taken(node, fitted.parameter)
            if value is None:
                continue
            if right.column and right.parameter == fitted.parameter:
                found.append((value, right.column))
            else:
                found.append((value, self.scope.taken(node, right.parameter)))
        return found

    def _other_part(self, value: Value) -> Value | None:
        """Return what is in the test part of a split where a value is in the training part."""
        train, test = self._parts(self.scope.dag.node(value.node))
        if value.part not in train:
            return None
        at = train.index(value.part)
        wanted = test[at] if at < len(test) else ""
        return next(
            (v for v in self.scope.values if (v.node, v.part) == (value.node, wanted)), None
        )

    def _parts(self, node: Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the outputs of a split: those of the training part, those of the test part."""
        found = uses_of(node.step).train_test
        if found[0]:
            return found
        names = [value.part for value in self.scope.values if value.node == node.name]
        if "train" in names:
            return ("train",), tuple(name for name in _HELD_OUT if name in names)[:1]
        return (), ()

    # --- rows for statistics and schema -----------------------------------------------------

    def part(self, which: int) -> Choice:
        """Return frames of a split: of its training part (0) or its test part (1).

        Without a split, the frame that is read; or the only one that there is.
        """
        frames = [value for value in self.scope.values if _is_frame(value.type)]
        unknown = [value for value in self.scope.values if not is_known(value.type)]
        for value in (*frames, *unknown):
            parts = self._parts(self.scope.dag.node(value.node))
            if value.part in parts[which]:
                told = ("training", "test")[which]
                return chosen(value, f"the {told} part of `{value.node}`")
        read = [v for v in frames if self.scope.dag.node(v.node).step.role == "ingest"]
        one = read if len(read) == 1 else frames
        if len(one) == 1:
            return chosen(one[0], f"what `{one[0].node}` gives")
        why = f"{len(frames)} values are frames" if frames else "no value is a frame, by its type"
        return Undecided(why, tuple(map(str, frames)) or self._every())

    def _every(self) -> tuple[str, ...]:
        return tuple(map(str, self.scope.values))


def _is_frame(kind: Any) -> bool:
    return is_known(kind) and fits(kind, Frame)


def _is_named(kind: Any, name: str) -> bool:
    found = class_of(kind)
    return found is not None and any(
        base.__name__ == name and base.__module__.startswith(_LIBRARY) for base in found.__mro__
    )
