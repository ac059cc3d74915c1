"""What a digest sees, and what it does not."""

from __future__ import annotations

import collections
import copy
import datetime as dt
import decimal
import enum
import functools
import io
import math
import pathlib
import pickle
import random
import re
import sqlite3
import subprocess
import sys
import threading
import types
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import scipy.spatial
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from thruway.kit.values import fingerprint as verb
from thruway.kit.values.fingerprint import fingerprint, fingerprint_file
from thruway.kit.values.written import fingerprint_written

X = np.random.default_rng(0).normal(size=(60, 3))
ONE = [1]
NOON = dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC)
Y = (X[:, 0] > 0).astype(int)
Point = collections.namedtuple("Point", "x y")  # noqa: PYI024 - the kind under test


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass
class Box:
    inside: object


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a


def hexes(*values):
    return [fingerprint(v).hex for v in values]


def frame():
    return pd.DataFrame({
        "n": [1.5, np.nan, -0.0], "s": ["a", None, "ü"], "i": [1, 2, 3],
        "t": pd.to_datetime(["2020", "2021", None]), "c": pd.Categorical(["x", "y", "x"]),
        "m": pd.array([1, None, 3], dtype="Int64"), "o": [[1], {"k": 2}, None],
        "z": pd.to_datetime(["2020", "2021", None]).tz_localize("Europe/Berlin"),
    })  # fmt: skip


DIFFERENT = [
    ("one ulp", 1.0, math.nextafter(1.0, 2)),
    ("negative zero", 0.0, -0.0),
    ("bool and int", True, 1),
    ("int and float", 1, 1.0),
    ("nan and none", float("nan"), None),
    ("NaT and none", pd.NaT, None),
    ("NaT and NA", pd.NaT, pd.NA),
    ("text and bytes", "a", b"a"),
    ("list and tuple", [1], (1,)),
    ("order of a dict", {"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ("key of a dict", {"a": 1}, {1: "a"}),
    ("nesting", [[1], [2]], [[1, 2], []]),
    ("cut of texts", ["ab", "c"], ["a", "bc"]),
    ("rows", [(1, 2), (3,)], [(1,), (2, 3)]),
    ("alias", [ONE, ONE], [[1], [1]]),
    ("huge int", 1 << 70, (1 << 70) + 1),
    ("numpy scalar", np.float64(1), 1.0),
    ("dtype", np.zeros(3), np.zeros(3, "f4")),
    ("shape", np.zeros((2, 3)), np.zeros((3, 2))),
    ("byte order", np.arange(3, dtype="<i4"), np.arange(3, dtype=">i4")),
    ("array ulp", np.array([1.0, 2]), np.array([1.0, math.nextafter(2, 3)])),
    ("array sign", np.array([0.0]), np.array([-0.0])),
    ("0-d", np.array(1.0), np.array([1.0])),
    ("masked", np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 2], mask=[1, 0])),
    ("frame name", pd.Series([1], name="a"), pd.Series([1], name="b")),
    ("frame dtype", pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1.0]})),
    ("frame index", pd.Series([1, 2]), pd.Series([1, 2], index=[1, 2])),
    ("index name", pd.Index([1], name="a"), pd.Index([1], name="b")),
    ("columns name", pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1]}).rename_axis(columns="c")),
    ("column order", pd.DataFrame({"a": [1], "b": [1]}), pd.DataFrame({"b": [1], "a": [1]})),
    ("none in a column", pd.Series([None], dtype=object), pd.Series([np.nan], dtype=object)),
    ("categories", pd.Categorical(["a"], ["a"]), pd.Categorical(["a"], ["a", "b"])),
    ("ordered", pd.Categorical(["a"]), pd.Categorical(["a"], ordered=True)),
    ("in an object", Box([1]), Box([2])),
    ("slot", Slotted(1), Slotted(2)),
    ("seconds", NOON, NOON.replace(second=1)),
    ("zone", NOON, NOON.replace(tzinfo=None)),
    ("decimal", decimal.Decimal("1.0"), decimal.Decimal("1.00")),
    ("pattern", re.compile("a"), re.compile("a", re.IGNORECASE)),
    ("path", Path("a"), Path("b")),
    ("enum", Colour.RED, Colour.BLUE),
    ("default factory", collections.defaultdict(list), collections.defaultdict(set)),
    ("deque", collections.deque([1], 2), collections.deque([1], 3)),
    ("slice", slice(1), slice(2)),
    ("range", range(3), range(4)),
    ("memory file", io.StringIO("a"), io.StringIO("b")),
    ("random", random.Random(1), random.Random(2)),
    ("generator", np.random.default_rng(1), np.random.default_rng(2)),
    ("legacy random", np.random.RandomState(1), np.random.RandomState(2)),
    ("estimator", LogisticRegression(), LogisticRegression(C=2)),
    ("estimator fitted", LogisticRegression(), LogisticRegression().fit(X, Y)),
    ("default", functools.partial(int, base=2), functools.partial(int, base=3)),
    ("sparse", scipy.sparse.csr_matrix([[1, 0]]), scipy.sparse.csr_matrix([[0, 1]])),
]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"), [d[1:] for d in DIFFERENT], ids=[d[0] for d in DIFFERENT]
)
def test_sees(one, other):
    assert fingerprint(one) == fingerprint(one)
    assert fingerprint(one).hex != fingerprint(other).hex
    assert not fingerprint(one).opaque


