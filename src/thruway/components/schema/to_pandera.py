"""A schema for pandera: from ours, and to ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.schema.types import Feature, Schema
from thruway.errors import UsageError

if TYPE_CHECKING:
    from thruway.components.schema.types import Type

_INSTALL = 'install it: pip install "thruway[schemas]"'


def to_pandera(schema: Schema, environment: str, library: str) -> Any:
    """Return a `DataFrameSchema` of pandera; see `Schema.to_pandera`.

    Shares (`min_fraction`, `min_domain_mass`) are checks of the whole column; drift is not in it.
    """
    pa = _pandera(library)
    columns = {
        name: pa.Column(
            checks=_checks(pa, feature, library),
            nullable=feature.min_fraction < 1.0,
            unique=feature.unique,
            required=feature.required,
            description=feature.description or None,
            title=name,
        )
        for name, feature in schema.of(environment).items()
    }
    return pa.DataFrameSchema(columns, strict=not schema.allow_new)


def _pandera(library: str) -> Any:
    if library not in {"pandas", "polars"}:
        raise UsageError(f"pandera has no library {library!r}", fix="give 'pandas' or 'polars'")
    try:
        if library == "polars":
            import pandera.polars as found
        else:
            import pandera.pandas as found
    except ImportError as error:
        raise UsageError(
            f"pandera for {library} is not installed or too old", fix=_INSTALL
        ) from error
    return found


def _checks(pa: Any, feature: Feature, library: str) -> list[Any]:
    found = [pa.Check(_OfType(feature.type, library), name=f"is_{feature.type}")]
    if feature.min is not None:
        found.append(pa.Check.ge(_bound(feature.min, feature.type, library)))
    if feature.max is not None:
        found.append(pa.Check.le(_bound(feature.max, feature.type, library)))
    if feature.domain is not None and feature.min_domain_mass == 1.0:
        found.append(pa.Check.isin(list(feature.domain)))
    elif feature.domain is not None:
        share = _InDomain(feature.domain, feature.min_domain_mass, library)
        found.append(pa.Check(share, name="min_domain_mass"))
    if feature.max_length is not None:
        found.append(pa.Check.str_length(max_value=feature.max_length))
    if 0 < feature.min_fraction < 1:
        check = _Present(feature.min_fraction, library)
        found.append(pa.Check(check, name="min_fraction", ignore_na=False))
    return found


def _bound(value: Any, type_: Type, library: str) -> Any:
    if type_ != "datetime":
        return value
    if library == "polars":
        from datetime import datetime

        return datetime.fromisoformat(str(value))
    import pandas as pd

    return pd.Timestamp(value)


class _Of:
    """A check of a whole column, which works on the series that narwhals sees."""

    def __init__(self, library: str) -> None:
        self.library = library

    def __call__(self, data: Any) -> bool:
        import narwhals as nw

        if self.library == "polars":  # pandera gives the lazy frame and the name of the column
            data = data.lazyframe.select(data.key).collect()[data.key]
        return self.holds(nw.from_native(data, series_only=True))

    def holds(self, series: Any) -> bool:
        raise NotImplementedError


class _OfType(_Of):
    def __init__(self, type_: Type, library: str) -> None:
        super().__init__(library)
        self.type = type_

    def holds(self, series: Any) -> bool:
        from thruway.components.statistics.column import described
        from thruway.components.validate.checks import fits

        return fits(described(series, "column"), self.type)


class _InDomain(_Of):
    def __init__(self, domain: tuple[Any, ...], mass: float, library: str) -> None:
        super().__init__(library)
        self.domain, self.mass = domain, mass

    def holds(self, series: Any) -> bool:
        held = series.drop_nulls()
        return not len(held) or float(held.is_in(list(self.domain)).mean()) >= self.mass


class _Present(_Of):
    def __init__(self, share: float, library: str) -> None:
        super().__init__(library)
        self.share = share

    def holds(self, series: Any) -> bool:
        return not len(series) or 1 - series.null_count() / len(series) >= self.share


# -- from pandera -----------------------------------------------------------------------------

_TYPES: tuple[tuple[str, Type], ...] = (
    ("bool", "bool"),
    ("uint", "int"),
    ("int", "int"),
    ("float", "float"),
    ("decimal", "float"),
    ("datetime", "datetime"),
    ("date", "datetime"),
    ("timedelta", "duration"),
    ("duration", "duration"),
    ("str", "string"),
    ("object", "string"),
    ("category", "string"),
    ("categorical", "string"),
    ("bytes", "bytes"),
    ("binary", "bytes"),
)
_BOUNDS = {
    "greater_than_or_equal_to": ("min", "min_value"),
    "less_than_or_equal_to": ("max", "max_value"),
    "greater_than": ("min", "min_value"),
    "less_than": ("max", "max_value"),
}


def is_pandera(value: Any) -> bool:
    """Tell whether something is a schema, or a model, of pandera."""
    kinds = value.__mro__ if isinstance(value, type) else type(value).__mro__
    return any(kind.__module__.partition(".")[0] == "pandera" for kind in kinds)


def of_pandera(given: Any) -> tuple[Schema, tuple[str, ...]]:
    """Return a schema of pandera as ours, and which checks of it ours has no word for."""
    schema: Any = given
    if isinstance(given, type):
        schema = schema.to_schema()
    if not hasattr(schema, "columns") or not isinstance(schema.columns, dict):
        raise UsageError(
            f"`{type(schema).__name__}` of pandera is no schema of a frame",
            fix="give a DataFrameSchema or a DataFrameModel",
        )
    lost: list[str] = []
    features = {str(n): _feature(str(n), one, lost) for n, one in schema.columns.items()}
    return Schema(features, allow_new=not bool(schema.strict)), tuple(lost)


def _feature(name: str, column: Any, lost: list[str]) -> Feature:
    found: dict[str, Any] = {}
    type_: Type = _type(column.dtype)
    for check in column.checks:
        said = _said(check)
        if said is None and not str(check.name).startswith("is_"):
            lost.append(f"{name}: {check.name}")
        if str(check.name).startswith("is_") and column.dtype is None:
            type_ = str(check.name).removeprefix("is_")  # type: ignore[assignment]
        found |= said or {}
    dtype_domain = getattr(getattr(column.dtype, "type", None), "categories", None)
    if dtype_domain is not None and "domain" not in found:
        found["domain"] = tuple(dtype_domain.tolist())
    if type_ == "datetime":
        found |= {key: str(found[key].isoformat()) for key in ("min", "max") if key in found}
    return Feature(
        type=type_,
        required=bool(column.required),
        min_fraction=found.pop("min_fraction", 0.0 if column.nullable else 1.0),
        unique=bool(column.unique),
        description=column.description or "",
        **found,
    )


def _said(check: Any) -> dict[str, Any] | None:
    """Return what a check says in the words of a feature; None when these have none for it."""
    name, values = str(check.name), check.statistics or {}
    if name in _BOUNDS:
        ours, theirs = _BOUNDS[name]
        return {ours: values[theirs]}
    if name == "in_range":
        return {"min": values["min_value"], "max": values["max_value"]}
    if name == "isin":
        return {"domain": tuple(values["allowed_values"])}
    if name == "str_length" and values.get("max_value") is not None:
        return {"max_length": int(values["max_value"])}
    if name == "min_fraction":
        return {"min_fraction": check._check_fn.share}
    if name == "min_domain_mass":
        return {"domain": check._check_fn.domain, "min_domain_mass": check._check_fn.mass}
    return None


def _type(dtype: Any) -> Type:
    said = str(dtype).lower()
    return next((ours for word, ours in _TYPES if word in said), "other")
