"""Row-level differences: by hand, against a slow comparison in plain Python, and for messy keys."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thruway.components import example_diff
from thruway.errors import DataError, UsageError

pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

OLD = {
    "id": [1, 2, 3, 4],
    "city": ["Rome", "Wien", None, "Oslo"],
    "size": [2.8, 1.9, 0.3, None],
}
NEW = {
    "id": [5, 2, 1, 3],
    "city": ["Bern", "Bonn", "Rome", "Bonn"],
    "size": [0.1, 1.9, 3.0, None],
    "zip": [1, 2, 3, 4],
}
LIBRARIES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}


@pytest.mark.parametrize("old", LIBRARIES)
@pytest.mark.parametrize("new", LIBRARIES)
def test_by_hand(new, old):
    found = example_diff(LIBRARIES[new](NEW), LIBRARIES[old](OLD), key="id")
    assert (found.rows, found.baseline_rows) == (4, 4)
    assert (found.added, found.removed, found.changed, found.unchanged) == (1, 1, 3, 0)
    assert (found.sample_added, found.sample_removed) == (((5,),), ((4,),))
    assert (found.columns_added, found.columns_removed) == (("zip",), ())
    city, size = found.columns["city"], found.columns["size"]
    assert (city.changed, city.appeared, city.vanished) == (2, 1, 0)
    assert city.samples == (((2,), "Wien", "Bonn"), ((3,), None, "Bonn"))
    assert (size.changed, size.vanished) == (2, 1)
    assert size.largest == pytest.approx(0.2)
    assert size.mean == pytest.approx(0.2)
    assert found.gate.verdict == "pass"
    assert repr(found) == "<ExampleDiffResult 1 added, 1 removed, 3 changed, 0 unchanged>"
    page = found._repr_html_()
    for word in ("Wien", "Bonn", "zip", "Added"):
        assert word in page


KEYS = st.one_of(st.none(), st.integers(0, 6))
ROWS = st.lists(
    st.tuples(KEYS, st.one_of(st.none(), st.integers(-2, 2)), st.sampled_from(["a", "b", None])),
    max_size=12,
)


def slowly(new, old):
    """Added, removed, changed, and rows that share their key, row by row."""
    counts = [{key: [row[0] for row in rows].count(key) for key, *_ in rows} for rows in (new, old)]
    ours = {row[0]: row[1:] for row in new if row[0] is not None and counts[0][row[0]] == 1}
    theirs = {row[0]: row[1:] for row in old if row[0] is not None and counts[1][row[0]] == 1}
    added = [key for key in ours if key not in counts[1]]
    removed = [key for key in theirs if key not in counts[0]]
    changed = [key for key in ours if key in theirs and ours[key] != theirs[key]]
    shared = tuple(sum(n for k, n in one.items() if k is not None and n > 1) for one in counts)
    missing = tuple(one.get(None, 0) for one in counts)
    return len(added), len(removed), len(changed), shared, missing


@settings(max_examples=150, deadline=None)
@given(ROWS, ROWS, st.sampled_from(["pandas", "polars"]))
def test_it_is_the_comparison_row_by_row(new, old, library):
    def made(rows):
        names = ("key", "x", "y")
        data = (
            dict(zip(names, zip(*rows, strict=True), strict=True))
            if rows
            else {n: [] for n in names}
        )
        if library == "polars":
            return pl.DataFrame(data, schema={"key": pl.Int64, "x": pl.Int64, "y": pl.String})
        return pd.DataFrame({name: list(values) for name, values in data.items()})

    found = example_diff(made(new), made(old), key="key")
    ours = found.added, found.removed, found.changed, found.duplicates, found.missing_keys
    assert ours == slowly(new, old)


def test_the_same_data_in_another_order_is_the_same():
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"a": rng.integers(0, 9, 500), "b": range(500), "x": rng.random(500)})
    found = example_diff(data.sample(frac=1, random_state=0), data, key=["a", "b"])
    assert (found.added, found.removed, found.changed, found.unchanged) == (0, 0, 0, 500)


SAME = {
    "int and float": ([1, 2], [1.0, 2.0], 0, None),
    "truth and int": ([True, False], [1, 0], 0, None),
    "number and text": ([1, 2], ["1", "3"], 1, ("string", "int")),
    "missing": ([None, "a"], [None, "b"], 1, None),
    "missing numbers": ([np.nan, 1.0], [None, 1.0], 0, None),
    "infinite": ([np.inf, 1.0], [np.inf, -np.inf], 1, None),
    "category and text": (pd.Categorical(["a", "b"]), ["a", "c"], 1, None),
    "dates and times": (pd.to_datetime(["2020-01-01", "2020-01-02"]), [dt.date(2020, 1, 1), dt.date(2020, 1, 3)], 1, None),
    "mixed": (["a", 1], ["a", 2], 1, None),
    "nothing before": ([1.0, 2.0], [None, None], 2, None),
    "lists": ([[1], [2]], [[1], [3]], 1, None),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_what_is_the_same(name):
    new, old, changed, types = SAME[name]
    found = example_diff(
        pd.DataFrame({"id": [1, 2], "x": new}), pd.DataFrame({"id": [1, 2], "x": old}), key="id"
    )
    assert (found.columns["x"].changed, found.columns["x"].types) == (changed, types)


def test_a_tolerance():
    new = pd.DataFrame({"id": [1, 2], "x": [100.001, 101.0]})
    old = pd.DataFrame({"id": [1, 2], "x": [100.0, 100.0]})
    assert example_diff(new, old, key="id").changed == 2
    assert example_diff(new, old, key="id", tolerance=1e-3).changed == 1


KEY_TYPES = {
    "text": ["a", "b"],
    "times": list(pd.to_datetime(["2020-01-01", "2020-01-02"])),
    "large numbers": [2**62, 2**62 + 1],
    "truths": [True, False],
    "floats": [0.5, 1.5],
    "unsigned": np.array([2**63, 2**63 + 1], dtype=np.uint64),
}


@pytest.mark.parametrize("name", KEY_TYPES)
def test_keys_of_all_kinds(name):
    data = pd.DataFrame({"key": KEY_TYPES[name], "x": [1, 2]})
    found = example_diff(data, data.assign(x=[1, 3]), key="key")
    assert (found.changed, found.unchanged, found.added) == (1, 1, 0)


def test_signed_and_unsigned_keys():
    new = pd.DataFrame({"key": np.array([2**62, 2**62 + 1], dtype=np.uint64)})
    old = pd.DataFrame({"key": np.array([2**62, 2**62 + 2], dtype=np.int64)})
    found = example_diff(new, old, key="key")
    assert (found.added, found.removed, found.unchanged) == (1, 1, 1)


def test_rows_that_share_their_key_are_named_and_not_compared():
    new = pd.DataFrame({"id": [1, 1, 2, None], "x": [1, 2, 3, 4]})
    old = pd.DataFrame({"id": [1, 2, 3, 3], "x": [9, 3, 1, 1]})
    found = example_diff(new, old, key="id")
    assert found.duplicates == (2, 2)
    assert found.missing_keys == (1, 0)
    assert found.sample_duplicates == ((1.0,), (3,))
    assert (found.added, found.removed, found.changed, found.unchanged) == (0, 0, 0, 1)
    assert found.gate.reasons == (
        "2 rows, and 2 of the baseline, share their key and are not compared",
    )


@pytest.mark.parametrize(
    ("limits", "verdict"),
    [
        ({"changed": 0.5}, "fail"),
        ({"changed": 0.75}, "pass"),
        ({"added": 0.0}, "fail"),
        ({"added": 0.25, "removed": 0.25}, "pass"),
    ],
)
def test_limits(limits, verdict):
    found = example_diff(pd.DataFrame(NEW), pd.DataFrame(OLD), key="id", limits=limits)
    assert found.gate.verdict == verdict


@pytest.mark.parametrize(
    ("options", "error", "what"),
    [
        ({"key": "x"}, UsageError, "`examples` has no column `x`"),
        ({"key": "zip"}, UsageError, "`baseline` has no column `zip`"),
        ({"key": ()}, UsageError, "no key"),
        ({"key": "id", "columns": ["zip"]}, UsageError, "`baseline` has no column `zip`"),
        ({"key": "id", "limits": {"more": 1}}, UsageError, "`limits` has 'more'"),
    ],
)
def test_what_makes_no_sense(options, error, what):
    with pytest.raises(error, match=what):
        example_diff(pd.DataFrame(NEW), pd.DataFrame(OLD), **options)


def test_keys_that_are_never_equal():
    with pytest.raises(DataError, match="`id` is string in `examples` and int in `baseline`"):
        example_diff(pd.DataFrame({"id": ["1"]}), pd.DataFrame({"id": [1]}), key="id")


@pytest.mark.parametrize(("new", "old"), [(0, 0), (0, 3), (3, 0)])
def test_frames_without_rows(new, old):
    data = pl.DataFrame({"id": [1, 2, 3], "x": ["a", "b", "c"]})
    found = example_diff(data.head(new), data.head(old), key="id")
    assert (found.added, found.removed, found.changed) == (new, old, 0)