CYCLE: list[object] = [1]
CYCLE.append({"again": CYCLE})
KEPT = {
    "cycle": CYCLE,
    "frame": frame(),
    "duplicate columns": pd.DataFrame([[1, 2.0], [3, 4.0]], columns=["a", "a"]),
    "multi-index": frame().set_index(["i", "n"]),
    "intervals": pd.cut(pd.Series([1.0, 5, 9]), 3),
    "periods": pd.period_range("2020", periods=3, freq="M"),
    "dates": pd.date_range("2020", periods=3, freq="D"),
    "sparse column": pd.Series(pd.arrays.SparseArray([0, 0, 1.0])),
    "string dtype": pd.Series(["a", None], dtype="string"),
    "offset": pd.offsets.MonthEnd(2),
    "timestamp": pd.Timestamp("2020-01-01", tz="UTC"),
    "structured": np.array([(1, 2.5)], dtype=np.dtype([("a", "i1"), ("b", "f8")], align=True)),
    "object array": np.array([1, "a", [2]], dtype=object),
    "fortran": np.asfortranarray(X),
    "matrix": np.asmatrix(X),
    "forest": RandomForestClassifier(5, random_state=0).fit(X, Y),
    "boosting": HistGradientBoostingClassifier(max_iter=5).fit(X, Y),
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y),
    "spawning": np.random.default_rng(0),
    "set": {1, "a", (2, frozenset({3, None}))},
    "object": Box({"a": [Box(1), Slotted(2)]}),
    "namedtuple": Point(1, [2]),
    "ordered": collections.OrderedDict(a=1),
    "counter": collections.Counter("abc"),
    "error": ValueError("a", 1),
    "pure path": pathlib.PurePosixPath("a/b"),
    "search tree": scipy.spatial.KDTree(X),
    "csr": scipy.sparse.random(5, 5, 0.5, "csr", random_state=0),
    "dok": scipy.sparse.dok_matrix(np.eye(3)),
    "namespace": types.SimpleNamespace(a=[1]),
}


@pytest.mark.parametrize("name", KEPT)
def test_survives_pickle_and_copy(name):
    value = KEPT[name]
    before = fingerprint(value)
    assert not before.opaque
    assert fingerprint(pickle.loads(pickle.dumps(value))) == before
    assert fingerprint(copy.deepcopy(value)) == before
    assert fingerprint(value) == before


