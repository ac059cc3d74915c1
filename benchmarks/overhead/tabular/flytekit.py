"""flytekit: a workflow of tasks, executed locally; frames pass as Parquet, the model as a pickle."""

import sys
from typing import NamedTuple

import pandas as pd
import work
from flytekit import Cache, task, workflow
from sklearn.linear_model import LogisticRegression

KEPT = {"cache": Cache(version="1.0")} if sys.argv[1:] == ["cached"] else {}

Two = NamedTuple("Two", train=pd.DataFrame, test=pd.DataFrame)


@task(**KEPT)
def ingest(csv: str) -> pd.DataFrame:
    return work.ingest(csv)


@task(**KEPT)
def split(rows: pd.DataFrame) -> Two:
    return Two(*work.split(rows))


@task(**KEPT)
def scale(train: pd.DataFrame, test: pd.DataFrame) -> Two:
    return Two(*work.scale(train, test))


@task(**KEPT)
def fit(train: pd.DataFrame) -> LogisticRegression:
    return work.fit(train)


@task(**KEPT)
def evaluate(model: LogisticRegression, test: pd.DataFrame) -> list[float]:
    return list(work.evaluate(model, test))


@workflow
def tabular(csv: str = "rows.csv") -> list[float]:
    parts = split(rows=ingest(csv=csv))
    scaled = scale(train=parts.train, test=parts.test)
    return evaluate(model=fit(train=scaled.train), test=scaled.test)


if __name__ == "__main__":
    print(tuple(tabular()))
