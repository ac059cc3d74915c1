"""Every kind of value comes back as it was: one table of values, one of what must be equal.

A row is a value, the format it is stored in, and how to look at it. `same` compares everything a
program could see: type, dtype, flags, layout, names, missing values, signs of zero.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import importlib.util
import io
import pathlib
import random
import re
import struct
import sys
import typing
import uuid
import zoneinfo

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn import (
    cluster,
    compose,
    decomposition,
    ensemble,
    feature_selection,
    gaussian_process,
    impute,
    isotonic,
    linear_model,
    mixture,
    model_selection,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)  # fmt: skip

from thruway.errors import StorageError
from thruway.kit.values import storage
from thruway.kit.values.fingerprint import fingerprint
from thruway.kit.values.reach import inner

PANDAS = int(pd.__version__.split(".")[0])
NUMPY = int(np.__version__.split(".")[0])
PYARROW = importlib.util.find_spec("pyarrow") is not None
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = (X[:, 0] > 0).astype(int)


def through(value, folder, *, trusted=True):
    """Return the format of a value, and the value after it was stored."""
    path = folder / "bundle"
    with path.open("wb") as handle:
        form = storage.write({"value": value}, handle)
    return form, storage.read(form, path, trusted=trusted)["value"]


# --- what is compared --------------------------------------------------------------------------


def same(one, other):
    assert type(one) is type(other)
    look = next((look for kind, look in LOOKS if isinstance(one, kind)), None)
    if look is not None:
        look(one, other)
    else:
        assert fingerprint(one) == fingerprint(other)


def same_array(one, other):
    assert one.dtype == other.dtype
    assert one.dtype.metadata == other.dtype.metadata
    assert one.dtype.isalignedstruct == other.dtype.isalignedstruct
    assert one.shape == other.shape
    assert one.flags.writeable == other.flags.writeable
    if one.flags.forc:
        assert one.flags.aligned == other.flags.aligned
        assert (one.flags.c_contiguous, one.flags.f_contiguous) == (
            other.flags.c_contiguous, other.flags.f_contiguous,
        )  # fmt: skip
    if one.dtype.kind in "biufc" and one.dtype.isnative and not one.dtype.metadata:
        assert one.dtype is other.dtype
    if one.dtype.kind == "T":
        assert one.tolist() == other.tolist()
    elif one.dtype.hasobject:
        same(one.ravel().tolist(), other.ravel().tolist())
    elif one.dtype.names is None:
        assert one.tobytes() == other.tobytes()  # with the payloads of NaN, and signs of zero
    else:
        for name in one.dtype.names:
            same(np.asarray(one[name]), np.asarray(other[name]))


def same_masked(one, other):
    same_array(np.asarray(one.data), np.asarray(other.data))
    assert (one.mask is np.ma.nomask) == (other.mask is np.ma.nomask)
    assert np.array_equal(one.mask, other.mask)
    assert repr(one.fill_value) == repr(other.fill_value)
    assert one.hardmask == other.hardmask
    assert one.sharedmask == other.sharedmask


def same_index(one, other):
    pd.testing.assert_index_equal(one, other, exact=True)
    assert one.dtype == other.dtype
    assert list(one.names) == list(other.names)
    assert [type(name) for name in one.names] == [type(name) for name in other.names]
    assert getattr(one, "freq", None) == getattr(other, "freq", None)
    if isinstance(one, pd.MultiIndex):
        for mine, its in zip([*one.levels, *one.codes], [*other.levels, *other.codes], strict=True):
            same(mine, its)
    if isinstance(one, pd.RangeIndex):
        assert (one.start, one.stop, one.step) == (other.start, other.stop, other.step)
    if isinstance(one, pd.CategoricalIndex):
        same_index(one.categories, other.categories)


def same_frame(one, other):
    same(one.index, other.index)
    assert one.attrs == other.attrs
    assert one.flags.allows_duplicate_labels == other.flags.allows_duplicate_labels
    if one.ndim == 1:
        assert one.name == other.name
        assert type(one.name) is type(other.name)
    else:
        same(one.columns, other.columns)
    mine, its = one._mgr, other._mgr
    assert type(mine) is type(its)
    assert len(mine.blocks) == len(its.blocks)
    for block, again in zip(mine.blocks, its.blocks, strict=True):
        assert list(block.mgr_locs.as_array) == list(again.mgr_locs.as_array)
        same(block.values, again.values)


def same_extension(one, other):
    assert one.dtype == other.dtype
    assert repr(one.dtype) == repr(other.dtype)
    for mine, its in zip(inner(one), inner(other), strict=True):
        same_array(mine, its)
    if isinstance(one, pd.Categorical):
        same_index(one.categories, other.categories)
        assert one.ordered == other.ordered
    if isinstance(one, pd.arrays.SparseArray):
        same_array(one.sp_values, other.sp_values)
        same_array(one.sp_index.indices, other.sp_index.indices)
        assert repr(one.fill_value) == repr(other.fill_value)
    assert fingerprint(pd.Series(one)) == fingerprint(pd.Series(other))


def same_parts(one, other):
    assert len(one) == len(other)
    for mine, its in zip(one, other, strict=True):
        same(mine, its)


def same_mapping(one, other):
    same_parts(list(one), list(other))
    same_parts(list(one.values()), list(other.values()))


def same_float(one, other):
    assert np.float64(one).tobytes() == np.float64(other).tobytes()


def same_sparse(one, other):
    assert one.format == other.format
    assert (one.shape, one.dtype) == (other.shape, other.dtype)
    same(vars(one), vars(other))


LOOKS = [
    (np.ma.MaskedArray, same_masked), (np.ndarray, same_array), (pd.Index, same_index),
    (pd.DataFrame, same_frame), (pd.Series, same_frame),
    (pd.api.extensions.ExtensionArray, same_extension), (scipy.sparse.spmatrix, same_sparse),
    (dict, same_mapping), (list, same_parts), (tuple, same_parts), (float, same_float),
]  # fmt: skip


# --- NumPy -------------------------------------------------------------------------------------


def locked(array):
    array.setflags(write=False)
    return array


def payload(kind, bits):
    return np.array([bits], dtype=kind.replace("f", "u")).view(kind)


def alone(kind):
    """Return the format of an array: of two integers of a size, a file of NumPy's means one."""
    return "npy/1" if np.dtype(np.dtype(kind).str).char == kind else "objects/3"


