"""No row twice, none lost, no group in two parts; and what leaks all the same is found."""

from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
import sys
from itertools import chain

import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("narwhals")
pytest.importorskip("sklearn")

import numpy as np  # noqa: E402
from hypothesis import assume, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from thruway.components import leakage, split  # noqa: E402
from thruway.components.split import as_key, bucket  # noqa: E402
from thruway.errors import DataError, UsageError  # noqa: E402


def frame(rows=300, seed=0):
    random = np.random.RandomState(seed)
    return pd.DataFrame(
        {
            "id": range(rows),
            "who": random.randint(0, max(rows // 6, 4), rows),
            "label": random.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]),
            "when": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(random.randint(0, 10**6, rows), unit="s"),
            "x": random.rand(rows),
        },
        index=[f"row {n}" for n in range(rows)],
    )


WAYS = [
    {},
    {"by": "stratified", "column": "label"},
    {"by": "stratified", "column": ["label"]},
    {"by": "group", "column": "who"},
    {"by": "group", "column": ["who", "label"]},
    {"by": "group", "column": "who", "stratify": "label"},
    {"by": "time", "column": "when"},
    {"by": "time", "column": "x"},
    {"by": "hash", "column": "id"},
    {"by": "hash", "column": ["id", "label"], "seed": 3},
]


def ids(parts):
    return [
        list(part["id"].to_pylist() if hasattr(part["id"], "to_pylist") else part["id"])
        for part in parts
    ]


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("sizes", [(0.1, 0.1), (0.25, 0.2), (0.0, 0.3), (0.3, 0.0)], ids=str)
def test_every_row_is_in_one_part_and_keeps_its_order(way, sizes):
    whole = frame()
    parts = split(whole, eval=sizes[0], test=sizes[1], **way)
    found = ids(parts)
    assert sorted(chain(*found)) == list(range(len(whole)))
    assert all(one == sorted(one) for one in found)
    pd.testing.assert_frame_equal(pd.concat(parts).loc[whole.index], whole)
    for part, size in zip(parts[1:], sizes, strict=True):
        assert abs(len(part) / len(whole) - size) < 0.06
    assert ids(split(whole, eval=sizes[0], test=sizes[1], **way)) == found


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("library", ["polars", "lazy", "pyarrow"])
def test_every_library_is_split_alike_and_given_back(way, library):
    pytest.importorskip("pyarrow")
    name = "polars" if library == "lazy" else library
    module = pytest.importorskip(name)
    whole = frame().reset_index(drop=True)
    made = module.from_pandas(whole) if name == "polars" else module.Table.from_pandas(whole)
    found = split(made.lazy() if library == "lazy" else made, **way)
    assert ids(found) == ids(split(whole, **way))
    assert {type(part).__module__.partition(".")[0] for part in found} == {name}


@settings(max_examples=80, deadline=None)
@given(
    groups=st.lists(st.integers(0, 12), min_size=4, max_size=80),
    sizes=st.tuples(st.sampled_from([0, 0.1, 0.2, 0.4]), st.sampled_from([0, 0.1, 0.3])),
    seed=st.integers(0, 3),
    way=st.sampled_from(["group", "time", "hash", "random"]),
)
def test_properties_of_any_split(groups, sizes, seed, way):
    assume(sum(map(bool, sizes)))
    whole = pd.DataFrame({"id": range(len(groups)), "who": groups})
    try:
        parts = split(
            whole,
            by=way,
            column=None if way == "random" else "who",
            eval=sizes[0],
            test=sizes[1],
            seed=seed,
        )
    except DataError:
        return  # too few groups or rows: said, not done
    found = ids(parts)
    assert sorted(chain(*found)) == list(range(len(groups)))
    assert all(bool(one) == bool(size) for one, size in zip(found[1:], sizes, strict=True))
    assert found[0]
    if way != "random":
        seen = [set(part["who"]) for part in parts]
        assert not seen[0] & seen[1]
        assert not seen[0] & seen[2]
        assert not seen[1] & seen[2]
    if way == "time" and found[2]:
        assert max(parts[0]["who"]) < min(parts[2]["who"])


