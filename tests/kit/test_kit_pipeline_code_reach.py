"""Ways in which code reaches other code without naming it, and code that only seems to act.

Each row is a project of some files with the step `f` in `s.py`, and an edit.
"""

from __future__ import annotations

import importlib.machinery
import os
from textwrap import dedent

import pytest

from thruway.kit.code.key import code_key

KEPT = """
    KNOWN = []

    {register}

    {thing}

    def f():
        return KNOWN
"""
QUERY = "import pandas as pd\n\nLIMIT = 1\n\ndef f(df):\n    return df.query('price > @LIMIT')\n"
FORMULA = "import statsmodels.formula.api as smf\n\ndef scale(x):\n    return x / 1\n\ndef f(df):\n    return smf.ols('y ~ scale(x)', df)\n"
DUCK = "import duckdb\n\ndef lookup():\n    return 1\n\ntable = lookup()\n\ndef f():\n    return duckdb.sql('select * from table')\n"
EVAL = "import pandas as pd\n\nRATE = 1\n\ndef f():\n    return pd.eval('RATE * 2')\n"
MODEL = "from __future__ import annotations\n\nclass Inner:\n    x = 1\n\nclass Model:\n    inner: 'list[Inner]'\n\ndef f():\n    return Model()\n"


def kept(register, thing):
    return dedent(KEPT).format(register=dedent(register).strip(), thing=dedent(thing).strip())


REGISTER = [
    ("by a decorator", "def keep(g):\n    KNOWN.append(g)\n    return g", "@keep\ndef one():\n    return 1"),
    ("by a decorator with arguments", "def keep(n):\n    def inner(g):\n        KNOWN.append(g)\n        return g\n    return inner", "@keep(2)\ndef one():\n    return 1"),
    ("under another name", "def keep(g):\n    known = KNOWN\n    known.append(g)\n    return g", "@keep\ndef one():\n    return 1"),
    ("in a default", "def keep(g, into=KNOWN):\n    into.append(g)\n    return g", "@keep\ndef one():\n    return 1"),
    ("by assignment", "def keep(g):\n    KNOWN[:] = [g]\n    return g", "@keep\ndef one():\n    return 1"),
    ("as a global", "def keep(g):\n    global KNOWN\n    KNOWN = [g]\n    return g", "@keep\ndef one():\n    return 1"),
    ("through a helper", "def put(g):\n    KNOWN.append(g)\n\ndef keep(g):\n    put(g)\n    return g", "@keep\ndef one():\n    return 1"),
    ("through a function inside", "def keep(g):\n    def put():\n        KNOWN.append(g)\n    put()\n    return g", "@keep\ndef one():\n    return 1"),
    ("through setattr", "class Box:\n    pass\n\ndef keep(g):\n    setattr(Box, 'g', g)\n    KNOWN.append(Box)\n    return g", "@keep\ndef one():\n    return 1"),
    ("in a class attribute", "class Box:\n    known = KNOWN\n\n    def __init__(self, g):\n        self.known.append(g)", "one = Box(1)"),
    ("in a class attribute, through the class", "class Box:\n    known = KNOWN\n\n    def __init__(self, g):\n        Box.known.append(g)", "one = Box(1)"),
    ("in a class attribute, counted", "class Box:\n    known = KNOWN\n\n    def __init__(self, g):\n        type(self).known = KNOWN.append(g)", "one = Box(1)"),
    ("by a method", "class Box:\n    def keep(self, g):\n        KNOWN.append(g)\n        return g\n\nbox = Box()", "@box.keep\ndef one():\n    return 1"),
    ("by a class as decorator", "class keep:\n    def __init__(self, g):\n        KNOWN.append(g)", "@keep\ndef one():\n    return 1"),
    ("by a library", "import strange\n", "@strange.register\ndef one():\n    return 1"),
    ("by pandas", "import pandas as pd\n", "@pd.api.extensions.register_dataframe_accessor('geo')\nclass Geo:\n    one = 1"),
    ("in the body of a class", "def keep(n):\n    KNOWN.append(n)\n    return n", "class Box:\n    one = keep(1)"),
    ("in a default argument", "def keep(n):\n    KNOWN.append(n)\n    return n", "def one(n=keep(1)):\n    return n"),
    ("in a condition", "def keep(n):\n    KNOWN.append(n)\n    return n", "if keep(1):\n    pass"),
    ("by __init_subclass__", "class Base:\n    def __init_subclass__(cls):\n        KNOWN.append(cls)", "class One(Base):\n    one = 1"),
]  # fmt: skip