FIELDS = np.dtype([("a", "i1"), ("b", "<f8"), ("c", "U3"), ("d", "i2", (2,))])
ALIGNED = np.dtype([("a", "i1"), ("b", "f8")], align=True)
GAPS = np.dtype({"names": ["a", "b"], "formats": ["i1", "f4"], "offsets": [3, 8], "itemsize": 20})
TITLED = np.dtype([(("the first", "a"), "i4"), ("b", "i4")])
OBJECT = np.empty(3, dtype=object)
OBJECT[:] = [[1, [2]], None, {"a": X[:1]}]
GRID = np.empty((2, 2), dtype=object, order="F")
GRID[:] = [["a", 1], [2.5, None]]

ARRAYS = {
    "C": ("npy/1", X), "F": ("npy/1", np.asfortranarray(X)), "one axis": ("npy/1", X[:, 0].copy()),
    "no axis": ("npy/1", np.array(1.5)), "empty": ("npy/1", np.empty((0, 3))),
    "empty F": ("npy/1", np.empty((3, 0), order="F")), "three axes": ("npy/1", X.reshape(5, 3, 16)),
    "every other row": ("objects/3", X[::2]), "columns": ("objects/3", X[:, 1:3]),
    "backwards": ("objects/3", X[::-1]), "turned": ("objects/3", X.reshape(5, 3, 16).transpose(1, 0, 2)),
    "locked": ("objects/3", locked(X.copy())), "locked F": ("objects/3", locked(X.copy().T)),
    "locked view": ("objects/3", locked(X[::2])), "locked, empty": ("objects/3", locked(np.empty(0))),
    "locked, no owner": ("objects/3", np.frombuffer(b"abcdefgh", dtype="f8")),
    "broadcast": ("objects/3", np.broadcast_to(X[0], (3, 4))),
    **{kind: (alone(kind), np.arange(6).astype(kind)) for kind in "?bBhHiIlLqQefdgFDG"},
    **{kind: ("npy/1", np.arange(3).astype(kind)) for kind in (">i4", ">f8", ">c16")},
    "texts": ("npy/1", np.array(["a", "ü€", ""])), "bytes": ("npy/1", np.array([b"a", b"b\0c"])),
    "no text": ("npy/1", np.array(["", ""])), "dates": ("npy/1", np.array(["2020", "NaT"], "M8[D]")),
    "25 seconds": ("npy/1", np.array([1, 2], "m8[25s]")), "nanoseconds": ("npy/1", np.array([1], "M8[ns]")),
    "dates within": ("objects/3", [np.array(["2020", "NaT"], "M8[D]"), np.array([1], ">m8[7ms]")]),
    "void": ("objects/3", np.zeros(2, "V5")), "fields": ("objects/3", np.zeros(3, FIELDS)),
    "aligned": ("objects/3", np.zeros(3, ALIGNED)), "gaps": ("objects/3", np.zeros(3, GAPS)),
    "titles": ("objects/3", np.zeros(3, TITLED)), "fields, locked": ("objects/3", locked(np.zeros(3, FIELDS))),
    "a field": ("objects/3", np.zeros(3, FIELDS)["b"]), "record": ("objects/3", np.zeros(2, FIELDS)[0]),
    "records": ("objects/3", np.rec.array([(1, 2.5)], dtype=[("a", int), ("b", float)])),
    "matrix": ("objects/3", np.array(X).view(np.matrix)), "notes": ("objects/3", np.zeros(2, np.dtype("f8", metadata={"a": 1}))),
    "objects": ("objects/3", OBJECT), "objects F": ("objects/3", GRID), "objects, no axis": ("objects/3", np.array(None, dtype=object)),
    "objects, locked": ("objects/3", locked(OBJECT.copy())), "objects, some": ("objects/3", OBJECT[::2]),
    "fields of objects": ("pickle/4", np.array([(1, [2])], dtype=[("a", int), ("b", object)])),
    "masked": ("objects/3", np.ma.array([1.5, 2, 3], mask=[0, 1, 0], fill_value=-1.0)),
    "masked hard": ("objects/3", np.ma.array([1, 2], mask=[0, 1], hard_mask=True)),
    "no mask": ("objects/3", np.ma.array([1, 2])), "masked 2": ("objects/3", np.ma.masked_invalid([[1, np.nan]])),
    "NaN": ("npy/1", payload("f8", 0x7FF8_0000_DEAD_BEEF)), "NaN within": ("objects/3", [payload("f4", 0xFFC0_1234)]),
    "zeros": ("objects/3", [np.array([0.0, -0.0]), -0.0, float("nan")]),
    "scalars": ("objects/3", [np.float32(1.5), np.bool_(True), np.str_("a"), np.bytes_(b"a"), np.int8(3), np.complex64(1j),
                              np.datetime64("2020"), np.timedelta64(3, "D"), np.longdouble(1) / 3, np.float64(-0.0)]),
    "dtypes": ("objects/3", [np.dtype("f8"), np.dtype(">i2"), FIELDS, ALIGNED, GAPS, np.dtype("M8[ns]"), np.dtype("U3"), np.dtype(object)]),
    "types": ("objects/3", [np.float64, np.int64, np.ndarray, np.str_]), "functions": ("objects/3", [np.log1p, np.add]),
    "generators": ("objects/3", [np.random.default_rng(1), np.random.RandomState(1), np.random.Generator(np.random.Philox(3))]),
    "seeds": ("objects/3", [np.random.SeedSequence(3), np.random.MT19937(2)]),
    "polynomials": ("objects/3", [np.polynomial.Polynomial([1, 2]), np.poly1d([1, 2])]),
}  # fmt: skip
if NUMPY >= 2:
    STRINGS = np.dtypes.StringDType
    ARRAYS |= {
        "strings": ("objects/3", np.array(["a", "a longer text than others"], dtype=STRINGS())),
        "strings, missing": ("objects/3", np.array([["a", None]], dtype=STRINGS(na_object=None))),
    }


@pytest.mark.parametrize("case", ARRAYS)
def test_numpy(case, tmp_path):
    form, value = ARRAYS[case]
    found, back = through(value, tmp_path)
    assert found == form
    same(value, back)
    if storage.is_safe(form):
        same(value, through(value, tmp_path, trusted=False)[1])


