"""Dagster: a job of ops, executed in this process; results pass in memory."""

import pandas as pd
import work
from dagster import Out, job, op
from sklearn.linear_model import LogisticRegression

TWO = {"train": Out(pd.DataFrame), "test": Out(pd.DataFrame)}


@op
def ingest() -> pd.DataFrame:
    return work.ingest("rows.csv")


@op(out=TWO)
def split(rows: pd.DataFrame):
    return tuple(work.split(rows))


@op(out=TWO)
def scale(train: pd.DataFrame, test: pd.DataFrame):
    return tuple(work.scale(train, test))


@op
def fit(train: pd.DataFrame) -> LogisticRegression:
    return work.fit(train)


@op
def evaluate(model: LogisticRegression, test: pd.DataFrame):
    return tuple(work.evaluate(model, test))


@job
def tabular():
    train, test = split(ingest())
    train, test = scale(train, test)
    evaluate(fit(train), test)


if __name__ == "__main__":
    print(tabular.execute_in_process().output_for_node("evaluate"))
