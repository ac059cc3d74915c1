"""Program text → what the observed run shows, one line per statement (`Trace.dump`)."""

from __future__ import annotations

import textwrap

import pytest

# name: (before, statement, expected line without its number)
CASES = {
    # plain Python
    "constant": ("", "x = 1", "-> x"),
    "read": ("x = 1", "y = x", "x -> y"),
    "augmented": ("x = 1", "x += 1", "x -> x"),
    "nothing changed": ("x = [1]", "len(x)", "x ->"),
    "append": ("x = []", "x.append(1)", "x -> !x"),
    "equal content": ("x = [1]", "x[0] = 1", "x ->"),
    "alias": ("a = [1]\nb = a", "b.append(2)", "b -> !a !b"),
    "in-place sum": ("a = [1]\nb = a", "b += [2]", "b -> b !a"),
    "rebound, then changed": ("a = [1]\nb = a", "b = b + [2]", "b -> b"),
    "nested": ("d = {'m': {'lr': 1}}", "d['m']['lr'] = 5", "d -> !d"),
    "part of another": ("k = [1]\nm = {'k': k}", "m['k'].append(3)", "m -> !k !m"),
    "loop over parts": ("ls = [[1], [2]]", "for l in ls: l.append(0)", "ls -> l !ls"),
    "comprehension": ("a = [[1]]", "b = [x.append(2) for x in a]", "a -> b !a"),
    "helper changes argument": (
        "def f(x): x.append(1)\nv = []",
        "f(v)",
        "f v -> !v",
    ),
    "helper reads global": ("k = 2\ndef f(v): return v * k", "y = f(3)", "f k -> y"),
    "helper changes global": (
        "log = []\ndef f(): log.append(1)",
        "f()",
        "f log -> !log",
    ),
    "helper rebinds global": (
        "n = 0\ndef f():\n    global n\n    n += 1",
        "f()",
        "f n -> n",
    ),
    "default argument": ("def f(seen=[]): seen.append(1)", "f()", "f -> !f"),
    "function attribute": ("def f(): f.calls = 1", "f()", "f -> !f"),
    "closure": (
        "def make():\n    n = [0]\n    def step(): n.append(1)\n    return step\nstep = make()",
        "step()",
        "step -> !step",
    ),
    "generator": ("g = (i for i in range(5))", "next(g)", "g -> !g"),
    "iterator over a list": ("a = [1, 2]\ni = iter(a)", "next(i)", "i -> !i"),
    "class attribute": ("class A:\n    n = 0", "A.n = 1", "A -> !A"),
    "class attribute by an instance": (
        "class A:\n    seen = []\n    def go(self): self.seen.append(1)\na = A()",
        "a.go()",
        "a -> !A",
    ),
    "attribute": ("import types\nn = types.SimpleNamespace(a=1)", "n.a = 9", "n -> !n"),
    "delete": ("x = 1", "del x", "->"),
    "delete item": ("d = {1: 2}", "del d[1]", "d -> !d"),
    "walrus": ("", "if (n := 10) > 5: pass", "-> n"),
    "condition not taken": ("x = 1\nf = 0", "if f: x = 2", "f ->"),
    "open file": ("import io\nf = io.StringIO('a\\nb')", "line = f.readline()", "f -> line !f"),
    "random object": ("import random\nr = random.Random(1)", "x = r.random()", "r -> x !r"),
    "exec": ("", "exec('z = 1')", "-> z"),
    # effects
    "python stream": ("import random", "x = random.random()", "random -> x update(random:python)"),
    "environment": ("import os", "os.environ['A_B'] = 'c'", "os -> write(env:A_B)"),
    "working folder": (
        "import os\nos.mkdir('in')",
        "os.chdir('in')",
        "os -> read(dir:in) write(options:cwd)",
    ),
    "decimal": (
        "import decimal",
        "decimal.getcontext().prec = 5",
        "decimal -> write(options:decimal)",
    ),
    "warnings": (
        "import warnings",
        "warnings.filterwarnings('ignore')",
        "warnings -> write(options:warnings)",
    ),
    "write a file": ("", "open('a.txt', 'w').close()", "-> write(file:a.txt)"),
    "read a file": (
        "open('a.txt', 'w').close()",
        "with open('a.txt') as f: x = f.read()",
        "-> f x read(file:a.txt)",
    ),
    "append to a file": (
        "open('a.txt', 'w').close()",
        "open('a.txt', 'a').close()",
        "-> update(file:a.txt)",
    ),
    "module attribute": ("import math", "math.tau = 6", "math -> update(module:math)"),
    "process": ("import os", "os.system('true')", "os -> update(outside:process)"),
}

