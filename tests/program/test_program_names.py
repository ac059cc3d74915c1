"""Program text → names read (in functions later) -> names bound !changed, per statement."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from thruway.program import read_program
from thruway.source import read_source

if TYPE_CHECKING:
    from pathlib import Path


NAMES = {
    # binding
    "x = 1": "constant:  -> x",
    "x = -1, [2, {'a': 2**3}]": "constant:  -> x",
    "a = b = 0": "constant:  -> a b",
    "a = b = []": "ordinary:  -> a b",
    "x: int": "ordinary:  ->",
    "x: int = 3": "constant:  -> x",
    "x += y": "ordinary: x y -> x !x",
    "a, *b = c": "ordinary: c -> a b",
    "a[i], b.x = c": "ordinary: a b c i ->  !a !b",
    "del x, y[0]": "ordinary: y ->  !y",
    "import a.b, c.d as e": "import:  -> a e",
    "from a import b as c, d": "import:  -> c d",
    "from a import *": "import:  ->",
    "'text'": "docstring:  ->",
    "(n := f(n))": "ordinary: f n -> n",
    "a and (n := 1)": "ordinary: a -> n?",
    "(n := 1) if a else (n := 2)": "ordinary: a -> n",
    "0 < (a := x) < (b := y)": "ordinary: x y -> a b?",
    # functions and classes
    "f = lambda v, w=d: v + k": "function: d (k) -> f",
    "def f(a, b=d) -> R:\n    c = a + k\n    return g(c)": "function: R d (g k) -> f",
    "@dec\ndef f():\n    def g():\n        return x\n    x = 1\n    return g": "function: dec -> f",
    "def f():\n    global n\n    n += 1": "function:  (n) -> f",
    "def f():\n    return f": "function:  (f) -> f",
    "def f(xs):\n    return [x + k for x in xs]": "function:  (k) -> f",
    "class A(B, metaclass=M):\n    x = k\n    y = x\n    def m(self):\n        return x + k2": "class: B M k (k2 x) -> A",
    "class A:\n    xs = [1]\n    ys = [x for x in xs if x in xs]": "class: xs -> A",
    "class A:\n    x = x": "class: x -> A",
    # comprehensions
    "r = [x + k for x in xs if x]": "ordinary: k xs -> r",
    "r = {a: b for a in as_ for b in f(a)}": "ordinary: as_ f -> r",
    "g = (f(x) for x in xs)": "ordinary: f xs (f xs) -> g",
    "s = sum(f(x) for x in xs)": "ordinary: f xs -> s",
    "[y := x for x in xs]": "ordinary: xs -> y?",
    # paths
    "if c:\n    x = 1\nelse:\n    x = 2": "ordinary: c -> x",
    "if c:\n    x = 1": "ordinary: c -> x?",
    "if c:\n    x = 1\nelse:\n    raise E": "ordinary: E c -> x",
    "if c:\n    x = 1\n    y = x": "ordinary: c -> x? y?",
    "for i in xs:\n    t = i\n    print(t)": "ordinary: xs -> i? t?",
    "for i in range(4):\n    t = i": "ordinary:  -> i t",
    "for i in [1, 2]:\n    if i:\n        continue\n    t = i": "ordinary:  -> i t?",
    "for i in xs:\n    s = s + i": "ordinary: s xs -> i? s?",
    "for i in xs:\n    break\nelse:\n    x = 1": "ordinary: xs -> i? x?",
    "while True:\n    x = 1\n    if c:\n        break": "ordinary: c -> x",
    "while c:\n    x = 1": "ordinary: c -> x?",
    "with open(p) as f:\n    t = f.read()": "ordinary: p -> f t",
    "with suppress(E):\n    x = 1": "ordinary: E suppress -> x?",
    "try:\n    x = 1\nexcept E as e:\n    print(e)\n    x = 2": "ordinary: E -> x",
    "try:\n    x = 1\n    y = 1\nexcept E:\n    x = 2\nfinally:\n    z = 1": "ordinary: E -> x y? z",
    "try:\n    import a\nexcept ImportError:\n    a = None": "ordinary:  -> a",
    "match v:\n    case [a, *b]:\n        pass\n    case {'k': c, **d}:\n        pass\n    case K(x=e) as f:\n        pass": "ordinary: K v -> a? b? c? d? e? f?",
    "match v:\n    case 1:\n        x = 1\n    case _:\n        x = 2": "ordinary: v -> x",
    # texts that name variables
    "r = df.query('a > @limit')": "ordinary: df limit -> r",
    "r = ols('y ~ np.log(x) + C(z)', data=df)": "ordinary: df np ols -> r",
    # what is changed
    "df['a'] = 1": "ordinary: df ->  !df",
    "df.loc[m, 'a'] = 1": "ordinary: df m ->  !df",
    "df['a'].fillna(0, inplace=True)": "ordinary: df ->  !df",
    "df.dropna(inplace=False)": "ordinary: df ->",
    "m.fit(X).predict(X)": "ordinary: X m ->  !m",
    "d.setdefault(k, []).append(v)": "ordinary: d k v ->  !d",
    "df.copy().pop('a')": "ordinary: df ->",
    "for m in ms.values():\n    m.fit(X)": "ordinary: X ms -> m? !ms",
    "next(g)": "ordinary: g ->  !g",
    "import random\nrandom.shuffle(xs)": "ordinary: random xs ->  !xs",
    "import heapq\nheapq.heappush(h, 1)": "ordinary: h heapq ->  !h",
    "rng.shuffle(xs)": "ordinary: rng xs ->  !rng !xs",
    "[c.set_title(t) for c in cs]": "ordinary: cs t ->  !cs",
    "s.append": "ordinary: s ->",
}


def script(folder: Path, text: str) -> Path:
    path = folder / "prog.py"
    path.write_text(text)
    return path


def notebook(folder: Path, *cells: str) -> Path:
    records = [{"cell_type": "code", "source": cell} for cell in cells]
    path = folder / "nb.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": records}))
    return path


@pytest.mark.parametrize("text", NAMES)
def test_names_of_a_statement(text: str, tmp_path: Path) -> None:
    last = read_program(read_source(script(tmp_path, text))).statements[-1]
    assert last.dump().split(" ", 1)[1] == NAMES[text]


def test_names_after_the_handler_are_deleted(tmp_path: Path) -> None:
    text = "try:\n    x = 1\nexcept E as e:\n    x = e\ndel x"
    first, second = read_program(read_source(script(tmp_path, text))).statements
    assert (first.deletes, first.stores) == ({"e"}, {"x"})
    assert second.deletes == {"x"}


def test_global_writes(tmp_path: Path) -> None:
    text = "def f():\n    global n, m\n    n = 1\n    import m\n    del q"
    (only,) = read_program(read_source(script(tmp_path, text))).statements
    assert only.global_writes == {"n", "m"}


BUILTINS = {
    "y = max(x)": "ordinary: x -> y",
    "max = 7\ny = max": "ordinary: max -> y",
    "from a import *\ny = max(x)": "ordinary: max x -> y",
    "def f():\n    global max\n    max = 1\ny = max": "ordinary: max -> y",
}


@pytest.mark.parametrize("text", BUILTINS)
def test_builtins_count_only_where_the_program_may_bind_them(text: str, tmp_path: Path) -> None:
    last = read_program(read_source(script(tmp_path, text))).statements[-1]
    assert last.dump().split(" ", 1)[1] == BUILTINS[text]


DYNAMIC = {
    "exec(t)": True,
    "x = eval('a + b')": True,
    "globals()['x'] = 1": True,
    "x = locals()": True,
    "x = vars(y)": False,
    "x = df.eval('a + b')": False,
    "def f():\n    return locals()": False,
    "def f(t):\n    return eval(t)": True,
    "def eval(t):\n    return t\nx = eval(1)": False,
}


@pytest.mark.parametrize("text", DYNAMIC)
def test_texts_that_hide_names(text: str, tmp_path: Path) -> None:
    last = read_program(read_source(script(tmp_path, text))).statements[-1]
    assert (last.dynamic is not None) == DYNAMIC[text]
