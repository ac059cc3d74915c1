"""What is stored comes back as it was."""

from __future__ import annotations

import collections
import datetime as dt
import io
import itertools
import json
import sqlite3
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from thruway.errors import StorageError
from thruway.kit.values.fingerprint import fingerprint
from thruway.kit.values.storage import read, unstorable, write

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)


class Mine:
    def __init__(self, inside):
        self.inside = inside


def locked(array):
    array.setflags(write=False)
    return array


def attrs(frame):
    frame.attrs["source"] = {"file": "a.csv"}
    return frame


def round_trip(values, folder):
    path = Path(folder) / "bundle"
    with path.open("wb") as handle:
        format_ = write(values, handle)
    return format_, read(format_, path)


FRAME = pd.DataFrame({
    "f": [1.5, np.nan], "s": ["a", None], "o": [[1], (2,)], "t": pd.to_datetime(["2020", None]),
    "d": pd.to_timedelta([1, 2], "s"), "c": pd.Categorical(["x", None], ["y", "x"], ordered=True),
    "i": pd.array([1, None], dtype="Int64"), "b": pd.array([True, None], dtype="boolean"),
    "z": pd.to_datetime(["2020", None]).tz_localize("US/Eastern"),
})  # fmt: skip

EXACT = {
    "json/1": [
        None, True, 1, -0.0, float("nan"), float("inf"), "text ü\x00", [], {}, [1, [2.5, None]],
        {"a": {"b": [1]}}, -(1 << 63),
    ],
    "npy/1": [
        X, np.asfortranarray(X), np.array(3.5), np.zeros((0, 3)), np.array(["a", "bc"]),
        np.array(["2020-01-01", "NaT"], "M8[D]"), np.arange(3, dtype=">i2"), np.array([1 + 2j]),
    ],
    "objects/3": [
        (1, 2), [(1,)], {1: "a"}, {1, 2}, 1 << 70, "\ud800", b"x", np.float64(1.5), np.bool_(True),
        collections.OrderedDict(a=1), collections.defaultdict(list, a=[1]), dt.date(2020, 1, 1),
        X[::2], X.T[:, ::-1], locked(X[:5].copy()), locked(X.copy()[::2]), locked(np.arange(3)),
        np.array([1, [2]], dtype=object), np.zeros(2, [("a", "i1"), ("b", "f8")]),
        np.ma.array([1, 2], mask=[0, 1]), np.asmatrix(X), np.dtype("f8"),
        FRAME, FRAME["s"], FRAME.iloc[:0], FRAME.T, FRAME.set_index(["s", "f"]),
        pd.DataFrame([[1, 2.0]], columns=["a", "a"]), attrs(FRAME[["f"]].copy()),
        FRAME.rename_axis(columns="names").set_flags(allows_duplicate_labels=False),
        pd.RangeIndex(1, 9, 2, name="r"), pd.Index(["a", None]), pd.CategoricalIndex(["a"]),
        pd.date_range("2020", periods=3, freq="MS", tz="UTC"), pd.period_range("2020", periods=2, freq="Q"),
        pd.interval_range(0, 3), pd.timedelta_range("1s", periods=2), pd.MultiIndex.from_product([[1, 2], ["a", "b"]]),
        pd.Timestamp("2020", tz="UTC"), pd.NaT, pd.NA, pd.Series(pd.arrays.SparseArray([0, 1])),
        scipy.sparse.eye(3, format="csr"), np.random.default_rng(1), np.random.RandomState(1),
        RandomForestClassifier(3, random_state=0).fit(X, Y), HistGradientBoostingClassifier(max_iter=3).fit(X, Y),
        make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y),
    ],
    "pickle/4": [Mine({"a": [Mine(1)]}), len, Mine, [FRAME, Mine(X)]],
}  # fmt: skip
CASES = [(name, value) for name, values in EXACT.items() for value in values]


@pytest.mark.parametrize(("name", "value"), CASES, ids=lambda v: type(v).__name__)
def test_exact(name, value, tmp_path):
    found, back = round_trip({"x": value}, tmp_path)
    assert found == name
    assert type(back["x"]) is type(value)
    assert fingerprint(back["x"]) == fingerprint(value)
    assert unstorable(value) == ""


