"""Spans and versions as in TFX; fingerprints; databases; and all of it in a pipeline."""

from __future__ import annotations

import datetime as dt
import sys

import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("narwhals")

from thruway.components import fingerprint, ingest, span_of  # noqa: E402
from thruway.errors import DataError, UsageError  # noqa: E402


@pytest.fixture
def lake(tmp_path):
    for span, version in ((1, 0), (2, 0), (2, 1), (10, 0)):
        folder = tmp_path / f"span-{span}" / f"v{version}"
        folder.mkdir(parents=True)
        (folder / "a.csv").write_text(f"id\n{span}{version}\n")
        (folder / "b.csv").write_text(f"id\n{span}{version}\n")
    for day in ("2024-02-28", "2024-02-29", "2024-03-01", "2024-13-01"):
        (tmp_path / f"log-{day}.csv").write_text(f"day\n{day}\n")
    return tmp_path


NUMBERS = "span-{SPAN}/v{VERSION}/*.csv"
DATES = "log-{YYYY}-{MM}-{DD}.csv"
SPANS = [
    (NUMBERS, {}, [100, 100]),
    (NUMBERS, {"span": 2}, [21, 21]),
    (NUMBERS, {"span": "2", "version": 0}, [20, 20]),
    (NUMBERS, {"span": (1, 2)}, [10, 10, 21, 21]),
    (NUMBERS, {"span": (2, 99)}, [21, 21, 100, 100]),
    (NUMBERS, {"last": 2}, [21, 21, 100, 100]),
    (NUMBERS, {"span": 2, "last": 5}, [10, 10, 21, 21]),
    ("span-{SPAN}/v0/a.csv", {"span": 1}, [10]),
    ("span-{SPAN:1}/v0/a.csv", {}, [20]),
    (DATES, {}, ["2024-03-01"]),
    (DATES, {"span": "2024-02-29"}, ["2024-02-29"]),
    (DATES, {"span": dt.date(2024, 2, 29)}, ["2024-02-29"]),
    (DATES, {"span": 19782}, ["2024-02-29"]),
    (DATES, {"span": ("2024-02-01", "2024-02-29")}, ["2024-02-28", "2024-02-29"]),
    (DATES, {"last": 2}, ["2024-02-29", "2024-03-01"]),
]


@pytest.mark.parametrize(
    ("pattern", "how", "found"), SPANS, ids=[f"{row[0]} {row[1]}" for row in SPANS]
)
def test_which_span_is_read(lake, pattern, how, found):
    assert ingest(str(lake / pattern), **how).iloc[:, 0].tolist() == found


REFUSED = [
    (NUMBERS, {"span": 3}, DataError, "no span 3"),
    (NUMBERS, {"span": (3, 9)}, DataError, "no span 3 to 9"),
    (NUMBERS, {"span": 1, "version": 4}, DataError, "no version 4"),
    (NUMBERS, {"span": "2024-01-01"}, UsageError, "not dates"),
    (NUMBERS, {"span": "new"}, UsageError, "`new` is no span"),
    (NUMBERS, {"span": (2, 1)}, UsageError, "ends before it begins"),
    (NUMBERS, {"span": (1, 2), "last": 2}, UsageError, "say the same twice"),
    (NUMBERS, {"last": 0}, UsageError, "are none"),
    ("span-{SPAN}/v0/a.csv", {"version": 1}, UsageError, "no versions"),
    ("other-{SPAN}.csv", {}, DataError, "no span is there"),
    ("log-{YYYY}-{MM}.csv", {}, UsageError, "in two ways, or half"),
    ("v{VERSION}.csv", {}, UsageError, "versions but no spans"),
    (DATES, {"span": "2024-02-27"}, DataError, "from 2024-02-28 to 2024-03-01"),
]


@pytest.mark.parametrize(
    ("pattern", "how", "kind", "said"), REFUSED, ids=[row[3] for row in REFUSED]
)
def test_spans_that_are_refused(lake, pattern, how, kind, said):
    with pytest.raises(kind) as caught:
        ingest(str(lake / pattern), **how)
    assert said in str(caught.value)


def test_span_of(lake):
    found = span_of(str(lake / NUMBERS))
    assert (found.span, found.version, len(found.files)) == (10, 0, 2)
    assert span_of(str(lake / DATES)).date == "2024-03-01"
    with pytest.raises(UsageError):
        span_of("a.csv")


def test_a_fingerprint_is_of_the_content(lake, tmp_path_factory):
    one = fingerprint(lake / "log-2024-02-28.csv")
    assert one == fingerprint(lake / "log-2024-02-28.csv")
    copy = tmp_path_factory.mktemp("copy") / "other.csv"
    copy.write_bytes((lake / "log-2024-02-28.csv").read_bytes())
    assert fingerprint(copy).digest == one.digest
    assert fingerprint(lake / "log-2024-02-29.csv").digest != one.digest
    assert one.files[0].size == 15
    assert fingerprint(str(lake / NUMBERS)).spans == (10,)
    assert "_repr_html_" in dir(one)
    assert one.to_dict()["digest"] == one.digest
    assert ingest(lake / "log-2024-02-28.csv", expect=one).shape == (1, 1)
    with pytest.raises(DataError, match="not what was expected"):
        ingest(lake / "log-2024-02-29.csv", expect=one)


def test_a_fingerprint_elsewhere_is_what_the_store_says():
    fsspec = pytest.importorskip("fsspec")
    fs = fsspec.filesystem("memory")
    fs.pipe_file("/prints/a.csv", b"a\n1\n")
    before = fingerprint("memory://prints/a.csv")
    assert before.files[0].digest.startswith("sha256:")
    fs.pipe_file("/prints/a.csv", b"a\n2\n")
    assert fingerprint("memory://prints/a.csv").digest != before.digest


