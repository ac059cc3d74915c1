"""Values in words."""

from __future__ import annotations

import collections
import datetime as dt
import io
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from thruway.kit.values.describe import describe

PD, NP = ("import pandas as pd",), ("import numpy as np",)
ANY = ("from typing import Any",)
CALL = ("from collections.abc import Callable", "from typing import Any")


class Mine:
    def __repr__(self):
        raise RuntimeError


def local():
    class Local:
        pass

    return Local()


CASES = [
    (1, "scalar", "builtins.int", "int", ()),
    (None, "scalar", "builtins.NoneType", "None", ()),
    ("a", "text", "builtins.str", "str", ()),
    ([1], "container", "builtins.list", "list[int]", ()),
    ([1, None], "container", "builtins.list", "list[int | None]", ()),
    ([1, "a", 2.0, b""], "container", "builtins.list", "list[Any]", ANY),
    ([], "container", "builtins.list", "list", ()),
    ({"a": 1.0}, "container", "builtins.dict", "dict[str, float]", ()),
    ((1, 2), "container", "builtins.tuple", "tuple[int, int]", ()),
    ((1,) * 9, "container", "builtins.tuple", "tuple[int, ...]", ()),
    ({"a": [np.zeros(1)]}, "container", "builtins.dict", "dict[str, list[np.ndarray]]", NP),
    (np.float64(1), "scalar", "numpy.float64", "np.float64", NP),
    (np.zeros(3), "array", "numpy.ndarray", "np.ndarray", NP),
    (pd.DataFrame(), "frame", "pandas.DataFrame", "pd.DataFrame", PD),
    (pd.Series([1]), "series", "pandas.Series", "pd.Series", PD),
    (pd.CategoricalIndex([1]), "series", "pandas.CategoricalIndex", "pd.CategoricalIndex", PD),
    (pd.Timestamp("2020"), "scalar", "pandas.Timestamp", "pd.Timestamp", PD),
    (LogisticRegression(), "estimator", "sklearn.linear_model.LogisticRegression",
     "LogisticRegression", ("from sklearn.linear_model import LogisticRegression",)),
    (collections.OrderedDict(), "container", "collections.OrderedDict", "OrderedDict",
     ("from collections import OrderedDict",)),
    (dt.date(2020, 1, 1), "scalar", "datetime.date", "date", ("from datetime import date",)),
    (Path("a"), "scalar", "pathlib.PosixPath", "Path", ("from pathlib import Path",)),
    (len, "function", "builtins.builtin_function_or_method", "Callable[..., Any]", CALL),
    (int, "class", "builtins.type", "type[int]", ()),
    (io, "module", "builtins.module", "ModuleType", ("from types import ModuleType",)),
    (iter([]), "iterator", "builtins.list_iterator", "Any", ANY),
    (io.StringIO(), "handle", "io.StringIO", "StringIO", ("from io import StringIO",)),
    (local(), "other", "test_kit_values_describe.local.<locals>.Local", "Any", ANY),
]  # fmt: skip


@pytest.mark.parametrize(("value", "kind", "type_", "words", "imports"), CASES)
def test_type_and_annotation(value, kind, type_, words, imports):
    found = describe(value)
    assert (found.kind, found.type, found.annotation, found.imports) == (
        kind,
        type_,
        words,
        imports,
    )


def test_a_class_of_the_program_needs_no_import():
    space = {"__name__": "__main__"}
    exec("class Box: pass", space)
    assert describe(space["Box"]()).annotation == "Box"
    assert describe(space["Box"]()).imports == ()


def test_frame():
    frame = pd.DataFrame({"a": [1.0, None], "b": pd.Categorical(["x", "y"])})
    found = describe(frame, digest=True)
    assert found.shape == (2, 2)
    assert found.columns == (("a", "float64", True), ("b", "category", False))
    assert found.preview == "2 × 2 frame: a, b"
    assert len(found.fingerprint) == 32
    assert found.bytes > 16


LARGE = {
    "array": lambda: np.zeros(2_000_000),
    "list": lambda: list(range(2_000_000)),
    "text": lambda: "x" * 10_000_000,
    "dict": lambda: {i: i for i in range(500_000)},
    "series": lambda: pd.Series(np.zeros(2_000_000)),
    "int": lambda: 1 << 10_000_000,
    "deep": lambda: [[["deep"] * 99] * 99] * 99,
}


@pytest.mark.parametrize("name", LARGE)
def test_large_values_are_cheap(name):
    value = LARGE[name]()
    start = time.perf_counter()
    found = describe(value)
    assert time.perf_counter() - start < 3.0
    assert len(found.preview) <= 200


def test_sizes_are_estimated():
    assert describe(np.zeros(1000)).bytes == 8000
    assert 30_000 < describe([str(i) for i in range(1000)]).bytes < 90_000
    text = pd.Series(["x" * 1000] * 5000, dtype=object)
    assert 4_000_000 < describe(text).bytes < 8_000_000
    assert describe(LogisticRegression().fit(np.eye(500), [0, 1] * 250)).bytes > 4000


def test_hostile_values_are_described():
    assert describe(Mine()).preview == "<Mine>"
    assert describe(iter([])).unstorable


def test_nulls_of_every_kind_of_column():
    frame = pd.DataFrame(
        {
            "whole": [1, 2],
            "float": [1.0, np.nan],
            "full": [1.0, np.inf],
            "other": [2.0, 3.0],
            "text": ["a", None],
            "words": ["a", "b"],
            "object": pd.Series([{}, float("nan")], dtype=object),
            "time": pd.to_datetime(["2020-01-01", None]),
            "masked": pd.array([1, None], dtype="Int64"),
            "group": pd.Categorical(["a", "b"]),
            "complex": [1j, complex("nan")],
        }
    )
    for one in (frame, frame[::-1], frame[["text", "float", "whole"]], frame[:0]):
        expected = zip(one.columns, map(str, one.dtypes), one.isna().any(), strict=True)
        assert describe(one).columns == tuple(expected)


@pytest.mark.parametrize("dtype", ["object", "str", "float", "category"])
def test_size_of_columns(dtype):
    pieces = [str(i) * (i % 7 + 1) for i in range(5000)]
    column = pd.Series(pieces if dtype != "float" else range(5000)).astype(dtype)
    frame = pd.DataFrame({"a": column, "b": column})
    expected = frame.memory_usage(deep=True).sum()
    assert describe(frame).bytes == pytest.approx(expected, rel=0.2)
    assert describe(frame["a"]).bytes == pytest.approx(expected / 2, rel=0.2)


def test_size_of_many_parts_is_estimated():
    rows = [{"a": i, "b": "x" * 50} for i in range(20_000)]
    one = describe(rows[:1]).bytes
    assert describe(rows).bytes == pytest.approx(20_000 * one, rel=0.3)
    assert describe([rows[0]] * 20_000).bytes < 20_000 * one / 4


def test_size_stops_at_figures():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = figure.subplots()
    axes.plot(range(1000))
    assert describe([axes, figure]).bytes < 1000
