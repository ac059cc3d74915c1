"""Examples are what pandas would read; what cannot be read says which line, and what to do."""

# ruff: noqa: DTZ001 - times without a zone are what is tested
from __future__ import annotations

import bz2
import datetime as dt
import gzip
import http.server
import lzma
import subprocess
import sys
import textwrap
import threading
import warnings
import zipfile

import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("narwhals")

import numpy as np  # noqa: E402
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from pandas.testing import assert_frame_equal  # noqa: E402

from thruway.components import ingest  # noqa: E402
from thruway.errors import DataError, UsageError  # noqa: E402

OLD = int(pd.__version__.partition(".")[0]) < 2


def library(name):
    return pytest.importorskip(name)


def plain(frame):
    """Rows of any frame, with one way to write missing."""
    if isinstance(frame, pd.DataFrame):
        return [tuple(None if one is pd.NaT or one is pd.NA or one != one else one for one in row)
                for row in frame.itertuples(index=False)]  # fmt: skip
    names = getattr(frame, "column_names", None) or frame.columns
    columns = [frame[name].to_pylist() if hasattr(frame[name], "to_pylist") else frame[name].to_list()
               for name in names]  # fmt: skip
    return list(zip(*columns, strict=True))


@pytest.fixture
def people():
    return pd.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "name": ["Ada", "Emmy, N.", None, "Käthe"],
            "height": [1.6, 0.1 + 0.2, np.nan, 1e-300],
            "fits": [True, False, True, True],
        }
    )


