"""ZenML: a pipeline of steps on its local stack; every output is an artifact."""

import sys
from typing import Annotated

import pandas as pd
import work
from sklearn.linear_model import LogisticRegression
from zenml import pipeline, step


@step
def ingest(csv: str) -> pd.DataFrame:
    rows = work.ingest(csv)
    return rows


@step
def split(
    rows: pd.DataFrame,
) -> tuple[Annotated[pd.DataFrame, "train"], Annotated[pd.DataFrame, "test"]]:
    train, test = work.split(rows)
    return train, test


@step
def scale(
    train: pd.DataFrame, test: pd.DataFrame
) -> tuple[Annotated[pd.DataFrame, "train_scaled"], Annotated[pd.DataFrame, "test_scaled"]]:
    train_scaled, test_scaled = work.scale(train, test)
    return train_scaled, test_scaled


@step
def fit(train: pd.DataFrame) -> LogisticRegression:
    model = work.fit(train)
    return model


@step
def evaluate(model: LogisticRegression, test: pd.DataFrame) -> dict[str, float]:
    score = work.evaluate(model, test)._asdict()
    return score


@pipeline(enable_cache=sys.argv[1:] == ["cached"])
def tabular(csv: str = "rows.csv"):
    train, test = split(ingest(csv))
    train, test = scale(train, test)
    evaluate(fit(train), test)


if __name__ == "__main__":
    run = tabular()
    print(tuple(run.steps["evaluate"].output.load().values()))