CHANGES = [
    *(((f"registered {name}"), {"s.py": kept(register, thing)}, "s.py", "1", "11") for name, register, thing in REGISTER),
    ("name in a query", {"s.py": QUERY}, "s.py", "LIMIT = 1", "LIMIT = 2"),
    ("function in a formula", {"s.py": FORMULA}, "s.py", "x / 1", "x / 2"),
    ("table in a statement", {"s.py": DUCK}, "s.py", "return 1", "return 2"),
    ("name in an expression", {"s.py": EVAL}, "s.py", "RATE = 1", "RATE = 2"),
    ("class in a quoted annotation", {"s.py": MODEL}, "s.py", "x = 1", "x = 2"),
    ("class in a pickle", {"s.py": "import pickle\n\ndef f(b):\n    return pickle.loads(b)\n", "m.py": "class Box:\n    x = 1\n"}, "m.py", "1", "2"),
    ("module of a table of modules", {"s.py": "import sys\nimport m\n\ndef f(n):\n    return sys.modules[n].a()\n", "m.py": "def a():\n    return 1\n"}, "m.py", "1", "2"),
    ("package beside, by its name", {"s.py": "import importlib\n\ndef f(n):\n    return importlib.import_module(n)\n", "plugins/__init__.py": "", "plugins/one.py": "x = 1\n"}, "plugins/one.py", "1", "2"),
    ("all plugins of a folder", {"s.py": "import pkgutil\nimport plugins\n\ndef f():\n    return list(pkgutil.iter_modules(plugins.__path__))\n", "plugins/__init__.py": "", "plugins/one.py": "x = 1\n"}, "plugins/one.py", "1", "2"),
    ("docstring as a prompt", {"s.py": "import dspy\n\nclass Ask(dspy.Signature):\n    '''one'''\n\ndef f():\n    return Ask\n"}, "s.py", "one", "two"),
    ("docstring by getdoc", {"s.py": "from inspect import getdoc\n\ndef g():\n    '''one'''\n\ndef f():\n    return getdoc(g)\n"}, "s.py", "one", "two"),
    ("comment by getsource", {"s.py": "import inspect\n\ndef g():\n    return 1  # one\n\ndef f():\n    return inspect.getsource(g)\n"}, "s.py", "# one", "# two"),
    ("a patch before a snapshot", {"s.py": "import m\nm.x = 2\nfrom m import x\n\ndef f():\n    return x\n", "m.py": "x = 1\n"}, "s.py", "m.x = 2\nfrom m import x\n", "from m import x\nm.x = 2\n"),
    ("a default before a change", {"s.py": "X = 1\n\ndef f(x=X):\n    return x\n\nX = 2\n"}, "s.py", "X = 1\n\ndef f(x=X):\n    return x\n\nX = 2\n", "X = 1\nX = 2\n\ndef f(x=X):\n    return x\n"),
    ("a base class bound again", {"s.py": "class A:\n    x = 1\n\nclass B(A):\n    pass\n\nclass A:\n    x = 2\n\ndef f():\n    return B.x\n"}, "s.py", "class B(A):\n    pass\n\nclass A:\n    x = 2\n", "class A:\n    x = 2\n\nclass B(A):\n    pass\n"),
    ("a star import of a star import", {"s.py": "from m import *\n\ndef f():\n    return a()\n", "m.py": "from n import *\n", "n.py": "def a():\n    return 1\n"}, "n.py", "1", "2"),
    ("what a star import of a star import leaves out", {"s.py": "from m import *\n\ndef f():\n    return a()\n", "m.py": "from n import *\n", "n.py": "__all__ = ['a']\n\ndef a():\n    return 1\n"}, "n.py", "['a']", "['a', 'b']"),
    ("a star import that fills its globals", {"s.py": "from m import *\n\ndef a():\n    return 1\n\ndef f():\n    return a()\n", "m.py": "for n in 'ab':\n    globals()[n] = 1\n"}, "m.py", "= 1", "= 2"),
    ("a module that hides a package", {"s.py": "import json\n\ndef f():\n    return json.x\n", "json.py": "x = 1\n"}, "json.py", "1", "2"),
    ("the step inside its decorator", {"s.py": "from thruway import step\n\ndef mine(g):\n    return g\n\n@step\n@mine\ndef f():\n    return 1\n"}, "s.py", "@step\n@mine", "@mine\n@step"),
]  # fmt: skip

