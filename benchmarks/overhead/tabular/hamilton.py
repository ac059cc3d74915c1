"""Hamilton: a module of functions; results pass in memory, or with `cached` through its cache."""

import sys

import pandas as pd
import work
from hamilton import driver
from hamilton.function_modifiers import extract_fields
from sklearn.linear_model import LogisticRegression


def rows(csv: str) -> pd.DataFrame:
    return work.ingest(csv)


@extract_fields({"train": pd.DataFrame, "test": pd.DataFrame})
def split(rows: pd.DataFrame) -> dict:
    return work.split(rows)._asdict()


@extract_fields({"train_scaled": pd.DataFrame, "test_scaled": pd.DataFrame})
def scale(train: pd.DataFrame, test: pd.DataFrame) -> dict:
    train, test = work.scale(train, test)
    return {"train_scaled": train, "test_scaled": test}


def model(train_scaled: pd.DataFrame) -> LogisticRegression:
    return work.fit(train_scaled)


def score(model: LogisticRegression, test_scaled: pd.DataFrame) -> tuple:
    return tuple(work.evaluate(model, test_scaled))


if __name__ == "__main__":
    import program

    builder = driver.Builder().with_modules(program)
    if sys.argv[1:] == ["cached"]:
        builder = builder.with_cache()
    print(builder.build().execute(["score"], inputs={"csv": "rows.csv"})["score"])
