"""Which values are one co-variable."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from thruway.kit.values.reach import copy_on_write
from thruway.kit.values.sharing import groups, mutable_parts

PRELUDE = {"__name__": "__main__", "np": np, "pd": pd, "LogisticRegression": LogisticRegression,
           "make_pipeline": make_pipeline, "StandardScaler": StandardScaler}  # fmt: skip

CASES = [
    ("a = [1]; b = a", "ab"),
    ("a = [1]; b = [1]", "a b"),
    ("a = 'text'; b = a; c = (1, 'x'); d = c", "a b c d"),
    ("a = []; b = {'k': (1, a)}; c = [2]", "ab c"),
    ("a = np.zeros(4); b = a[:2]; c = a[2:]; d = a.copy()", "abc d"),
    ("a = np.zeros((2, 2)); b = a.T.reshape(4); c = a.ravel()", "ac b"),
    ("z = bytearray(8); a = np.frombuffer(z)", "az"),
    ("a = np.frombuffer(bytes(8)); b = a[:1]", "a b"),
    ("a = [[1]]; b = np.array([a[0], None], dtype=object)", "ab"),
    ("class K:\n  pass\na = K(); b = K(); a.x = b; c = K()", "K ab c"),
    ("class K:\n  seen = []\na = K(); b = K()", "Kab"),
    ("def f(x, into=[]): ...\ng = f; h = f.__defaults__[0]", "fgh"),
    ("def f(x, y=1): ...\ng = f", "f g"),
    (
        "def m():\n  n = 0\n  def i():\n    nonlocal n; n += 1\n  def g(): return n\n  return i, g\na, b = m()",
        "m ab",
    ),
    ("a = [1]; b = iter(a)", "ab"),
    ("a = [1]; b = (x for x in a)", "ab"),
    ("a = StandardScaler(); b = make_pipeline(a, LogisticRegression()); c = b.steps[1][1]", "abc"),
    ("a = pd.DataFrame({'x': [[1]]}); b = a['x'][0]", "ab"),
    ("a = np; b = np; c = int; d = int; e = len; f = len", "a b c d e f"),
    ("a = np.random.default_rng(0); b = a.bit_generator; c = np.random.default_rng(0)", "ab c"),
    ("a = {}; a['self'] = a", "a"),
]
LAZY = [
    ("a = pd.DataFrame({'x': [1.0]}); b = a[['x']]; c = a.copy(deep=False); d = a['x']", "a b c d"),
    ("a = pd.DataFrame({'x': [1.0]}); b = a", "ab"),
    ("a = pd.DataFrame({'x': [1.0]}); b = a['x'].to_numpy()", "ab"),
    ("a = pd.DataFrame({'x': [1.0]}); b = a.copy().to_numpy()", "a b"),
]


def dump(values):
    return " ".join(sorted("".join(sorted(group)) for group in groups(values)))


def run(program):
    space = dict(PRELUDE)
    exec(program, space)
    return {k: v for k, v in space.items() if len(k) == 1}


@pytest.mark.parametrize(("program", "expected"), CASES)
def test_groups(program, expected):
    expected = " ".join(sorted("".join(sorted(part)) for part in expected.split()))
    assert dump(run(program)) == expected


@pytest.mark.skipif(not copy_on_write(), reason="frames are copied lazily from pandas 3 on")
@pytest.mark.parametrize(("program", "expected"), LAZY)
def test_frames_under_copy_on_write(program, expected):
    assert dump(run(program)) == expected


@pytest.mark.skipif(copy_on_write(), reason="before pandas 3")
def test_frames_before_copy_on_write():
    assert dump(run("a = pd.DataFrame({'x': [1.0]}); b = a['x']; c = a.copy()")) == "ab c"
    assert dump(run("a = pd.DataFrame({'x': [1.0]}); b = a.to_numpy()")) == "ab"


def test_atoms_have_no_mutable_parts():
    assert mutable_parts((1, "a", None, 2.5, b"x", range(3))) == frozenset()


def test_long_containers_are_cheap():
    values = {"a": list(range(1_000_000)), "b": dict.fromkeys(map(str, range(300_000)))}
    start = time.perf_counter()
    groups(values)
    assert time.perf_counter() - start < 3.0


def test_artists_share_their_figure():
    figures = pytest.importorskip("matplotlib.figure")
    one, other = figures.Figure(), figures.Figure()
    left, right = one.subplots(1, 2)
    (line,) = left.plot([1, 2])
    grid = one.subplots(2, 2)
    values = {"left": left, "right": [right], "line": {"inside": line}, "grid": grid}
    found = groups({**values, "other": other.subplots(), "removed": line.__class__([0], [0])})
    assert found == (frozenset(values), frozenset({"other"}), frozenset({"removed"}))
    assert len(mutable_parts(left)) == 1


def test_rows_of_a_list_are_shared_one_by_one():
    rows = [{"a": 1}, {"a": 2}]
    assert groups({"rows": rows, "row": rows[1], "copy": [dict(rows[0])]})[0] == {"rows", "row"}
