"""Labels and predictions as codes of classes, or as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.evaluate.columns import in_order, plain
from thruway.components.evaluate.metric import Answers, Context
from thruway.components.evaluate.numbers import numbers
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from thruway.components.evaluate.predictions import Predictions
    from thruway.components.evaluate.question import Question

_Sides = tuple[list[tuple[Answers, Context]], tuple[str, ...]]


def numeric(labels: Any, main: Predictions, other: Predictions | None, q: Question) -> _Sides:
    """Return both sides as numbers.

    Raises:
        DataError: a prediction is no number, or a relevance is negative.
    """
    import numpy as np

    if q.task == "ranking" and (labels < 0).any():
        raise DataError(
            f"the relevance `{q.label}` is negative in {int((labels < 0).sum()):,} rows",
            fix="0 for what is not relevant, and more for what is",
        )
    if main.values is None:
        raise UsageError(
            f"a {q.task} needs predictions, and `probability` gives none",
            fix="give them with `prediction`",
        )
    made = []
    for one, who in ((main, "model"), (other, "baseline")):
        if one is not None:
            every: Any = np.ones(len(labels), dtype=bool)
            values = numbers(one.values, every, f"the prediction of the {who}")
            context = Context(k=q.k, quantile=q.quantile)
            made.append((Answers(labels, values, labels=labels, guesses=values), context))
    return made, ()


def coded(labels: Any, main: Predictions, other: Predictions | None, q: Question) -> _Sides:
    """Return both sides as codes of classes.

    Raises:
        DataError: labels and predictions have nothing in common.
        UsageError: there is no such positive class, or no probability to apply a threshold to.
    """
    right = [plain(value) for value in labels.tolist()]
    sides = [one for one in (main, other) if one is not None]
    classes = _classes(right, sides, q)
    positive = _positive(classes, q)
    code = {value: at for at, value in enumerate(classes)}
    notes: dict[str, None] = {}
    made = [
        _side(right, one, classes, code, positive, q, "model" if one is main else "baseline", notes)
        for one in sides
    ]
    if len(classes) == 2 and q.positive is None and positive is not None:
        notes[f"the positive class is {classes[positive]!r}: say otherwise with `positive`"] = None
    return made, tuple(notes)


def _classes(right: list[Any], sides: list[Predictions], q: Question) -> tuple[Any, ...]:
    """Return the classes in order: those of the models, then those that only the rows have."""
    found: dict[Any, None] = {}
    for one in sides:
        found |= dict.fromkeys(map(plain, one.classes))
    known = bool(found)
    rest = set(right)
    if q.positive is not None:
        rest.add(plain(q.positive))
    for one in sides:
        if one.values is not None:
            guesses = {plain(value) for value in set(one.values.tolist())}
            _compare(set(right), guesses | set(map(plain, one.classes)))
            rest |= guesses
        elif one.probabilities.ndim == 1 and rest <= {0, 1}:  # the rows may have one class only
            rest |= {False, True} if all(isinstance(v, bool) for v in rest) else {0, 1}
    more = in_order(rest - found.keys())
    return (*found, *more) if known else tuple(more)


def _compare(right: set[Any], guesses: set[Any]) -> None:
    """Refuse labels and predictions of which none is the same."""
    if right & guesses:
        return
    fix = "give the examples with the label as it was in training (encoded alike)"
    if any(isinstance(value, float) and value % 1 for value in guesses):
        fix = "give probabilities with `probability`, or say task='regression'"
    raise DataError(
        "no label is a class that can be predicted",
        f"labels: {_few(right)}; predictions: {_few(guesses)}",
        fix,
    )


def _few(values: set[Any]) -> str:
    ordered = [repr(value) for value in in_order(values)]
    return ", ".join(ordered[:4]) + (" …" if len(ordered) > 4 else "")


def _positive(classes: tuple[Any, ...], q: Question) -> int | None:
    if len(classes) != 2:
        if q.positive is not None and len(classes) > 2:
            raise UsageError(
                f"there are {len(classes)} classes, so none of them is the positive one",
                where="argument `positive`",
                fix="leave it out, or make the label one of two first",
            )
        return None
    if q.positive is None:
        return 1
    return classes.index(plain(q.positive))


def _side(
    right: list[Any],
    one: Predictions,
    classes: tuple[Any, ...],
    code: dict[Any, int],
    positive: int | None,
    q: Question,
    who: str,
    notes: dict[str, None],
) -> tuple[Answers, Context]:
    import numpy as np

    truth = np.asarray([code[value] for value in right])
    probabilities, known, why = _probabilities(one, classes, code, positive, who)
    if probabilities is not None and (q.threshold is not None or one.values is None):
        guesses = _decided(probabilities, positive, q)
    elif q.threshold is not None:
        raise UsageError(
            f"there is no probability to apply a threshold to: {why}",
            where="argument `threshold`",
            fix="leave it out, or give `probability`",
        )
    else:
        guesses = np.asarray([code[plain(value)] for value in one.values.tolist()])
    unseen = [classes[at] for at in np.unique(truth) if not known[at]]
    for value in unseen:
        count = int((truth == code[value]).sum())
        notes[f"the {who} does not know the class {value!r} of {count:,} rows"] = None
    objects = np.asarray(classes, dtype=object)
    named = {"labels": _typed(objects[truth]), "guesses": _typed(objects[guesses])}
    answers = Answers(truth, guesses, probabilities, scores=_spread(one, classes, code), **named)
    return answers, Context(classes, known, positive, why, q.k, q.quantile)


def _spread(one: Predictions, classes: tuple[Any, ...], code: dict[Any, int]) -> Any:
    """Return the scores of a decision function by code; the lowest for classes it does not know."""
    import numpy as np

    if one.scores is None:
        return None
    spread = np.full((len(one.scores), len(classes)), one.scores.min())
    spread[:, [code[plain(name)] for name in one.classes]] = one.scores
    return spread


def _typed(values: Any) -> Any:
    """Return classes in an array of their own type, as metrics of libraries want them."""
    import numpy as np

    kinds = {type(value) for value in values.tolist()}
    return np.asarray(values.tolist()) if len(kinds) == 1 else values.astype(str)


def _decided(probabilities: Any, positive: int | None, q: Question) -> Any:
    import numpy as np

    if positive is None or q.threshold is None:
        return probabilities.argmax(axis=1)
    return np.where(probabilities[:, positive] >= q.threshold, positive, 1 - positive)


def _probabilities(
    one: Predictions,
    classes: tuple[Any, ...],
    code: dict[Any, int],
    positive: int | None,
    who: str,
) -> tuple[Any, tuple[bool, ...], str]:
    """Return probabilities by code, which classes are known, and why there are none."""
    import numpy as np

    own = [plain(value) for value in one.classes]
    known = tuple(not own or value in own for value in classes)
    found = one.probabilities
    if found is None:
        return None, known, one.why
    if found.ndim == 1 or found.shape[1] == 1:
        if positive is None:
            raise UsageError(
                f"one column of probabilities, and {len(classes)} classes",
                where="argument `probability`",
                fix="give a column for each class: {class: column}, or an array",
            )
        found = np.stack([1 - found.ravel(), found.ravel()], axis=1)
        return (found if positive == 1 else found[:, ::-1]), known, ""
    names = own or list(classes)
    if len(names) != found.shape[1]:
        counted = f"{found.shape[1]} columns for {len(names)} classes"
        raise UsageError(
            f"the probabilities of the {who} have {counted}",
            where=f"classes: {_few(set(names))}",
            fix="give a column for each class: {class: column}",
        )
    spread = np.zeros((len(found), len(classes)))
    spread[:, [code[name] for name in names]] = found
    return spread, known, ""
