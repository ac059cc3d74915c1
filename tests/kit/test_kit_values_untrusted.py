"""What a stranger wrote is refused before it does anything."""

from __future__ import annotations

import collections
import copyreg
import io
import os
import pickle
import re
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from thruway.errors import StorageError
from thruway.kit.values import container, known, rebuild, storage
from thruway.kit.values.fingerprint import fingerprint

# --- streams, written by hand ------------------------------------------------------------------


def text(value):
    data = value.encode()
    return pickle.BINUNICODE + len(data).to_bytes(4, "little") + data


def raw(value):
    return pickle.BINBYTES + len(value).to_bytes(4, "little") + value


def number(value):
    return pickle.BININT + value.to_bytes(4, "little", signed=True)


def name(module, attribute):
    return text(module) + text(attribute) + pickle.STACK_GLOBAL


def old_name(module, attribute):
    return pickle.GLOBAL + f"{module}\n{attribute}\n".encode()


def pack(*parts):
    return pickle.MARK + b"".join(parts) + pickle.TUPLE


def mapping(**items):
    return pickle.EMPTY_DICT + b"".join(text(k) + v + pickle.SETITEM for k, v in items.items())


def call(what, *arguments):
    return what + pack(*arguments) + pickle.REDUCE


def new(kind, *arguments):
    return kind + pack(*arguments) + pickle.NEWOBJ


def state(part, given):
    return part + given + pickle.BUILD


def stream(part):
    return pickle.PROTO + b"\x05" + part + pickle.STOP


NONE, TRUE, FALSE = pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE
TOUCH = text(f"{sys.executable} -c \"open('touched', 'w')\"")
LINEAR = name("sklearn.linear_model._base", "LinearRegression")
FRAME = (
    name("pandas", "DataFrame") if pd.__version__ >= "3" else name("pandas.core.frame", "DataFrame")
)
MULTIARRAY = "numpy._core.multiarray" if np.__version__ >= "2" else "numpy.core.multiarray"
REBUILD = "thruway.kit.values.rebuild"
OBJECTS = call(name(REBUILD, "dtype_of"), text("O"))
FOLDS = state(new(name("sklearn.model_selection._split", "KFold")), mapping(n_splits=number(1)))
EXECUTE = name("builtins", "exec")

