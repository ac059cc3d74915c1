"""The recording namespace: what it sees, and that programs do not notice it."""

from __future__ import annotations

import dataclasses
import pickle
import sys

import pytest

from thruway.trace.child.compiled import compile_job
from thruway.trace.child.namespace import EagerNamespace, MainModule, Namespace
from thruway.trace.job import Job, JobStatement

HELPERS = """
def read(): return x
def write():
    global x
    x = 5
def write_then_read():
    global x
    x = 5
    return x
def read_then_write():
    global x
    x = x + 1
"""
UNASKED = """
def drop():
    global x
    del x
def make_class():
    class Inner:
        field = x
    return Inner
"""


def touch(code, kind=Namespace, helpers=HELPERS):
    """Return `reads -> binds - deletes` of one statement."""
    job = Job(
        kind="script",
        statements=tuple(
            JobStatement(i, "t.py", 1, c) for i, c in enumerate((helpers, "x = 1\ny = [2]", code))
        ),
        sources={},
        root="",
        workspace="",
        cwd="",
    )
    program = compile_job(job)
    namespace = kind({"__name__": "__main__"})
    namespace.pin(program.pins)
    for compiled in program.statements:
        namespace.begin()
        for name in compiled.class_loads:
            namespace.get(name)
        exec(compiled.code, namespace)
        touched = namespace.end()
    dropped = "".join(f" -{name}" for name in sorted(touched.deletes))
    return f"{' '.join(sorted(touched.reads))} -> {' '.join(sorted(touched.binds))}{dropped}"


CASES = {
    "z = x": "x -> z",
    "x = 2": " -> x",
    "x = x": "x -> x",
    "x += 1": "x -> x",
    "x = 2; z = x": " -> x z",
    "z = x; x = 2": "x -> x z",
    "del x": " ->  -x",
    "z = 1; del z": " -> ",
    "del x; x = 3": " -> x",
    "for i in y: pass": "y -> i",
    "z = [x for _ in y]": "x y -> z",
    "z = len(y)": "y -> z",
    "max = 7; z = max": " -> max z",
    "try:\n    1 / 0\nexcept ZeroDivisionError as x:\n    pass": " ->  -x",
    "read()": "read -> ",
    "write()": "write -> x",
    "write_then_read()": "write_then_read -> x",
    "read_then_write()": "read_then_write x -> x",
    "class K:\n    field = x": "x -> K",
    "z = globals()['x']": "x -> z",
    "z = globals().get('x')": "x -> z",
    "globals()['z'] = 1": " -> z",
    "globals().update(x=2)": " -> x",
    "z = 'x' in globals()": "x -> z",
    "z = sorted(n for n in globals() if n == 'x')": " -> z",
    "z = globals().copy()['x']": "x -> z",
    "z = dict(globals())['x']": "read read_then_write write write_then_read x y -> z",
    "z = globals().pop('x')": "x -> z -x",
    "z = globals().setdefault('x', 3)": "x -> z",
    "from math import *": None,
}
CASES["read()"] = "read x -> "


@pytest.mark.parametrize("code", [code for code, wanted in CASES.items() if wanted is not None])
def test_touched(code):
    assert touch(code) == CASES[code]


@pytest.mark.parametrize(
    "code",
    [
        "z = x",
        "x = x",
        "x = 2; z = x",
        "write()",
        "read()",
        "del x",
        "write_then_read()",
        "read_then_write()",
        "z = globals()['x']",
    ],
)
def test_the_literal_variant_sees_the_same(code):
    assert touch(code, EagerNamespace) == CASES[code]


def test_star_import_binds_all_names():
    assert "sqrt" in touch("from math import *")


def test_names_that_the_interpreter_looks_up_unasked():
    assert touch("drop()", helpers=UNASKED) == "drop ->  -x"
    assert touch("z = make_class().field", helpers=UNASKED) == "make_class -> z"


def test_text_run_by_the_program_finds_everything():
    assert touch("exec('class K:\\n    field = x')", EagerNamespace) == " -> K"


def test_lent_builtins_are_not_names_of_the_program():
    namespace = Namespace()
    namespace.begin()
    exec("a = len([1]); b = 'len' in globals(); c = list(globals())", namespace)
    assert namespace["b"] is False
    assert "len" not in namespace["c"]
    assert namespace.end().binds == {"a", "b", "c"}


def test_a_missing_name_is_a_name_error():
    namespace = Namespace()
    namespace.begin()
    with pytest.raises(NameError, match="nothing"):
        exec("nothing", namespace)
    with pytest.raises(NameError, match="len"):
        exec("len([]); del len", namespace)


def test_main_module_serves_pickle_and_dataclasses(monkeypatch):
    namespace = Namespace({"__name__": "__main__"})
    monkeypatch.setitem(sys.modules, "__main__", MainModule(namespace))
    namespace.begin()
    exec(
        "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int\np = Point(3)",
        namespace,
    )
    copy = pickle.loads(pickle.dumps(namespace["p"]))
    assert dataclasses.asdict(copy) == {"x": 3}
    sys.modules["__main__"].fresh = 4
    assert namespace["fresh"] == 4
    with pytest.raises(AttributeError):
        _ = sys.modules["__main__"].absent