@pytest.mark.parametrize(
    "array", [a for a in EXACT["npy/1"] + EXACT["objects/3"] if type(a) is np.ndarray]
)
def test_layout_comes_back(array, tmp_path):
    back = round_trip({"x": array}, tmp_path)[1]["x"]
    assert back.flags.writeable == array.flags.writeable
    assert back.dtype == array.dtype
    if array.flags.forc and array.size:
        assert back.strides == array.strides


@pytest.mark.parametrize("kind", ["f8", "f4", "i8", "u1", "?", "c16"])
def test_dtypes_are_numpys_own(kind, tmp_path):
    array = np.ones(3, kind)
    assert round_trip({"pair": [array, (1,)]}, tmp_path)[1]["pair"][0].dtype is array.dtype


def test_numpy_reads_a_lone_array(tmp_path):
    round_trip({"x": X}, tmp_path)
    assert (np.load(tmp_path / "bundle") == X).all()


def test_json_is_readable(tmp_path):
    round_trip({"a": [1], "b": "x"}, tmp_path)
    assert json.loads((tmp_path / "bundle").read_text()) == {"a": [1], "b": "x"}


def test_aliases_come_back(tmp_path):
    inner = [1]
    back = round_trip({"a": inner, "b": {"k": inner}}, tmp_path)[1]
    assert back["b"]["k"] is back["a"]
    cycle: list[object] = []
    cycle.append(cycle)
    back = round_trip({"c": cycle}, tmp_path)[1]["c"]
    assert back[0] is back


BASE = np.arange(12.0).reshape(3, 4)
VIEWS = {
    "slice": lambda a: a[1:],
    "transposed": lambda a: a.T,
    "reversed": lambda a: a[::-1, ::2],
    "other dtype": lambda a: a.view("i8"),
    "broadcast": lambda a: np.broadcast_to(a[0], (5, 4)),
    "locked": lambda a: locked(a[:2]),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_come_back_sharing(name, tmp_path):
    base = np.asfortranarray(BASE) if name == "transposed" else BASE.copy()
    view = VIEWS[name](base)
    back = round_trip({"a": base, "v": [view]}, tmp_path)[1]
    one, other = back["a"], back["v"][0]
    assert fingerprint([one, other]) == fingerprint([base, view])
    assert np.shares_memory(one, other)
    assert other.strides == view.strides
    assert other.flags.writeable == view.flags.writeable
    one[...] = 7
    assert fingerprint(other) == fingerprint(VIEWS[name](np.full_like(base, 7)))


def test_only_what_the_views_see_is_stored(tmp_path):
    big = np.zeros(1_000_000)
    back = round_trip({"a": big[10:20], "b": big[15:30]}, tmp_path)[1]
    assert np.shares_memory(back["a"], back["b"])
    assert (tmp_path / "bundle").stat().st_size < 10_000


def test_frame_and_its_array_come_back_sharing(tmp_path):
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]})
    array = frame["x"].to_numpy()
    back = round_trip({"f": frame, "a": array}, tmp_path)[1]
    for f, a in ((frame, array), (back["f"], back["a"])):
        f.loc[0, "x"] = 9.0
        assert a[0] == 9.0


def test_frames_under_copy_on_write_stay_apart(tmp_path):
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]})
    part = frame[["x"]]
    expected = int(pd.__version__.split(".")[0]) >= 3
    back = round_trip({"f": frame, "p": part}, tmp_path)[1]
    back["f"].loc[0, "x"] = 9.0
    assert not expected or back["p"].loc[0, "x"] == 1.0


def local_things():
    class Local:
        pass

    def inner():
        return 1

    return Local, inner


LOCAL, INNER = local_things()
REFUSED = [
    ((i for i in ()), "generator"), (iter([]), "list_iterator"), (threading.Lock(), "lock"),
    (json, "module"), (lambda: 1, "lambda"), (INNER, "`inner` is defined inside"),
    (LOCAL(), "`Local` is defined inside"), (LOCAL, "`Local` is defined inside"),
    (make_pipeline(FunctionTransformer(lambda x: x)), "lambda"), ({"a": [(json,)]}, "module"),
    (Mine(Mine(json)), "module"), (collections.defaultdict(lambda: 1), "lambda"),
    (pd.DataFrame({"a": [json]}), "module"), ({}.keys(), "view"), (memoryview(b""), "view"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "reason"), REFUSED, ids=[r[1] for r in REFUSED])
