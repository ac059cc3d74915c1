"""Records about values: described, digested, compared; never holding the value itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ValueKind = Literal[
    "frame",
    "series",
    "array",
    "estimator",
    "scalar",
    "text",
    "container",
    "module",
    "function",
    "class",
    "figure",
    "iterator",
    "handle",
    "other",
]


@dataclass(frozen=True)
class Value:
    """A value described, not held.

    Attributes:
        kind: coarse kind.
        type: public dotted name of its class (`pandas.DataFrame`, `sklearn.linear_model.Ridge`,
            `builtins.dict`, `__main__.Box`).
        annotation: how to write its type in a signature (`pd.DataFrame`, `dict[str, float]`).
        imports: import lines which that annotation needs (`import pandas as pd`).
        shape: `(rows, columns)` or the array's shape, else None.
        columns: for frames, (name, dtype, has_nulls) in order; at most 1,000; () otherwise.
        dtype: for series and arrays.
        bytes: size in memory, estimated.
        fingerprint: content digest from `kit.values.fingerprint`.
        opaque: what the fingerprint could not look into; "" if nothing.
        unstorable: why it cannot be stored and read back exactly; "" when it can.
        definitions: functions and classes of the program that it names.
        preview: at most 200 characters for the report.
    """

    kind: ValueKind
    type: str
    annotation: str = "Any"
    imports: tuple[str, ...] = ()
    shape: tuple[int, ...] | None = None
    columns: tuple[tuple[str, str, bool], ...] = ()
    dtype: str = ""
    bytes: int = 0
    fingerprint: str = ""
    opaque: str = ""
    unstorable: str = ""
    definitions: tuple[str, ...] = ()
    preview: str = ""


@dataclass(frozen=True)
class Digest:
    """A structural content digest.

    Attributes:
        hex: 32 hex digits, the same in every process for equal content.
        opaque: type of the first part that could not be looked into, "" if none.
    """

    hex: str
    opaque: str = ""


Verdict = Literal["equal", "within", "differs", "not compared"]


@dataclass(frozen=True)
class Comparison:
    """How two values compare.

    Attributes:
        verdict: bit for bit `equal`; `within` a tolerance; `differs`; or `not compared`.
        tolerance: for `within`, words such as `rtol 1e-09`.
        path: where the first difference is (`['age'][17]`, `.coef_[0, 3]`).
        expected, actual: the two elements there, as short text.
        reason: for `not compared`, why; for `within`, which class of equality.
    """

    verdict: Verdict
    tolerance: str = ""
    path: str = ""
    expected: str = ""
    actual: str = ""
    reason: str = ""