def test_views_keep_the_order_and_direction_of_their_axes(tmp_path):
    cube = X.reshape(5, 3, 16)
    for view in (cube[:, ::-1], cube.transpose(2, 0, 1)[::-1, :, ::2], X[::-1].T):
        back = through(view, tmp_path)[1]
        assert np.array_equal(back, view)
        assert [s < 0 for s in back.strides] == [s < 0 for s in view.strides]
        order = np.argsort(np.abs(view.strides), kind="stable")
        assert (np.argsort(np.abs(back.strides), kind="stable") == order).all()
        assert view.sum(axis=0).tobytes() == back.sum(axis=0).tobytes()


def test_a_locked_array_can_be_unlocked_if_it_could_before(tmp_path):
    back = through(locked(X.copy()), tmp_path)[1]
    back.setflags(write=True)
    back[0] = 1
    back = through(np.frombuffer(b"abcdefgh"), tmp_path)[1]
    with pytest.raises(ValueError, match="WRITEABLE"):
        back.setflags(write=True)


def test_a_lone_array_owns_its_memory(tmp_path):
    back = through(X.copy(), tmp_path)[1]
    back.resize((10, 4), refcheck=False)


def test_an_array_that_is_a_file_is_refused(tmp_path):
    mapped = np.memmap(tmp_path / "m", dtype="f8", mode="w+", shape=(3,))
    with pytest.raises(StorageError, match="an array that is a file"):
        through(mapped, tmp_path)


def told(*texts, count=120, **options):
    """An array of texts, each an object of its own, as files give them."""
    found = np.empty(count, dtype=object)
    for at in range(count):
        text = texts[at % len(texts)] if texts else f"name {at}"
        found[at] = "".join(list(text)) if type(text) is str else text
    return found.reshape(options.get("shape", (count,)), order=options.get("order", "C"))


WORDS = {
    "different": told(), "few": told("a", "bb", ""), "one": told("a"), "empty": told(""),
    "more than ASCII": told("ü", "€uro", "\U0001f600", "\x00"), "None": told("a", None),
    "NaN": told("a", np.nan), "both": told("a", "", None, np.nan),
    "lone surrogates": told("\ud83d", "\ude00", "a"), "all surrogates": told("\ud83d\ude00"),
    "a grid": told("a", "b", "c", shape=(30, 4)), "F": told("a", "b", "c", shape=(30, 4), order="F"),
    "many": told(count=70_000), "just enough": told(count=100),
}  # fmt: skip
# What has something else in it is written element by element.
NO_WORDS = {
    "numbers": told("a", 1), "floats": told("a", 1.5), "NumPy's": told("a", np.str_("a")),
    "another NaN": told("a", -np.nan), "not enough": told(count=99), "no text": told(None, np.nan),
    "bytes": told("a", b"a"),
}  # fmt: skip


@pytest.mark.parametrize("case", WORDS | NO_WORDS)
def test_arrays_of_texts(case, tmp_path):
    array = (WORDS | NO_WORDS)[case]
    form, back = through(array, tmp_path)
    assert form == "objects/3"
    assert (back.shape, back.strides, back.dtype) == (array.shape, array.strides, array.dtype)
    assert back.flags.writeable
    written = (tmp_path / "bundle").read_bytes()
    same(array, through(array, tmp_path, trusted=False)[1])
    assert (b"rebuild" in written and b"words" in written) is (case in WORDS)
    pairs = list(zip(array.flat, back.flat, strict=True))
    assert all(type(old) is type(new) for old, new in pairs)
    assert all(
        repr(old) == repr(new) if type(old) is not float else same_bits(old, new)
        for old, new in pairs
    )
    texts = [text for text in back.flat if type(text) is str]
    assert len({id(text) for text in texts}) == len(set(texts))
    # The same texts as other objects are the same bytes.
    again = np.empty(array.shape, object, order="F" if case == "F" else "C")
    for at in np.ndindex(array.shape):
        text = array[at]
        again[at] = text if type(text) is not str else text[:1] + text[1:]
    assert through(again, tmp_path)[0] == form
    assert (tmp_path / "bundle").read_bytes() == written


def same_bits(old, new):
    return struct.pack("d", old) == struct.pack("d", new)


def test_a_locked_array_of_texts_stays_locked(tmp_path):
    array = told("a", "b")
    array.setflags(write=False)
    assert not through(array, tmp_path)[1].flags.writeable


PADDED = {
    "at the end": np.dtype([("a", "i8"), ("b", "u1")], align=True),
    "in between": np.dtype([("b", "u1"), ("a", "i8")], align=True),
    "in a field": np.dtype([("a", "u1"), ("f", np.dtype("u1,i4", align=True)), ("g", "u1")]),
    "in an array": np.dtype([("f", (np.dtype("u1,i4", align=True), (2, 3)))]),
    "in a record": np.dtype((np.record, np.dtype([("a", "i8"), ("b", "u1")], align=True))),
}


@pytest.mark.parametrize("case", PADDED)
@pytest.mark.parametrize("order", ["C", "F"])
def test_bytes_between_fields_are_no_part_of_a_value(case, order, tmp_path):
    """Nobody writes them: they are what was in the memory before."""
    written = set()
    for garbage in (0, 0x5A):
        array = np.empty((3, 2), PADDED[case], order=order)
        array.reshape(-1, order="A").view("u1")[:] = garbage
        fill_fields(array)
        back = through([array], tmp_path)[1][0]
        same(array, back)
        written.add((tmp_path / "bundle").read_bytes())
    assert len(written) == 1
    array.setflags(write=False)
    assert not through([array], tmp_path)[1][0].flags.writeable


def fill_fields(array):
    for name in array.dtype.names:
        if array[name].dtype.names:
            fill_fields(array[name])
        else:
            array[name] = np.arange(array[name].size).reshape(array[name].shape)


def test_a_forest_that_is_loaded_twice_is_the_same(tmp_path):
    joblib.dump(ensemble.RandomForestClassifier(3, random_state=0).fit(X, Y), tmp_path / "m.pkl")
    written = set()
    for garbage in range(3):
        held = [np.full(size, garbage, "u1") for size in range(100, 20_000, 97)]
        del held
        through(joblib.load(tmp_path / "m.pkl"), tmp_path)
        written.add((tmp_path / "bundle").read_bytes())
    assert len(written) == 1