@settings(max_examples=30, deadline=None)
@given(
    keys=st.lists(st.text(max_size=8), min_size=30, max_size=60, unique=True),
    more=st.lists(st.text(min_size=9, max_size=12), max_size=30, unique=True),
    order=st.randoms(use_true_random=False),
)
def test_by_hash_a_row_stays_where_it_is(keys, more, order):
    """When rows come, go, and are in another order; and when `eval` grows, the test stays."""

    def where(rows, **sizes):
        frame = pd.DataFrame({"key": rows}, dtype=object)
        try:
            parts = split(frame, by="hash", column="key", **{"eval": 0.2, "test": 0.2, **sizes})
        except DataError:
            assume(False)
        return {key: number for number, part in enumerate(parts) for key in part["key"]}

    before = where(keys)
    mixed = [*keys, *more]
    order.shuffle(mixed)
    after = where(mixed)
    assert {key: after[key] for key in keys} == before
    larger = where(keys, eval=0.5)
    assert {key for key in keys if larger[key] == 2} == {key for key in keys if before[key] == 2}


def test_the_hash_is_as_documented():
    for key, seed in (("ada", 0), ("Käthe", 7), ("", 0)):
        digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
        assert bucket(key, seed) == int.from_bytes(digest[:8], "big")
    assert bucket("ada") == 0x77F1FBE1FBB54EDA  # for ever
    program = (
        "from thruway.components.split import bucket; print(bucket('ada'), bucket('Käthe', 7))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True,
                          env={"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": "1", "PYTHONUTF8": "1"})  # fmt: skip
    assert done.stdout.split() == [str(bucket("ada")), str(bucket("Käthe", 7))]


def test_a_key_is_alike_in_every_library():
    table = [
        ([3], "3"),
        ([3.0], "3"),  # what pandas makes of integers beside a missing value
        ([0.5], "0.5"),
        (["3"], "3"),
        ([True], "True"),
        ([dt.datetime(2024, 1, 31)], "2024-01-31"),  # noqa: DTZ001 - one without
        ([dt.date(2024, 1, 31)], "2024-01-31"),
        (
            [dt.datetime(2024, 1, 31, 2, tzinfo=dt.timezone(dt.timedelta(hours=2)))],
            "2024-01-31T00:00:00+00:00",
        ),
        (["a", "b,c"], '["a","b,c"]'),
    ]
    for parts, text in table:
        assert as_key(parts) == text


def test_shares_of_classes_are_kept():
    whole = frame(1000)
    for way in (
        {"by": "stratified", "column": "label"},
        {"by": "group", "column": "who", "stratify": "label"},
    ):
        for part in split(whole, **way):
            shares = part["label"].value_counts(normalize=True)
            # Groups are whole, so shares are near; early scikit-learn is less so.
            assert abs(shares["c"] - (whole["label"] == "c").mean()) < (
                0.03 if way["by"] == "stratified" else 0.07
            )
    one = split(whole, by="stratified", column="label")
    assert one.test["label"].value_counts().to_dict() == {
        name: round(count / 10) for name, count in whole["label"].value_counts().items()
    }


def test_groups_get_their_share_of_rows_not_of_groups():
    """One group of half of the rows, and a hundred small ones."""
    whole = pd.DataFrame({"id": range(200), "who": [0] * 100 + list(range(1, 101))})
    for seed in range(20):
        parts = split(whole, by="group", column="who", eval=0.1, test=0.1, seed=seed)
        assert 0 not in set(parts.test["who"]) or len(parts.test) >= 100
        sizes = [len(part) for part in parts]
        assert sum(sizes) == 200
        if 0 in set(parts.train["who"]):
            assert sizes[1:] == [20, 20]


def test_time_with_a_gap():
    days = pd.DataFrame(
        {"id": range(100), "day": pd.date_range("2024-01-01", periods=100, tz="Europe/Paris")}
    )
    for gap in ("7D", dt.timedelta(days=7), "168h", "1W"):
        parts = split(days, by="time", column="day", eval=10, test=10, gap=gap)
        assert ids(parts) == [list(range(73)), list(range(80, 83)), list(range(90, 100))]
    numbers = pd.DataFrame({"id": range(100), "t": np.arange(100) / 2})
    parts = split(numbers, by="time", column="t", eval=10, test=10, gap=2)
    assert ids(parts) == [list(range(76)), list(range(80, 86)), list(range(90, 100))]


def test_rows_of_one_time_stay_together():
    whole = pd.DataFrame({"id": range(12), "day": [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]})
    parts = split(whole, by="time", column="day", eval=2, test=2)
    assert [sorted(set(part["day"])) for part in parts] == [[1, 2], [3], [4]]
    dates = whole.assign(day=[dt.date(2024, 1, day) for day in whole["day"]])
    assert ids(split(dates, by="time", column="day", eval=2, test=2)) == ids(parts)