def test_refused_with_the_reason(value, reason):
    assert reason in unstorable(value)
    with pytest.raises(StorageError, match="`x` cannot be stored"):
        write({"x": value}, io.BytesIO())


def test_open_things_are_refused(tmp_path):
    with sqlite3.connect(":memory:") as connection, (tmp_path / "a").open("w") as handle:
        assert "connection" in unstorable([connection])
        assert "open file" in unstorable({"f": handle})
    connection.close()


def test_figures_are_refused():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib.figure import Figure

    figure = Figure()
    assert "figure" in unstorable(figure)
    assert "figure" in unstorable([figure.add_subplot()])


def text(content):
    """Return a text that Python does not know, whatever it has met before."""
    return "".join([content[:1], content[1:]])


TEXTS = {
    "keys": lambda a, b: [{a: 1.5}, {b: (a, b)}],
    "the value's own name": lambda a, b: (a, b),
    "columns": lambda a, b: pd.DataFrame({a: [1, 2], "other": [b, a]}),
    "objects": lambda a, b: np.array([a, b, None, 1], dtype=object),
    "attributes": lambda a, b: Mine({a: b, "content": "content"}),
    "an estimator's parameter": lambda a, b: (SimpleImputer(strategy=a), {b: "strategy"}),
}


@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("content", ["data", "strategy", "content", "mean", "two words", "ü"])
def test_equal_texts_are_the_same_bytes_wherever_they_come_from(case, content):
    """A process has a name from its source, the next one from a file: not the same object."""
    make, known = TEXTS[case], sys.intern(text(content))
    both = [known, text(content)]
    written = set()
    for a, b in itertools.product(both, both):
        handle = io.BytesIO()
        write({content: make(a, b)}, handle)
        written.add(handle.getvalue())
    assert len(written) == 1


@pytest.mark.parametrize("kind", [CountVectorizer, TfidfVectorizer])
@pytest.mark.parametrize("stop_words", [None, "english", ["one"]])
def test_vectorizers_are_the_same_bytes_in_every_process(kind, stop_words, tmp_path):
    """They keep the address of their stop words, which is another one in each process."""
    texts = ["one two", "apples three of them", "pears"]
    written = set()
    for address in (1, 2):
        made = kind(stop_words=stop_words).fit(texts)
        made._stop_words_id = address
        with (tmp_path / str(address)).open("wb") as handle:
            form = write({"v": made}, handle)
        written.add((tmp_path / str(address)).read_bytes())
        assert made._stop_words_id == address
    assert len(written) == 1
    back = read(form, tmp_path / "1", trusted=False)["v"]
    assert form == "objects/3"
    assert (back.transform(texts) != made.transform(texts)).nnz == 0
    assert fingerprint(back) == fingerprint(made)


def test_unknown_format(tmp_path):
    with pytest.raises(StorageError, match="unknown"):
        read("tar/9", tmp_path)
    (tmp_path / "x").write_bytes(b"garbage")
    for name in ("json/1", "npy/1", "objects/3", "pickle/1", "pickle/4"):
        with pytest.raises(StorageError, match="read back"):
            read(name, tmp_path / "x")
        with pytest.raises(StorageError, match="cannot be read"):
            read(name, tmp_path / "none")


ATOMS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=5),
)  # fmt: skip
NESTED = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.tuples(inner), st.dictionaries(st.text(max_size=3), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=4), NESTED, max_size=3))
def test_any_bundle_comes_back(tmp_path_factory, values):
    back = round_trip(values, tmp_path_factory.getbasetemp())[1]
    assert list(back) == list(values)
    assert fingerprint(back) == fingerprint(values)


def test_the_global_stream_stays_the_global_stream(tmp_path):
    held = Mine(np.random.mtrand._rand)
    before = fingerprint(held)
    _, back = round_trip({"held": held}, tmp_path)
    assert back["held"].inside is np.random.mtrand._rand
    held.inside.rand()
    assert fingerprint(held) == before == fingerprint(back["held"])
    assert fingerprint(np.random.RandomState(1)) != fingerprint(np.random.RandomState(2))
