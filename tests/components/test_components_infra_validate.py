"""A model that can be served is; one that cannot says why, and is not blessed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("narwhals")
pytest.importorskip("sklearn")

import numpy as np  # noqa: E402
import served_models  # noqa: E402
from sklearn.ensemble import RandomForestClassifier  # noqa: E402
from sklearn.linear_model import LinearRegression  # noqa: E402

from thruway.components import infra_validate, push  # noqa: E402
from thruway.components.packaging import pack, wire  # noqa: E402
from thruway.components.packaging.serving import Answering, serve  # noqa: E402
from thruway.errors import DataError, UsageError  # noqa: E402
from thruway.kit.gate import Gate  # noqa: E402

X = pd.DataFrame({"x": np.random.RandomState(0).rand(40), "label": ["a", "b"] * 20})


def test_a_model_of_sklearn_is_served_bit_by_bit():
    model = RandomForestClassifier(5, random_state=0).fit(X[["x"]], X["label"])
    blessing = infra_validate(model, X, requests=10)
    assert blessing.gate == Gate("pass")
    assert (blessing.requests, blessing.differing, blessing.largest_difference) == (10, 0, 0.0)
    assert [one.name for one in blessing.checks] == ["load", "answers", "latency", "memory"]
    assert 0 < blessing.p50_ms <= blessing.p99_ms < 10_000
    assert blessing.memory_before < blessing.memory_loaded <= blessing.memory_peak
    assert "Can it be served?" in blessing._repr_html_()
    assert json.loads(json.dumps(blessing.to_dict()))["gate"]["verdict"] == "pass"
    assert push(model, blessing, destination="memory://infra").digest == blessing.digest


SERVED = [
    ("of the project", served_models.Twice(), {}, "pass", ""),
    ("slow", served_models.Slow(), {"max_latency_ms": 10}, "fail", "10 are allowed"),
    ("slow enough", served_models.Slow(), {"max_latency_ms": 10_000}, "pass", ""),
    ("large", served_models.Large(), {"max_memory": "60MB"}, "fail", "and 60 are allowed"),
    ("small enough", served_models.Twice(), {"max_memory": 10**10}, "pass", ""),
    ("loads slowly", served_models.Twice(), {"max_load_seconds": 1e-6}, "fail", "loading took"),
    (
        "answers otherwise",
        served_models.Elsewhere(),
        {},
        "fail",
        "answers are not those of the model here",
    ),
    ("answers a little otherwise", served_models.Elsewhere(), {"tolerance": 1e6}, "pass", ""),
    ("dies", served_models.Dies(), {}, "fail", "it died"),
    ("raises", served_models.Raises(), {}, "fail", "not here"),
    ("hangs", served_models.Hangs(), {"timeout": 2.0}, "fail", "not ready after 2 s"),
    ("looks at other rows", served_models.Centred(), {}, "warn", "from the same row among others"),
]


@pytest.mark.parametrize(
    ("model", "how", "verdict", "said"), [row[1:] for row in SERVED], ids=[row[0] for row in SERVED]
)
def test_what_is_found(model, how, verdict, said):
    blessing = infra_validate(model, X[["x"]], requests=4, **how)
    assert blessing.gate.verdict == verdict, blessing.gate
    assert said in " ".join(blessing.gate.reasons)


def test_arguments_that_make_no_sense():
    model = served_models.Twice()
    for how in ({"requests": 0}, {"timeout": 0}, {"tolerance": -1}, {"max_memory": "much"}):
        with pytest.raises(UsageError):
            infra_validate(model, X, **how)
    with pytest.raises(DataError, match="no rows"):
        infra_validate(model, X.head(0))


def columns():
    stamp = pd.Timestamp("2024-03-31 01:30:00.123456")
    yield "floats", pd.Series([0.1 + 0.2, np.nan, np.inf, -np.inf, -0.0, 5e-324])
    yield "float32", pd.Series([0.1, 3.4e38], dtype="float32")
    yield "ints", pd.Series([2**63 - 1, -(2**63)])
    yield "uint64", pd.Series([2**64 - 1, 0], dtype="uint64")
    yield "Int64", pd.Series([2**53 + 1, None], dtype="Int64")
    yield "Float64", pd.Series([0.1, None], dtype="Float64")
    yield "bools", pd.Series([True, False])
    yield "boolean", pd.Series([True, None], dtype="boolean")
    yield "texts", pd.Series(["a", "Käthe\n\"'", ""])
    yield "texts with None", pd.Series(["a", None], dtype=object)
    yield "texts with nan", pd.Series(["a", np.nan], dtype=object)
    yield "string", pd.Series(["a", None], dtype="string")
    yield (
        "category",
        pd.Series(["a", None, "b"], dtype=pd.CategoricalDtype(["b", "a"], ordered=True)),
    )
    yield "numbers as category", pd.Series([3, 1], dtype="category")
    yield "times", pd.Series([stamp, pd.NaT])
    yield "times in Paris", pd.Series([stamp.tz_localize("Europe/Paris"), pd.NaT])
    yield "durations", pd.Series([pd.Timedelta("1D 00:00:00.5"), pd.NaT])
    yield "bools and None", pd.Series([True, None], dtype=object)


COLUMNS = dict(columns())


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_goes_over_the_wire_and_back(name):
    frame = pd.DataFrame({"c": COLUMNS[name]})
    library, described = wire.columns_of(frame)
    sent = json.loads(json.dumps(wire.inputs_of(frame, described), allow_nan=False))
    signature = pack.__globals__["Signature"](library=library, columns=described)
    back = wire.frame_of(sent, signature)
    pd.testing.assert_frame_equal(back, frame)
    if frame["c"].dtype == object:
        assert [type(one) for one in back["c"]] == [type(one) for one in frame["c"]]


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_other_libraries_go_over_the_wire(library):
    module = pytest.importorskip(library)
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {"f": [0.1, None], "i": [1, 2], "s": ["a", None], "b": [True, False],
         "t": pd.to_datetime(["2024-01-01 00:00:01", None]), "z": pd.to_datetime(["2024-01-01", None], utc=True)}
    )  # fmt: skip
    made = (
        module.from_pandas(frame)
        if library == "polars"
        else module.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    )
    name, described = wire.columns_of(made)
    sent = json.loads(json.dumps(wire.inputs_of(made, described), allow_nan=False))
    back = wire.frame_of(sent, pack.__globals__["Signature"](library=name, columns=described))
    assert back.equals(made)


@pytest.fixture
def address(tmp_path):
    model = LinearRegression().fit(X[["x"]], X["x"] * 2)
    pack(model, tmp_path / "packed", name="double", examples=X[["x"]])
    server = serve(Answering(tmp_path / "packed"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def ask(address, path, body=None):
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(address + path, data)) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_the_protocol(address):
    assert ask(address, "/v2/health/ready") == (200, {"ready": True})
    assert ask(address, "/v2/health/live")[0] == 200
    assert ask(address, "/v2")[1]["version"] == "2"
    assert ask(address, "/v2/models/double/ready")[1]["ready"] is True
    described = ask(address, "/v2/models/double")[1]
    assert described["inputs"] == [{"name": "x", "datatype": "FP64", "shape": [-1]}]
    request = {
        "id": "7",
        "inputs": [{"name": "x", "shape": [2, 1], "datatype": "FP64", "data": [[1.0], [2.0]]}],
    }
    status, answer = ask(address, "/v2/models/double/infer", request)
    assert (status, answer["id"], answer["model_name"]) == (200, "7", "double")
    (output,) = answer["outputs"]
    assert (output["name"], output["shape"], output["datatype"]) == ("predict", [2], "FP64")
    assert output["data"] == pytest.approx([2.0, 4.0])


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/v2/models/other", None, 404, "nothing at"),
        ("/v2/models/other/infer", {}, 404, "nothing at"),
        ("/v2/models/double/infer", b"?", 400, "no JSON"),
        ("/v2/models/double/infer", {}, 400, "no JSON with `inputs`"),
        ("/v2/models/double/infer", {"inputs": [{}]}, 400, "no `name`"),
        ("/v2/models/double/infer", {"inputs": [{"name": "y", "data": [1]}]}, 400, "no input `x`"),
        ("/v2/models/double/infer", {"inputs": [{"name": "x", "data": 1}]}, 400, "no list"),
        (
            "/v2/models/double/infer",
            {"inputs": [{"name": "x", "data": ["many"]}]},
            400,
            "do not fit",
        ),
        ("/v2/models/double/infer", {"inputs": [{"name": "x", "data": [None]}]}, 500, "NaN"),
    ],
)
def test_requests_that_are_refused(address, path, body, status, said):
    found, answer = ask(address, path, body)
    assert found == status
    assert said in answer["error"]


def test_in_a_pipeline_what_cannot_be_served_is_not_pushed(small, tmp_path):
    from thruway.errors import GateFailed

    small.write(
        """
        from thruway.components import infra_validate, push

        @step
        def load() -> pd.DataFrame:
            return pd.DataFrame({"x": [0.0, 1.0] * 10})

        class Half:
            def predict(self, rows: pd.DataFrame) -> pd.Series:
                return rows["x"] / 2

        @step
        def train(rows: pd.DataFrame) -> Any:
            return Half()

        @pipeline
        def flow(where: str = "", most: Any = None):
            rows = load()
            model = train(rows)
            infra_blessing = infra_validate(model, rows, requests=3, max_memory=most)
            pushed = push(model, infra_blessing, destination=where)
            return infra_blessing, pushed
        """
    )
    where = (tmp_path / "models").as_posix()
    result = small.run(isolate=True, params={"where": where})
    assert result.load("pushed").digest == result.load("infra_blessing").digest
    with pytest.raises(GateFailed, match="are allowed"):
        small.run(params={"where": where, "most": 1000})


@pytest.mark.slow
def test_in_an_environment_made_for_it():
    """Only what the model says it needs; the registry must be in reach."""
    reach = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        "/dev/null/none",
        "narwhals",
    ]
    probe = subprocess.run(
        [*reach[:3], "index", "versions", "narwhals"], capture_output=True, check=False
    )
    if probe.returncode:
        pytest.skip("no registry of packages is in reach")
    model = LinearRegression().fit(X[["x"]], X["x"] * 2)
    blessing = infra_validate(model, X[["x"]], requests=3, fresh_environment=True)
    assert blessing.environment == "fresh environment"
    assert blessing.gate.verdict == "pass"
    lacking = infra_validate(
        model, X[["x"]], requests=3, fresh_environment=True, requirements=["narwhals", "numpy"]
    )
    assert lacking.gate.verdict == "fail"
    assert "sklearn" in lacking.gate.reasons[0]
