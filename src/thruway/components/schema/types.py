"""What a schema is: what is expected of each column, as plain data that people review."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

Type = Literal["int", "float", "bool", "string", "datetime", "duration", "bytes", "other"]
"""Of the values of a column. A column of whole floats is also an `int` one: pandas makes floats of
whole numbers as soon as one is missing."""

Bound = int | float | str

TYPES: tuple[Type, ...] = (
    "int", "float", "bool", "string", "datetime", "duration", "bytes", "other",
)  # fmt: skip


@dataclass(frozen=True)
class Feature:
    """What is expected of a column.

    Attributes:
        type: of its values.
        required: the column has to be there.
        min_fraction: at least this share of the rows has a value.
        min_count: at least so many rows have one.
        domain: the values there may be; None for any.
        min_domain_mass: at least this share of the values is in the domain.
        min: the smallest allowed; a date in ISO form for datetimes; None for any.
        max: the largest allowed.
        allow_nan: NaN may occur (only polars and Arrow tell it from a missing value).
        allow_inf: infinities may occur.
        unique: no value occurs twice, as in a key.
        min_values: of lists: values in a row; None: it holds no lists.
        max_values: of lists; None for any number.
        max_length: characters of a string.
        categorical: numbers that are categories.
        not_in: environments whose data does not have the column, such as the label at serving.
        drift: measure → limit, against the last span; see `validate`.
        skew: measure → limit, training against serving.
        description: for people.
    """

    type: Type
    required: bool = True
    min_fraction: float = 0.0
    min_count: int = 0
    domain: tuple[str | int | float | bool, ...] | None = None
    min_domain_mass: float = 1.0
    min: Bound | None = None
    max: Bound | None = None
    allow_nan: bool = False
    allow_inf: bool = False
    unique: bool = False
    min_values: int | None = None
    max_values: int | None = None
    max_length: int | None = None
    categorical: bool = False
    not_in: tuple[str, ...] = ()
    drift: dict[str, float] = field(default_factory=dict)
    skew: dict[str, float] = field(default_factory=dict)
    description: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return what differs from the defaults, and the type."""
        default = Feature(self.type)
        found = {"type": self.type}
        found |= {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if getattr(self, one.name) != getattr(default, one.name)
        }
        return {name: list(v) if isinstance(v, tuple) else v for name, v in found.items()}


@dataclass(frozen=True)
class Difference:
    """What new data says otherwise than the reviewed schema.

    Attributes:
        column: its name.
        what: `new`, `gone`, or the field of the feature.
        reviewed: what the schema says; None for a new column.
        observed: what the data says; None for one that is gone.
    """

    column: str
    what: str
    reviewed: Any = None
    observed: Any = None

    def __str__(self) -> str:
        if self.what in {"new", "gone"}:
            return f"`{self.column}` is {self.what}"
        return f"`{self.column}`: {self.what} is {self.reviewed!r}, observed {self.observed!r}"