@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree", "brute"])
def test_asking_neighbours_changes_nothing(algorithm):
    model = KNeighborsClassifier(3, algorithm=algorithm).fit(X, Y)
    before = fingerprint(model)
    model.predict(X)
    assert fingerprint(model) == before
    assert fingerprint(KNeighborsClassifier(3, algorithm=algorithm).fit(X + 1, Y)) != before


def test_boosters_survive_pickle():
    xgboost = pytest.importorskip("xgboost")
    lightgbm = pytest.importorskip("lightgbm")
    for model in (
        xgboost.XGBClassifier(n_estimators=3),
        lightgbm.LGBMClassifier(n_estimators=3, verbose=-1),
    ):
        unfitted = fingerprint(model)
        model.fit(X, Y)
        assert fingerprint(model) == fingerprint(pickle.loads(pickle.dumps(model))) != unfitted
        assert fingerprint(model) == fingerprint(copy.deepcopy(model))


def test_layout_does_not_count():
    whole = pd.DataFrame(X, columns=list("abc"))
    by_column = pd.DataFrame({c: np.array(whole[c]) for c in whole})
    grown = whole[["a"]].copy()
    grown["b"], grown["c"] = whole["b"], whole["c"]
    assert len(set(hexes(whole, by_column, grown, whole.iloc[::-1].iloc[::-1]))) == 1
    assert len(set(hexes(X, np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2]))) == 1
    big = np.arange(300_000.0).reshape(3, 100_000)
    assert fingerprint(big) == fingerprint(np.asfortranarray(big))
    names = list("abc")
    by_column = pd.DataFrame(dict(zip(names, big, strict=True)))
    assert fingerprint(pd.DataFrame(big.T, columns=names)) == fingerprint(by_column)


def test_payload_of_nan_and_padding_do_not_count():
    odd = np.array([0x7FF8000000000123], "u8").view("f8")
    assert fingerprint(odd) == fingerprint(np.array([np.nan]))
    assert fingerprint([float(odd[0])]) == fingerprint([math.nan])
    padded = np.dtype([("a", "i1"), ("b", "f8")], align=True)
    one, other = (
        np.frombuffer(bytearray(32), padded).copy(),
        np.frombuffer(b"\xff" * 32, padded).copy(),
    )
    for array in (one, other):
        array["a"], array["b"] = 1, 2
    assert fingerprint(one) == fingerprint(other)
    masked = pd.array([1, 2], dtype="Int64")
    masked[0] = pd.NA
    assert fingerprint(masked) == fingerprint(pd.array([None, 2], dtype="Int64"))


def test_string_columns_are_alike_in_every_memory():
    pa = pytest.importorskip("pyarrow")
    for found in (["a", None, "üx", ""], ["a", "b"], []):
        python = pd.Series(found, dtype=pd.StringDtype("python"))
        arrow = pd.Series(found, dtype=pd.StringDtype("pyarrow"))
        assert fingerprint(python) == fingerprint(arrow)
        chunked = pd.concat([arrow[:1], arrow[1:]])
        assert fingerprint(chunked) == fingerprint(python)
    table = pa.table({"a": [1, None, 3], "b": ["x", "y", None]})
    assert fingerprint(table) == fingerprint(pickle.loads(pickle.dumps(table)))


def test_polars():
    pl = pytest.importorskip("polars")
    one = pl.DataFrame({"a": [1, None], "b": ["x", "y"], "c": [[1], [2]], "d": [1.0, math.nan]})
    assert fingerprint(one) == fingerprint(pickle.loads(pickle.dumps(one)))
    assert fingerprint(one) != fingerprint(one.with_columns(a=pl.Series([1, 2])))
    assert fingerprint(one) != fingerprint(one.rename({"a": "z"}))


OPAQUE = {
    "generator": (i for i in [1]),
    "iterator": iter([1]),
    "lock": threading.Lock(),
    "connection": sqlite3.connect(":memory:"),
    "zip": zip([1], [2], strict=True),
    "file": Path(__file__).open(),  # noqa: SIM115 - its being open is the case
}