NOT_LISTED = {
    "os.system": call(name("os", "system"), TOUCH),
    "posix.system": call(name(os.system.__module__, "system"), TOUCH),
    "os.system, protocol 0": call(old_name("os", "system"), TOUCH),
    "os.system by INST": pickle.MARK + TOUCH + pickle.INST + b"os\nsystem\n",
    "os.system by OBJ": pickle.MARK + name("os", "system") + TOUCH + pickle.OBJ,
    "subprocess": call(name("subprocess", "Popen"), TOUCH),
    "eval": call(name("builtins", "eval"), text("open('touched', 'w')")),
    "exec": call(EXECUTE, text("open('touched', 'w')")),
    "eval, renamed of Python 2": call(old_name("__builtin__", "eval"), text("open('touched', 'w')")),
    "getattr": call(name("builtins", "getattr"), name("datetime", "date"), text("today")),
    "__import__": call(name("builtins", "__import__"), text("os")),
    "open": call(name("builtins", "open"), text("touched"), text("w")),
    "compile": name("builtins", "compile"),
    "type": call(name("builtins", "type"), text("X"), pack(name("builtins", "object")), mapping()),
    "map": name("builtins", "map"),
    "partial": call(name("functools", "partial"), EXECUTE, TOUCH),
    "attrgetter": call(name("operator", "attrgetter"), text("system")),
    "methodcaller": call(name("operator", "methodcaller"), text("system")),
    "import_module": call(name("importlib", "import_module"), text("os")),
    "run": call(name("runpy", "run_path"), text("x.py")),
    "pickle.loads": call(name("pickle", "loads"), raw(b"")),
    "_pickle.loads": call(name("_pickle", "loads"), raw(b"")),
    "code": call(name("types", "FunctionType"), NONE, mapping()),
    "ctypes": call(name("ctypes", "CDLL"), NONE),
    "_reconstructor": call(name("copyreg", "_reconstructor"), LINEAR, name("builtins", "object"), NONE),
    "__newobj__": call(name("copyreg", "__newobj__"), LINEAR),
    "numpy.load": call(name("numpy", "load"), text("x"), NONE, TRUE),
    "numpy.fromfile": call(name("numpy", "fromfile"), text("x")),
    "numpy.vectorize": new(name("numpy", "vectorize")),
    "numpy _reconstruct": call(
        name(MULTIARRAY, "_reconstruct"), name("numpy", "ndarray"), pack(number(0)), raw(b"b")
    ),
    "numpy exec_command": name("numpy.testing._private.utils", "runstring"),
    "numpy.f2py": name("numpy.f2py.crackfortran", "myeval"),
    "numpy memmap": call(name("numpy", "memmap"), text("x")),
    "pandas.read_pickle": call(name("pandas", "read_pickle"), text("x")),
    "pandas.read_pickle, inner": call(name("pandas.io.pickle", "read_pickle"), text("x")),
    "pandas.eval": call(name("pandas", "eval"), text("1")),
    "pandas.HDFStore": new(name("pandas", "HDFStore")),
    "DataFrame.query": name("pandas.core.frame", "DataFrame.query"),
    "dotted": call(name("datetime", "datetime.now")),
    "dotted, through a module": name("pandas.core.frame", "lib.sys.modules"),
    "re-exported module": name("pandas.core.frame", "sys"),
    "re-exported class": name("sklearn.pipeline", "Bunch"),
    "unlisted function of a listed module": name("sklearn.metrics._classification", "warnings"),
    "sklearn clone": call(name("sklearn.base", "clone"), LINEAR),
    "sklearn FuncWrapper": new(name("sklearn.utils.parallel", "_FuncWrapper")),
    "sklearn get_data_home": call(name("sklearn.datasets._base", "get_data_home"), text("touched")),
    "sklearn test": call(name("sklearn.utils._testing", "assert_run_python_script"), TOUCH),
    "joblib.load": call(name("joblib", "load"), text("x")),
    "joblib.Memory": new(name("joblib.memory", "Memory")),
    "torch.load": call(name("torch", "load"), text("x")),
    "torch bytes": call(name("torch.storage", "_load_from_bytes"), raw(b"")),
    "torch hub": call(name("torch.hub", "load"), text("x")),
    "xgboost DMatrix": state(new(name("xgboost.core", "DMatrix")), mapping(handle=number(1))),
    "lightgbm Dataset": state(new(name("lightgbm.basic", "Dataset")), mapping(_handle=number(1))),
    "polars LazyFrame": new(name("polars.lazyframe.frame", "LazyFrame")),
    "polars Expr": new(name("polars.expr.expr", "Expr")),
    "pyarrow extension": name("pyarrow.lib", "register_extension_type"),
    "our own reader": call(name("thruway.kit.values.storage", "read"), text("pickle/1")),
    "our own list": name("thruway.kit.values.known", "find"),
    "rebuild's imports": name(REBUILD, "sys"),
    "rebuild's privates": name(REBUILD, "_numpy"),
    "the program": name("__main__", "anything"),
    "a reference that is no text": number(1) + pickle.BINPERSID,
    "a reference that is an instance": FOLDS + pickle.BINPERSID,
}  # fmt: skip