@pytest.fixture
def database(tmp_path):
    sqlalchemy = pytest.importorskip("sqlalchemy")
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            sqlalchemy.text("CREATE TABLE orders (id INTEGER, price REAL, city TEXT)")
        )
        for row in ((1, 2.5, "Rome"), (2, None, "Oslo"), (3, 4.0, None)):
            connection.execute(
                sqlalchemy.text("INSERT INTO orders VALUES (:a, :b, :c)"),
                dict(zip("abc", row, strict=True)),
            )
    engine.dispose()
    return url


@pytest.mark.parametrize("frames", ["pandas", "polars", "pyarrow"])
def test_a_database(database, frames):
    pytest.importorskip(frames)

    def rows(*args, **how):
        found = ingest(*args, connection=database, frames=frames, **how)
        frame = found if frames == "pandas" else found.to_pandas()
        return frame.astype(object).where(frame.notna(), None).values.tolist()

    every = [[1, 2.5, "Rome"], [2, None, "Oslo"], [3, 4.0, None]]
    assert rows("orders") == every
    assert rows("SELECT * FROM orders") == every
    assert rows("-- all\nwith a as (select * from orders) select id from a") == [[1], [2], [3]]
    assert rows("SELECT id FROM orders WHERE price > :least", parameters={"least": 3}) == [[3]]
    assert rows("orders", columns=["city", "id"], where=[("price", "is present")]) == [
        ["Rome", 1],
        [None, 3],
    ]
    assert rows("SELECT * FROM orders", columns=["id"], where=[("price", ">=", 2.5)]) == [[1], [3]]
    assert rows("orders", where=("city", "not in", ["Rome"])) == [[2, None, "Oslo"]]


def test_chunks_of_a_database(database, monkeypatch):
    chunks = ingest("SELECT id, price FROM orders", connection=database, chunk_rows=2)
    parts = list(chunks)
    assert [part.shape for part in parts] == [(2, 2), (1, 2)]
    assert {tuple(map(str, part.dtypes)) for part in parts} == {("int64", "float64")}
    assert chunks.fingerprint.rows == 3
    with pytest.raises(UsageError, match="holds a password"):
        ingest("t", connection="sqlite://me:secret@/x", chunk_rows=2)
    monkeypatch.setenv("SHOP", database)
    assert ingest("orders", connection="$SHOP").shape == (3, 3)
    with pytest.raises(UsageError, match="`NOT_SET` of"):
        ingest("orders", connection="sqlite:///$NOT_SET")


def test_what_is_wrong_with_a_database(database, tmp_path):
    table = [
        (("order", database), {}, DataError, "no table `order`"),
        (("SELECT nothing FROM orders", database), {}, DataError, "syntax error"),
        (("orders", database), {"columns": ["prize"]}, DataError, "did you mean `price`?"),
        (("SELECT 1", "sqlite:///"[:4]), {}, UsageError, "no URL of a database"),
        (("SELECT 1", "nosuchdb://x"), {}, (UsageError, DataError), ""),
        (("SELECT 1", f"sqlite:///{tmp_path}/no/such.db"), {}, DataError, "unable to open"),
        (("orders", database), {"span": 3}, UsageError, "without `span`"),
    ]
    for (source, url), how, kind, said in table:
        with pytest.raises(kind) as caught:
            ingest(source, connection=url, **how)
        assert said in str(caught.value)


PIPELINE = """
    from thruway.components import ingest

    @step
    def count(examples: Any) -> int:
        return int(sum(frame.shape[0] for frame in examples) if "Chunks" in repr(type(examples)) else examples.shape[0])

    @pipeline
    def flow(source: str = "{source}", frames: str = "{frames}"):
        examples = ingest(source, frames=frames{more})
        rows = count(examples)
        return rows
"""


@pytest.mark.parametrize(
    ("name", "frames", "more"),
    [
        ("a.csv", "pandas", ""),
        ("a.csv", "polars", ""),
        ("a.parquet", "polars", ""),
        ("a.parquet", "pyarrow", ""),
        ("a.parquet", "pandas", ""),
        ("a.csv", "pandas", ", chunk_rows=1"),
    ],
)
@pytest.mark.parametrize("isolate", [False, True], ids=["here", "apart"])
def test_in_a_pipeline_a_changed_file_is_read_again(small, tmp_path, name, frames, more, isolate):
    pytest.importorskip(frames)
    pytest.importorskip("pyarrow")
    if isolate and (name, frames) != ("a.parquet", "polars"):
        pytest.skip("one of each is enough")
    file = tmp_path / name
    small.write(PIPELINE.format(source=file.as_posix(), frames=frames, more=more))
    for rows in (2, 2, 3):
        frame = pd.DataFrame({"a": range(rows)})
        frame.to_csv(file, index=False) if name.endswith("csv") else frame.to_parquet(file)
        assert small.run(isolate=isolate).load("rows") == rows


def test_in_a_pipeline_a_new_span_is_seen(small, tmp_path):
    small.write(
        PIPELINE.format(source=f"{tmp_path.as_posix()}/day-{{SPAN}}.csv", frames="pandas", more="")
    )
    for span, rows in ((1, 1), (2, 2)):
        (tmp_path / f"day-{span}.csv").write_text("a\n" + "1\n" * rows)
        assert small.run().load("rows") == rows


def test_nothing_heavy_is_imported_with_the_package():
    import subprocess

    program = "import sys, thruway.components; print(sorted({'pandas','numpy','polars','pyarrow','sklearn','fsspec','sqlalchemy'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == "[]"
