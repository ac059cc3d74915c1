"""The fitted transformation as one object: in batch, online, and inside the trained model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from thruway.components import html
from thruway.components.frames import wrapped
from thruway.components.models import tables
from thruway.components.models.levels import with_levels
from thruway.components.transform import making
from thruway.errors import DataError
from thruway.kit.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.components.transform.fitting import Fitted

Output = Literal["frame", "array"]

Alone = Literal["identical", "close", "different", "fails", "unchecked"]
"""How a row that is transformed alone compares with the same row among others: bit for bit; by
rounding only (matrix products of other shapes); otherwise; not at all."""


@dataclass(frozen=True, eq=False, repr=False)
class TransformGraph:
    """What was learnt from the training rows, and how rows are transformed with it.

    Attributes:
        fitted: holds the transformer, or the functions and what they learnt.
        features: the raw columns that it takes.
        kept: columns that pass by it unchanged, where they are there: the label, keys.
        outputs: the columns that it makes, in order.
        output: `frame`, or `array` (without the kept columns).
        schema: types of the columns that it makes, as text.
        fit_on: names of the parts that it was fitted on.
        n_rows: it was fitted on.
        alone: how rows transformed one at a time compare with a batch, as measured on a few.
        categories: column → its levels while fitting, so that they mean the same in every row.
        gate: warns of what will make it behave otherwise in production.
        raw_mark: of the first rows that it was fitted on, see `marks`.
        made_mark: of the same rows, transformed.
    """

    fitted: Fitted
    features: tuple[Any, ...]
    kept: tuple[Any, ...] = ()
    outputs: tuple[str, ...] = ()
    output: Output = "frame"
    schema: Mapping[str, str] = field(default_factory=dict)
    fit_on: tuple[str, ...] = ()
    n_rows: int = 0
    alone: Alone = "unchecked"
    categories: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    gate: Gate = field(default_factory=lambda: Gate("pass"))
    raw_mark: str = ""
    made_mark: str = ""

    def transform(self, frame: Any) -> Any:
        """Return the transformed rows: a frame of the same library with its index, or an array.

        Raises:
            DataError: columns are missing, or hold what the transformer cannot take.
        """
        table = wrapped(frame)
        inputs = self.inputs(table)
        made = self.fitted.apply(inputs) if len(table) else None
        return self.completed(made, inputs, table)

    def inputs(self, table: Any) -> Any:
        """Return the columns that the transformer takes (narwhals)."""
        chosen = tables.selected(table, self.features, "transform graph")
        return with_levels(chosen, self.categories)

    def completed(self, made: Any, inputs: Any, table: Any) -> Any:
        """Return what the transformer made, typed as when it was fitted, with the kept columns."""
        if self.output == "array":
            return self._no_array() if made is None else making.arrayed(made, inputs)
        if made is None:
            frame = self._no_rows(inputs)
        else:
            frame = _as_typed(making.framed(made, self.fitted.names(), inputs), self.schema)
        return self.with_kept(frame, table).to_native()

    def get_feature_names_out(self, input_features: Any = None) -> Any:  # noqa: ARG002 - theirs
        """Return the columns that it makes, as scikit-learn calls them."""
        import numpy as np

        return np.asarray(self.outputs, dtype=object)

    def with_kept(self, frame: Any, table: Any) -> Any:
        """Return a frame of what was made with the kept columns of its input."""
        kept = [name for name in self.kept if name in table.columns]
        both = [name for name in kept if name in frame.columns]
        if both:
            raise DataError(
                f"the transformer makes a column `{both[0]}`, and a column of that name is kept",
                fix="let the transformer call its column otherwise",
            )
        return frame.with_columns(*[table[name] for name in kept]) if kept else frame

    def _no_rows(self, inputs: Any) -> Any:
        import narwhals as nw

        types = {name: _kind(text) for name, text in self.schema.items()}
        empty = nw.from_dict(
            {name: [] for name in types}, schema=types, backend=inputs.implementation
        )
        if inputs.implementation.is_pandas():
            native = empty.to_native().set_axis(inputs.to_native().index[:0], axis=0)
            return nw.from_native(native, eager_only=True)
        return empty

    def _no_array(self) -> Any:
        import numpy as np

        return np.empty((0, len(self.outputs)))

    def _repr_html_(self) -> str:
        rows = [(name, self.schema.get(name, "")) for name in self.outputs]
        return html.view(
            "Transform graph",
            html.gate_line(self.gate),
            html.table(
                ("", ""),
                [
                    ("fitted on", f"{self.n_rows:,} rows of {', '.join(self.fit_on) or '–'}"),
                    ("takes", f"{len(self.features):,} columns"),
                    ("makes", f"{len(self.outputs):,} columns"),
                    ("keeps", ", ".join(map(str, self.kept)) or "–"),
                    ("a row alone", self.alone),
                ],
            ),
            html.section("Columns", html.table(("column", "type"), rows)),
        )

    def __repr__(self) -> str:
        """Return what it does, short."""
        made = f"{len(self.features)} columns → {len(self.outputs)}"
        return f"TransformGraph({made}, fitted on {self.n_rows} rows)"


_NAMED_ALIKE = ("Int", "UInt", "Float")


def _as_typed(frame: Any, schema: Mapping[str, str]) -> Any:
    """Return the frame with its numbers of the types they had when it was fitted."""
    import narwhals as nw

    changed = [
        nw.col(name).cast(_kind(schema[name]))
        for name, kind in frame.schema.items()
        if name in schema and str(kind) != schema[name] and _is_number(schema[name])
        if kind.is_numeric()
    ]
    return frame.with_columns(*changed) if changed else frame


def _is_number(kind: str) -> bool:
    return kind.startswith(_NAMED_ALIKE)


def _kind(text: str) -> Any:
    import narwhals as nw

    return getattr(nw, text.partition("(")[0], nw.String)()