N = 10
WRONG = [
    ("no rows", pd.DataFrame({"a": []}), {}, DataError, "has no rows"),
    ("no such way", frame(N), {"by": "chance"}, UsageError, "no way to split"),
    ("a column too many", frame(N), {"column": "x"}, UsageError, "looks at no column"),
    ("no column", frame(N), {"by": "hash"}, UsageError, "needs a column"),
    ("another column", frame(N), {"by": "hash", "column": "idd"}, DataError, "did you mean `id`?"),
    ("a missing key", pd.DataFrame({"k": ["a", None, "b"]}), {"by": "hash", "column": "k"}, DataError, "missing in 1 of 3 rows"),
    ("a missing time", pd.DataFrame({"k": pd.to_datetime(["2024-01-01", None])}), {"by": "time", "column": "k"}, DataError, "missing in 1 of 2"),
    ("a missing label", pd.DataFrame({"k": [1.0, np.nan, 2.0]}), {"by": "stratified", "column": "k"}, DataError, "missing in 1 of 3"),
    ("too few rows", frame(2), {}, DataError, "2 rows are too few"),
    ("all of them", frame(N), {"eval": 5, "test": 5}, DataError, "10 rows are too few"),
    ("more than all", frame(N), {"test": 1.0}, UsageError, "no size"),
    ("less than none", frame(N), {"test": -0.1}, UsageError, "no size"),
    ("two groups", frame(N).assign(who=[0] * 5 + [1] * 5), {"by": "group", "column": "who"}, DataError, "2 groups are too few"),
    ("a rare class", frame(100).assign(label=["r"] + ["a"] * 99), {"by": "stratified", "column": "label"}, DataError, "`label` is r in 1 rows only"),
    ("numbers as classes", frame(100), {"by": "stratified", "column": "x"}, DataError, "cut them in ranges"),
    ("a part smaller than the classes", frame(60).assign(k=list(range(20)) * 3), {"by": "stratified", "column": "k", "test": 5}, DataError, "cannot hold the 20 values"),
    ("texts as times", frame(N), {"by": "time", "column": "label"}, DataError, "holds no times"),
    ("a gap of another kind", frame(N), {"by": "time", "column": "when", "gap": 3}, UsageError, "does not fit"),
    ("a gap that is none", frame(N), {"by": "time", "column": "when", "gap": "soon"}, UsageError, "no span of time"),
    ("a gap that leaves nothing", frame(N), {"by": "time", "column": "when", "gap": "1000D"}, DataError, "no row is left for `train`"),
    ("a gap elsewhere", frame(N), {"gap": "1D"}, UsageError, "goes with by='time'"),
    ("numbers by hash", frame(N), {"by": "hash", "column": "id", "test": 3}, UsageError, "not numbers of rows"),
    ("everything by hash", frame(N), {"by": "hash", "column": "id", "test": 0.6, "eval": 0.5}, DataError, "too few"),
    ("classes elsewhere", frame(N), {"stratify": "label"}, UsageError, "goes with by='group'"),
    ("lists as groups", frame(N).assign(who=[[1]] * N), {"by": "group", "column": "who"}, DataError, "told apart"),
    ("two columns of one name", pd.DataFrame([[1, 2]], columns=["a", "a"]), {}, DataError, "two columns called `a`"),
    ("no frame", [1, 2, 3], {}, DataError, "is no frame"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("whole", "how", "kind", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_what_cannot_be_split(whole, how, kind, said):
    with pytest.raises(kind) as caught:
        split(whole, **how)
    assert said in str(caught.value)


def kinds(report):
    return [(leak.kind, leak.parts, leak.count) for leak in report.leaks]


def test_a_good_split_leaks_nothing():
    whole = frame()
    report = leakage(split(whole, by="group", column="who"), key="id", group="who", label="label")
    assert report.gate.verdict == "pass"
    assert report.leaks == ()
    assert report.checked == (
        "columns",
        "key",
        "group",
        "mirror",
        "duplicates",
        "conflicts",
        "classes",
    )
    assert leakage(split(whole, by="time", column="when"), time="when").gate.verdict == "pass"


def part(**columns):
    return pd.DataFrame(columns)


LEAKS = [
    ("a key", part(k=[1, 2], x=[1, 2]), part(k=[2, 3], x=[3, 4]), {"key": "k"}, [("key", 1)], "fail"),
    ("a key of two", part(k=[1, 2], l=[1, 2]), part(k=[1, 2], l=[2, 2]), {"key": ["k", "l"]}, [("key", 1), ("duplicates", 1)], "fail"),
    ("a group", part(g=[1, 1], x=[1, 2]), part(g=[1, 2], x=[3, 4]), {"group": "g"}, [("group", 1)], "fail"),
    ("no key at all", part(k=[None, "a"], x=[1, 2]), part(k=[None, "b"], x=[3, 4]), {"key": "k"}, [], "pass"),
    ("a row", part(a=[1, 2], b=["x", None]), part(a=[2, 2], b=[None, "x"]), {}, [("duplicates", 1)], "warn"),
    ("missing is alike", part(a=[np.nan, 1.0], b=[1, 2]), part(a=[np.nan, 2.0], b=[1, 2]), {}, [("duplicates", 1)], "warn"),
    ("another label", part(a=[1, 2], y=["p", "q"]), part(a=[1, 2], y=["p", "p"]), {"label": "y"}, [("conflicts", 1), ("duplicates", 1)], "warn"),
    ("a time", part(t=[1, 5], x=[1, 2]), part(t=[4, 6], x=[3, 4]), {"time": "t"}, [("time", 1)], "fail"),
    ("a class", part(a=[1, 2], y=["p", "q"]), part(a=[3, 4], y=["p", "r"]), {"label": "y"}, [("classes", 1)], "warn"),
    ("the label in other words", part(c=[0, 1, 0, 1], y=list("pqpq"), x=[1, 2, 3, 4]), part(c=[0], y=["p"], x=[5]), {"label": "y"}, [("mirror", 4)], "fail"),
    ("other columns", part(a=[1], b=[1]), part(a=[1]), {"key": "a"}, [("columns", 1)], "fail"),
    ("lists", part(a=[[1], [2]], b=[1, 2]), part(a=[[2], [3]], b=[2, 3]), {}, [("duplicates", 1)], "warn"),
]  # fmt: skip


@pytest.mark.parametrize("case", LEAKS, ids=[row[0] for row in LEAKS])
def test_what_leaks(case):
    _, train, test, how, found, verdict = case
    report = leakage((train, test), **how)
    assert [(leak.kind, leak.count) for leak in report.leaks] == found
    assert report.gate.verdict == verdict
    assert bool(report.gate.reasons) == bool(found)
    assert "Leakage" in report._repr_html_()
    assert report.to_dict()["gate"]["verdict"] == verdict
    pl = pytest.importorskip("polars")
    if "lists" not in case[0]:
        assert leakage((pl.from_pandas(train), pl.from_pandas(test)), **how) == report


def test_the_policy_decides():
    train, test = part(a=[1, 2], b=[1, 2]), part(a=[2, 3], b=[2, 3])
    for rule, verdict in (("fail", "fail"), ("warn", "warn"), ("ignore", "pass")):
        assert leakage((train, test), policy={"duplicates": rule}).gate.verdict == verdict
    with pytest.raises(UsageError, match="not known"):
        leakage((train, test), policy={"duplicate": "fail"})
    with pytest.raises(DataError, match="no column `k`"):
        leakage((train, test), key="k")
    with pytest.raises(DataError, match="two or three frames"):
        leakage(train)


def test_in_a_pipeline_leakage_stops_the_training(small):
    from thruway.errors import GateFailed

    small.write(
        """
        from thruway.components import leakage, split

        @step
        def load(rows: int) -> pd.DataFrame:
            return pd.DataFrame({"who": [n // 3 for n in range(rows)], "x": range(rows), "label": [n % 2 for n in range(rows)]})

        @step
        def train(examples: pd.DataFrame, checked: Any) -> int:
            return len(examples)

        @pipeline
        def flow(by: str = "group", column: Any = "who"):
            examples = load(120)
            parts = split(examples, by=by, column=column)
            checked = leakage(parts, group="who", label="label")
            size = train(parts.train, checked)
            return size
        """
    )
    for isolate in (False, True):
        result = small.run(isolate=isolate)
        assert 90 <= result.load("size") <= 102
        with pytest.raises(GateFailed, match="group"):
            small.run(isolate=isolate, params={"by": "random", "column": None})
