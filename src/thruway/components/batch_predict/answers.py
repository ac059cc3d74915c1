"""The answers for one chunk, as a frame: keys, predictions, probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from thruway.components.frames import wrapped
from thruway.components.models import classes_of, predict, predict_proba, tables
from thruway.components.schemas import check_columns
from thruway.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from thruway.components.batch_predict.chunks import Chunk

Column = Literal["prediction", "probability", "score"]


@dataclass(frozen=True)
class Asker:
    """What is asked of each chunk.

    Attributes:
        model: of any library.
        keys: columns that are given back beside the answers.
        columns: kinds of answers; None: predictions, and probabilities where there are some.
        schema: of the rows, or None.
        label: a column that the schema may name and the rows need not have.
    """

    model: Any
    keys: tuple[str, ...]
    columns: tuple[Column, ...] | None
    schema: Any = None
    label: str = ""


def answered(asker: Asker, chunk: Chunk) -> Any:
    """Return the answers for a chunk, in its library and order; the index of pandas stays.

    Raises:
        DataError: the rows are not what the model takes; says which rows.
    """
    table = wrapped(chunk.frame)
    try:
        check_columns(asker.schema, chunk.frame, "examples", without=(asker.label,))
        keys = tables.selected(table, asker.keys, "result") if asker.keys else None
        return _framed(table, keys, _answers(asker, chunk.frame))
    except DataError as error:
        rows = f"rows {chunk.start:,} to {chunk.start + len(table):,}"
        where = f"{rows}; {error.where}" if error.where else rows
        raise DataError(error.what, where=where, fix=error.fix) from error


def _answers(asker: Asker, frame: Any) -> dict[str, NDArray[Any]]:
    wanted = asker.columns
    found: dict[str, NDArray[Any]] = {}
    if wanted is None or "prediction" in wanted:
        found |= _columns("prediction", predict(asker.model, frame), None)
    if wanted is None or "probability" in wanted:
        classes = classes_of(asker.model)
        probabilities = predict_proba(asker.model, frame)
        if probabilities is not None:
            found |= _columns("probability", probabilities, classes)
        elif wanted is not None:
            raise DataError(
                "the model gives no probabilities",
                fix='ask for "prediction" or "score" only',
            )
    if wanted is not None and "score" in wanted:
        scores = predict(asker.model, frame, kind="decision_function")
        found |= _columns("score", scores, classes_of(asker.model))
    return found


def _columns(name: str, values: NDArray[Any], classes: list[Any] | None) -> dict[str, NDArray[Any]]:
    if values.ndim == 1:
        return {name: values}
    width = values.shape[1]
    labels: Sequence[Any] = (
        classes if classes is not None and len(classes) == width else range(width)
    )
    return {f"{name}_{label}": values[:, place] for place, label in enumerate(labels)}


def _framed(table: Any, keys: Any, found: dict[str, NDArray[Any]]) -> Any:
    import narwhals as nw

    both = [name for name in found if keys is not None and name in keys.columns]
    if both:
        raise DataError(
            f"a key is called `{both[0]}`, as the answer is", fix="rename the column before"
        )
    if table.implementation.is_pandas():
        import pandas as pd

        beside = pd.DataFrame(found, index=table.to_native().index)
        return beside if keys is None else pd.concat([keys.to_native(), beside], axis=1)
    columns = {name: _tidy(values) for name, values in found.items()}
    answers = nw.from_dict(columns, backend=table.implementation)
    if keys is None:
        return answers.to_native()
    return keys.with_columns(*[answers[name] for name in answers.columns]).to_native()


def _tidy(values: NDArray[Any]) -> Any:
    return values.tolist() if values.dtype.kind in "OU" else np.ascontiguousarray(values)