PANDAS = {
    "head": ("", "df.head()", "df ->"),
    "in place": ("", "df.dropna(inplace=True)", "df -> !df"),
    "alias in place": ("d2 = df", "d2.dropna(inplace=True)", "d2 -> !d2 !df"),
    "copy": ("d2 = df.copy()", "d2['z'] = 1", "d2 -> !d2"),
    "new column": ("", "df['z'] = df['a'] * 2", "df -> !df"),
    "loc": ("", "df.loc[df['a'].isna(), 'a'] = 100.0", "df -> !df"),
    "pop": ("", "y = df.pop('b')", "df -> y !df"),
    "insert": ("", "df.insert(0, 'q', 1)", "df -> !df"),
    "columns": ("", "df.columns = ['x', 'y']", "df -> !df"),
    "attribute": ("", "df.a = df.a + 1", "df -> !df"),
    "loop": ("", "for c in ['a', 'b']: df[c] = df[c] * 2", "df -> c !df"),
    "helper": ("def f(d): d['z'] = 7", "f(df)", "df f -> !df"),
    "apply": ("", "s = df['a'].apply(lambda v: v + 1)", "df -> s"),
    "query sees names": ("low = 1", "x = df.query('b > @low')", "df low -> x"),
    "frames in a list": ("both = [df, df.copy()]", "both[0]['z'] = 1", "both -> !both !df"),
    "series": ("s = df['b'].copy()", "s.iloc[0] = 9", "s -> !s"),
    "view": ("a = np.zeros(4)\nv = a[:2]", "v[:] = 9", "v -> !a !v"),
    "fill": ("a = np.zeros(4)", "a.fill(1)", "a -> !a"),
    "out": ("a = np.zeros(2)\nb = np.ones(2)", "np.add(b, b, out=a)", "a b np -> !a"),
    "in-place operator": ("a = np.zeros(2)\nb = a", "a += 1", "a -> a !b"),
    "sum": ("a = np.zeros(2)", "t = a.sum()", "a -> t"),
    "shuffle": (
        "a = np.arange(9)",
        "np.random.shuffle(a)",
        "a np -> !a update(random:numpy)",
    ),
    "seed": ("", "np.random.seed(7)", "np -> update(random:numpy)"),
    "generator object": ("r = np.random.default_rng(0)", "x = r.random()", "r -> x !r"),
    "pandas option": (
        "",
        "pd.set_option('display.max_rows', 7)",
        "pd -> write(options:pandas)",
    ),
    "numpy option": (
        "",
        "np.set_printoptions(precision=3)",
        "np -> write(options:numpy)",
    ),
    "csv": ("df.to_csv('a.csv')", "x = pd.read_csv('a.csv')", "pd -> x read(file:a.csv)"),
}

SKLEARN = {
    "fit": ("m = LinearRegression()", "m.fit(df[['b']], df['b'])", "df m -> !m"),
    "predict": (
        "m = LinearRegression().fit(df[['b']], df['b'])",
        "p = m.predict(df[['b']])",
        "df m -> p",
    ),
    "inside a pipeline": (
        "s = StandardScaler()\np = make_pipeline(s, LinearRegression())",
        "p.fit(df[['b']], df['b'])",
        "df p -> !p !s",
    ),
    "scaler without copy": (
        "a = np.arange(4.0).reshape(2, 2)\ns = StandardScaler(copy=False)",
        "b = s.fit_transform(a)",
        "a s -> b !a !s",
    ),
    "ambient split": (
        "from sklearn.model_selection import train_test_split",
        "x, y = train_test_split(df)",
        "df train_test_split -> x y update(random:numpy)",
    ),
}

FRAME = """
import numpy as np
import pandas as pd
df = pd.DataFrame({"a": [1.0, None, 2.0], "b": [1, 2, 3]})
"""
LEARN = (
    FRAME
    + """
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
"""
)


def last_line(trace, before, statement):
    observed = trace(textwrap.dedent(before), statement, kind="script")
    assert observed.failure is None, observed.failure
    return observed.dump().splitlines()[-1].partition(": ")[2].strip()


@pytest.fixture(autouse=True)
def _put_back(monkeypatch):
    """Programs set what is global; here they share the process of the tests."""
    import math
    import os
    import random
    import warnings

    monkeypatch.setattr(math, "tau", math.tau)
    state = random.getstate()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The inplace keyword")
        yield
    random.setstate(state)
    os.environ.pop("A_B", None)


@pytest.mark.parametrize("name", CASES)
def test_statement(trace, name):
    before, statement, expected = CASES[name]
    assert last_line(trace, before, statement) == expected


@pytest.mark.parametrize("name", PANDAS)
def test_pandas_statement(trace, name):
    pd = pytest.importorskip("pandas")
    np = pytest.importorskip("numpy")
    before, statement, expected = PANDAS[name]
    with pd.option_context("display.max_rows", 60), np.printoptions():
        assert last_line(trace, FRAME + before, statement) == expected


@pytest.mark.parametrize("name", SKLEARN)
def test_sklearn_statement(trace, name):
    pytest.importorskip("sklearn")
    before, statement, expected = SKLEARN[name]
    assert last_line(trace, LEARN + before, statement) == expected