MISUSED = {
    "a type is called": call(name("numpy", "ndarray"), pack(number(3))),
    "a type is made": new(name("numpy", "ndarray"), pack(number(3))),
    "an estimator is called": call(LINEAR),
    "a class is called that is only made": call(FRAME),
    "a metric is called": call(name("sklearn.metrics._classification", "accuracy_score"), NONE),
    "a class is given attributes": state(LINEAR, pack(NONE, mapping(predict=name("builtins", "int")))),
    "a class is given a state": state(LINEAR, mapping(predict=NONE)),
    "a function is given attributes": state(
        name(REBUILD, "dtype_of"), pack(NONE, mapping(__defaults__=pack(NONE)))
    ),
    "a function is given a state": state(name("re", "_compile"), mapping(a=NONE)),
    "special attributes": state(new(LINEAR), pack(NONE, mapping(__class__=FRAME))),
    "special attributes in a state": state(new(LINEAR), mapping(__dict__=mapping())),
    "an instance is called": call(
        state(
            new(name("sklearn.metrics._scorer", "_Scorer")), mapping(_score_func=name("builtins", "int"))
        ),
        NONE,
    ),
    "a kernel is called": call(new(name("sklearn.gaussian_process.kernels", "Sum")), NONE),
    "an instance is filled": state(new(LINEAR), mapping()) + text("a") + NONE + pickle.SETITEM,
    "an instance is appended to": new(LINEAR) + NONE + pickle.APPEND,
    "an instance is extended": new(LINEAR) + pickle.MARK + NONE + pickle.APPENDS,
    "a frame is given items": new(FRAME) + pickle.MARK + text("a") + NONE + pickle.SETITEMS,
    "NumPy's own stream is set": state(name("numpy.random.mtrand", "_rand"), mapping(state=NONE)),
    "a bit generator of anything": call(
        name("numpy.random._pickle", "__bit_generator_ctor"), name("collections", "Counter")
    ),
    "a generator by anything": call(
        name("numpy.random._pickle", "__generator_ctor"), text("x"), name("datetime", "date")
    ),
    "a stream by anything": call(
        name("numpy.random._pickle", "__randomstate_ctor"), text("x"), name("numpy", "dtype")
    ),
    "an index of anything": call(name("pandas.core.indexes.base", "_new_Index"), LINEAR, mapping()),
    "a tree of anything": call(name("sklearn.neighbors._kd_tree", "newObj"), FRAME),
    "a dtype with a state": state(
        call(name("numpy", "dtype"), text("V8"), FALSE, TRUE),
        pack(number(3), text("|"), NONE, pack(text("a")), mapping(a=pack(OBJECTS, number(0))),
             number(8), number(1), number(0)),
    ),
    "a dtype given a state": state(call(name("numpy", "dtype"), text("V8")), pack(number(3))),
    "a dtype": call(name("numpy", "dtype"), text("f8")),
    "a pointer as a scalar": call(name(MULTIARRAY, "scalar"), OBJECTS, raw(bytes(8))),
    "a scalar of fields": call(
        name(MULTIARRAY, "scalar"),
        call(name(REBUILD, "structure"), NONE),
        raw(bytes(8)),
    ),
    "an enumeration is changed": state(call(name("datetime", "timezone"), NONE), mapping(a=NONE)),
    "a short name": pickle.EXT1 + b"\x01",
    "what is kept elsewhere": raw(b"x") + pickle.BINPERSID,
    "keywords": LINEAR + pickle.EMPTY_TUPLE + mapping(a=NONE) + pickle.NEWOBJ_EX,
    "a text is called": call(text("x"), NONE),
    "garbage": b"\xff\xfe",
    "nothing": b"",
}  # fmt: skip


def file_of(folder, content):
    path = folder / "bundle"
    with path.open("wb") as handle:
        writer = container.Writer(handle)
        writer.write(content)
        writer.close()
    return path


