"""Statistics against pandas, NumPy and hand-made values; for every library; for messy data."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thruway.components import merge_statistics, statistics
from thruway.components.schema import Feature, Schema
from thruway.components.statistics import letters, numeric, sketches, strings
from thruway.errors import DataError, UsageError

pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

TABLE = {
    "age": [22.0, 38.0, None, 35.0, 35.0, 54.0],
    "class": [3, 1, 3, 1, 3, 1],
    "sex": ["m", "f", "f", None, "m", "m"],
    "alive": [False, True, True, True, False, False],
    "born": [dt.datetime(1890, 1, day) for day in (1, 2, 3, 4, 5, 6)],
}


def from_pandas(data):
    return pd.DataFrame(data)


def from_polars(data):
    return pl.DataFrame(data)


def from_arrow(data):
    return pa.table(data)


LIBRARIES = [from_pandas, from_polars, from_arrow]
library = pytest.mark.parametrize("made", LIBRARIES, ids=lambda made: made.__name__[5:])


def no_dtype(column):
    return replace(column, dtype="")


# -- what is in it ----------------------------------------------------------------------------


@library
def test_a_small_table_by_hand(made):
    found = statistics(made(TABLE))
    assert found.rows == 6
    assert list(found.columns) == list(TABLE)
    age = found["age"]
    assert (age.type, age.kind, age.count, age.missing, age.distinct) == (
        "float", "numeric", 5, 1, 4,
    )  # fmt: skip
    assert (age.numbers.min, age.numbers.median, age.numbers.max) == (22.0, 35.0, 54.0)
    assert age.numbers.mean == pytest.approx(36.8)
    assert age.numbers.std == pytest.approx(np.std([22, 38, 35, 35, 54], ddof=1))
    assert age.values == ((35.0, 2), (22.0, 1), (38.0, 1), (54.0, 1))
    assert found["class"].values == ((1, 3), (3, 3))
    assert (found["class"].type, found["class"].numbers.whole) == ("int", True)
    sex = found["sex"]
    assert (sex.type, sex.kind, sex.values, sex.missing) == (
        "string", "categorical", (("m", 3), ("f", 2)), 1,
    )  # fmt: skip
    assert (sex.text.shortest, sex.text.longest, sex.text.mean_words) == (1, 1, 1.0)
    assert (found["alive"].type, found["alive"].values) == ("bool", ((False, 3), (True, 3)))
    born = found["born"]
    assert born.kind == "datetime"
    day = 86_400_000_000
    assert born.numbers.max - born.numbers.min == 5 * day


def test_the_libraries_say_the_same():
    first, *others = [statistics(made(TABLE)) for made in LIBRARIES]
    for other in others:
        assert [*map(no_dtype, other.columns.values())] == [*map(no_dtype, first.columns.values())]


NUMBERS = {
    "normal": lambda r, n: r.standard_normal(n),
    "lognormal": lambda r, n: np.exp(2 * r.standard_normal(n)),
    "times": lambda r, n: 1.7e9 + r.integers(0, 86400 * 365, n).astype(float),
    "small ints": lambda r, n: r.integers(-500, 500, n),
    "big ints": lambda r, n: r.integers(-(2**62), 2**62, n),
    "unsigned": lambda r, n: r.integers(2**63, 2**64 - 1, n, dtype=np.uint64),
    "bytes": lambda r, n: r.integers(0, 255, n).astype(np.uint8),
    "short ints": lambda r, n: r.integers(-(2**15), 2**15 - 1, n).astype(np.int16),
    "half floats": lambda r, n: r.standard_normal(n).astype(np.float32),
    "spike": lambda r, n: np.where(r.random(n) < 0.5, 0, np.exp(r.standard_normal(n))),
    "few values": lambda r, n: r.choice([0.1, -7.5, 1e9, 1e-300], n),
    "prices": lambda r, n: np.round(np.exp(r.standard_normal(n)) * 20, 2),
    "huge": lambda r, n: r.standard_normal(n) * 1e307,
    "tiny": lambda r, n: r.random(n) * 1e-310,
    "far clusters": lambda r, n: np.where(r.random(n) < 0.5, 1e6, 0) + r.standard_normal(n),
    "constant": lambda _, n: np.full(n, 3.5),
    "outlier": lambda r, n: np.append(r.standard_normal(n - 1), 1e300),
}


@pytest.mark.parametrize("rows", [1, 2, 700, 40_000])
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_those_of_numpy(name, rows):
    values = NUMBERS[name](np.random.default_rng(5), rows)
    found = statistics(pd.DataFrame({"x": values}))["x"]
    numbers = found.numbers
    floats = values.astype(np.float64)
    assert (numbers.count, numbers.min, numbers.max) == (rows, values.min(), values.max())
    scale = float(np.abs(floats / 4).max()) * 4 or 1.0
    assert numbers.mean / scale == pytest.approx(
        float((floats / scale).mean()), rel=1e-9, abs=1e-12
    )
    if rows > 1 and numbers.std is not None:
        with np.errstate(over="ignore"):
            assert numbers.std == pytest.approx(float(floats.std(ddof=1)), rel=1e-7, abs=1e-300)
    assert numbers.zeros == int((values == 0).sum())
    assert numbers.negative == int((values < 0).sum())
    assert numbers.whole == bool((np.floor(floats) == floats).all())
    assert list(numbers.quantiles.values()) == pytest.approx(
        list(np.quantile(floats / 2, sketches.QUANTILES) * 2), rel=1e-12
    )
    edges, counts = np.array(numbers.histogram.edges), numbers.histogram.counts
    assert sum(counts) == rows
    assert len(counts) <= sketches.BINS
    assert list(np.bincount(np.searchsorted(edges, floats, side="right") - 1, minlength=len(counts))) == list(counts)  # fmt: skip
    distinct = len(np.unique(values))
    if found.distinct_exact:
        assert found.distinct == distinct
    else:
        assert found.distinct == pytest.approx(distinct, rel=0.15)
    in_order = np.sort(values)
    if numbers.points:
        points = np.array(numbers.points)
        wanted = (np.arange(len(points)) + 0.5) / len(points)
        low = np.searchsorted(in_order, points, side="left") / rows
        high = np.searchsorted(in_order, points, side="right") / rows
        off = np.maximum(np.maximum(low - wanted, wanted - high), 0).max()
        assert off <= numbers.error + 1 / rows


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_description_of_pandas_agrees():
    data = pytest.importorskip("sklearn.datasets").load_wine(as_frame=True).frame
    found, described = statistics(data), data.describe()
    for name in data:
        numbers = found[name].numbers
        ours = [numbers.count, numbers.mean, numbers.std, numbers.min]
        ours += [numbers.quantiles[share] for share in ("25%", "50%", "75%")]
        assert [*ours, numbers.max] == pytest.approx(described[name].tolist(), rel=1e-12)


def test_values_are_the_counts_of_pandas():
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"x": rng.zipf(1.5, 50_000).clip(max=5000).astype(str)})
    found, counted = statistics(data)["x"], data["x"].value_counts()
    assert found.distinct == len(counted)
    assert not found.complete
    assert dict(found.values) == {k: v for k, v in counted.items() if v > found.bound}
    assert len(found.values) > 500


# -- messy data -------------------------------------------------------------------------------

OBJECTS = {
    "text and numbers": (["a", 1, 2.5, None], "mixed", "categorical"),
    "dates": ([dt.date(2020, 1, 1), None], "datetime", "datetime"),
    "decimals": ([Decimal("1.5"), Decimal(2), None], "float", "numeric"),
    "truths and None": ([True, False, None], "bool", "boolean"),
    "ints and None": ([1, 2, None], "float", "numeric"),
    "bytes": ([b"a", b"b"], "bytes", "other"),
    "dicts": ([{"a": 1}, {}], "other", "other"),
    "nothing": ([None, None], "empty", "empty"),
    "NaN": ([float("nan")], "float", "empty"),
    "lists": ([[1, 2], [], [3]], "int", "numeric"),
    "lists of text": ([["a"], ["b", "a"]], "string", "categorical"),
    "durations": ([dt.timedelta(days=1), None], "duration", "numeric"),
    "two zones": (
        [
            dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
            dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        ],
        ("datetime", "mixed", "other"),
        ("datetime", "categorical", "other"),
    ),
}


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_columns_of_objects(name):
    values, type_, kind = OBJECTS[name]
    found = statistics(pd.DataFrame({"x": values}))["x"]
    assert found.type in type_ if isinstance(type_, tuple) else found.type == type_
    assert found.kind in kind if isinstance(kind, tuple) else found.kind == kind
    assert found.missing == sum(one is None or one != one for one in values)


def test_mixed_values_are_counted_by_type():
    found = statistics(pd.DataFrame({"x": ["12", 12, 12.5, None, "n/a"]}))["x"]
    assert found.types == {"float": 1, "int": 1, "str": 2}
    assert dict(found.values) == {"12": 2, "12.5": 1, "n/a": 1}
    assert found.text.numbers == 3


def test_numbers_as_text_are_noticed():
    text = statistics(pd.DataFrame({"charge": ["29.85", " 56.95", "1e3", " ", "", "x"]}))[
        "charge"
    ].text
    assert (text.numbers, text.blank, text.empty, text.padded) == (3, 1, 1, 1)


@library
def test_infinities_and_nan(made):
    data = made({"x": [1.0, float("inf"), float("-inf"), float("nan"), None, 3.0]})
    found = statistics(data)["x"]
    assert found.infinite == (1, 1)
    assert (found.numbers.min, found.numbers.max, found.numbers.mean) == (1.0, 3.0, 2.0)
    # Only pandas means a missing value by NaN.
    missing_and_nan = (2, 0) if made is from_pandas else (1, 1)
    assert (found.missing, found.nan) == missing_and_nan


@library
def test_no_rows(made):
    found = statistics(made({"x": np.array([], dtype=float), "y": np.array([], dtype=np.int64)}))
    assert found.rows == 0
    assert (found["x"].kind, found["x"].distinct, found["x"].present) == ("empty", 0, 1.0)


@library
def test_columns_without_any_value(made):
    found = statistics(made({"x": [None, None]}))["x"]
    assert (found.kind, found.missing, found.count) == ("empty", 2, 0)


@pytest.mark.parametrize("made", [from_polars, from_arrow], ids=["polars", "arrow"])
def test_lists(made):
    found = statistics(made({"x": [[1, 2, 2], None, [], [5]]}))["x"]
    assert (found.type, found.rows, found.missing) == ("int", 4, 1)
    assert (found.lengths.min, found.lengths.max, found.lengths.mean) == (0, 3, 4 / 3)
    assert found.values == ((2, 2), (1, 1), (5, 1))


def test_categories():
    codes = pd.Categorical([1, 2, 1], categories=[1, 2, 3])
    words = pd.Categorical(["a", "b", None], categories=["a", "b", "c"])
    found = statistics(pd.DataFrame({"codes": codes, "words": words}))
    assert (found["codes"].type, found["codes"].values) == ("int", ((1, 2), (2, 1)))
    assert (found["words"].type, found["words"].values) == ("string", (("a", 1), ("b", 1)))
    assert (found["words"].distinct, found["words"].missing) == (2, 1)


def test_zones_are_said_and_moments_are_those_of_utc():
    local = pd.date_range("2024-03-30", periods=3, freq="D", tz="Europe/Berlin")
    found = statistics(pd.DataFrame({"t": local}))["t"]
    assert found.zone == "Europe/Berlin"
    assert found.numbers.min == local[0].tz_convert("UTC").timestamp() * 1e6


def test_nullable_columns_of_pandas():
    data = pd.DataFrame(
        {
            "i": pd.array([1, None, 3], dtype="Int64"),
            "f": pd.array([1.5, None, 3], dtype="Float64"),
            "b": pd.array([True, None, False], dtype="boolean"),
            "s": pd.array(["a", None, "b"], dtype="string"),
        }
    )
    found = statistics(data)
    assert [one.type for one in found.columns.values()] == ["int", "float", "bool", "string"]
    assert {one.missing for one in found.columns.values()} == {1}
    assert found["i"].numbers.max == 3


ODD = {
    "names that are numbers": lambda: pd.DataFrame([[1, "a"]]),
    "names that are tuples": lambda: pd.DataFrame(
        [[1]], columns=pd.MultiIndex.from_tuples([("a", 1)])
    ),
    "names of our own": lambda: pd.DataFrame({"value": ["a"], "count": [1], "weight": [1]}),
    "an index that repeats": lambda: pd.DataFrame({"x": ["a", None]}, index=[0, 0]),
    "no columns": lambda: pd.DataFrame(index=[1, 2]),
    "complex numbers": lambda: pd.DataFrame({"x": [1 + 2j]}),
    "intervals": lambda: pd.DataFrame({"x": pd.cut([1, 2, 3], 2)}),
    "periods": lambda: pd.DataFrame({"x": pd.period_range("2020", periods=2, freq="M")}),
    "sparse": lambda: pd.DataFrame({"x": pd.arrays.SparseArray([0, 0, 1])}),
    "categories of numbers, one missing": lambda: pd.DataFrame({"x": pd.Categorical([1, None])}),
    "categories of truths, one missing": lambda: pd.DataFrame({"x": pd.Categorical([True, None])}),
    "numbers larger than any": lambda: pd.DataFrame({"x": [10**30, 1]}),
    "the last year": lambda: pd.DataFrame({"x": [dt.datetime(9999, 1, 1)]}, dtype=object),
    "lazy": lambda: pl.LazyFrame({"x": [1]}),
    "decimals of polars": lambda: pl.DataFrame({"x": [1]}).cast(pl.Decimal(10, 2)),
    "128 bits": lambda: pl.DataFrame({"x": [1]}).cast(pl.Int128),
    "times of day": lambda: pl.DataFrame({"x": [dt.time(1, 2)]}),
    "structs": lambda: pl.DataFrame({"x": [{"a": 1}]}),
    "enums": lambda: pl.DataFrame({"x": ["a"]}, schema={"x": pl.Enum(["a", "b"])}),
    "nothing": lambda: pl.DataFrame({"x": [None]}),
    "lists of lists": lambda: pl.DataFrame({"x": [[[1], [2]]]}),
    "arrays": lambda: pl.DataFrame({"x": [[1, 2]]}, schema={"x": pl.Array(pl.Int8, 2)}),
    "objects": lambda: pl.DataFrame({"x": [object()]}),
    "a batch of Arrow": lambda: pa.RecordBatch.from_pydict({"x": [1]}),
    "a dictionary of Arrow": lambda: pa.table({"x": pa.array(["a"]).dictionary_encode()}),
    "a map of Arrow": lambda: pa.table(
        {"x": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int8()))}
    ),
    "bytes of Arrow": lambda: pa.table({"x": [b"a"]}),
    "large strings of Arrow": lambda: pa.table({"x": pa.array(["a"], pa.large_string())}),
}


@pytest.mark.parametrize("name", ODD)
def test_whatever_columns_are_they_are_described(name):
    from thruway.components import infer_schema, validate

    data = ODD[name]()
    found = statistics(data)
    assert found.rows in {1, 2, 3}
    assert all(isinstance(column, str) for column in found.columns)
    assert found._repr_html_()
    kinds = {one.type for one in found.columns.values()}
    assert validate(found, infer_schema(found)).gate.verdict == "pass" or "mixed" in kinds


def test_columns_are_named_as_they_are_called():
    data = pd.DataFrame([[1, "a", 2.0], [2, "b", 1.0]])
    found = statistics(data, slices=[1], weights=2, columns=[0])
    assert list(found.columns) == ["0"]
    assert list(found.only.slices) == ["1=a", "1=b"]


def test_ten_thousand_columns():
    data = pl.DataFrame({f"c{number}": [1.5, 2.5] for number in range(10_000)})
    assert len(statistics(data).columns) == 10_000


@pytest.mark.parametrize(
    ("given", "error", "what"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), DataError, "two columns called `a`"),
        ([1, 2], DataError, "is no frame"),
        ("data.csv", DataError, "is no frame"),
        ([], DataError, "has no part"),
        ({}, UsageError, "no split"),
        (None, DataError, "is no frame"),
    ],
    ids=["duplicated", "list", "path", "no part", "no split", "None"],
)
def test_what_is_no_data(given, error, what):
    with pytest.raises(error, match=what):
        statistics(given)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"columns": ["b"]}, "no column `b`"),
        ({"slices": ["b"]}, "no column `b`"),
        ({"weights": "b"}, "no column `b`"),
        ({"slices": "a"}, "`slices` is a string"),
    ],
)
def test_what_makes_no_sense(options, what):
    with pytest.raises(UsageError, match=what):
        statistics(pd.DataFrame({"a": [1]}), **options)


LETTERS = st.text(st.sampled_from("ab1. -+eE\t\n\u00e9\u00a0\u2003\u4e2d\U0001f600"), max_size=6)
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)


@settings(max_examples=200, deadline=None)
@given(st.lists(LETTERS, min_size=1, max_size=20))
def test_what_strings_look_like(values):
    text = statistics(pl.DataFrame({"x": values}))["x"].text
    lengths = list(map(len, values))
    assert (text.shortest, text.longest) == (min(lengths), max(lengths))
    assert text.mean_length == pytest.approx(sum(lengths) / len(values))
    assert text.empty == sum(not one for one in values)
    assert text.blank == sum(bool(one) and not one.strip() for one in values)
    assert text.padded == sum(bool(one.strip()) and one != one.strip() for one in values)
    assert text.numbers == sum(NUMBER.fullmatch(one.strip(" \t\n")) is not None for one in values)
    words = sum(
        len(re.split(r"[\x00-\x20]+", one.strip("\t\n "))) for one in values if one.strip("\t\n ")
    )
    assert text.mean_words == pytest.approx(words / len(values))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=20), max_size=8, unique=True))
def test_different_strings_have_different_hashes_with_and_without_arrow(values):
    import narwhals as nw

    hashes = strings.hashes_of(values).tolist()
    assert len(set(hashes)) == len(values)
    if not any("\ud800" <= letter <= "\udfff" for one in values for letter in one):
        series = nw.from_native(pl.Series("x", values, dtype=pl.String), series_only=True)
        assert [h for one in letters.letters_of(series) for h in one.hashes().tolist()] == hashes


def test_strings_that_are_mostly_different_are_counted_exactly():
    rng = np.random.default_rng(0)
    values = [f"{one}" for one in [*rng.integers(0, 9000, 20_000), *[7] * 500, *[8] * 500]]
    rng.shuffle(values)
    values = [*(f"{n} first" for n in range(5000)), *values]
    counted = pd.Series(values).value_counts()
    for made in LIBRARIES:
        found = statistics(made({"x": values}))["x"]
        assert found.distinct == len(counted)
        assert dict(found.values) == {k: v for k, v in counted.items() if v > found.bound}
        assert [one for one, _ in found.values[:2]] in (["7", "8"], ["8", "7"])


def test_half_of_a_surrogate_pair_is_text_too():
    found = statistics(pd.DataFrame({"x": pd.Series(["a\ud800", "b"], dtype=object)}))["x"]
    assert (found.distinct, found.text.longest) == (2, 2)


# -- splits, slices, weights, schema ----------------------------------------------------------


def test_splits():
    train, evaluated = pd.DataFrame({"x": [1, 2]}), pd.DataFrame({"x": [3]})
    found = statistics({"train": train, "eval": evaluated})
    assert {name: one.rows for name, one in found.splits.items()} == {"train": 2, "eval": 1}
    with pytest.raises(UsageError, match="2 splits: train, eval"):
        _ = found.columns


def test_a_tuple_of_frames_with_something_else_in_it():
    from typing import Any, NamedTuple

    class Parts(NamedTuple):
        train: Any
        eval: Any
        report: dict

    found = statistics(Parts(pd.DataFrame({"x": [1]}), pl.DataFrame({"x": [2]}), {}))
    assert list(found.splits) == ["train", "eval"]


@library
def test_slices(made):
    found = statistics(made(TABLE), slices=["sex", ("sex", "class")]).only.slices
    assert {name: one.rows for name, one in found.items()} == {
        "sex=m": 3,
        "sex=f": 2,
        "sex=m, class=3": 2,
        "sex=(missing)": 1,
        "sex=(missing), class=1": 1,
        "sex=f, class=1": 1,
        "sex=f, class=3": 1,
        "sex=m, class=1": 1,
    }
    assert found["sex=m"]["age"].numbers.mean == pytest.approx((22 + 35 + 54) / 3)


def test_too_many_slices_are_counted():
    data = pd.DataFrame({"id": [*range(10), 0]})
    found = statistics(data, slices=["id"], max_slices=3).only
    assert list(found.slices) == ["id=0", "id=1", "id=2"]
    assert found.unsliced == {"id": 7}


@library
def test_weights(made):
    data = {**TABLE, "w": [1.0, 2.0, 3.0, 0.0, 1.0, 1.0]}
    found = statistics(made(data), weights="w")
    assert "w" not in found.columns
    assert found.only.weight == 8.0
    age = found["age"].weighted
    values, weights = np.array([22, 38, 35, 35, 54]), np.array([1, 2, 0, 1, 1])
    mean = np.average(values, weights=weights)
    assert (age.count, age.missing) == (5.0, 3.0)
    assert age.mean == pytest.approx(mean)
    assert age.std == pytest.approx(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
    assert age.quantiles["50%"] == 38.0
    assert found["sex"].weighted.values == (("f", 5.0), ("m", 3.0))
    assert found["alive"].weighted.values == ((True, 5.0), (False, 3.0))


@pytest.mark.parametrize("weights", [[1, -1], [1, None], [1, float("inf")], ["a", "b"]])
def test_weights_that_are_none(weights):
    with pytest.raises(DataError, match="weights"):
        statistics(pd.DataFrame({"x": [1, 2], "w": weights}), weights="w")


def test_a_schema_says_what_is_categorical_and_what_a_key():
    rng = np.random.default_rng(0)
    data = pd.DataFrame(
        {"zip": rng.integers(0, 700, 5000), "id": rng.permutation(10**9 + np.arange(5000))}
    )
    data = pd.concat([data] * 5, ignore_index=True)
    schema = Schema({"zip": Feature("int", categorical=True), "id": Feature("int", unique=True)})
    plain, told = statistics(data), statistics(data, schema)
    assert (plain["zip"].complete, told["zip"].complete) == (False, True)
    assert told["zip"].kind == "categorical"
    assert dict(told["zip"].values) == data["zip"].value_counts().to_dict()
    assert told["id"].distinct_exact
    assert told["id"].distinct == 5000


# -- parts ------------------------------------------------------------------------------------


def test_parts_are_the_whole():
    rng = np.random.default_rng(1)
    rows = 60_000
    data = pd.DataFrame(
        {
            "few": rng.integers(0, 9, rows),
            "many": np.exp(rng.standard_normal(rows)),
            "word": rng.choice(["a", "b", "c"], rows),
            "key": [f"k{i}" for i in rng.permutation(rows)],
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), "D"),
            "flag": rng.random(rows) < 0.3,
        }
    )
    data.loc[rng.random(rows) < 0.1, "many"] = np.nan
    whole = statistics(data)
    parts = statistics(data[start : start + 1500] for start in range(0, rows, 1500))
    for name in ("few", "word", "flag"):
        assert parts[name] == whole[name]
    for name in ("many", "key", "day"):
        ours, theirs = parts[name], whole[name]
        assert (ours.rows, ours.missing) == (theirs.rows, theirs.missing)
        assert ours.hashes == theirs.hashes or theirs.complete
        assert ours.distinct == pytest.approx(theirs.distinct, rel=0.1)
    ours, theirs = parts["many"].numbers, whole["many"].numbers
    assert ours.histogram == theirs.histogram
    assert (ours.min, ours.max, ours.zeros) == (theirs.min, theirs.max, theirs.zeros)
    assert (ours.mean, ours.std) == (pytest.approx(theirs.mean), pytest.approx(theirs.std))
    in_order = np.sort(data["many"].dropna())
    for share, value in ours.quantiles.items():
        rank = np.searchsorted(in_order, value) / len(in_order)
        assert abs(rank - float(share[:-1]) / 100) <= ours.error + 0.5 / sketches.POINTS
    assert ours.error < 0.005


VALUES = st.one_of(
    *(
        st.tuples(st.just(dtype), st.lists(st.one_of(st.none(), values), max_size=25))
        for dtype, values in (
            (pl.Int64, st.integers(-(2**63), 2**63 - 1)),
            (pl.Float64, st.floats()),
            (pl.String, st.text(max_size=3)),
            (pl.Boolean, st.booleans()),
            (pl.Datetime("us"), st.datetimes()),
        )
    )
)


@settings(max_examples=150, deadline=None)
@given(VALUES, st.lists(st.integers(0, 25), max_size=3))
def test_any_parts_are_the_whole(column, cuts):
    dtype, values = column
    data = pl.DataFrame({"x": values}, schema={"x": dtype})
    ends = [0, *sorted(cuts), len(values)]
    parts = [data[a:b] for a, b in itertools.pairwise(ends)]
    whole, merged = statistics(data)["x"], merge_statistics(*map(statistics, parts))["x"]
    assert merged == whole


def test_a_column_that_a_part_does_not_have_is_missing_in_it():
    found = merge_statistics(
        statistics(pd.DataFrame({"x": [1, 2]})), statistics(pd.DataFrame({"y": ["a"]}))
    )
    assert (found["x"].rows, found["x"].missing, found["y"].missing) == (3, 1, 2)


def test_parts_of_other_types():
    numbers, text = pd.DataFrame({"x": [1, 2]}), pd.DataFrame({"x": ["a"]})
    assert (
        merge_statistics(statistics(numbers), statistics(numbers.astype(float)))["x"].type
        == "float"
    )
    found = merge_statistics(statistics(numbers), statistics(text))["x"]
    assert (found.type, found.types) == ("mixed", {"int": 2, "str": 1})
    assert dict(found.values) == {"1": 1, "2": 1, "a": 1}


def test_slices_and_weights_of_parts():
    data = pd.DataFrame({"g": list("aabb") * 3, "x": range(12), "w": [1.0, 2.0] * 6})
    options = {"slices": ["g"], "weights": "w"}
    whole = statistics(data, **options).only
    parts = statistics([data[:5], data[5:]], **options).only
    assert {name: one.rows for name, one in parts.slices.items()} == {"g=a": 6, "g=b": 6}
    assert parts.slices["g=a"]["x"] == replace(
        whole.slices["g=a"]["x"], weighted=parts.slices["g=a"]["x"].weighted
    )
    for name in ("mean", "std", "count"):
        ours, theirs = parts["x"].weighted, whole["x"].weighted
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name))


def test_nothing_to_merge():
    with pytest.raises(UsageError, match="nothing to merge"):
        merge_statistics()


# -- the record -------------------------------------------------------------------------------


def test_it_is_plain_data():
    found = statistics(pd.DataFrame(TABLE), slices=["sex"])
    assert json.loads(json.dumps(found.to_dict()))["splits"]["all"]["rows"] == 6
    assert repr(found) == "<Statistics all: 6 rows, 5 columns, 3 slices>"


def test_the_view_shows_every_column_and_escapes_text():
    page = statistics(pd.DataFrame({**TABLE, "<b>": ["<i>"] * 6}), slices=["sex"])._repr_html_()
    for word in ("age", "class", "born", "1890-01-06", "sex=f", "&lt;b&gt;", "&lt;i&gt;", "<svg"):
        assert word in page
    assert "<i>" not in page


def test_the_same_in_every_order_of_threads_and_processes():
    rng = np.random.default_rng(3)
    data = pl.DataFrame({"key": [f"{i}" for i in rng.integers(0, 40_000, 80_000)]})
    first = statistics(data)
    for _ in range(3):
        assert statistics(data) == first
    text = "x" * 5000 + "é"
    assert numeric.found_in(np.arange(3)).values == ((0, 1), (1, 1), (2, 1))
    assert statistics(pl.DataFrame({"t": [text, "b"]}))["t"].text.longest == 5001
