"""The five steps that every program of this benchmark consists of, as plain functions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

ROWS, COLUMNS = 50_000, 20


class Parts(NamedTuple):
    train: pd.DataFrame
    test: pd.DataFrame


class Score(NamedTuple):
    accuracy: float
    auc: float


def ingest(csv: str) -> pd.DataFrame:
    """Read `csv`: (50,000, 21), the last column is the label."""
    return pd.read_csv(csv)


def split(rows: pd.DataFrame) -> Parts:
    train, test = train_test_split(rows, test_size=0.25, random_state=0)
    return Parts(train, test)


def scale(train: pd.DataFrame, test: pd.DataFrame) -> Parts:
    """Return both with features of mean 0 and variance 1 on `train`."""
    features = [name for name in train.columns if name != "label"]
    scaler = StandardScaler().set_output(transform="pandas").fit(train[features])
    return Parts(
        scaler.transform(train[features]).assign(label=train["label"]),
        scaler.transform(test[features]).assign(label=test["label"]),
    )


def fit(train: pd.DataFrame) -> LogisticRegression:
    return LogisticRegression(max_iter=200).fit(train.drop(columns="label"), train["label"])


def evaluate(model: LogisticRegression, test: pd.DataFrame) -> Score:
    features, label = test.drop(columns="label"), test["label"]
    chances = model.predict_proba(features)[:, 1]
    accuracy = float(np.mean((chances > 0.5) == label))
    return Score(accuracy, float(roc_auc_score(label, chances)))


def make(csv: str) -> None:
    """Write the data."""
    random = np.random.default_rng(0)
    features = random.standard_normal((ROWS, COLUMNS))
    chance = 1 / (1 + np.exp(-features @ random.standard_normal(COLUMNS)))
    frame = pd.DataFrame(features, columns=[f"x{number}" for number in range(COLUMNS)])
    frame["label"] = (random.random(ROWS) < chance).astype(int)
    frame.to_csv(csv, index=False)