def test_an_array_that_holds_itself(tmp_path):
    loop = np.empty(2, dtype=object)
    loop[0] = loop
    back = through((loop,), tmp_path)[1][0]
    assert back[0] is back


# --- pandas ------------------------------------------------------------------------------------

UNUSED = pd.MultiIndex.from_product([["a", "b", "c"], [1, 2]], names=["x", None])[:3]
INDEXES = {
    "range": pd.RangeIndex(1, 9, 2, name="r"), "range, empty": pd.RangeIndex(0),
    "integers": pd.Index([3, 1], name=("a", 1)), "unsigned": pd.Index([1], dtype="uint64"),
    "floats": pd.Index([1.5, np.nan, -0.0]), "objects": pd.Index(["a", None, 1], dtype=object, name="o"),
    "texts": pd.Index(["a", "b"]), "booleans": pd.Index([True, False]), "repeated": pd.Index([1, 1, 2]),
    "empty": pd.Index([], dtype=object), "dates": pd.DatetimeIndex(["2020", None, "2021"]),
    "zone": pd.DatetimeIndex(["2020-06-01", "2021"], tz="US/Eastern"),
    "UTC": pd.DatetimeIndex(["2020"], tz="UTC"), "offset": pd.DatetimeIndex(["2020"], tz=dt.timezone(dt.timedelta(hours=2))),
    "days": pd.date_range("2020", periods=3, freq="D", name="d"), "months": pd.date_range("2020", periods=3, freq="MS", tz="UTC"),
    "weeks": pd.date_range("2020", periods=2, freq="W-TUE"), "hours": pd.date_range("2020", periods=2, freq="3h"),
    "business": pd.date_range("2020", periods=2, freq="B"), "durations": pd.TimedeltaIndex(["1s", None]),
    "seconds": pd.timedelta_range("1s", periods=3, freq="2s"), "periods": pd.period_range("2020", periods=3, freq="M"),
    "quarters": pd.PeriodIndex(["2020Q1", None], freq="Q"), "intervals": pd.interval_range(0, 3, closed="left"),
    "intervals of dates": pd.interval_range(pd.Timestamp("2020"), pd.Timestamp("2020-01-03")),
    "categories": pd.CategoricalIndex(["a", None, "b"], ["b", "a", "c"], ordered=True, name="k"),
    "levels": pd.MultiIndex.from_product([[1, 2], ["a", "b"]], names=["x", "y"]), "levels, unused": UNUSED,
    "levels, missing": pd.MultiIndex.from_arrays([[1, None], ["a", "a"]]), "levels, none": UNUSED[:0],
    "levels of dates": pd.MultiIndex.from_product([pd.date_range("2020", periods=2, tz="UTC"), [1.5]]),
}  # fmt: skip
if PANDAS >= 2:
    INDEXES |= {
        "small": pd.Index([1, 2], dtype="int8"),
        "nullable": pd.Index([1, None], dtype="Int64"),
        "complex": pd.Index([1j]),
        "by the second": pd.DatetimeIndex(np.array(["2020"], "M8[s]")),
    }


@pytest.mark.parametrize("case", INDEXES)
def test_indexes(case, tmp_path):
    index = INDEXES[case]
    for value in (index, pd.DataFrame({"v": range(len(index))}, index=index),
                  pd.Series(range(len(index)), index, dtype="i8", name=index.name)):  # fmt: skip
        form, back = through(value, tmp_path)
        assert form == "objects/3"
        same(value, back)
        same(value, through(value, tmp_path, trusted=False)[1])
    if index.is_unique:
        wide = pd.DataFrame([range(len(index))], columns=index)
        same(wide, through(wide, tmp_path)[1])


def sparse(values, fill):
    return pd.arrays.SparseArray(values, fill_value=fill)


