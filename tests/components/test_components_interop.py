"""What components give and what they take: the matrix of all of them, and functions of others between.

By type, every output against every input: the table is a file, so that a change of it is seen. And by
running: a user's plain function before and after each component, in pipelines that the engine runs.
"""

from __future__ import annotations

import inspect
import os
import typing
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from thruway import components
from thruway.kit.ports.annotations import field_hints, hints
from thruway.kit.ports.fit import fits

GOLDEN = Path(__file__).parent / "matrix.txt"
STEPS = [
    "ingest",
    "statistics",
    "infer_schema",
    "import_schema",
    "validate",
    "example_diff",
    "split",
    "transform",
    "tune",
    "train",
    "evaluate",
    "bless",
    "infra_validate",
    "push",
    "batch_predict",
    "monitor",
    "resolve",
    "importer",
    "passed",
]
PORTS = frozenset(
    [
        "examples",
        "baseline",
        "statistics",
        "schema",
        "split",
        "transform_graph",
        "model",
        "eval",
        "evaluation",
        "blessings",
        "value",
        "log",
        "training",
        "serving",
        "base_model",
        "hyperparameters",
        "reviewed",
        "labels",
        "transformer",
    ]
)


def outputs(name):
    """Port → type of what a component gives."""
    returned = hints(getattr(components, name))["return"]
    if isinstance(returned, type) and issubclass(returned, tuple) and hasattr(returned, "_fields"):
        return {f"{name}.{field}": kind for field, kind in field_hints(returned).items()}
    if isinstance(returned, typing.TypeVar):
        return {}
    return {name: returned}


def inputs(name):
    """Port → type of what a component takes of others."""
    function = getattr(components, name)
    taken = hints(function)
    return {
        f"{name}.{parameter}": taken[parameter]
        for parameter in inspect.signature(function).parameters
        if parameter in PORTS
    }


def matrix():
    taken = {port: kind for name in STEPS for port, kind in inputs(name).items()}
    lines = []
    for name in STEPS:
        for port, kind in outputs(name).items():
            fit = [into for into, wanted in taken.items() if fits(kind, wanted)]
            lines.append(f"{port} -> {', '.join(fit)}")
    return "\n".join(lines) + "\n"


def test_what_fits_where():
    if os.environ.get("THRUWAY_GOLDEN") == "write":
        GOLDEN.write_text(matrix())
    assert matrix() == GOLDEN.read_text()


# A port that the field has to fit → who gives it.
MUST = [
    ("ingest", "statistics.examples split.examples transform.examples train.examples"),
    (
        "statistics",
        "infer_schema.statistics validate.statistics validate.baseline monitor.training",
    ),
    ("infer_schema", "validate.schema statistics.schema transform.schema batch_predict.schema"),
    ("import_schema", "validate.schema infer_schema.reviewed"),
    ("split.train", "statistics.examples transform.examples train.examples"),
    ("split.eval", "evaluate.examples train.eval infra_validate.examples"),
    ("transform.transform_graph", "train.transform_graph"),
    ("tune.best_hyperparameters", "train.hyperparameters"),
    (
        "train.model",
        "evaluate.model evaluate.baseline infra_validate.model push.model train.base_model",
    ),
    ("evaluate", "bless.evaluation bless.baseline"),
    ("bless", "push.blessings"),
    ("infra_validate", "push.blessings"),
]
MUST_NOT = [
    ("statistics", "bless.evaluation"),
    ("evaluate", "validate.statistics"),
    ("evaluate", "split.examples"),
    ("bless", "bless.evaluation"),
    ("infer_schema", "split.examples"),
]


@pytest.mark.parametrize(("gives", "takes"), [(g, t) for g, all_ in MUST for t in all_.split()])
def test_what_belongs_together_fits(gives, takes):
    name = takes.partition(".")[0]
    assert fits(outputs(gives.partition(".")[0])[gives], inputs(name)[takes])


@pytest.mark.parametrize(("gives", "takes"), MUST_NOT)
def test_what_makes_no_sense_is_refused_before_it_runs(gives, takes):
    name = takes.partition(".")[0]
    assert not fits(outputs(gives)[gives], inputs(name)[takes])


class Whitened:
    """A transformer of somebody else: it has `fit` and `transform`, and knows nothing of us."""

    def fit(self, x, y=None):  # noqa: ARG002 - the protocol's
        self.mean_ = np.asarray(x, dtype=float).mean(axis=0)
        return self

    def transform(self, x):
        return np.asarray(x, dtype=float) - self.mean_

    def get_params(self, deep=True):  # noqa: ARG002 - the protocol's
        return {}

    def set_params(self, **params):  # noqa: ARG002 - the protocol's
        return self


def only_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(double=frame["x"] * 2)


def only_polars(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(double=pl.col("x") * 2)


ROWS = {"x": [0.5, 1.5, 2.5, 3.5] * 10, "z": [1, 2, 3, 4] * 10, "y": [0, 0, 1, 1] * 10}
LIBRARIES = {
    "pandas": (lambda: pd.DataFrame(ROWS), only_pandas),
    "polars": (lambda: pl.DataFrame(ROWS), only_polars),
    "arrow": (
        lambda: pl.DataFrame(ROWS).to_arrow(),
        lambda table: table.append_column("double", table["x"]),
    ),
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_functions_of_others_before_and_after_each(library):
    from sklearn.linear_model import LogisticRegression

    make, own = LIBRARIES[library]
    frame = own(make())
    described = components.statistics(frame)
    schema = components.infer_schema(described, label="y")
    checked = components.validate(described, schema)
    assert checked.gate.verdict == "pass"
    parts = components.split(frame, eval=0.25, test=0.25, seed=3)
    assert sorted(map(len, parts)) == [10, 10, 20]
    again = type(parts)(*map(own_again(library), parts))
    graph, transformed = components.transform(again, Whitened(), label="y")
    assert transformed._fields == ("train", "eval", "test")
    model, _run = components.train(again, LogisticRegression(), "y", transform_graph=graph)
    evaluation = components.evaluate(again.eval, model, "y", n_bootstrap=20, importance=False)
    blessing = components.bless(evaluation, thresholds={"accuracy": {"lower": 0.0}})
    assert blessing.blessed
    predicted = components.batch_predict(again.test, model)
    assert len(predicted) == len(again.test)
    assert type(predicted) is type(again.test)


def own_again(library):
    """A function of the user between two components: it leaves one column out."""
    if library == "arrow":
        return lambda table: table.drop_columns(["z"])
    return lambda frame: frame.drop(columns=["z"]) if library == "pandas" else frame.drop("z")
