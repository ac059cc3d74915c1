"""What to write where a type does not fit but a value of it is easily made into the other."""

from __future__ import annotations

from typing import Any, get_origin

_FRAME, _SERIES, _ARRAY = "pandas.DataFrame", "pandas.Series", "numpy.ndarray"
_POLARS, _LAZY, _COLUMN = "polars.DataFrame", "polars.LazyFrame", "polars.Series"
_TABLE = "pyarrow.Table"

_CONVERSIONS: dict[tuple[str, str], str] = {
    ("int", "float"): "float({})",
    ("float", "int"): "round({})",
    ("int", "str"): "str({})",
    ("float", "str"): "str({})",
    ("str", "int"): "int({})",
    ("str", "float"): "float({})",
    ("str", "bool"): '{} == "yes"',
    ("int", "bool"): "bool({})",
    ("str", "bytes"): "{}.encode()",
    ("bytes", "str"): "{}.decode()",
    ("str", "pathlib.Path"): "Path({})",
    ("pathlib.Path", "str"): "str({})",
    ("list", "tuple"): "tuple({})",
    ("list", "set"): "set({})",
    ("tuple", "list"): "list({})",
    ("set", "list"): "sorted({})",
    ("list", _ARRAY): "np.asarray({})",
    ("tuple", _ARRAY): "np.asarray({})",
    ("list", _SERIES): "pd.Series({})",
    ("dict", _FRAME): "pd.DataFrame({})",
    (_ARRAY, "list"): "{}.tolist()",
    (_ARRAY, _FRAME): "pd.DataFrame({})",
    (_ARRAY, _SERIES): "pd.Series({})",
    (_FRAME, _ARRAY): "{}.to_numpy()",
    (_FRAME, _SERIES): '{}["column"]',
    (_SERIES, _ARRAY): "{}.to_numpy()",
    (_SERIES, _FRAME): "{}.to_frame()",
    (_SERIES, "list"): "{}.tolist()",
    (_FRAME, _POLARS): "pl.from_pandas({})",
    (_FRAME, _LAZY): "pl.from_pandas({}).lazy()",
    (_FRAME, _TABLE): "pa.Table.from_pandas({})",
    (_POLARS, _FRAME): "{}.to_pandas()",
    (_POLARS, _LAZY): "{}.lazy()",
    (_POLARS, _TABLE): "{}.to_arrow()",
    (_POLARS, _ARRAY): "{}.to_numpy()",
    (_POLARS, _COLUMN): '{}["column"]',
    (_COLUMN, _POLARS): "{}.to_frame()",
    (_LAZY, _POLARS): "{}.collect()",
    (_LAZY, _FRAME): "{}.collect().to_pandas()",
    (_TABLE, _FRAME): "{}.to_pandas()",
    (_TABLE, _POLARS): "pl.from_arrow({})",
}
_NUMBERS = {"bool": "bool({})", "int": "int({})", "float": "float({})"}


def conversion(given: Any, wanted: Any, name: str) -> str:
    """Return an expression that makes a value fit, "" if none is known.

    >>> conversion(int, float, "size"), conversion(int, dict, "size")
    ('float(size)', '')
    """
    one, other = _key(get_origin(given) or given), _key(get_origin(wanted) or wanted)
    found = _CONVERSIONS.get((one, other), "")
    if not found and one.startswith("numpy.") and one != _ARRAY and isinstance(given, type):
        found = _NUMBERS.get(other, "")
    return found.format(name)


def _key(kind: Any) -> str:
    if not isinstance(kind, type):
        return ""
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__.partition('.')[0]}."
    return f"{module}{kind.__name__}"