COLUMNS = {
    **{kind: np.array([1, 0, 2], kind) for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16", "?")},
    "f8 missing": [1.5, np.nan, -0.0], "mixed": np.array([1, "a", None], dtype=object),
    "nested": np.array([[1], {"a": (2,)}, None], dtype=object),
    "texts": ["a", None, "ü"], "texts as objects": np.array(["a", None, "b"], dtype=object),
    "string": pd.array(["a", None, "b"], dtype="string"),
    "string python": pd.array(["a", None, "b"], dtype=pd.StringDtype("python")),
    **{kind: pd.array([1, None, 2], dtype=kind) for kind in ["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16",
                                                             "UInt32", "UInt64", "Float32", "Float64"]},
    "boolean": pd.array([True, None, False], dtype="boolean"),
    "category": pd.Categorical(["x", None, "y"], ["y", "x", "unused"]),
    "category ordered": pd.Categorical([3, 1, None], [3, 1, 2], ordered=True),
    "dates": pd.to_datetime(["2020-01-01 12:00:00.123456789", None, "2021"], format="mixed") if PANDAS >= 2
             else pd.to_datetime(["2020-01-01 12:00:00.123456789", None, "2021"]),
    "zone": pd.to_datetime(["2020", None, "2021"]).tz_localize("Europe/Vienna"),
    "UTC": pd.to_datetime(["2020", None, "2021"]).tz_localize("UTC"),
    "durations": pd.to_timedelta([1, None, 3], "s"), "periods": pd.period_range("2020", periods=3, freq="Q"),
    "intervals": pd.interval_range(0, 3), "sparse": sparse([0, 0, 1], 0), "sparse floats": sparse([1.0, np.nan, np.nan], np.nan),
    "dates, objects": np.array([dt.date(2020, 1, 1), pd.Timestamp("2020"), pd.NaT], dtype=object),
    "decimals": np.array([decimal.Decimal("1.10"), None, decimal.Decimal(2)], dtype=object),
}  # fmt: skip
if PANDAS >= 2:
    COLUMNS |= {
        f"M8[{unit}]": np.array([1, "NaT", 3], f"M8[{unit}]") for unit in ("s", "ms", "us", "ns")
    }
    COLUMNS |= {
        f"m8[{unit}]": np.array([1, "NaT", 3], f"m8[{unit}]") for unit in ("s", "ms", "us", "ns")
    }
    COLUMNS |= {
        "zone, seconds": pd.DatetimeIndex(np.array([1, 2, 3], "M8[s]")).tz_localize("Asia/Tokyo")
    }
if PYARROW:
    COLUMNS |= {
        kind: pd.array(values, dtype=kind) for kind, values in {
            "string[pyarrow]": ["a", None, "b"], "int64[pyarrow]": [1, None, 3], "double[pyarrow]": [1.5, None, 2],
            "bool[pyarrow]": [True, None, False], "timestamp[ns, tz=UTC][pyarrow]": [pd.Timestamp("2020", tz="UTC"), None, None],
            "date32[pyarrow]": [dt.date(2020, 1, 1), None, None],
        }.items()
    }  # fmt: skip


@pytest.mark.parametrize("case", COLUMNS)
def test_columns(case, tmp_path):
    column = COLUMNS[case]
    frame = pd.DataFrame({"k": [1, 2, 3], "v": column, "w": column})
    for value in (
        frame,
        frame["v"],
        frame[["w"]],
        frame.iloc[1:],
        frame.iloc[:0],
        frame.iloc[::2],
        frame["v"].array,
    ):
        form, back = through(value, tmp_path)
        assert form == "objects/3"
        same(value, back)
        same(value, through(value, tmp_path, trusted=False)[1])


class Mine(pd.DataFrame):
    _metadata: typing.ClassVar = ["source"]

    @property
    def _constructor(self):
        return Mine


def noted(frame):
    frame.attrs["source"] = {"file": "a.csv", "rows": [1, 2]}
    return frame


WIDE = pd.DataFrame({f"c{i}": np.arange(4.0) + i for i in range(6)})
FRAMES = {
    "wide": WIDE, "turned": WIDE.T, "rows of it": WIDE[1:3], "columns of it": WIDE[["c3", "c1"]],
    "in pieces": WIDE.assign(n=1, s="a", m=2, t="b"), "one by one": pd.concat([WIDE["c1"], WIDE["c2"]], axis=1),
    "same names": pd.DataFrame([[1, 2.5, "a"]], columns=["a", "a", "b"]), "no columns": pd.DataFrame(index=[1, 2]),
    "nothing": pd.DataFrame(), "no rows": WIDE.assign(s="a").iloc[:0], "notes": noted(WIDE.copy()),
    "unique": WIDE.set_flags(allows_duplicate_labels=False), "levels": WIDE.set_axis(
        pd.MultiIndex.from_product([["a", "b"], [1, 2, 3]], names=["x", None]), axis=1),
    "named columns": WIDE.rename_axis(columns="names"), "numbers as names": WIDE.set_axis(range(6), axis=1),
    "series": WIDE["c1"], "series, notes": noted(WIDE["c1"].copy()), "series, no name": pd.Series([1, 2]),
    "series, odd name": pd.Series([1], name=("a", 1)), "series, nothing": pd.Series([], dtype="f4"),
    "row": WIDE.iloc[1], "grouped": WIDE.assign(k=list("aabb")).groupby("k").agg(["mean", "sum"]),
    "cut": pd.DataFrame({"c": pd.cut([1, 5, 9], 3)}),
}  # fmt: skip
SCALARS = {
    "times": [pd.Timestamp("2020-06-01 12:00:00.123456789"), pd.Timestamp("2020", tz="US/Eastern"), pd.Timedelta("1.5s"),
              pd.Period("2020-01", "M"), pd.Interval(0, 1, "both"), pd.NaT, pd.NA],
    "offsets": [pd.offsets.BDay(2), pd.offsets.MonthEnd(), pd.offsets.Hour(3), pd.DateOffset(months=1, days=2), pd.offsets.Week(weekday=1)],
    "dtypes": [pd.CategoricalDtype(["a"], ordered=True), pd.Int64Dtype(), pd.DatetimeTZDtype("ns", "UTC"), pd.PeriodDtype("M"),
               pd.IntervalDtype("int64", "right"), pd.StringDtype(), pd.SparseDtype(float, 0.0), pd.BooleanDtype()],
}  # fmt: skip


@pytest.mark.parametrize("case", [*FRAMES, *SCALARS])
def test_frames(case, tmp_path):
    value = FRAMES.get(case, SCALARS.get(case))
    form, back = through(value, tmp_path)
    assert form == "objects/3"
    same(value, back)
    same(value, through(value, tmp_path, trusted=False)[1])


def test_a_subclass_of_a_frame_is_a_class_of_the_program(tmp_path):
    frame = Mine({"a": [1, 2]})
    frame.source = "a.csv"
    form, back = through(frame, tmp_path)
    assert form == "pickle/4"
    same_frame(frame, back)
    assert type(back) is Mine
    assert back.source == "a.csv"


# --- SciPy, scikit-learn and boosting ----------------------------------------------------------

SPARSE = {
    **dict.fromkeys(("csr", "csc", "coo", "bsr", "dia", "lil"), "objects/3"), "dok": "pickle/4",
}  # fmt: skip


@pytest.mark.parametrize("kind", SPARSE)
def test_sparse_matrices(kind, tmp_path):
    matrix = getattr(scipy.sparse, f"{kind}_matrix")(np.diag([1.0, 0, 3]))
    form, back = through(matrix, tmp_path)
    assert form == SPARSE[kind]
    assert type(back) is type(matrix)
    assert fingerprint(back) == fingerprint(matrix)
    assert (back != matrix).nnz == 0
    if storage.is_safe(form):
        assert (through(matrix, tmp_path, trusted=False)[1] != matrix).nnz == 0


def plus_one(values):
    return values + 1


ESTIMATORS = {
    "linear": linear_model.LinearRegression(), "logistic": linear_model.LogisticRegression(),
    "lasso": linear_model.LassoCV(cv=3), "SGD": linear_model.SGDClassifier(random_state=0),
    "poisson": linear_model.PoissonRegressor(), "forest": ensemble.RandomForestClassifier(5, random_state=0),
    "extra trees": ensemble.ExtraTreesRegressor(5, random_state=np.random.RandomState(3)),
    "boosting": ensemble.GradientBoostingClassifier(n_estimators=5), "boosting, huber": ensemble.GradientBoostingRegressor(n_estimators=5, loss="huber"),
    "histograms": ensemble.HistGradientBoostingClassifier(max_iter=5), "histograms, regression": ensemble.HistGradientBoostingRegressor(max_iter=5),
    "bagging": ensemble.BaggingClassifier(n_estimators=3, random_state=0), "isolation": ensemble.IsolationForest(n_estimators=5, random_state=0),
    "voting": ensemble.VotingClassifier([("a", linear_model.LogisticRegression()), ("b", tree.DecisionTreeClassifier())]),
    "stacking": ensemble.StackingClassifier([("a", naive_bayes.GaussianNB())], cv=2), "tree": tree.DecisionTreeRegressor(),
    "SVC": svm.SVC(), "linear SVC": svm.LinearSVC(), "neighbours": neighbors.KNeighborsClassifier(),
    "balls": neighbors.KNeighborsRegressor(algorithm="ball_tree", metric="manhattan"), "k-d": neighbors.KNeighborsRegressor(algorithm="kd_tree"),
    "k-means": cluster.KMeans(3, n_init=2, random_state=0), "PCA": decomposition.PCA(2), "kernel PCA": decomposition.KernelPCA(2),
    "bayes": naive_bayes.GaussianNB(), "network": neural_network.MLPClassifier((5,), solver="lbfgs", max_iter=500, random_state=0),
    "gaussian process": gaussian_process.GaussianProcessRegressor(gaussian_process.kernels.RBF() + gaussian_process.kernels.WhiteKernel()),
    "mixture": mixture.GaussianMixture(2, random_state=0), "scaler": preprocessing.StandardScaler(),
    "quantiles": preprocessing.QuantileTransformer(n_quantiles=10), "power": preprocessing.PowerTransformer(),
    "splines": preprocessing.SplineTransformer(), "bins": preprocessing.KBinsDiscretizer(3, strategy="uniform", encode="ordinal"),
    "function": preprocessing.FunctionTransformer(np.abs), "impute": impute.SimpleImputer(), "k-NN impute": impute.KNNImputer(),
    "select": feature_selection.SelectKBest(k=2), "recursive": feature_selection.RFE(linear_model.LogisticRegression()),
    "pipeline": pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()),
    "columns": pipeline.make_pipeline(compose.ColumnTransformer([("a", preprocessing.MinMaxScaler(), [0, 1]), ("b", "passthrough", slice(2, 4))]),
                                      svm.LinearSVR(random_state=0, max_iter=100_000)),
    "target": compose.TransformedTargetRegressor(linear_model.Ridge(), func=np.log1p, inverse_func=np.expm1),
    "search": model_selection.GridSearchCV(linear_model.LogisticRegression(), {"C": [0.1, 1]}, scoring="roc_auc", cv=2),
    "random search": model_selection.RandomizedSearchCV(tree.DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2]}, n_iter=2, cv=2),
}  # fmt: skip