@pytest.mark.parametrize("case", [*NOT_LISTED, *MISUSED])
def test_hostile_streams_are_refused(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = stream(NOT_LISTED.get(case) or MISUSED[case])
    before = set(sys.modules)
    with pytest.raises(StorageError, match="refused"):
        storage.read("objects/3", file_of(tmp_path, content), trusted=False)
    assert not (tmp_path / "touched").exists()
    assert not {"ctypes.wintypes", "runpy", "torch.hub"} & (set(sys.modules) - before)


@pytest.mark.parametrize("case", NOT_LISTED)
def test_what_is_not_listed_is_not_found_even_in_a_trusted_store(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StorageError, match=r"refused|read back"):
        storage.read("objects/3", file_of(tmp_path, stream(NOT_LISTED[case])))
    assert not (tmp_path / "touched").exists()


def test_the_hostile_streams_are_streams(tmp_path):
    """They do what they say when nobody looks, so that refusing them means something."""
    path = tmp_path / "touched"
    code = call(name("builtins", "open"), text(str(path)), text("w"))
    pickle.loads(stream(code)).close()
    assert path.exists()
    assert pickle.loads(stream(FOLDS)).n_splits == 1
    poisoned = stream(state(name("collections", "UserDict"), pack(NONE, mapping(poison=NONE))))
    pickle.loads(poisoned)
    assert collections.UserDict.poison is None
    del collections.UserDict.poison


def test_harmless_streams_are_read(tmp_path):
    content = stream(mapping(x=FOLDS))
    back = storage.read("objects/3", file_of(tmp_path, content), trusted=False)
    assert back["x"].n_splits == 1


POINTERS = {
    "objects": lambda: rebuild.dtype_of("O"),
    "fields of objects": lambda: rebuild.structure(
        ("a",), (np.dtype("O"),), (0,), (None,), 8, False, False
    ),
    "arrays of objects": lambda: rebuild.subarray(np.dtype("O"), (1,)),
    "objects with notes": lambda: rebuild.annotated(np.dtype("O"), {"a": 1}),
}


@pytest.mark.parametrize("case", POINTERS)
def test_bytes_are_never_taken_for_pointers(case):
    """NumPy would take them: `numpy.ndarray(1, object, bytes(8))` is an array."""
    dtype = POINTERS[case]()
    with pytest.raises(TypeError, match="memory"):
        rebuild.array(bytearray(8), dtype, (1,), "C", False)
    with pytest.raises(TypeError, match="memory"):
        rebuild.window(np.zeros(8, "u1"), 0, (1,), (8,), dtype, True)


OBJECT = np.array([None])
LIES = {
    "memory of objects": lambda: rebuild.array(OBJECT, np.dtype("i8"), (1,), "C", False),
    "a view on it": lambda: rebuild.array(memoryview(OBJECT), np.dtype("i8"), (1,), "C", False),
    "a window on it": lambda: rebuild.window(OBJECT, 0, (1,), (8,), np.dtype("i8"), True),
    "too little": lambda: rebuild.array(bytearray(8), np.dtype("i8"), (2,), "C", False),
    "before it": lambda: rebuild.window(np.zeros(8, "u1"), -8, (1,), (8,), np.dtype("i8"), True),
    "behind it": lambda: rebuild.window(np.zeros(8, "u1"), 0, (2,), (64,), np.dtype("i8"), True),
    "two types": lambda: rebuild.dtype_of("i4,O"),
    "a long name": lambda: rebuild.dtype_of("object"),
    "no objects": lambda: rebuild.fill(np.zeros(1), ([1], False)),
    "no strings": lambda: rebuild.texts(np.dtype("i8"), ["a"], (1,), "C", False),
    "other characters": lambda: rebuild.words(b"ab", np.array([3]), None, (1,), "C", False),
    "fewer than none": lambda: rebuild.words(b"ab", np.array([3, -1]), None, (2,), "C", False),
    "a text that is not there": lambda: rebuild.words(b"ab", np.array([2]), np.array([1]), (1,), "C", False),
    "before the texts": lambda: rebuild.words(b"ab", np.array([2]), np.array([-3]), (1,), "C", False),
    "places that are texts": lambda: rebuild.words(b"ab", np.array([2]), OBJECT, (1,), "C", False),
    "texts that are no bytes": lambda: rebuild.words("ab", np.array([2]), None, (1,), "C", False),
    "more places": lambda: rebuild.words(b"ab", np.array([1, 1]), None, (3,), "C", False),
    "another class": lambda: rebuild.viewed(np.zeros(1), pd.DataFrame),
    "another function": lambda: rebuild.ufunc("numpy", "load"),
    "no zone": lambda: rebuild.zone("../../etc/passwd", True),
    "no singleton": lambda: rebuild.singleton("type"),
}  # fmt: skip


@pytest.mark.parametrize("case", LIES)
def test_what_rebuilds_does_not_believe_lies(case):
    with pytest.raises((TypeError, ValueError, KeyError)):
        LIES[case]()


def test_tensors_stay_within_their_memory():
    pytest.importorskip("torch")
    for offset, shape, strides in (
        (0, (100,), (1,)),
        (2, (1,), (1,)),
        (-1, (1,), (1,)),
        (1, (2,), (-1,)),
    ):
        with pytest.raises((TypeError, RuntimeError)):
            rebuild.tensor(
                rebuild.storage(np.zeros(8, "u1")), "float32", offset, shape, strides, False, False
            )
    with pytest.raises(TypeError):
        rebuild.tensor(rebuild.storage(np.zeros(8, "u1")), "load", 0, (1,), (1,), False, False)


def test_short_names_that_a_program_registered_are_refused(tmp_path):
    copyreg.add_extension("os", "system", 1)
    try:
        pickle.loads(stream(pickle.EXT1 + b"\x01"))  # it is in the cache now
        for trusted in (True, False):
            path = file_of(tmp_path, stream(call(pickle.EXT1 + b"\x01", TOUCH)))
            with pytest.raises(StorageError, match="refused"):
                storage.read("objects/3", path, trusted=trusted)
        harmless = file_of(tmp_path, stream(mapping(x=FOLDS)))
        assert storage.read("objects/3", harmless, trusted=False)["x"].n_splits == 1
        assert storage.write({"x": (1,)}, io.BytesIO()) == "pickle/4"
    finally:
        copyreg.remove_extension("os", "system", 1)


# --- what is not trusted -----------------------------------------------------------------------


class Mine:
    pass


BOMB = stream(call(name("os", "system"), TOUCH))


@pytest.mark.parametrize("form", ["pickle/1", "pickle/4"])
def test_pickles_are_not_read_unless_trusted(form, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = file_of(tmp_path, BOMB)
    with pytest.raises(StorageError) as caught:
        storage.read(form, path, trusted=False)
    assert not (tmp_path / "touched").exists()
    assert form in caught.value.what
    assert "run any code" in caught.value.what
    assert caught.value.where == str(path)
    assert "store of your own" in caught.value.fix


def test_not_even_opened_when_not_trusted(tmp_path):
    with pytest.raises(StorageError, match="run any code"):
        storage.read("pickle/4", tmp_path / "there is no such file", trusted=False)


SAFE = {
    "json/1": {"a": [1, None]},
    "npy/1": {"a": np.arange(3.0)},
    "objects/3": {"a": (pd.DataFrame({"x": [1, 2]}), LogisticRegression())},
}


@pytest.mark.parametrize("form", SAFE)
def test_safe_formats_are_read_from_anyone(form, tmp_path):
    path = tmp_path / "bundle"
    with path.open("wb") as handle:
        assert storage.write(SAFE[form], handle) == form
    assert storage.is_safe(form)
    assert fingerprint(storage.read(form, path, trusted=False)) == fingerprint(SAFE[form])


def test_what_is_safe():
    formats = ("json/1", "npy/1", "objects/3", "pickle/1", "pickle/4", "tar/9")
    assert [form for form in formats if storage.is_safe(form)] == list(SAFE)
    assert storage.write({"a": Mine()}, io.BytesIO()) == "pickle/4"


def test_unknown_formats_are_unknown_when_not_trusted(tmp_path):
    with pytest.raises(StorageError, match="unknown"):
        storage.read("tar/9", tmp_path, trusted=False)


# --- the list itself ---------------------------------------------------------------------------

REFUSED_ROOTS = {
    "os", "posix", "sys", "subprocess", "importlib", "pickle", "_pickle", "copyreg", "operator",
    "functools", "ctypes", "shutil", "runpy", "code", "codeop", "marshal", "inspect", "socket",
    "urllib", "tempfile", "joblib", "cloudpickle", "dill", "multiprocessing", "threading", "io",
}  # fmt: skip
NEVER = {
    "eval", "exec", "compile", "getattr", "setattr", "delattr", "open", "__import__", "map",
    "filter", "type", "globals", "locals", "vars", "input", "breakpoint", "property", "super",
    "load", "loads", "fromfile", "read_pickle", "vectorize", "frompyfunc", "_load_from_bytes",
    "partial", "reduce", "apply", "_reconstruct", "_frombuffer", "__newobj__", "_reconstructor",
}  # fmt: skip


def test_no_row_lists_what_is_never_harmless():
    for row in known.TABLES:
        names = {one for field in row[1:] for one in field.split()}
        assert not names & NEVER
        for root in REFUSED_ROOTS:
            assert not known.roles(root, "anything")
            assert not re.fullmatch(row.modules, root)


def test_a_program_that_calls_its_module_like_a_library_is_not_that_library(tmp_path, monkeypatch):
    (tmp_path / "pytz.py").write_text("def _UTC():\n    open('touched', 'w')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "pytz", raising=False)
    known.roles.cache_clear()
    try:
        path = file_of(tmp_path, stream(call(name("pytz", "_UTC"))))
        with pytest.raises(StorageError, match="refused"):
            storage.read("objects/3", path, trusted=False)
    finally:
        known.roles.cache_clear()
        sys.modules.pop("pytz", None)
    assert not (tmp_path / "touched").exists()