@dataclass(frozen=True)
class Schema:
    """What is expected of examples.

    Attributes:
        features: by column.
        environments: what data there is: `training`, `serving`, …; a feature's `not_in` refers to
            them.
        min_rows: of each split.
        max_rows: None for any number.
        allow_new: columns that are not in the schema are no anomaly.
        differences: to what the data of the last inference says; not part of the text file.
    """

    features: dict[str, Feature]
    environments: tuple[str, ...] = ()
    min_rows: int = 0
    max_rows: int | None = None
    allow_new: bool = False
    differences: tuple[Difference, ...] = ()

    def __getitem__(self, column: str) -> Feature:
        return self.features[column]

    def of(self, environment: str = "") -> dict[str, Feature]:
        """Return the features that data of an environment has; all for ""."""
        if environment and environment not in self.environments:
            raise UsageError(
                f"the schema has no environment `{environment}`",
                where=f"environments {', '.join(self.environments) or 'none'}",
                fix=f'add it: infer_schema(..., environments=["{environment}"])',
            )
        return {n: one for n, one in self.features.items() if environment not in one.not_in}

    def kinds(self) -> dict[str, Any]:
        """Return how `statistics` are to look at columns, where that is not plain."""
        return {name: "categorical" for name, one in self.features.items() if one.categorical}

    def keys(self) -> frozenset[str]:
        """Return the columns in which no value may occur twice."""
        return frozenset(name for name, one in self.features.items() if one.unique)

    def edited(self, column: str, **changes: Any) -> Schema:
        """Return the schema with another expectation of one column.

        >>> Schema({"age": Feature("int")}).edited("age", min=0, max=120)["age"].max
        120
        """
        if column not in self.features:
            raise UsageError(f"the schema has no column `{column}`", fix="name one that it has")
        unknown = set(changes) - {one.name for one in fields(Feature)}
        if unknown:
            raise UsageError(
                f"a feature has no field `{min(unknown)}`",
                fix=f"fields are {', '.join(one.name for one in fields(Feature))}",
            )
        changed = replace(self.features[column], **changes)
        return replace(self, features={**self.features, column: changed})

    # -- as text ------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the schema as JSON and TOML take it, without what is as by default."""
        found: dict[str, Any] = {}
        if self.environments:
            found["environments"] = list(self.environments)
        if self.min_rows:
            found["min_rows"] = self.min_rows
        if self.max_rows is not None:
            found["max_rows"] = self.max_rows
        if self.allow_new:
            found["allow_new"] = True
        return {**found, "features": {name: one.to_dict() for name, one in self.features.items()}}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Schema:
        """Return the schema that `to_dict` gave.

        Raises:
            DataError: it is no such dict.
        """
        from thruway.components.schema.text import schema_of

        return schema_of(data)

    def to_toml(self) -> str:
        """Return the schema as a text that people review and keep under version control."""
        from thruway.components.schema.text import to_toml

        return to_toml(self)

    def save(self, path: str | Path) -> None:
        """Write the schema to a file: TOML, or JSON if it is called `.json`."""
        from thruway.components.schema.text import written

        file = Path(path)
        file.write_text(written(self, file.suffix), encoding="utf-8")

    # -- as others have it --------------------------------------------------------------------

    def to_pandera(self, environment: str = "", library: str = "pandas") -> Any:
        """Return a `DataFrameSchema` of pandera.

        Args:
            environment: of the data it is for.
            library: `pandas` or `polars`.
        """
        from thruway.components.schema.to_pandera import to_pandera

        return to_pandera(self, environment, library)

    def to_json_schema(self, environment: str = "") -> dict[str, Any]:
        """Return a JSON Schema (draft 2020-12) of one row, as a request to a model has it."""
        from thruway.components.schema.json_schema import to_json_schema

        return to_json_schema(self, environment)

    def __repr__(self) -> str:
        said = f", {len(self.differences)} differences to the data" if self.differences else ""
        return f"<Schema of {len(self.features):,} columns{said}>"

    def _repr_html_(self) -> str:
        from thruway.components.schema.view import shown

        return shown(self)


def as_plain(schema: Schema) -> dict[str, Any]:
    """Return every field of a schema."""
    return asdict(schema)


def problem(name: str, feature: Feature) -> DataError | None:
    """Return what makes no sense in a feature."""
    if feature.type not in TYPES:
        return _wrong(name, f"`type` is {feature.type!r}", f"types are {', '.join(TYPES)}")
    for share in ("min_fraction", "min_domain_mass"):
        if not 0 <= getattr(feature, share) <= 1:
            return _wrong(name, f"`{share}` is no share", "give a number from 0 to 1")
    low, high = feature.min, feature.max
    if feature.type not in {"int", "float", "datetime", "duration"} and (low, high) != (None, None):
        return _wrong(name, f"{feature.type} has no range", "leave out `min` and `max`")
    text = feature.type == "datetime"
    for bound in (low, high):
        if bound is not None and isinstance(bound, str) != text:
            form = "a date in ISO form" if text else "a number"
            return _wrong(name, f"the bound {bound!r} does not fit {feature.type}", f"give {form}")
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        return _wrong(name, f"`min` {low} is above `max` {high}", "exchange them")
    return None


def _wrong(name: str, what: str, fix: str) -> DataError:
    return DataError(f"in the schema, {what}", where=f"column `{name}`", fix=fix)
