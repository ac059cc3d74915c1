"""Anomalies by a table; distances against SciPy on the raw values; policies and gates."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from thruway.components import infer_schema, statistics, validate
from thruway.components.schema import Feature, Schema
from thruway.components.statistics import sketches
from thruway.components.validate.checks import OURS
from thruway.components.validate.compare import NAMES
from thruway.errors import DataError, UsageError

pl = pytest.importorskip("polars")


def found(data, options=None, **feature):
    """The anomalies of the only column of some values: type and severity."""
    schema = Schema({"x": Feature(**feature)})
    given = data if hasattr(data, "columns") else pl.DataFrame({"x": data}, strict=False)
    return [
        (one.type, one.severity) for one in validate(given, schema, **(options or {})).anomalies
    ]


# -- the schema -------------------------------------------------------------------------------

CASES = {
    "fine": ([1, 2], {"type": "int"}, []),
    "missing column": (
        pl.DataFrame({"y": [1]}), {"type": "int"},
        [("SCHEMA_MISSING_COLUMN", "fail"), ("SCHEMA_NEW_COLUMN", "warn")],
    ),
    "column that may be missing": (
        pl.DataFrame({"y": [1]}), {"type": "int", "required": False}, [("SCHEMA_NEW_COLUMN", "warn")],
    ),
    "no value": ([None, None], {"type": "int", "min_fraction": 0.1}, [("FEATURE_TYPE_NOT_PRESENT", "fail")]),
    "no value, none needed": ([None], {"type": "int"}, []),
    "few values": ([1, None, None], {"type": "int", "min_fraction": 0.5}, [("FEATURE_TYPE_LOW_FRACTION_PRESENT", "fail")]),
    "enough values": ([1, None], {"type": "int", "min_fraction": 0.5}, []),
    "low number": ([1, None], {"type": "int", "min_count": 2}, [("FEATURE_TYPE_LOW_NUMBER_PRESENT", "fail")]),
    "text for ints": (["a"], {"type": "int"}, [("UNEXPECTED_DATA_TYPE", "fail")]),
    "floats for ints": ([1.5], {"type": "int"}, [("UNEXPECTED_DATA_TYPE", "fail")]),
    "whole floats for ints": ([1.0, None], {"type": "int"}, []),
    "ints for floats": ([1], {"type": "float"}, []),
    "ints for text": ([1], {"type": "string"}, [("UNEXPECTED_DATA_TYPE", "fail")]),
    "text for times": (["2020-01-01"], {"type": "datetime"}, [("UNEXPECTED_DATA_TYPE", "fail")]),
    "text among ints": (["1", "2", "n/a"], {"type": "int"}, [("INT_TYPE_NOT_INT_STRING", "fail")]),
    "text among floats": (["1.5", "2", "-"], {"type": "float"}, [("FLOAT_TYPE_STRING_NOT_FLOAT", "fail")]),
    "anything": (["a"], {"type": "other"}, []),
    "unexpected string": (["a", "b"], {"type": "string", "domain": ("a",)}, [("ENUM_TYPE_UNEXPECTED_STRING_VALUES", "fail")]),
    "unexpected, but few": (["a"] * 9 + ["b"], {"type": "string", "domain": ("a",), "min_domain_mass": 0.9}, []),
    "unexpected, too many": (["a"] * 8 + ["b"] * 2, {"type": "string", "domain": ("a",), "min_domain_mass": 0.9}, [("ENUM_TYPE_UNEXPECTED_STRING_VALUES", "fail")]),
    "more values than are listed": ([f"{n}" for n in range(2000)], {"type": "string", "domain": ("1",)}, [("ENUM_TYPE_UNEXPECTED_STRING_VALUES", "fail")]),
    "unexpected class": ([1, 4], {"type": "int", "domain": (1, 2), "categorical": True}, [("ENUM_TYPE_UNEXPECTED_STRING_VALUES", "fail")]),
    "class as float": ([1.0, 2.0], {"type": "int", "domain": (1, 2)}, []),
    "too small": ([-1], {"type": "int", "min": 0}, [("INT_TYPE_SMALL_INT", "warn")]),
    "too large": ([5], {"type": "int", "max": 4}, [("INT_TYPE_BIG_INT", "warn")]),
    "at the border": ([0, 4], {"type": "int", "min": 0, "max": 4}, []),
    "small float": ([-0.1], {"type": "float", "min": 0.0}, [("FLOAT_TYPE_SMALL_FLOAT", "warn")]),
    "big float": ([1.1], {"type": "float", "max": 1.0}, [("FLOAT_TYPE_BIG_FLOAT", "warn")]),
    "NaN": ([float("nan"), 1.0], {"type": "float"}, [("FLOAT_TYPE_HAS_NAN", "fail")]),
    "NaN allowed": ([float("nan"), 1.0], {"type": "float", "allow_nan": True}, []),
    "infinite": ([float("inf"), 1.0], {"type": "float"}, [("FLOAT_TYPE_HAS_INF", "fail")]),
    "infinite only": ([float("inf")], {"type": "float"}, [("FLOAT_TYPE_HAS_INF", "fail")]),
    "infinite allowed": ([float("inf")], {"type": "float", "allow_inf": True, "max": 1.0}, []),
    "truths": ([True, None], {"type": "bool"}, []),
    "0 and 1": ([0, 1], {"type": "bool"}, []),
    "2 is no truth": ([0, 2], {"type": "bool"}, [("BOOL_TYPE_BIG_INT", "fail")]),
    "-1 is no truth": ([0, -1], {"type": "bool"}, [("BOOL_TYPE_SMALL_INT", "fail")]),
    "0.5 is no truth": ([0.5], {"type": "bool"}, [("BOOL_TYPE_UNEXPECTED_FLOAT", "fail")]),
    "early": ([dt.datetime(1999, 1, 1)], {"type": "datetime", "min": "2000-01-01"}, [("DATETIME_TYPE_EARLY", "warn")]),
    "late": ([dt.datetime(2001, 1, 1)], {"type": "datetime", "max": "2000-06-01T12:00:00+02:00"}, [("DATETIME_TYPE_LATE", "warn")]),
    "in time": ([dt.datetime(2000, 1, 1)], {"type": "datetime", "min": "2000-01-01", "max": "2000-01-01"}, []),
    "repeated": ([1, 1], {"type": "int", "unique": True}, [("FEATURE_TYPE_LOW_UNIQUE", "fail")]),
    "unique": ([1, 2, None], {"type": "int", "unique": True}, []),
    "long": (["abc"], {"type": "string", "max_length": 2}, [("STRING_TYPE_TOO_LONG", "warn")]),
    "short list": ([[1], []], {"type": "int", "min_values": 1}, [("FEATURE_TYPE_LOW_NUMBER_VALUES", "fail")]),
    "long list": ([[1], [1, 2, 3]], {"type": "int", "min_values": 1, "max_values": 2}, [("FEATURE_TYPE_HIGH_NUMBER_VALUES", "fail")]),
    "list, not expected": ([[1, 2]], {"type": "int"}, [("FEATURE_TYPE_HIGH_NUMBER_VALUES", "fail")]),
    "no rows": (pl.DataFrame({"x": []}, schema={"x": pl.Int64}), {"type": "int", "min_fraction": 1.0}, [("NO_DATA_IN_SPAN", "fail")]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_anomalies(name):
    data, feature, expected = CASES[name]
    assert found(data, **feature) == expected


def test_sizes_of_the_data():
    data = pd.DataFrame({"x": [1, 2, 3]})
    for limits, expected in [
        ({"min_rows": 4}, ["DATASET_LOW_NUM_EXAMPLES"]),
        ({"max_rows": 2}, ["DATASET_HIGH_NUM_EXAMPLES"]),
        ({"min_rows": 3, "max_rows": 3}, []),
    ]:
        schema = Schema({"x": Feature("int")}, **limits)
        assert [one.type for one in validate(data, schema).anomalies] == expected


def test_environments():
    schema = Schema(
        {"x": Feature("int"), "label": Feature("int", not_in=("serving",))},
        ("training", "serving"),
    )
    served = pd.DataFrame({"x": [1]})
    assert validate(served, schema, environment="serving").anomalies == ()
    assert [one.type for one in validate(served, schema).anomalies] == ["SCHEMA_MISSING_COLUMN"]
    with pytest.raises(UsageError, match="no environment `test`"):
        validate(served, schema, environment="test")


def test_new_columns_may_be_allowed():
    schema = Schema({"x": Feature("int")}, allow_new=True)
    assert validate(pd.DataFrame({"x": [1], "y": [1]}), schema).anomalies == ()


def test_sentences_say_what_and_how_much():
    schema = Schema(
        {
            "age": Feature("int", min_fraction=0.9),
            "sex": Feature("string", domain=("f", "m")),
            "day": Feature("datetime", min="2020-01-01"),
        }
    )
    data = pd.DataFrame(
        {
            "age": [1, None, 3, None],
            "sex": ["f", "x", "y", "f"],
            "day": pd.to_datetime(["2019-12-31 12:00"] * 4),
        }
    )
    report = validate(data, schema)
    assert report.gate.reasons == (
        (
            "`age`: 2 of 4 rows (50 %) have no value, at least 90 % should have one"
            " (FEATURE_TYPE_LOW_FRACTION_PRESENT)"
        ),
        (
            "`sex`: 50 % of the values are not in the domain: 'x' (25 %), 'y' (25 %)"
            " (ENUM_TYPE_UNEXPECTED_STRING_VALUES)"
        ),
        (
            "`day`: the smallest value is 2019-12-31 12:00:00, expected at least 2020-01-01"
            " (DATETIME_TYPE_EARLY)"
        ),
    )
    assert (repr(report), report.gate.verdict) == ("<Anomalies 2 fail, 1 warn: fail>", "fail")
    page = report._repr_html_()
    assert "FEATURE_TYPE_LOW_FRACTION_PRESENT" in page
    assert [one.column for one in report.of("sex")] == ["sex"]
    assert report.to_dict()["gate"]["verdict"] == "fail"


def test_every_split_is_looked_at():
    schema = Schema({"x": Feature("string", domain=("a",))})
    splits = {"train": pd.DataFrame({"x": ["a"]}), "eval": pd.DataFrame({"x": ["b"]})}
    assert [one.split for one in validate(splits, schema).anomalies] == ["eval"]


# -- policy -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [
        (None, "fail"),
        ({"ENUM_TYPE_UNEXPECTED_STRING_VALUES": "warn"}, "warn"),
        ({"ENUM_*": "ignore"}, "pass"),
        ({"*": "ignore", ("x", "ENUM_*"): "fail"}, "fail"),
        ({("x", "*"): "ignore", "*": "fail"}, "pass"),
        ({("y", "*"): "ignore"}, "fail"),
        ({"ENUM_*": "warn", "*": "ignore"}, "pass"),
    ],
)
def test_policies(policy, verdict):
    schema = Schema({"x": Feature("string", domain=("a",))})
    report = validate(pd.DataFrame({"x": ["b"]}), schema, policy=policy)
    assert report.gate.verdict == verdict
    assert len(report) == 1


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"policy": {"X": "error"}}, "the policy says 'error'"),
        ({"policy": {("x",): "fail"}}, "the policy has the key"),
        ({"drift": {"wasserstein": 1}}, "the measure 'wasserstein'"),
        ({"drift": {"psi": -1}}, "the limit -1"),
        ({"drift": {"psi": 0.1, "x": {"ks": 0.1}}}, "limits of columns and of measures"),
        ({"drift": [0.1]}, "`drift` is no dict"),
        ({"significance": 5}, "`significance` is 5"),
    ],
)
def test_what_makes_no_sense(options, what):
    with pytest.raises(UsageError, match=what):
        validate(pd.DataFrame({"x": [1]}), Schema({"x": Feature("int")}), **options)


def test_nothing_to_compare_with():
    with pytest.raises(UsageError, match="nothing to compare"):
        validate(pd.DataFrame({"x": [1]}))
    with pytest.raises(DataError, match="is no frame"):
        validate("data.csv", Schema({}))


# -- distances, against SciPy on the raw values -----------------------------------------------


def measured(new, old, significance=0.001):
    data, base = pd.DataFrame({"x": new}), pd.DataFrame({"x": old})
    report = validate(data, None, base, drift={"x": {}}, significance=significance)
    assert not report.not_compared, report.not_compared
    return {one.measure: one for one in report.measurements}


def shares(values, cells):
    counts = np.array([(values == one).sum() for one in cells], dtype=float)
    return counts, counts / counts.sum()


def test_distances_of_categories():
    rng = np.random.default_rng(0)
    new = rng.choice(["a", "b", "c", "d"], 900, p=[0.4, 0.3, 0.2, 0.1])
    old = rng.choice(["a", "b", "c", "e"], 1200, p=[0.3, 0.3, 0.3, 0.1])
    (ours, p), (theirs, q) = (shares(one, ["a", "b", "c", "d", "e"]) for one in (new, old))
    found = measured(new, old)
    assert all(one.exact for one in found.values())
    assert found["l_infinity"].value == pytest.approx(np.abs(p - q).max())
    assert found["jensen_shannon"].value == pytest.approx(jensenshannon(p, q, base=2) ** 2)
    assert found["chi_square"].value == pytest.approx(
        stats.chi2_contingency([ours, theirs], correction=False).pvalue
    )
    p, q = (ours + 0.5) / (ours.sum() + 2.5), (theirs + 0.5) / (theirs.sum() + 2.5)
    assert found["psi"].value == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p))
    assert "ks" not in found


SHAPES = {
    "few rows": (200, 300, lambda r, n: r.standard_normal(n).round(1), 0.0),
    "whole numbers": (50_000, 40_000, lambda r, n: r.integers(0, 100, n), 0.0),
    "many rows": (50_000, 40_000, lambda r, n: r.standard_normal(n), 0.004),
    "skewed": (50_000, 40_000, lambda r, n: np.exp(2 * r.standard_normal(n)), 0.004),
}


@pytest.mark.parametrize("name", SHAPES)
def test_distances_of_numbers(name):
    n, m, draw, tolerance = SHAPES[name]
    rng = np.random.default_rng(1)
    new, old = draw(rng, n) * 1.1, draw(rng, m).astype(float)
    found = measured(new, old)
    exact = tolerance == 0.0
    assert found["ks"].exact == exact
    assert found["ks"].value == pytest.approx(
        stats.ks_2samp(new, old).statistic, abs=tolerance + 1e-12
    )
    # The grid of both: bars of a power of two that cover all values.
    power = sketches.exponent(min(new.min(), old.min()), max(new.max(), old.max()))
    ours, theirs = (np.floor(one / 2.0**power) for one in (new, old))
    cells = np.union1d(ours, theirs)
    p, q = shares(ours, cells)[1], shares(theirs, cells)[1]
    assert found["jensen_shannon"].value == pytest.approx(jensenshannon(p, q, base=2) ** 2)
    # The tenths of the baseline.
    edges = np.unique(np.quantile(old, np.arange(1, 10) / 10, method="inverted_cdf"))
    ours, theirs = (
        np.bincount(np.searchsorted(edges, one, side="left"), minlength=len(edges) + 1)
        for one in (new, old)
    )
    held = ours + theirs > 0
    p_value = stats.chi2_contingency([ours[held], theirs[held]], correction=False).pvalue
    a, b = ((one + 0.5) / (one.sum() + 0.5 * len(one)) for one in (ours, theirs))
    psi = ((a - b) * np.log(a / b)).sum()
    if exact:
        assert found["chi_square"].value == pytest.approx(p_value)
        assert found["psi"].value == pytest.approx(psi)
    else:
        assert found["psi"].value == pytest.approx(psi, abs=0.02)


def test_statistics_of_parts_have_the_same_distances():
    rng = np.random.default_rng(2)
    new, old = (pd.DataFrame({"x": rng.normal(shift, 1, 60_000)}) for shift in (0.1, 0.0))
    options = {"drift": {"x": {}}}
    at_once = validate(new, None, old, **options).measurements
    parts = [statistics(one[i::9] for i in range(9)) for one in (new, old)]
    for ours, theirs in zip(
        validate(parts[0], None, parts[1], **options).measurements, at_once, strict=True
    ):
        if ours.measure == "jensen_shannon":
            assert ours.value == theirs.value
        elif ours.measure != "chi_square":
            assert ours.value == pytest.approx(theirs.value, abs=0.005)


def test_chance_is_seldom_beyond_what_it_may_reach():
    rng = np.random.default_rng(3)
    beyond = dict.fromkeys(["psi", "jensen_shannon", "ks", "l_infinity"], 0)
    rounds = 120
    for _ in range(rounds):
        for new, old in (
            (rng.standard_normal(80), rng.standard_normal(200)),
            (rng.integers(0, 6, 80).astype(str), rng.integers(0, 6, 200).astype(str)),
        ):
            for name, one in measured(new, old, significance=0.05).items():
                if one.chance is not None:
                    beyond[name] += one.value > one.chance
    # 5 % of 120 are 6, of 240 for those of both kinds 12; and luck.
    assert beyond["psi"] <= 20
    assert beyond["jensen_shannon"] <= 20
    assert beyond["ks"] <= 11
    assert beyond["l_infinity"] <= 11


# -- drift and skew ---------------------------------------------------------------------------


def frame(rows, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": rng.normal(shift, 1, rows),
            "c": rng.choice(["a", "b"], rows),
            "id": np.arange(rows) + 1000 * seed,
            "t": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(rows) + 1000 * seed, "h"),
            "note": [f"a note with the number {n} and more" for n in range(rows)],
        }
    )


def types(report):
    return [(one.column, one.type, one.comparison) for one in report.anomalies]


def test_nothing_has_changed():
    report = validate(frame(500, 1), None, frame(500, 2))
    assert types(report) == []
    assert [name for name, _ in report.not_compared] == ["id", "t", "note"]


def test_drift_and_skew():
    report = validate(
        frame(500, 1),
        None,
        frame(500, 2, shift=2),
        serving=frame(500, 3, shift=2),
        skew={"ks": 0.3},
    )
    assert types(report) == [
        ("x", "COMPARATOR_PSI_HIGH", "drift"),
        ("x", "COMPARATOR_KS_HIGH", "skew"),
    ]
    assert report.gate.verdict == "warn"
    assert report.measured("x", "ks", "skew") > 0.3
    page = report._repr_html_()
    assert "Drift" in page
    assert "Skew" in page


def test_limits_of_columns_and_of_the_schema():
    schema = infer_schema(frame(500, 2), range_margin=None)
    schema = schema.edited("c", drift={"l_infinity": 1e-9}).edited("x", drift={"psi": 100.0})
    new, old = frame(500, 1, shift=2), frame(500, 2)
    plain = {"significance": None, "policy": {"SCHEMA_*": "ignore"}}
    assert types(validate(new, schema, old, **plain)) == [("c", "COMPARATOR_L_INFTY_HIGH", "drift")]
    own = {"c": {}, "x": {"jensen_shannon": 0.01}, "id": {"ks": 0.5}}
    assert types(validate(new, schema, old, drift=own, **plain)) == [
        ("x", "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH", "drift"),
        ("id", "COMPARATOR_KS_HIGH", "drift"),
    ]


def test_few_rows_are_no_drift_unless_only_the_limit_counts():
    new, old = frame(12, 1), frame(500, 2)
    drift = {"x": {"psi": 0.2}, "c": {}}
    report = validate(new, None, old, drift=drift)
    assert report.measured("x", "psi") > 0.2
    assert types(report) == []
    strict = validate(new, None, old, drift=drift, significance=None)
    assert types(strict) == [("x", "COMPARATOR_PSI_HIGH", "drift")]


def test_all_measures_have_a_name():
    new, old = frame(2000, 1, shift=1), frame(2000, 2)
    new["c"] = "a"
    limits = {"l_infinity": 0.1, "jensen_shannon": 0.01, "psi": 0.1, "ks": 0.1, "chi_square": 0.01}
    found = {one.type for one in validate(new, None, old, drift=limits).anomalies}
    assert found == set(NAMES.values())
    assert {one for one in NAMES.values() if one not in OURS} == {
        "COMPARATOR_L_INFTY_HIGH",
        "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH",
    }


@pytest.mark.parametrize(
    ("new", "old", "why"),
    [
        ([1.0], ["a"], "float in the data, string in the baseline"),
        ([None], [1.0], "no values in the data"),
        ([1.0], [None], "no values in the baseline"),
        ([f"{n}" for n in range(3000)], ["a", "a"], "too many"),
    ],
    ids=["types", "empty", "empty baseline", "unlisted"],
)
def test_what_cannot_be_compared(new, old, why):
    report = validate(pd.DataFrame({"x": new}), None, pd.DataFrame({"x": old}))
    assert why in dict(report.not_compared)["x"]


def test_a_column_with_limits_that_the_baseline_does_not_have():
    data, base = pd.DataFrame({"x": [1]}), pd.DataFrame({"y": [1]})
    report = validate(data, None, base, drift={"x": {"ks": 0.1}})
    assert types(report) == [("x", "COMPARATOR_CONTROL_DATA_MISSING", "drift")]
    assert types(validate(data, None, base)) == []


def test_splits_are_compared_with_their_own():
    new = {"train": frame(500, 1), "eval": frame(500, 1, shift=3)}
    old = {"train": frame(500, 2), "eval": frame(500, 2, shift=3)}
    assert types(validate(new, None, statistics(old))) == []
    assert {one.split for one in validate(new, None, old["train"]).anomalies} == {"eval"}


def test_distances_are_numbers_for_all_that_floats_are():
    for new, old in [
        ([1.0] * 5, [1.0] * 5),
        ([1e308, -1e308], [0.0, 1.0]),
        ([1e-310], [0.0]),
        ([float("inf"), 1.0], [1.0, 2.0]),
    ]:
        for one in measured(new, old).values():
            assert math.isfinite(one.value)
