"""Where two values differ first, and by how much."""

from __future__ import annotations

import math
import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from thruway.kit.values.compare import compare

X = np.random.default_rng(0).normal(size=(40, 2))
Y = (X[:, 0] > 0).astype(int)


def fitted(c=1.0, shift=0.0):
    model = LogisticRegression(C=c).fit(X, Y)
    model.coef_[0, 1] += shift
    return model


def frame(**columns):
    return pd.DataFrame({"age": [1.0, 2.0, 3.0], "name": ["a", "b", "c"], **columns})


def with_age(value):
    changed = frame()
    changed.loc[1, "age"] = value
    return changed


class Box:
    def __init__(self, inside):
        self.inside = inside


DIFFERS = [
    (1, 2, "", "1", "2"),
    ([1, [2, {"k": 3}]], [1, [2, {"k": 4}]], "[1][1]['k']", "3", "4"),
    ([1], [1, 2], "", "1 elements", "2 elements"),
    ({"a": 1}, {"a": 1, "b": 2}, "", "1 keys", "2 keys"),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "", "'a'", "'b'"),
    ({1, 2}, {1, 3}, "", "2", "3"),
    ([1], (1,), "", "list", "tuple"),
    (1.0, 1, "", "float", "int"),
    (1.0, 1.1, "", "1.0", "1.1"),
    (1.0, math.nan, "", "1.0", "nan"),
    (np.zeros(3), np.array([0, 0, 1.0]), "[2]", "0.0", "1.0"),
    (np.zeros(3), np.zeros(4), "", "shape (3,)", "shape (4,)"),
    (np.zeros(3), np.zeros(3, "f4"), "", "float64", "float32"),
    (np.eye(2, dtype=int), np.ones((2, 2), int), "[0, 1]", "0", "1"),
    (frame(), with_age(9.0), "['age'][1]", "2.0", "9.0"),
    (frame(), frame().assign(name=["a", "x", "c"]), "['name'][1]", "'b'", "'x'"),
    (frame(), frame()[:2], "", "shape (3, 2)", "shape (2, 2)"),
    (frame(), frame().rename(columns={"age": "Age"}), ".columns[0]", "'age'", "'Age'"),
    (frame(), frame().astype({"age": int}), "['age']", "float64", "int64"),
    (frame(), frame().set_axis([0, 1, 5]), ".index[2]", "2", "5"),
    (frame(), frame(new=[1, 2, 3]), ".columns", "2 columns", "3 columns"),
    (pd.Series([1, 2], name="a"), pd.Series([1, 2], name="b"), ".name", "'a'", "'b'"),
    (Box([1]), Box([2]), ".inside[0]", "1", "2"),
    (fitted(), fitted(c=2.0), ".C", "1.0", "2.0"),
    (pd.Categorical(["a"]), pd.Categorical(["b"]), None, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "path", "expected", "actual"), DIFFERS)
def test_first_difference(one, other, path, expected, actual):
    found = compare(one, other)
    assert found.verdict == "differs"
    if path is not None:
        assert (found.path, found.expected, found.actual) == (path, expected, actual)


WITHIN = [
    (1.0, math.nextafter(1.0, 2), ""),
    ([1, 2.0], [1, 2.0 + 1e-12], "[1]"),
    (np.array([1.0, 3.0]), np.array([1.0, 3.0 + 1e-12]), "[1]"),
    (np.array([1 + 2j]), np.array([1 + 2j * (1 + 1e-12)]), "[0]"),
    (np.float64(1.0), np.float64(1 + 1e-12), ""),
    (0.0, -0.0, ""),
    (frame(), with_age(2.0 + 1e-12), "['age'][1]"),
    (fitted(), fitted(shift=1e-13), ".coef_[0, 1]"),
]


def test_zero_signs_and_roundings_are_within():
    for one, other, path in WITHIN:
        found = compare(one, other)
        assert (found.verdict, found.path) == ("within", path)
        assert "rtol 1e-09" in found.tolerance


def test_a_hard_difference_wins_over_a_rounding():
    found = compare([1.0, 2], [1.0 + 1e-12, 3])
    assert (found.verdict, found.path) == ("differs", "[1]")
    array = compare(np.array([1.0, 2.0]), np.array([1.0 + 1e-12, 3.0]))
    assert (array.verdict, array.path) == ("differs", "[1]")


def test_equal():
    for value in (1, [1.0, math.nan], frame(), fitted(), {"a": {1, 2}}):
        assert compare(value, value).verdict == "equal"
    assert compare(frame(), frame()).verdict == "equal"


def test_what_hides_its_state_is_not_compared():
    assert compare(threading.Lock(), threading.Lock()).verdict == "not compared"
    assert compare(iter([1]), iter([2])).verdict == "not compared"
    inside = compare([1, threading.Lock()], [1, threading.Lock()])
    assert inside.verdict == "equal"
    assert "lock" in inside.reason


def test_sharing_differs_without_an_element():
    inner = [1]
    found = compare([inner, inner], [[1], [1]])
    assert found.verdict == "differs"
    assert "share" in found.reason


def test_cycles_end():
    one: list[object] = [1]
    one.append(one)
    other: list[object] = [2]
    other.append(other)
    assert compare(one, other).path == "[0]"