def answers(model, data=X):
    found = []
    for name in ("predict", "predict_proba", "decision_function", "transform", "score_samples"):
        try:
            found.append(np.asarray(getattr(model, name)(data)))
        except (AttributeError, TypeError):
            continue
    assert found
    return found


@pytest.mark.parametrize("case", ESTIMATORS)
@pytest.mark.filterwarnings("ignore")
def test_estimators(case, tmp_path):
    model = ESTIMATORS[case].fit(X, Y)
    path = tmp_path / "bundle"
    with path.open("wb") as handle:
        form = storage.write({"model": model, "data": X}, handle)
    assert form == "objects/3"
    for trusted in (True, False):
        back = storage.read(form, path, trusted=trusted)
        assert type(back["model"]) is type(model)
        for mine, its in zip(answers(model), answers(back["model"], back["data"]), strict=True):
            assert mine.dtype == its.dtype
            assert mine.tobytes() == its.tobytes()
    assert fingerprint(back["model"]) == fingerprint(model)


def test_one_dimension(tmp_path):
    model = isotonic.IsotonicRegression(out_of_bounds="clip").fit(X[:, 0], Y)
    form, back = through(model, tmp_path, trusted=False)
    assert form == "objects/3"
    assert back.predict(X[:, 1]).tobytes() == model.predict(X[:, 1]).tobytes()


def test_an_estimator_with_a_function_of_the_program_is_a_pickle(tmp_path):
    model = preprocessing.FunctionTransformer(plus_one)
    form, back = through(model, tmp_path)
    assert form == "pickle/4"
    assert (back.transform(X) == X + 1).all()


def test_a_fitted_estimator_goes_on_learning_alike(tmp_path):
    model = linear_model.SGDClassifier(random_state=np.random.RandomState(5)).fit(X, Y)
    back = through(model, tmp_path)[1]
    for one in (model, back):
        one.partial_fit(X, Y)
    assert model.coef_.tobytes() == back.coef_.tobytes()


@pytest.mark.filterwarnings("ignore")
def test_xgboost(tmp_path):
    xgboost = pytest.importorskip("xgboost")
    models = [
        xgboost.XGBClassifier(n_estimators=5, n_jobs=1).fit(X, Y),
        xgboost.XGBRegressor(n_estimators=5, n_jobs=1).fit(X, Y),
    ]
    for model in models:
        for trusted in (True, False):
            form, back = through(model, tmp_path, trusted=trusted)
            assert form == "objects/3"
            assert back.predict(X).tobytes() == model.predict(X).tobytes()
            assert back.get_params() == model.get_params() or "nan" in repr(model.get_params())
    booster = xgboost.train({"max_depth": 2, "nthread": 1}, xgboost.DMatrix(X, Y), 3)
    form, back = through(booster, tmp_path, trusted=False)
    assert form == "objects/3"
    assert (
        back.predict(xgboost.DMatrix(X)).tobytes() == booster.predict(xgboost.DMatrix(X)).tobytes()
    )
    assert bytes(back.save_raw()) == bytes(booster.save_raw())


@pytest.mark.filterwarnings("ignore")
def test_lightgbm(tmp_path):
    lightgbm = pytest.importorskip("lightgbm")
    options = {"n_estimators": 5, "verbose": -1, "n_jobs": 1}
    for model in (
        lightgbm.LGBMClassifier(**options).fit(X, Y),
        lightgbm.LGBMRegressor(**options).fit(X, Y),
    ):
        for trusted in (True, False):
            form, back = through(model, tmp_path, trusted=trusted)
            assert form == "objects/3"
            assert back.predict(X).tobytes() == model.predict(X).tobytes()
    booster = lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(X, Y), 3)
    form, back = through(booster, tmp_path, trusted=False)
    assert form == "objects/3"
    assert back.predict(X).tobytes() == booster.predict(X).tobytes()


