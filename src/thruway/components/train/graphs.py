"""Rows on both sides of a transform graph: what the model takes, and what the estimator takes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from thruway.components.models import tables
from thruway.components.models.adapters import estimators
from thruway.components.models.levels import levels_of, with_levels
from thruway.components.transform.marks import mark
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from thruway.components.train.rows import Rows


@dataclass(frozen=True)
class Sides:
    """Rows as the estimator takes them.

    Attributes:
        rows: to learn from.
        evaluation: to measure on.
        features: the raw columns that the whole model takes.
        categories: levels of the raw categorical columns.
        notes: about rows that were left out.
    """

    rows: Rows
    evaluation: Rows | None
    features: tuple[Any, ...]
    categories: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def sides(
    rows: Rows,
    evaluation: Rows | None,
    graph: Any,
    transformed: bool | None,
    features: Sequence[str] | None,
) -> Sides:
    """Return the rows as the estimator takes them, and the columns that the model takes.

    Raises:
        DataError: columns are missing.
        UsageError: it cannot be told whether the rows are transformed.
    """
    notes = (*rows.notes, *(evaluation.notes if evaluation is not None else ()))
    if graph is None:
        if transformed:
            raise UsageError(
                "`transformed` is true, and there is no `transform_graph`",
                fix="give the transform graph, so that the model takes raw rows",
            )
        return _plain(rows, evaluation, features, notes)
    if features is not None:
        raise UsageError(
            "`features` and `transform_graph` do not go together",
            fix="choose the columns in `transform`",
        )
    raw = _raw_columns(graph)
    is_made = _is_made(rows.table, graph, raw) if transformed is None else transformed
    made = [
        None if one is None else replace(one, table=_through(one.table, graph, raw, is_made))
        for one in (rows, evaluation)
    ]
    assert made[0] is not None
    return Sides(made[0], made[1], tuple(raw), notes=notes)


def _plain(
    rows: Rows, evaluation: Rows | None, features: Sequence[str] | None, notes: tuple[str, ...]
) -> Sides:
    names = list(rows.table.columns) if features is None else list(features)
    if not names:
        raise DataError("there is no column to learn from", fix="give it columns beside the label")
    categories = levels_of(tables.selected(rows.table, names))

    def chosen(one: Rows) -> Rows:
        return replace(one, table=with_levels(tables.selected(one.table, names), categories))

    other = None if evaluation is None else chosen(evaluation)
    return Sides(chosen(rows), other, tuple(names), categories, notes)


def _raw_columns(graph: Any) -> list[Any]:
    found = getattr(graph, "features", None)
    names = list(found) if found is not None else estimators.features(graph)
    if names is None or not hasattr(graph, "transform"):
        raise UsageError(
            "`transform_graph` does not say which raw columns it takes",
            fix="give what `transform` returned, or a transformer fitted on a frame with names",
        )
    return names


def _outputs(graph: Any) -> list[str]:
    return [str(name) for name in graph.get_feature_names_out()]


def _is_made(table: Any, graph: Any, raw: list[Any]) -> bool:
    there, outputs = set(table.columns), _outputs(graph)
    is_raw, is_made = set(raw) <= there, set(outputs) <= there
    if is_raw != is_made:
        return is_made
    if not is_raw:
        missing = [name for name in raw if name not in there]
        raise DataError(
            f"`train` has neither the raw columns of the transform graph (it lacks "
            f"{tables.quoted(missing)}) nor those that it makes",
            where=f"columns: {tables.quoted(table.columns)}",
            fix="give it what the transform graph was fitted on, or what it made",
        )
    if mark(table, outputs) == getattr(graph, "made_mark", ""):
        return True
    if mark(table, raw) == getattr(graph, "raw_mark", ""):
        return False
    raise UsageError(
        "the columns of `train` fit both sides of the transform graph: raw, or transformed?",
        fix="say transformed=True or transformed=False",
    )


def _through(table: Any, graph: Any, raw: list[Any], is_made: bool) -> Any:
    if is_made:
        return tables.selected(table, _outputs(graph), "transform graph")
    made = graph.transform(tables.selected(table, raw, "transform graph").to_native())
    return tables.framed(made, _outputs(graph))
