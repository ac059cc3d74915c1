"""A registry of MLflow as a destination: versions, aliases, and MLflow's own way to load them.

MLflow changes packages that others pin, so it is in no environment of the tests by default.
"""

from __future__ import annotations

import pytest

mlflow = pytest.importorskip("mlflow")
pd = pytest.importorskip("pandas")
pytest.importorskip("sqlalchemy")

import numpy as np  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

from thruway.components import load_pushed, push, resolve, roll_back  # noqa: E402
from thruway.errors import DataError, GateFailed, UsageError  # noqa: E402
from thruway.kit.gate import Gate  # noqa: E402
from thruway.kit.values.fingerprint import fingerprint  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own

GOOD = Gate("pass")


@pytest.fixture
def registry(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where MLflow puts what it keeps
    return f"mlflow://sqlite:///{tmp_path}/registry.db"


@pytest.fixture(scope="module")
def examples():
    return pd.DataFrame({"x": np.linspace(0, 1, 20)})


@pytest.fixture(scope="module")
def model(examples):
    return LogisticRegression().fit(examples, examples["x"] > 0.5)


def test_versions_and_aliases(registry, model, examples):
    assert resolve(registry, name="churn", missing_ok=True) is None
    with pytest.raises(GateFailed):
        push(model, destination=registry, name="churn")
    first = push(
        model, GOOD, destination=registry, name="churn", aliases=["champion"], examples=examples
    )
    assert (first.version, first.path, first.aliases) == (1, "models:/churn/1", ("champion",))
    push(
        model, Gate("warn", ("few rows",)), destination=registry, name="churn", aliases=["champion"]
    )
    push(model, Gate("fail", ("worse",)), destination=registry, name="churn", unblessed=True)
    found = resolve(registry, name="churn")
    assert (found.version, found.skipped, found.reasons) == (2, (3,), ("few rows",))
    assert resolve(registry, name="churn", alias="champion").version == 2
    back = roll_back(registry, name="churn", alias="champion")
    assert (back.version, back.aliases) == (1, ("champion",))
    assert resolve(registry, name="churn", alias="champion").version == 1
    for one in (first, found, back):
        assert fingerprint(load_pushed(one)) == fingerprint(model)
    assert fingerprint(load_pushed(registry, name="churn", version="champion")) == fingerprint(
        model
    )
    with pytest.raises(DataError, match="no `challenger`"):
        resolve(registry, name="churn", alias="challenger")
    with pytest.raises(DataError, match="no blessed model"):
        resolve(registry, name="churn", version=3)
    with pytest.raises(UsageError, match="keeps the alias"):
        push(model, GOOD, destination=registry, name="churn", aliases=["latest"])
    with pytest.raises(UsageError, match="cannot be rolled back"):
        roll_back(registry, name="churn")
    with pytest.raises(UsageError, match="name one"):
        push(model, GOOD, destination=registry)


def test_mlflow_itself_serves_what_was_pushed(registry, model, examples):
    uri = registry.removeprefix("mlflow://")
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    pushed = push(model, GOOD, destination="models:/plain", examples=examples)
    served = mlflow.pyfunc.load_model(pushed.path)
    assert (served.predict(examples) == model.predict(examples)).all()
    assert resolve("models:/plain").version == 1
    assert fingerprint(load_pushed("models:/plain")) == fingerprint(model)
    tags = mlflow.MlflowClient().get_model_version("plain", "1").tags
    assert tags["thruway.blessed"] == "true"