# --- Arrow and Polars --------------------------------------------------------------------------


def arrow_cases():
    import pyarrow as pa

    table = pa.table({
        "i": pa.array([1, None]), "s": ["a", None], "d": pa.array(["a", "b"]).dictionary_encode(), "l": [[1], []],
        "m": pa.array([{"a": 1}, None]), "t": pa.array([1, 2], pa.timestamp("ns", tz="UTC")), "b": [b"a", None],
        "dec": pa.array([decimal.Decimal("1.10")] * 2), "big": pa.array(["a", "b"], pa.large_string()),
    }).replace_schema_metadata({"k": "v"})  # fmt: skip
    return {
        "table": table, "part of it": table.slice(1), "batch": table.to_batches()[0], "array": pa.array([1, None]),
        "chunks": pa.chunked_array([[1], [2, None]]), "no chunks": pa.chunked_array([], pa.int8()),
        "dictionary": pa.array(["a", "b", "a"]).dictionary_encode(), "type": pa.list_(pa.int8()), "schema": table.schema,
        "field": pa.field("a", pa.map_(pa.string(), pa.int8()), nullable=False, metadata={"a": "b"}),
        "scalar": pa.scalar(1), "empty": table.slice(0, 0),
    }  # fmt: skip


@pytest.mark.parametrize("case", ["table", "part of it", "batch", "array", "chunks", "no chunks", "dictionary", "type",
                                  "schema", "field", "scalar", "empty"])  # fmt: skip
def test_arrow(case, tmp_path):
    pytest.importorskip("pyarrow")
    value = arrow_cases()[case]
    for trusted in (True, False):
        form, back = through(value, tmp_path, trusted=trusted)
        assert form == "objects/3"
        assert type(back) is type(value)
        kwargs = {"check_metadata": True} if case in {"table", "batch", "schema", "field"} else {}
        assert back.equals(value, **kwargs)
        if hasattr(back, "validate"):
            back.validate(full=True)
        if hasattr(back, "num_chunks"):
            assert back.num_chunks == value.num_chunks


def test_arrow_of_a_stranger_is_checked(tmp_path):
    pa = pytest.importorskip("pyarrow")
    offsets = pa.py_buffer(np.array([0, 1 << 20, 2], "i4"))
    lying = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"ab")])
    assert through(lying, tmp_path)[0] == "objects/3"
    with pytest.raises(StorageError, match="ArrowInvalid"):
        through(lying, tmp_path, trusted=False)


def polars_cases():
    import polars as pl

    days = [dt.date(2020, 1, 1), None]
    frame = pl.DataFrame({
        **{str(kind): pl.Series([1, None], dtype=kind) for kind in (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16,
                                                                   pl.UInt32, pl.UInt64, pl.Float32, pl.Float64)},
        "bool": [True, None], "str": ["a", None], "bytes": [b"a", None], "date": days,
        "datetime": pl.Series(days).cast(pl.Datetime("ms", "UTC")), "time": [dt.time(1, 2), None],
        "duration": [dt.timedelta(1), None], "category": pl.Series(["x", None], dtype=pl.Categorical),
        "enum": pl.Series(["b", None], dtype=pl.Enum(["b", "a"])), "list": [[1, 2], None], "struct": [{"a": 1, "b": "x"}] * 2,
        "array": pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int8, 2)), "decimal": pl.Series([decimal.Decimal("1.10"), None], dtype=pl.Decimal(10, 2)),
        "null": pl.Series([None, None]), "nan": [float("nan"), -0.0],
    })  # fmt: skip
    return {
        "frame": frame, "part of it": frame[1:], "chunks": pl.concat([frame, frame], rechunk=False), "empty": frame[:0],
        "nothing": pl.DataFrame(), **{f"series {name}": frame[name] for name in frame.columns},
    }  # fmt: skip


def test_polars(tmp_path):
    pl = pytest.importorskip("polars")
    for case, value in polars_cases().items():
        for trusted in (True, False):
            form, back = through(value, tmp_path, trusted=trusted)
            assert form == "objects/3", case
            assert type(back) is type(value)
            assert back.equals(value, null_equal=True), case
            assert (
                back.schema if isinstance(value, pl.DataFrame) else (back.name, back.dtype)
            ) == (value.schema if isinstance(value, pl.DataFrame) else (value.name, value.dtype))
    types = [
        pl.Int64,
        pl.Datetime("ns"),
        pl.Enum(["a"]),
        pl.List(pl.Int8),
        pl.Struct({"a": pl.Int8}),
    ]
    assert through(types, tmp_path, trusted=False) == ("objects/3", types)


def test_polars_plans_are_pickles_and_objects_are_refused(tmp_path):
    pl = pytest.importorskip("polars")
    lazy = pl.LazyFrame({"a": [1]}).select(pl.col("a") + 1)
    form, back = through(lazy, tmp_path)
    assert form == "pickle/4"
    assert back.collect().equals(lazy.collect())
    with pytest.raises(StorageError, match="cannot be stored"):
        through(pl.Series([object()], dtype=pl.Object), tmp_path)


# --- torch -------------------------------------------------------------------------------------