WRITERS = {
    "a.csv": lambda frame, path: frame.to_csv(path, index=False),
    "a.tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "a.csv.gz": lambda frame, path: frame.to_csv(path, index=False),
    "a.csv.bz2": lambda frame, path: frame.to_csv(path, index=False),
    "a.csv.xz": lambda frame, path: frame.to_csv(path, index=False),
    "a.csv.zip": lambda frame, path: frame.to_csv(path, index=False),
    "a.parquet": lambda frame, path: frame.to_parquet(path, index=False),
    "a.feather": lambda frame, path: frame.to_feather(path),
    "a.jsonl": lambda frame, path: frame.to_json(
        path, orient="records", lines=True, double_precision=15
    ),
    "a.jsonl.gz": lambda frame, path: frame.to_json(
        path, orient="records", lines=True, double_precision=15
    ),
    "a.json": lambda frame, path: frame.to_json(path, orient="records", double_precision=15),
    "a.xlsx": lambda frame, path: frame.to_excel(path, index=False),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("frames", ["pandas", "polars", "pyarrow"])
def test_every_format_gives_the_same_rows_in_every_library(tmp_path, people, name, frames):
    library(frames)
    if name.endswith(("parquet", "feather")):
        library("pyarrow")
    if "json" in name or "xls" in name:
        people["height"] = [1.6, 0.5, np.nan, 2.25]  # they write fifteen digits
    if (OLD and frames == "pandas" and "csv" in name) or "tsv" in name:
        people["height"] = [1.6, 0.3, np.nan, 1e-300]  # its parser rounds the last bit
    WRITERS[name](people, tmp_path / name)
    found = ingest(tmp_path / name, frames=frames)
    assert type(found).__module__.partition(".")[0] == frames
    assert plain(found) == plain(people)


def test_pandas_gets_what_pandas_itself_reads(tmp_path, people):
    people["day"] = "2024-01-31"
    people.to_csv(tmp_path / "a.csv", index=False)
    assert_frame_equal(ingest(tmp_path / "a.csv"), pd.read_csv(tmp_path / "a.csv"))
    if "pyarrow" in sys.modules or not OLD:
        library("pyarrow")
        people["kind"] = pd.Categorical(["a", "b", None, "a"])
        people.to_parquet(tmp_path / "a.parquet")
        people.to_feather(tmp_path / "a.feather")
        assert_frame_equal(ingest(tmp_path / "a.parquet"), pd.read_parquet(tmp_path / "a.parquet"))
        assert_frame_equal(ingest(tmp_path / "a.feather"), pd.read_feather(tmp_path / "a.feather"))
        indexed = people.set_index("name")
        indexed.to_parquet(tmp_path / "b.parquet")
        assert_frame_equal(ingest(tmp_path / "b.parquet"), indexed)


@pytest.mark.parametrize("frames", ["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.jsonl", "a.feather"])
def test_columns_and_conditions(tmp_path, frames, name):
    library(frames)
    library("pyarrow")
    frame = pd.DataFrame(
        {"n": [1.0, 2.0, None, 4.0], "s": ["a", "b", None, "d"], "k": [1, 2, 3, 4]}
    )
    WRITERS[name](frame, tmp_path / name)

    def rows(where, columns=("k",)):
        return [
            row[0]
            for row in plain(ingest(tmp_path / name, frames=frames, columns=columns, where=where))
        ]

    assert rows([("n", ">=", 2)]) == [2, 4]
    assert rows([("n", "!=", 2)]) == [1, 4]  # what is missing meets no condition
    assert rows([("n", "is missing")]) == [3]
    assert rows(("s", "is present")) == [1, 2, 4]
    assert rows([("s", "in", ["a", "d"]), ("k", "<", 4)]) == [1]
    assert rows([("s", "not in", ["a"])]) == [2, 4]
    found = ingest(tmp_path / name, frames=frames, columns=["s", "n"])
    assert list(getattr(found, "column_names", None) or found.columns) == ["s", "n"]


# What a schema makes of texts; the library may give its own types, the values are the same.
KINDS = [
    ("string", ["007", "1"], ["007", "1"]),
    (str, ["007", "1"], ["007", "1"]),
    ("int64", ["1", "-2"], [1, -2]),
    ("Int64", ["1", "", str(2**53 + 1)], [1, None, 2**53 + 1]),
    ("int8", ["127", "-128"], [127, -128]),
    ("uint64", [str(2**64 - 1), "0"], [2**64 - 1, 0]),
    ("float64", ["1", "0.1", ""], [1.0, 0.1, None]),
    (float, ["1e3", "NA", "-inf"], [1000.0, None, -float("inf")]),
    ("bool", ["True", "false"], [True, False]),
    ("datetime", ["2024-01-31 10:00:00", ""], [dt.datetime(2024, 1, 31, 10), None]),
    ("date:%d.%m.%Y", ["31.01.2024", "01.02.2024"], [dt.date(2024, 1, 31), dt.date(2024, 2, 1)]),
    ("datetime:%m/%d/%y %H:%M", ["01/02/24 03:04", "12/31/99 00:00"], [dt.datetime(2024, 1, 2, 3, 4), dt.datetime(1999, 12, 31)]),
    ("datetime[UTC]", ["2024-06-01T12:00:00+02:00", "2024-06-01T10:00:00Z"], [dt.datetime(2024, 6, 1, 10, tzinfo=dt.UTC)] * 2),
    ("datetime64[ns, Europe/Paris]", ["2024-06-01 12:00:00", ""], [dt.datetime(2024, 6, 1, 10, tzinfo=dt.UTC), None]),
    ("category", ["a", "b"], ["a", "b"]),
]  # fmt: skip


@pytest.mark.parametrize("frames", ["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize(("kind", "texts", "values"), KINDS, ids=[str(row[0]) for row in KINDS])
def test_a_schema_on_read(tmp_path, frames, kind, texts, values):
    library(frames)
    (tmp_path / "a.csv").write_text(
        "n,x\n" + "".join(f"{n},{one}\n" for n, one in enumerate(texts))
    )
    found = [row[1] for row in plain(ingest(tmp_path / "a.csv", frames=frames, schema={"x": kind}))]
    as_dates = [
        one if one is None or not hasattr(one, "tzinfo") else one.replace(tzinfo=one.tzinfo)
        for one in found
    ]
    if isinstance(values[0], dt.date) and not isinstance(values[0], dt.datetime):
        as_dates = [one.date() if isinstance(one, dt.datetime) else one for one in as_dates]
    assert as_dates == values


def test_a_model_of_pandera_is_a_schema(tmp_path):
    pandera = pytest.importorskip("pandera.pandas")

    class People(pandera.DataFrameModel):
        code: str
        age: int = pandera.Field(ge=0)
        born: pd.Timestamp

    (tmp_path / "a.csv").write_text("code,age,born\n007,1,2024-01-31\n")
    found = ingest(tmp_path / "a.csv", schema=People)
    assert found["code"].tolist() == ["007"]
    assert found["born"].dtype.kind == "M"
    People.validate(found)


@pytest.mark.parametrize("frames", ["pandas", "polars", "pyarrow"])
def test_a_schema_that_was_inferred_reads_what_it_was_inferred_from(tmp_path, frames):
    """Also when the next file looks otherwise: no value of a code begins with a zero any more."""
    library(frames)
    infer_schema, statistics = (
        pytest.importorskip("thruway.components").infer_schema,
        __import__("thruway.components").components.statistics,
    )
    (tmp_path / "a.csv").write_text(
        "code,age,fits,day,height\n007,1,True,2024-01-31,1.5\n008,,,2024-02-01,2\n"
    )
    first = ingest(tmp_path / "a.csv", frames=frames, schema={"code": "string", "day": "datetime"})
    schema = infer_schema(statistics(first))
    again = ingest(tmp_path / "a.csv", frames=frames, schema=schema)
    assert plain(again) == plain(first)
    (tmp_path / "b.csv").write_text(
        "code,age,fits,day,height\n11,1,True,2024-01-31,1\n12,2,False,2024-02-01,2\n"
    )
    found = plain(ingest(tmp_path / "b.csv", frames=frames, schema=schema))
    assert found[0] == ("11", 1, True, dt.datetime(2024, 1, 31), 1.0)
    assert isinstance(found[0][4], float)
    (tmp_path / "c.csv").write_text("code,age,fits,day,height\n11,many,True,2024-01-31,1\n")
    with pytest.raises(DataError, match="column `age` holds 'many'"):
        ingest(tmp_path / "c.csv", frames=frames, schema=schema)


# File, arguments, and what is said: the message, where, what to do.
WRONG = [
    ("too many fields", b"a,b\n1,2\n3,4,5\n6,7\n", {}, ["3 fields", "2 columns", "line 3"]),
    ("too many in every line", b"a,b\n1,2,3\n3,4,5\n", {}, ["3 fields", "line 2"]),
    ("an open quote", b'a,b\n1,"2\n3,4\n', {"only": "pandas"}, ["a quote that is never closed"]),
    ("nothing", b"", {}, ["is empty"]),
    ("another encoding", b"a,b\n1,caf\xe9\n", {}, ["is not utf-8", "0xe9", "line 2", 'encoding="cp1252"']),
    ("utf-16", "a,b\n1,2\n".encode("utf-16"), {}, ["is not utf-8", 'encoding="utf-16"']),
    ("no such encoding", b"a\n1\n", {"encoding": "utf-99"}, ["`utf-99` is no encoding"]),
    ("no number", b"a,b\n1,2\nx,3\n", {"schema": {"a": "int64"}}, ["column `a` holds 'x'", "line 3", "missing=['x']"]),
    ("a fraction", b"a\n1\n1.5\n", {"schema": {"a": int}}, ["'1.5'", "no int64", "line 3"]),
    ("too large", b"a\n1\n300\n", {"schema": {"a": "int8"}}, ["'300'", "no int8", "a.csv"]),
    ("missing in integers", b"a,b\n1,1\n,1\n", {"schema": {"a": "int64"}, "only": "pandas"}, ["a value is missing", "line 3", '"Int64"']),
    ("a line later because of a quoted line break", b'a,b\n"x\ny",1\nz,q\n', {"schema": {"b": "float64"}}, ["'q'", "line 4"]),
    ("no date", b"d\n2024-01-31\n31/01/2024\n", {"schema": {"d": "date"}}, ["'31/01/2024'", "no date", "row 2", "date:%d/%m/%Y"]),
    ("no such day", b"d\n30.02.2024\n", {"schema": {"d": "date:%d.%m.%Y"}}, ["'30.02.2024'", "row 1"]),
    ("times with and without zone", b"d\n2024-01-31T00:00:00Z\n2024-01-31T00:00:00\n", {"schema": {"d": "datetime"}}, ["some have a time zone, and some have none", "a.csv"]),
    ("no bool", b"b\nTrue\nperhaps\n", {"schema": {"b": "bool"}}, ["'perhaps'", "no bool"]),
    ("a column of the schema", b"age\n1\n", {"schema": {"agee": "int64"}}, ["no column `agee`", "did you mean `age`?"]),
    ("a column that is asked for", b"age,b\n1,2\n", {"columns": ["b", "agee"]}, ["no column `agee`", "did you mean `age`?"]),
    ("a condition on another type", b"a,b\nx,1\n", {"where": [("a", ">", 3)]}, ["cannot be applied", "column `a`"]),
]  # fmt: skip


@pytest.mark.parametrize("frames", ["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize(
    ("content", "how", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_what_is_wrong_with_a_csv(tmp_path, content, how, said, frames):
    library(frames)
    how = dict(how)
    if how.pop("only", frames) != frames:
        pytest.skip("the others read it")
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataError) as caught:
        ingest(tmp_path / "a.csv", frames=frames, **how)
    text = str(caught.value)
    assert [one for one in said if one not in text] == [], text


@pytest.mark.parametrize("frames", ["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"a": 1}\n{"a": }\n', ["no JSON", "line 2"]),
        (b'{"a": 1}\n3\n', ["no object", "line 2"]),
        (b"", ["is empty"]),
        (b'{"a": "\xe9"}\n', ["is not utf-8", "line 1"]),
    ],
    ids=["broken", "no object", "empty", "encoding"],
)
def test_what_is_wrong_with_json_lines(tmp_path, content, said, frames):
    library(frames)
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(DataError) as caught:
        ingest(tmp_path / "a.jsonl", frames=frames)
    assert [one for one in said if one not in str(caught.value)] == [], str(caught.value)


@pytest.mark.parametrize("name", ["a.parquet", "a.feather", "a.xlsx", "a.csv.gz", "a.csv.zip"])
def test_what_is_not_what_its_name_says(tmp_path, name):
    if name.endswith(("parquet", "feather")):
        library("pyarrow")
    (tmp_path / name).write_bytes(b"not at all")
    with pytest.raises(DataError, match="cannot be"):
        ingest(tmp_path / name)


def test_arguments_that_make_no_sense(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "data").write_text("a\n1\n")
    table = [
        ({"source": tmp_path / "a.csv", "frames": "dask"}, "no frames"),
        ({"source": tmp_path / "data"}, "does not say what it is"),
        ({"source": tmp_path / "a.csv", "format": "xml"}, "no format"),
        ({"source": tmp_path / "a.csv", "span": 3}, "has no spans"),
        ({"source": tmp_path / "a.csv", "where": "a > 1"}, "conditions are tuples"),
        ({"source": tmp_path / "a.csv", "where": [("a", "like", 1)]}, "no condition"),
        ({"source": tmp_path / "a.csv", "schema": {"a": "colour"}}, "no type"),
        ({"source": tmp_path / "a.csv", "schema": 3}, "no schema"),
        ({"source": []}, "empty"),
        ({"source": 3}, "no source"),
        ({"source": tmp_path / "a.csv", "chunk_rows": 0}, "are none"),
        ({"source": "nosuch://a.csv"}, "cannot be reached|is not installed"),
    ]
    for arguments, said in table:
        with pytest.raises(UsageError, match=said):
            ingest(arguments.pop("source"), **arguments)


def test_no_file_says_which_may_be_meant(tmp_path):
    (tmp_path / "passengers.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"there is no file") as caught:
        ingest(tmp_path / "pasengers.csv")
    assert "passengers.csv" in caught.value.fix
    for source in (str(tmp_path / "*.tsv"), str(tmp_path / "day-{SPAN}.csv")):
        with pytest.raises(DataError):
            ingest(source)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no files"):
        ingest(tmp_path / "empty")


def test_missing_markers(tmp_path):
    (tmp_path / "a.csv").write_text("country,n\nNA,1\n?,2\nDE,\n")
    for frames in ("pandas", "polars", "pyarrow"):
        if frames != "pandas":
            try:
                __import__(frames)
            except ImportError:
                continue
        read = [row[0] for row in plain(ingest(tmp_path / "a.csv", frames=frames, missing=["?"]))]
        assert read == [None, None, "DE"]
        read = [row[0] for row in plain(ingest(
            tmp_path / "a.csv", frames=frames, missing=["?"], standard_missing=False, schema={"n": "string"}
        ))]  # fmt: skip
        assert read == ["NA", None, "DE"]  # Namibia


def test_several_files_are_one_frame(tmp_path):
    folder = tmp_path / "data"
    (folder / "year=2023").mkdir(parents=True)
    (folder / "year=2024").mkdir()
    (folder / "year=2023" / "a.csv").write_text("id,x\n1,1\n2,\n")
    (folder / "year=2024" / "a.csv").write_text("x,id\n3,3\n")
    (folder / "_SUCCESS").write_text("")
    for frames in ("pandas", "polars", "pyarrow"):
        library(frames)
        found = ingest(folder, frames=frames)
        assert plain(found) == [(1, 1, 2023), (2, None, 2023), (3, 3, 2024)]
        assert plain(
            ingest(folder, frames=frames, where=("year", ">", 2023), columns=["year", "id"])
        ) == [(2024, 3)]
        chunked = ingest(
            folder, frames=frames, chunk_rows=1, where=("year", "<", 2024), columns=["id", "year"]
        )
        assert [row for part in chunked for row in plain(part)] == [(1, 2023), (2, 2023)]
    pattern = str(folder / "*" / "a.csv")
    assert ingest(pattern)["id"].tolist() == [1, 2, 3]
    assert ingest([folder / "year=2024" / "a.csv", folder / "year=2023" / "a.csv"])[
        "id"
    ].tolist() == [3, 1, 2]
    assert list(ingest(pattern).index) == [0, 1, 2]


@pytest.mark.parametrize("frames", ["pandas", "polars", "pyarrow"])
def test_files_that_do_not_fit_together(tmp_path, frames):
    library(frames)
    (tmp_path / "a.csv").write_text("id,x\n1,1\n")
    (tmp_path / "b.csv").write_text("id,x\n2,many\n")
    with pytest.raises(DataError, match="`x` is numbers in one file and texts in another"):
        ingest(str(tmp_path / "*.csv"), frames=frames)
    assert [
        row[1]
        for row in plain(ingest(str(tmp_path / "*.csv"), frames=frames, schema={"x": "string"}))
    ] == ["1", "many"]
    (tmp_path / "b.csv").write_text("id,y\n2,1\n")
    with pytest.raises(DataError, match="do not have the same columns"):
        ingest(str(tmp_path / "*.csv"), frames=frames)
    # A column that is missing throughout one file is no text, and no number either.
    (tmp_path / "a.csv").write_text("id,x\n1,one\n")
    (tmp_path / "b.csv").write_text("id,x\n2,\n")
    assert [row[1] for row in plain(ingest(str(tmp_path / "*.csv"), frames=frames))] == [
        "one",
        None,
    ]


def test_archives_are_opened(tmp_path):
    for name, opener in (("a.csv.gz", gzip.open), ("a.csv.bz2", bz2.open), ("a.csv.xz", lzma.open)):
        with opener(tmp_path / name, "wb") as handle:
            handle.write(b"a\n1\n2,3\n")
        with pytest.raises(DataError, match="2 fields") as caught:
            ingest(tmp_path / name)
        assert "line 3" in str(caught.value)
    with zipfile.ZipFile(tmp_path / "a.csv.zip", "w") as archive:
        archive.writestr("a", "a\n1\n")
        archive.writestr("b", "a\n1\n")
    with pytest.raises(DataError):
        ingest(tmp_path / "a.csv.zip")


def test_pages_of_the_web(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(tmp_path))

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_address[1]}"
        for frames in ("pandas", "polars", "pyarrow"):
            try:
                __import__(frames)
            except ImportError:
                continue
            assert plain(ingest(f"{base}/a.csv?token=secret", frames=frames)) == [(1, 2)]
        with pytest.raises(DataError, match="there is no file") as caught:
            ingest(f"{base}/b.csv?token=secret")
        assert "secret" not in str(caught.value)
        server.shutdown()


@pytest.mark.parametrize("frames", ["pandas", "polars", "pyarrow"])
def test_addresses_of_fsspec(frames):
    fsspec = pytest.importorskip("fsspec")
    library(frames)
    fs = fsspec.filesystem("memory")
    for day in (1, 2):
        fs.pipe_file(f"/lake/day-{day}/part.csv", f"id,x\n{day},\n".encode())
        fs.pipe_file(f"/lake/day-{day}/part.csv.gz", gzip.compress(f"id,x\n{day},\n".encode()))
    assert plain(ingest("memory://lake/day-1/part.csv", frames=frames)) == [(1, None)]
    assert plain(ingest("memory://lake/*/part.csv.gz", frames=frames)) == [(1, None), (2, None)]
    assert plain(ingest("memory://lake/day-{SPAN}/part.csv", frames=frames)) == [(2, None)]
    with pytest.raises(DataError):
        ingest("memory://lake/day-3/part.csv", frames=frames)


@pytest.mark.parametrize("last", ["7", "0.5", "text"])
@pytest.mark.parametrize("first", ["", "7"])
def test_polars_looks_at_every_row_where_it_has_to(tmp_path, first, last):
    pl = library("polars")
    (tmp_path / "a.csv").write_text("a,b\n" + f"{first},x\n" * 12_000 + f"{last},y\n")
    found = ingest(tmp_path / "a.csv", frames="polars")
    whole = pl.read_csv(tmp_path / "a.csv", infer_schema_length=None)
    assert found.equals(whole)
    assert found.schema == whole.schema


CELLS = st.one_of(
    st.integers(-5, 5).map(str),
    st.sampled_from(["", "NA", "0.5", "-1e3", "True", "False", "x", "007", str(2**60), "inf"]),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    columns=st.lists(
        st.sampled_from(["int", "float", "text", "bool", "any", "gone"]), min_size=1, max_size=3
    ),
    rows=st.integers(1, 12),
    size=st.integers(1, 5),
    data=st.data(),
)
def test_chunks_together_are_the_whole(tmp_path, columns, rows, size, data):
    """The types of a chunk are those of the whole, whatever happens to be in the chunk."""
    cells = {
        "int": st.sampled_from(["1", "2", "", "-3"]),
        "float": st.sampled_from(["1", "0.1", ""]),
        "text": st.sampled_from(["a", "1", "", "b"]),
        "bool": st.sampled_from(["True", "False", ""]),
        "any": CELLS,
        "gone": st.just(""),
    }
    drawn = [data.draw(st.lists(cells[kind], min_size=rows, max_size=rows)) for kind in columns]
    head = ",".join(["id", *(f"c{n}" for n in range(len(columns)))])
    lines = [",".join([str(n), *row]) for n, row in enumerate(zip(*drawn, strict=True))]
    (tmp_path / "a.csv").write_text("\n".join([head, *lines]) + "\n")
    whole = ingest(tmp_path / "a.csv")
    assert_frame_equal(whole, pd.read_csv(tmp_path / "a.csv", low_memory=False))
    chunks = ingest(tmp_path / "a.csv", chunk_rows=size)
    parts = list(chunks)
    assert [len(part) for part in parts] == [min(size, rows - at) for at in range(0, rows, size)]
    assert {tuple(map(str, part.dtypes)) for part in parts} == {tuple(map(str, whole.dtypes))}
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", FutureWarning
        )  # of early pandas, for columns of bools and missing
        assert_frame_equal(pd.concat(parts, ignore_index=True), whole)
    assert chunks.shape == whole.shape


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet", "a.feather", "a.xlsx"])
@pytest.mark.parametrize("frames", ["pandas", "polars", "pyarrow"])
def test_chunks_of_every_format(tmp_path, name, frames):
    library(frames)
    library("pyarrow")
    whole = pd.DataFrame({"n": range(10), "x": [None, 1, 2] * 3 + [4], "s": [*"abcdefghi", None]})
    WRITERS[name](whole, tmp_path / name)
    chunks = ingest(tmp_path / name, chunk_rows=4, frames=frames)
    for _ in range(2):  # each loop begins anew
        parts = list(chunks)
        assert [part.shape[0] for part in parts] == [4, 4, 2]
        assert [row for part in parts for row in plain(part)] == plain(
            ingest(tmp_path / name, frames=frames)
        )
    kinds = {
        tuple(map(str, part.schema.types if frames == "pyarrow" else part.dtypes)) for part in parts
    }
    assert len(kinds) == 1


def test_chunks_are_stored_and_notice_a_change(tmp_path):
    from thruway.kit.values import storage

    (tmp_path / "a.csv").write_text("a\n1\n2\n")
    chunks = ingest(tmp_path / "a.csv", chunk_rows=1)
    with (tmp_path / "stored").open("wb") as handle:
        format_ = storage.write({"chunks": chunks}, handle)
    again = storage.read(format_, tmp_path / "stored")["chunks"]
    assert again == chunks
    assert [frame["a"].tolist() for frame in again] == [[1], [2]]
    assert repr(again) == "Chunks(2 rows × 1 columns, 1 at a time)"
    (tmp_path / "a.csv").write_text("a\n1\n3\n")
    with pytest.raises(DataError, match="changed since"):
        list(again)


MEMORY = """
    import resource, sys
    import pandas, pyarrow.parquet, narwhals
    from thruway.components import ingest

    path, headroom = sys.argv[1], int(sys.argv[2])
    ingest(sys.argv[3], chunk_rows=100)  # whatever is imported late
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + headroom, used + headroom))
    rows = total = 0
    for frame in ingest(path, chunk_rows=4_000):
        rows += len(frame)
        total += int(frame["n"].sum())
    print(rows, total)
    try:
        bytearray(5 * headroom)
    except MemoryError:
        print("the limit is one")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
@pytest.mark.parametrize("name", ["big.csv", "big.parquet"])
def test_data_five_times_larger_than_the_memory(tmp_path, name):
    pq = library("pyarrow.parquet")
    pa = library("pyarrow")
    headroom = (40 if OLD else 18) << 20
    rows = 20_000
    block = pd.DataFrame(
        {"n": range(rows), "x": np.random.RandomState(0).rand(rows), "s": ["some text"] * rows}
    )
    (tmp_path / name).parent.mkdir(exist_ok=True)
    count = 0
    if name.endswith("csv"):
        text = block.to_csv(index=False).encode()
        head, _, body = text.partition(b"\n")
        with (tmp_path / name).open("wb") as handle:
            handle.write(head + b"\n")
            while handle.tell() < 5 * headroom:
                handle.write(body)
                count += 1
    else:
        table = pa.Table.from_pandas(block)
        with pq.ParquetWriter(
            tmp_path / name, table.schema, compression="none", use_dictionary=False
        ) as writer:
            while count * table.nbytes < 5 * headroom:
                writer.write_table(table)
                count += 1
    small = tmp_path / f"small{(tmp_path / name).suffix}"
    block.head(10).to_csv(small, index=False) if name.endswith("csv") else block.head(
        10
    ).to_parquet(small)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEMORY), str(tmp_path / name), str(headroom), str(small)],
        capture_output=True, text=True, check=False,
        env={"PYTHONPATH": ":".join(sys.path), "OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system",
             "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == f"{rows * count} {count * rows * (rows - 1) // 2}"
    assert done.stdout.splitlines()[1] == "the limit is one"