SAME = [
    ("a decorator that wraps", kept("def wrap(g):\n    def called():\n        return g()\n    return called", "@wrap\ndef one():\n    return 1")),
    ("one that wraps with arguments", kept("import functools\n\ndef wrap(n):\n    def inner(g):\n        @functools.wraps(g)\n        def called():\n            print(KNOWN)\n            return g()\n        called.n = n\n        return called\n    return inner", "@wrap(2)\ndef one():\n    return 1")),
    ("a class of settings", kept("from dataclasses import dataclass\n\n@dataclass\nclass Config:\n    n: int", "one = Config(1)")),
    ("a class that stores into itself", kept("class Box:\n    def __init__(self, n):\n        self.n = n", "one = Box(1)")),
    ("a named tuple", kept("from typing import NamedTuple\n\nclass Box(NamedTuple):\n    n: int", "one = Box(1)")),
    ("a function that makes one", kept("def make(n):\n    def made():\n        return KNOWN\n    return made", "one = make(1)")),
    ("a property", kept("", "class Box:\n    @property\n    def one(self):\n        return 1")),
    ("a compiled function", kept("import numba", "@numba.njit\ndef one():\n    return 1")),
    ("a column of a table", kept("import pandera as pa", "class Schema(pa.DataFrameModel):\n    one: int = pa.Field(ge=1)")),
]  # fmt: skip


def key(folder, name="f", file="s.py"):
    return code_key(folder / file, name, [folder])


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("files", "file", "old", "new"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES]
)
def test_what_can_change_a_result_changes_the_key(tmp_path, files, file, old, new):
    write(tmp_path, files)
    before = key(tmp_path)
    text = files[file]
    assert old in text
    head, _, tail = text.rpartition(old)
    (tmp_path / file).write_text(head + new + tail)
    assert key(tmp_path).hex != before.hex


@pytest.mark.parametrize("text", [row[1] for row in SAME], ids=[row[0] for row in SAME])
def test_what_only_makes_a_value_does_not(tmp_path, text):
    write(tmp_path, {"s.py": text})
    before = key(tmp_path)
    head, _, tail = text.rpartition("1")
    (tmp_path / "s.py").write_text(f"{head}11{tail}")
    assert key(tmp_path) == before


def test_a_compiled_module_of_the_program_counts_by_its_bytes(tmp_path):
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    write(tmp_path, {"s.py": "import fast_one\n\ndef f():\n    return fast_one.g()\n"})
    (tmp_path / f"fast_one{suffix}").write_bytes(b"one")
    before = key(tmp_path)
    assert "module fast_one.g" in before.dump()
    (tmp_path / f"fast_one{suffix}").write_bytes(b"two")
    assert key(tmp_path).hex != before.hex


def test_an_edit_of_the_same_size_and_time_is_seen(tmp_path):
    write(tmp_path, {"s.py": "def f():\n    return 1\n"})
    before, state = key(tmp_path), (tmp_path / "s.py").stat()
    (tmp_path / "s.py").write_text("def f():\n    return 2\n")
    os.utime(tmp_path / "s.py", ns=(state.st_atime_ns, state.st_mtime_ns))
    assert key(tmp_path).hex != before.hex