def torch_cases(torch):
    base = torch.arange(24.0).reshape(4, 6)
    trained = torch.nn.Linear(3, 2)
    trained(torch.ones(1, 3)).sum().backward()
    rounds = torch.optim.Adam(trained.parameters())
    rounds.step()
    return {
        **{str(kind): torch.tensor([0, 1, 1]).to(kind) for kind in (
            torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16,
            torch.float32, torch.float64, torch.complex64, torch.complex128)},
        "NaN": torch.tensor([float("nan"), -0.0, float("inf")]), "no axis": torch.tensor(1.5), "empty": torch.empty(0, 3),
        "turned": base.t(), "strided": base[::2, 1::3], "part": base[1:3], "expanded": base[:1].expand(3, 6),
        "learnt": torch.ones(2, requires_grad=True), "parameter": torch.nn.Parameter(base[0].clone()),
        "frozen": torch.nn.Parameter(base[0].clone(), requires_grad=False), "gradient": trained.weight,
        "channels last": torch.zeros(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
        "state": trained.state_dict(), "optimizer": rounds.state_dict(), "list": [base, base[0], {"a": base.t()}],
        "words": (torch.float32, torch.device("cpu"), torch.Size([1, 2])),
    }  # fmt: skip


def same_torch(one, other):
    torch = sys.modules["torch"]
    assert type(one) is type(other)
    if isinstance(one, torch.Tensor):
        assert (one.dtype, one.shape, one.stride(), one.storage_offset()) == (
            other.dtype, other.shape, other.stride(), other.storage_offset(),
        )  # fmt: skip
        assert (one.requires_grad, one.is_leaf, one.device) == (
            other.requires_grad,
            other.is_leaf,
            other.device,
        )
        assert one.untyped_storage().tolist() == other.untyped_storage().tolist()
        assert (one.grad is None) == (other.grad is None)
        if one.grad is not None:
            same_torch(one.grad, other.grad)
    elif isinstance(one, dict):
        assert list(one) == list(other)
        assert getattr(one, "_metadata", None) == getattr(other, "_metadata", None)
        for key in one:
            same_torch(one[key], other[key])
    elif isinstance(one, list):
        for mine, its in zip(one, other, strict=True):
            same_torch(mine, its)
    else:
        assert one == other


def test_torch(tmp_path):
    for case, value in torch_cases(pytest.importorskip("torch")).items():
        for trusted in (True, False):
            form, back = through(value, tmp_path, trusted=trusted)
            assert form == "objects/3", case
            same_torch(value, back)


def test_tensors_share_and_can_be_resized(tmp_path):
    torch = pytest.importorskip("torch")
    base = torch.arange(6.0)
    back, part = through([base, base[2:4]], tmp_path, trusted=False)[1]
    back[2] = 9
    assert part[0] == 9
    for one in (base, back):  # neither storing nor reading takes that away
        one.resize_(100)


def test_looking_at_a_tensor_lets_it_be_resized():
    torch = pytest.importorskip("torch")
    for tensor in (torch.arange(3.0), torch.zeros(2, dtype=torch.bfloat16), torch.arange(6)[2:4]):
        fingerprint(tensor)
        tensor.resize_(100)


def test_modules_are_pickles(tmp_path):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.ReLU(), torch.nn.Linear(4, 1)
    )
    module[3].weight = torch.nn.Parameter(module[3].weight)
    data = torch.ones(5, 3)
    module(data).sum().backward()
    form, back = through(module.eval(), tmp_path)
    assert form == "pickle/4"
    assert torch.equal(back(data), module(data))
    same_torch(dict(module.named_parameters()), dict(back.named_parameters()))
    tied = torch.nn.ModuleList([torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)])
    tied[1].weight = tied[0].weight
    back = through(tied, tmp_path)[1]
    assert back[0].weight is back[1].weight


def test_other_tensors_are_as_torch_has_them(tmp_path):
    torch = pytest.importorskip("torch")
    for tensor in (torch.eye(3).to_sparse(), torch.view_as_complex(torch.ones(2, 2)).conj()):
        form, back = through(tensor, tmp_path)
        assert form == "pickle/4"
        assert torch.equal(back.to_dense(), tensor.to_dense())


# --- Python ------------------------------------------------------------------------------------


@dataclasses.dataclass
class Box:
    content: object
    more: list = dataclasses.field(default_factory=list)


class Colour(enum.Enum):
    RED = 1


class Split(typing.NamedTuple):
    train: object
    test: object


PYTHON = {
    "objects/3": [
        (1, "a", None), {1: "a", (2,): [3]}, {1, "a"}, frozenset({1}), b"ab", bytearray(b"ab"), 1 << 100, 1j, "\ud800",
        [True, ...], [int, float, str, list, dict, type(None)], range(3), slice(1, None, 2), [NotImplemented],
        collections.OrderedDict(b=1, a=2), collections.defaultdict(list, a=[1]), collections.Counter("aab"),
        collections.deque([1, 2], maxlen=3), collections.UserDict(a=1), collections.ChainMap({"a": 1}, {}),
        dt.date(2020, 1, 2), dt.datetime(2020, 1, 2, 3, 4, 5, 6, dt.UTC), dt.time(1, 2, fold=1), dt.timedelta(1, 2, 3),
        dt.datetime(2020, 6, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Vienna")), zoneinfo.ZoneInfo("UTC"),
        decimal.Decimal("1.10"), fractions.Fraction(1, 3), uuid.UUID(int=5), re.compile("a+", re.IGNORECASE),
        pathlib.PurePosixPath("a/b"), pathlib.Path("a"), random.Random(3), ValueError("what", 1), io.BytesIO(b"ab"),
    ],
    "pickle/4": [Box(1, [Box(2)]), Colour.RED, Split(X, Y), [Box(X), X], plus_one, {"a": Colour}],
}  # fmt: skip


@pytest.mark.parametrize("form", PYTHON)
def test_python(form, tmp_path):
    for value in PYTHON[form]:
        found, back = through(value, tmp_path)
        assert found == form, value
        assert type(back) is type(value)
        assert fingerprint(back) == fingerprint(value), value
        assert repr(back) == repr(value) or "object at" in repr(value)
        if storage.is_safe(form):
            assert fingerprint(through(value, tmp_path, trusted=False)[1]) == fingerprint(value)


def test_what_is_shared_and_what_goes_round(tmp_path):
    inner = [X, WIDE]
    loop = {"inner": inner, "again": inner}
    loop["self"] = loop
    for trusted in (True, False):
        form, back = through(loop, tmp_path, trusted=trusted)
        assert form == "objects/3"
        assert back["inner"] is back["again"]
        assert back["self"] is back
    box = Box(None)
    box.content = (box, box.more)
    back = through(box, tmp_path)[1]
    assert back.content[0] is back
    assert back.content[1] is back.more


def test_identities_that_programs_test(tmp_path):
    back = through(
        [pd.NA, pd.NaT, None, ..., np.ma.masked, np.random.mtrand._rand, np.add, int],
        tmp_path,
        trusted=False,
    )[1]
    for mine, its in zip(
        [pd.NA, pd.NaT, None, ..., np.ma.masked, np.random.mtrand._rand, np.add, int],
        back,
        strict=True,
    ):
        assert mine is its
