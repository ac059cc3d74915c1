"""batch_predict: in chunks, in processes, taken up where it stopped, with little memory."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from thruway.components import InferenceResult, batch_predict, train
from thruway.errors import DataError, UsageError

RNG = np.random.default_rng(0)
N = 103
X = pd.DataFrame(RNG.normal(size=(N, 2)), columns=["a", "b"])
ROWS = X.assign(id=[f"k{number}" for number in range(N)], more=1)
ROWS.index = [f"row {number}" for number in range(N)]
MODEL = train(
    X.assign(y=np.where(X["a"] > 0, "yes", "no")), DecisionTreeClassifier(max_depth=2), "y"
).model
WHOLE = pd.DataFrame(
    {
        "id": ROWS["id"],
        "prediction": MODEL.predict(X),
        "probability_no": MODEL.predict_proba(X)[:, 0],
        "probability_yes": MODEL.predict_proba(X)[:, 1],
    },
    index=ROWS.index,
)
BARE = WHOLE.reset_index(drop=True)


def frames():
    yield ROWS[:30]
    yield ROWS[30:31]
    yield ROWS[31:31]
    yield ROWS[31:]


@pytest.mark.parametrize(("chunk_rows", "n_jobs"), [(1, 1), (10, 1), (1000, 1), (10, 2)])
def test_chunks_and_processes_change_nothing(chunk_rows, n_jobs):
    found = batch_predict(ROWS, MODEL, keys="id", chunk_rows=chunk_rows, n_jobs=n_jobs)
    pd.testing.assert_frame_equal(found, WHOLE, check_exact=True)


@pytest.mark.parametrize("library", ["polars", "lazy", "arrow"])
def test_the_library_of_the_examples_is_that_of_the_result(library):
    frame = pl.from_pandas(ROWS)
    given_ = {"polars": frame, "lazy": frame.lazy(), "arrow": frame.to_arrow()}[library]
    found = batch_predict(given_, MODEL, keys=["id"], chunk_rows=40)
    assert type(found) is (pl.DataFrame if library != "arrow" else type(given_))
    pd.testing.assert_frame_equal(found.to_pandas(), BARE, check_dtype=False)


def test_frames_that_come_one_by_one():
    found = batch_predict(frames(), MODEL, keys="id", chunk_rows=20)
    pd.testing.assert_frame_equal(found, WHOLE)
    with pytest.raises(DataError, match="yields no frame"):
        batch_predict(iter([]), MODEL)


@pytest.fixture
def stored(tmp_path):
    ROWS.to_parquet(tmp_path / "rows.parquet", row_group_size=17, index=False)
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    ROWS.to_csv(tmp_path / "rows.csv.gz", index=False)
    ROWS.to_csv(tmp_path / "rows.tsv", index=False, sep="\t")
    (tmp_path / "rows").mkdir()
    ROWS[:50].to_parquet(tmp_path / "rows" / "1.parquet", index=False)
    ROWS[50:].to_parquet(tmp_path / "rows" / "2.parquet", index=False)
    (tmp_path / "rows" / "_manifest.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv", "rows.csv.gz", "rows.tsv", "rows"])
def test_files(stored, name):
    found = batch_predict(stored / name, MODEL, keys="id", chunk_rows=25)
    pd.testing.assert_frame_equal(found.reset_index(drop=True), BARE, check_dtype=False)


def test_types_of_a_csv_are_decided_on_the_whole_file(tmp_path):
    frame = pd.DataFrame({"code": ["1"] * 10 + ["x"], "n": [1] * 10 + [2.5], "gap": [None] * 10 + ["a"]})  # fmt: skip
    frame.to_csv(tmp_path / "f.csv", index=False)
    seen = []

    def model(chunk):
        seen.append({name: str(kind) for name, kind in chunk.dtypes.items()})
        return np.zeros(len(chunk))

    batch_predict(tmp_path / "f.csv", model, chunk_rows=5)
    assert {one["n"] for one in seen} == {"float64"}
    assert "int64" not in {one["code"] for one in seen}


def test_outputs(tmp_path):
    for name in ("out.parquet", "out.csv"):
        result = batch_predict(ROWS, MODEL, keys="id", output=tmp_path / name, chunk_rows=25)
        read = pd.read_parquet if name.endswith("parquet") else pd.read_csv
        pd.testing.assert_frame_equal(read(tmp_path / name), BARE, check_dtype=False)
        assert result == InferenceResult(str(tmp_path / name), N, 1, tuple(BARE.columns))
    result = batch_predict(ROWS, MODEL, keys="id", output=tmp_path / "out", chunk_rows=25)
    assert (result.n_rows, result.n_parts) == (N, 5)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out"), BARE, check_dtype=False)
    assert json.loads(json.dumps(result.to_dict()))["n_rows"] == N
    assert "rows" in result._repr_html_()


KILLED = """
    import contextlib, importlib, os, pathlib, pickle, sys
    from thruway.components import batch_predict
    writing = importlib.import_module("thruway.components.batch_predict.writing")
    folder = pathlib.Path(sys.argv[1])
    real, parts = writing.beside, []

    @contextlib.contextmanager
    def beside(path):
        with real(path) as place:
            yield place
            parts.append(path)
            if len(parts) == 5:  # the manifest, three parts, and half of the fourth
                place.write_bytes(place.read_bytes()[:99])
                os._exit(9)

    writing.beside = beside
    model = pickle.loads((folder / "model").read_bytes())
    batch_predict(folder / "rows.parquet", model, keys="id", output=folder / "out", chunk_rows=20)