@pytest.mark.parametrize("name", OPAQUE)
def test_opaque_parts_are_named_and_untouched(name):
    digest = fingerprint({"inside": [OPAQUE[name], 1]})
    assert type(OPAQUE[name]).__name__ in digest.opaque
    assert digest == fingerprint({"inside": [OPAQUE[name], 1]})
    if name in {"generator", "iterator"}:
        assert list(OPAQUE[name]) == [1]


@pytest.fixture(autouse=True, scope="module")
def _close():
    yield
    OPAQUE["file"].close()
    OPAQUE["connection"].close()


def make_class(module, where):
    space = {"__name__": module}
    body = "class Moved:\n    def __init__(self): self.a = 1\n"
    if where == "function":
        indented = "\n".join("    " + line for line in body.splitlines())
        body = f"def outer():\n{indented}\n    return Moved\nMoved = outer()\n"
    exec(body, space)
    return space["Moved"]


def test_first_party_code_may_move():
    places = [("__main__", "top"), ("churn.shared", "top"), ("__main__", "function")]
    kinds = [make_class(*place) for place in places]
    assert len(set(hexes(*(kind() for kind in kinds)))) == 1
    assert len(set(hexes(*kinds))) == 1


def test_functions_by_name_signature_defaults_and_closure():
    def build(k, default=1):
        def scale(v, w=default):
            return v * k * w

        return scale

    def scale(v, w=1):
        return v + w

    assert fingerprint(build(1)) == fingerprint(build(1))
    assert fingerprint(build(1)).hex != fingerprint(build(2)).hex
    assert fingerprint(build(1)).hex != fingerprint(build(1, 2)).hex
    top, nested = scale, [None, scale][1]
    assert fingerprint(top) == fingerprint(nested)


def test_class_data_is_seen():
    kind = make_class("__main__", "top")
    before = fingerprint(kind)
    kind.rate = 0.5
    assert fingerprint(kind) != before


def test_caches_do_not_count():
    class Lazy:
        @functools.cached_property
        def costly(self):
            return 1

    lazy = Lazy()
    before = fingerprint(lazy)
    assert lazy.costly == 1
    assert fingerprint(lazy) == before
    groups = frame().groupby("c", observed=True)
    before = fingerprint(groups)
    groups.ngroup()
    assert fingerprint(groups) == before


def test_the_address_of_stop_words_does_not_count():
    texts = ["one two", "two three"]
    one, other = (CountVectorizer(stop_words=["one"]).fit(texts) for _ in range(2))
    assert one._stop_words_id != other._stop_words_id
    assert fingerprint(one) == fingerprint(other)


def test_pickles_are_digested_as_values_whatever_they_are_called(tmp_path):
    word = str(b"ab", "ascii")
    for name, value in {"one": [word, word], "other": ["ab", str(b"ab", "ascii")]}.items():
        (tmp_path / name).write_bytes(pickle.dumps(value))
    one, other = tmp_path / "one", tmp_path / "other"
    assert one.read_bytes() != other.read_bytes()
    assert fingerprint_written(one) == fingerprint_written(other)
    (tmp_path / "text").write_bytes(b"\x80\x04 is no pickle")
    assert fingerprint_written(tmp_path / "text") == fingerprint_file(tmp_path / "text")


def test_being_drawn_does_not_count():
    plt = pytest.importorskip("matplotlib.pyplot")
    colors = pytest.importorskip("matplotlib.colors")
    parts = [colors.Normalize(0, 4), colors.ListedColormap(["red", "blue"])]
    figure, axes = plt.subplots()
    image = axes.imshow([[1.0, 2.0]], norm=parts[0], cmap=parts[1])
    bar = figure.colorbar(image)
    before = fingerprint(parts)
    figure.canvas.draw()
    plt.close(figure)
    assert fingerprint(parts) == before
    assert not before.opaque
    assert fingerprint(bar).opaque
    parts[0].vmax = 5
    assert fingerprint(parts) != before


