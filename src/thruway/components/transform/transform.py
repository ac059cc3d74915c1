"""The function `transform`: fit on train, apply to all."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from thruway.components import seeds, splits
from thruway.components.frames import wrapped
from thruway.components.models import tables
from thruway.components.models.levels import levels_of
from thruway.components.schemas import check_columns, columns_of
from thruway.components.transform import alone, fitting, making
from thruway.components.transform.graph import Output, TransformGraph
from thruway.components.transform.marks import mark
from thruway.errors import DataError, UsageError
from thruway.kit.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Sequence


class Transformed(NamedTuple):
    """What `transform` returns.

    Attributes:
        transform_graph: the fitted transformation: `transform_graph.transform(frame)`.
        transformed_examples: in the form of the examples: one frame, a dict, a NamedTuple.
    """

    transform_graph: TransformGraph
    transformed_examples: Any


def transform(
    examples: Any,
    transformer: Any,
    *,
    schema: Any = None,
    fit_on: str | Sequence[str] | None = "train",
    label: str | None = None,
    use_label: bool = False,
    keep: Sequence[str] = (),
    output: Output = "frame",
    seed: int = 0,
) -> Transformed:
    """Return the transformation fitted on the training rows, and all rows transformed with it.

    The same object transforms in batch, online (a frame of one row) and inside what `train`
    returns. A few rows are transformed alone while fitting; where they differ from the batch, the
    gate of the `transform_graph` warns.

    Args:
        examples: a frame (all of it is training rows), a dict of frames by the names of splits, or
            what `split` returned. Of pandas (the index is kept), polars or Arrow.
        transformer: one of scikit-learn, skrub, or made after them, which is cloned; or two
            functions, `fit(frame) -> state` and `apply(frame, state) -> frame`; or one function
            from frame to frame that learns nothing. One row out for each row in.
        schema: of the raw rows: they are checked against it, and only its columns are taken.
        fit_on: the part, or parts, that it is fitted on; None for a transformer that is fitted.
        label: the column that the model will predict. It passes by unchanged.
        use_label: the transformer may learn from the label: `fit(frame, label)`. The rows it is
            fitted on are then made by `fit_transform`, which is where target encoders cross-fit.
        keep: further columns that pass by unchanged and unseen, as keys do.
        output: `frame`, in the library of the examples, or `array`: what the transformer makes,
            sparse where it is sparse, without label and kept columns.
        seed: for the random states that the transformer leaves open, and for the global streams
            while it is fitted; these are put back afterwards.

    Raises:
        DataError: rows that the transformer cannot take, or a result with other rows.
        UsageError: no such part, or nothing that transforms.

    Example:
        >>> import pandas as pd
        >>> from sklearn.preprocessing import StandardScaler
        >>> parts = {"train": pd.DataFrame({"x": [0.0, 2.0]}), "test": pd.DataFrame({"x": [3.0]})}
        >>> graph, transformed = transform(parts, StandardScaler())
        >>> transformed["test"]["x"].tolist()
        [2.0]

    Source: the analyse-then-apply rule is that of TensorFlow Transform,
        https://www.tensorflow.org/tfx/transform/get_started
    """
    if output not in get_args(Output):
        raise UsageError(f"`output` is `{output}`", fix="say `frame` or `array`")
    if use_label and label is None:
        raise UsageError("`use_label` is true, and there is no `label`", fix="name the column")
    parts = {name: wrapped(part, name) for name, part in splits.named(examples).items()}
    learnt_from = _chosen(parts, fit_on)
    kept = tuple(dict.fromkeys([*([] if label is None else [label]), *keep]))
    for name in learnt_from:
        _check_rows(parts[name], name, kept if fit_on is not None else ())
    for name, table in parts.items():
        check_columns(schema, table.to_native(), name, without=kept)
    features = _features(next(iter(parts.values())), kept, schema)
    graph = TransformGraph(
        fitted=fitting.ByFunction(lambda frame: frame),  # replaced below
        features=features,
        kept=kept,
        output=output,
        fit_on=tuple(learnt_from),
    )
    with seeds.seeded(seed):
        return _completed(graph, examples, parts, transformer, label if use_label else None, seed)


def _completed(
    graph: TransformGraph,
    examples: Any,
    parts: dict[str, Any],
    transformer: Any,
    label: str | None,
    seed: int,
) -> Transformed:
    ready: dict[str, Any] = {}
    heard: list[str] = []
    if not graph.fit_on:
        graph = replace(graph, fitted=fitting.as_it_is(transformer))
    else:
        rows = _together([parts[name] for name in graph.fit_on], graph, label)
        graph = replace(graph, categories=levels_of(rows.select(*graph.features)))
        inputs = graph.inputs(rows)
        labels = None if label is None else rows[label].to_numpy()
        fitted, made, heard = fitting.fit(transformer, inputs, labels, seed)
        graph = replace(graph, fitted=fitted, n_rows=len(rows))
        if made is not None:
            ready = _apart(graph, made, inputs, parts)
    first = graph.fit_on[0] if graph.fit_on else next(iter(parts))
    graph, whole = _measured(graph, parts[first], list(parts), heard)
    ready = {first: whole, **ready}
    done = {
        name: ready[name] if name in ready else graph.transform(table.to_native())
        for name, table in parts.items()
    }
    return Transformed(graph, splits.alike(examples, done))


def _measured(
    graph: TransformGraph, table: Any, names: list[str], heard: list[str]
) -> tuple[TransformGraph, Any]:
    """Return the graph with what its first result shows (columns, types, rows alone), and that."""
    inputs = graph.inputs(table)
    graph = replace(graph, raw_mark=mark(inputs, graph.features))
    with warnings.catch_warnings(record=True) as more:
        warnings.simplefilter("always")
        made = graph.fitted.apply(inputs)
    graph = replace(graph, fitted=fitting.muted(graph.fitted, more))
    heard = [*heard, *(one for one in fitting.said(more) if one not in heard)]
    if graph.output == "array":
        whole = making.arrayed(made, inputs)
        named = graph.fitted.names() or [f"x{number}" for number in range(whole.shape[1])]
        graph = replace(graph, outputs=tuple(named))
    else:
        frame = making.framed(made, graph.fitted.names(), inputs)
        graph = replace(graph, made_mark=mark(frame, frame.columns))
        schema = {str(name): str(kind) for name, kind in frame.schema.items()}
        graph = replace(graph, outputs=tuple(schema), schema=schema)
        whole = graph.completed(made, inputs, table)
    how, differences = alone.compared(graph, table, whole)
    reasons = [*heard, *_looked_ahead(graph, names), *differences]
    gate = Gate("warn", tuple(reasons)) if reasons else Gate("pass")
    return replace(graph, alone=how, gate=gate), whole


def _looked_ahead(graph: TransformGraph, names: list[str]) -> list[str]:
    if len(names) == 1 or set(graph.fit_on) <= {"train"}:
        return []
    others = [name for name in graph.fit_on if name != "train"]
    if len(graph.fit_on) == 1 and "train" not in names:
        return []  # parts of the user's own names
    shown = " and ".join(f"`{name}`" for name in others)
    return [
        f"fitted on {shown} too: what is measured there will look better than it is"
        if len(graph.fit_on) > 1
        else f"fitted on {shown} instead of `train`"
    ]


def _chosen(parts: dict[str, Any], fit_on: str | Sequence[str] | None) -> list[str]:
    if fit_on is None:
        return []
    if list(parts) == [splits.WHOLE]:
        return [splits.WHOLE]
    wanted = [fit_on] if isinstance(fit_on, str) else list(fit_on)
    missing = [name for name in wanted if name not in parts]
    if missing or not wanted:
        raise UsageError(
            f"`fit_on` is {tables.quoted(missing)}, and there is no such part of the examples",
            where=f"parts: {tables.quoted(list(parts))}",
            fix="name the part that holds the training rows",
        )
    return wanted


def _check_rows(table: Any, name: str, kept: tuple[str, ...]) -> None:
    if not len(table):
        raise DataError(f"`{name}` has no rows to fit on", fix="check what was left out before")
    missing = [one for one in kept if one not in table.columns]
    if missing:
        raise DataError(
            f"`{name}` has no column {tables.quoted(missing)}, which is the label or to be kept",
            where=f"columns: {tables.quoted(table.columns)}",
            fix="name a column that is there",
        )


def _features(table: Any, kept: tuple[str, ...], schema: Any) -> tuple[Any, ...]:
    wanted = columns_of(schema)
    names = table.columns if wanted is None else [n for n in wanted if n in table.columns]
    features = tuple(name for name in names if name not in kept)
    if not features:
        raise DataError(
            "there is no column to transform",
            where=f"columns: {tables.quoted(table.columns)}; kept: {tables.quoted(kept)}",
            fix="keep fewer columns, or check the schema",
        )
    return features


def _together(each: list[Any], graph: TransformGraph, label: str | None) -> Any:
    wanted = [*graph.features, *([] if label is None else [label])]
    chosen = [tables.selected(table, wanted, "transform graph") for table in each]
    if len(chosen) == 1:
        return chosen[0]
    import narwhals as nw

    return nw.concat(chosen, how="vertical")


def _apart(graph: TransformGraph, made: Any, inputs: Any, parts: dict[str, Any]) -> dict[str, Any]:
    """Return what `fit_transform` made, part by part."""
    whole = (
        making.framed(made, graph.fitted.names(), inputs)
        if graph.output == "frame"
        else making.arrayed(made, inputs)
    )
    found, start = {}, 0
    for name in graph.fit_on:
        table = parts[name]
        rows = slice(start, start + len(table))
        start = rows.stop
        if graph.output == "array":
            found[name] = whole[rows]
        else:
            found[name] = graph.with_kept(whole[rows], table).to_native()
    return found