"""


def test_it_goes_on_where_it_was_killed(stored):
    (stored / "model").write_bytes(pickle.dumps(MODEL))
    words = [sys.executable, "-c", textwrap.dedent(KILLED), str(stored)]
    done = subprocess.run(words, capture_output=True, check=False, text=True)
    assert done.returncode == 9, done.stderr
    out = stored / "out"
    there = {file: file.stat().st_mtime_ns for file in out.glob("part-*.parquet")}
    assert len(there) == 3
    assert len(list(out.glob(".*.writing"))) == 1
    assert not json.loads((out / "_manifest.json").read_text())["complete"]
    options = {"examples": stored / "rows.parquet", "model": MODEL, "keys": "id", "chunk_rows": 20}
    result = batch_predict(**options, output=out)
    assert {file: file.stat().st_mtime_ns for file in there} == there
    assert (result.n_parts, result.n_rows) == (6, N)
    batch_predict(**options, output=stored / "whole")
    assert {file.name: file.read_bytes() for file in out.iterdir()} == {
        file.name: file.read_bytes() for file in (stored / "whole").iterdir()
    }


def test_a_folder_is_of_one_inference(tmp_path):
    options = {"keys": "id", "output": tmp_path / "out", "chunk_rows": 25}
    first = batch_predict(ROWS, MODEL, **options)
    assert batch_predict(ROWS, MODEL, **options) == first
    for change, differs in (
        ({"examples": ROWS.assign(a=0.0)}, "examples"),
        ({"keys": ()}, "examples, keys"),
        ({"chunk_rows": 30}, "chunk_rows"),
        ({"model": lambda frame: frame["a"]}, "examples, model"),
        ({"columns": ["prediction"]}, "columns"),
    ):
        with pytest.raises(UsageError) as caught:
            batch_predict(**{"examples": ROWS, "model": MODEL, **options, **change})
        assert f"another inference: {differs} differ" in str(caught.value)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("")
    with pytest.raises(UsageError, match="files that are no inference"):
        batch_predict(ROWS, MODEL, output=tmp_path / "mine")


def test_frames_that_come_one_by_one_are_compared_with_what_is_there(tmp_path):
    options = {"keys": "id", "output": tmp_path / "out", "chunk_rows": 25}
    batch_predict(frames(), MODEL, **options)
    (tmp_path / "out" / "part-00001.parquet").unlink()
    result = batch_predict(frames(), MODEL, **options)
    assert result.n_rows == N
    with pytest.raises(DataError, match="part 0 is there, and it is of other rows"):
        batch_predict(iter([ROWS.assign(id="x")]), MODEL, **options)


def test_kinds_of_answers():
    scores = LinearSVC().fit(X, X["a"] > 0)
    found = batch_predict(X, scores, columns=["score", "prediction"])
    assert list(found.columns) == ["prediction", "score"]
    assert found["score"].tolist() == scores.decision_function(X).tolist()
    with pytest.raises(DataError, match="gives no probabilities"):
        batch_predict(X, scores, columns=["probability"])
    assert list(batch_predict(X, scores).columns) == ["prediction"]
    number = LinearRegression().fit(X, X["a"])
    assert list(batch_predict(X, number).columns) == ["prediction"]
    several = LinearRegression().fit(X, X)
    assert list(batch_predict(X, several).columns) == ["prediction_0", "prediction_1"]
    three = LogisticRegression().fit(X, np.arange(N) % 3)
    assert list(batch_predict(X, three, columns=["probability"]).columns) == ["probability_0", "probability_1", "probability_2"]  # fmt: skip


def test_no_rows(tmp_path):
    found = batch_predict(ROWS[:0], MODEL, keys="id")
    assert list(found.columns) == list(WHOLE.columns)
    assert len(found) == 0
    for name in ("rows.parquet", "rows.csv"):
        getattr(ROWS[:0], f"to_{name[5:]}")(tmp_path / name, index=False)
        assert len(batch_predict(tmp_path / name, MODEL, keys="id")) == 0
    assert batch_predict(ROWS[:0], MODEL, output=tmp_path / "out").n_rows == 0


class Schema:
    columns = ("a", "b", "y")

    def __init__(self):
        self.seen = 0

    def check(self, frame):
        self.seen += len(frame)
        if (frame["a"] > 100).any():
            raise DataError("`a` is above 100")


def test_each_chunk_is_checked():
    schema = Schema()
    batch_predict(ROWS, MODEL, schema=schema, chunk_rows=20)
    assert schema.seen == N
    wrong = ROWS.copy()
    wrong.loc["row 50", "a"] = 101
    with pytest.raises(DataError) as caught:
        batch_predict(wrong, MODEL, schema=Schema(), chunk_rows=20)
    assert caught.value.where == "rows 40 to 60"
    with pytest.raises(DataError, match="lacks `b`, which the schema names"):
        batch_predict(ROWS.drop(columns="b"), lambda f: f["a"], schema={"a": 1, "b": 2})


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"examples": ROWS.drop(columns="b")}, DataError, "`examples` lacks `b`"),
        ({"keys": "key"}, DataError, "`examples` lacks `key`"),
        ({"examples": "nowhere.parquet"}, DataError, "no such file"),
        ({"examples": 3}, DataError, "is no frame"),
        ({"model": 3}, DataError, "predicts nothing"),
        ({"chunk_rows": 0}, UsageError, "`chunk_rows` is at least 1"),
        ({"columns": ["label"]}, UsageError, "`columns` is ['label']"),
        ({"n_jobs": 0}, UsageError, "`n_jobs` is 0"),
        ({"examples": ROWS.assign(prediction=1), "keys": "prediction"}, DataError, "a key is called"),
    ],
    ids=[
        "missing", "no key", "no file", "no frame", "no model", "no rows", "no kind", "no jobs", "key",
    ],
)  # fmt: skip
def test_what_cannot_be(change, error, said):
    with pytest.raises(error) as caught:
        batch_predict(**{"examples": ROWS, "model": MODEL, **change})
    assert said in str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "a.parquet").write_text("no parquet")
    (tmp_path / "b.csv").write_text("")
    (tmp_path / "c.xlsx").write_text("")
    (tmp_path / "d").mkdir()
    (tmp_path / "e.csv").write_text("id\n1\n")
    for name, error, said in (
        ("a.parquet", DataError, "no Parquet"),
        ("b.csv", DataError, "cannot be read"),
        ("c.xlsx", UsageError, "neither Parquet nor CSV"),
        ("d", DataError, "no Parquet files"),
        ("e.csv", DataError, "lacks `a`, `b`"),
    ):
        with pytest.raises(error) as caught:
            batch_predict(tmp_path / name, MODEL)
        assert said in str(caught.value)


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(0, 60), chunk=st.integers(1, 70), cut=st.integers(0, 60))
def test_any_cut_gives_the_same(rows, chunk, cut):
    def model(frame):
        return frame["a"] * 2

    frame = ROWS[:rows]
    pieces = iter([frame[:cut], frame[cut:]])
    one = batch_predict(frame, model, keys="id", chunk_rows=chunk)
    other = batch_predict(pieces, model, keys="id", chunk_rows=chunk)
    pd.testing.assert_frame_equal(one, other)
    assert one["id"].tolist() == frame["id"].tolist()


MEMORY = """
    import resource, sys
    import numpy as np, pyarrow as pa, pyarrow.parquet as pq
    from sklearn.tree import DecisionTreeClassifier
    from thruway.components import batch_predict, train
    import pandas as pd

    folder, rows, columns = sys.argv[1], 3_000_000, 20
    names = [f"c{n}" for n in range(columns)]
    with pq.ParquetWriter(f"{folder}/rows.parquet", pa.schema([(n, pa.float64()) for n in names])) as file:
        part = np.tile(np.arange(100.0), 1000)  # packs well, and is large when it is read
        for _ in range(0, rows, 100_000):
            file.write_table(pa.table({name: part for name in names}))
    few = pd.DataFrame(np.random.default_rng(0).normal(size=(500, columns)), columns=names)
    model = train(few.assign(y=few.c0 > 0), DecisionTreeClassifier(max_depth=3), "y").model
    batch_predict(few, model, output=f"{folder}/warm", chunk_rows=100)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    limit = (int(open("/proc/self/statm").read().split()[0]) << 12) + (int(sys.argv[2]) << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    result = batch_predict(f"{folder}/rows.parquet", model, output=f"{folder}/out", chunk_rows=20_000)
    assert result.n_rows == rows
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - kilobytes) >> 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space")
def test_a_file_larger_than_the_memory_it_may_take(tmp_path):
    megabytes = 3_000_000 * 20 * 8 >> 20  # 457
    more = megabytes // 2
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEMORY), str(tmp_path), str(more)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < megabytes / 5