class Hostile:
    def __getattr__(self, name):
        raise RuntimeError(name)

    def __eq__(self, other):
        raise RuntimeError

    def __hash__(self):
        return 1

    def __getstate__(self):
        raise RuntimeError

    def __repr__(self):
        raise RuntimeError


def test_never_raises():
    assert fingerprint([Hostile(), 1]).opaque
    assert fingerprint({Hostile()}).hex
    assert fingerprint([Hostile(), 1]).hex != fingerprint([Hostile(), 2]).hex


def test_deep_and_long():
    deep: object = 0
    for _ in range(5000):
        deep = [deep]
    other: object = 1
    for _ in range(5000):
        other = [other]
    assert fingerprint(deep).hex != fingerprint(other).hex
    assert fingerprint([[]] * 100_000).hex
    doubled: tuple[object, ...] = ([],)
    for _ in range(60):
        doubled = (doubled, doubled)
    assert fingerprint(doubled).hex


def test_same_in_every_process():
    code = (
        "from thruway.kit.values.fingerprint import fingerprint\n"
        "print(fingerprint([{'a', 'b', 'c', 1, None, (2, 'x')}, {'k': 1.5}]).hex)"
    )
    source = str(Path(verb.__file__).parents[3])
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": source, "PYTHONHASHSEED": seed},
            capture_output=True, check=True, text=True,
        ).stdout
        for seed in "12"
    }  # fmt: skip
    assert len(found) == 1


def test_file_and_folder(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    whole = fingerprint_file(tmp_path)
    assert fingerprint_file(tmp_path / "a") == fingerprint_file(str(tmp_path / "a"))
    (tmp_path / "a").write_bytes(b"y")
    assert fingerprint_file(tmp_path) != whole


ATOMS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
    st.binary(max_size=5), st.decimals(), st.dates(),
)  # fmt: skip
NESTED = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=3), inner, max_size=4),
        st.frozensets(st.one_of(st.integers(), st.text(max_size=3)), max_size=4),
        inner.map(Box),
    ),
    max_leaves=15,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NESTED)
def test_any_value_survives_pickle(value):
    assert fingerprint(pickle.loads(pickle.dumps(value))) == fingerprint(value)


@settings(max_examples=80, deadline=None)
@given(st.lists(ATOMS, min_size=1, max_size=6), st.data())
def test_any_changed_element_shows(values, data):
    place = data.draw(st.integers(0, len(values) - 1))
    changed = [*values]
    changed[place] = ("changed", values[place])
    assert fingerprint(changed).hex != fingerprint(values).hex
    assert fingerprint({"k": changed}).hex != fingerprint({"k": values}).hex


ROW = {"a": 1, "b": "x"}
RECORDS = [
    [dict(ROW), dict(ROW)],
    [ROW, ROW],  # one dict twice
    [dict(ROW), {"b": "x", "a": 1}],
    [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}],
    [{"a": 1, "b": "x"}, {"a": 1.0, "b": "x"}],
    [{"a": 1}, {"b": "x"}, {"a": 1}, {"b": "x"}],
    [{1: "x"}, {1: "x"}],
    [{1: "x"}, {True: "x"}],
    [{1: "x"}, {1.0: "x"}],
    [{"a": [1]}, {"a": [1]}],
    [{"a": math.nan}, {"a": None}],
    [{"a": 0.0}, {"a": 1.0}],
    [{"a": -0.0}, {"a": 1.0}],
    [{}, {}],
]


def test_records():
    digests = [fingerprint(rows).hex for rows in RECORDS]
    assert len(set(digests)) == len(digests)
    assert [fingerprint(pickle.loads(pickle.dumps(rows))).hex for rows in RECORDS] == digests


def test_records_seen_again():
    rows = [dict(ROW), {"a": 2, "b": "y"}]
    same, equal = (rows, rows[1]), (rows, dict(rows[1]))
    assert fingerprint(same) != fingerprint(equal)
    assert fingerprint((rows[1], rows)) != fingerprint((dict(rows[1]), rows))
