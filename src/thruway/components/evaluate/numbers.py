"""Values as floats, or why they are none."""

from __future__ import annotations

from typing import Any

from thruway.errors import DataError


def numbers(values: Any, known: Any, what: str, hint: str | None = None) -> Any:
    """Return values as floats, NaN where they are not known.

    Raises:
        DataError: some are no numbers.
    """
    import numpy as np

    found = np.full(len(values), np.nan)
    none = DataError(
        f"{what}: not all are numbers ({values.dtype})",
        fix="give numbers" + ("" if hint is None else f", or {hint}"),
    )
    if values.dtype.kind in "mMSU":  # dates would become numbers of nanoseconds
        raise none
    try:
        found[known] = values[known].astype(float)
    except (TypeError, ValueError) as error:
        raise none from error
    return found
