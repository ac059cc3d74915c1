"""The tables that the benchmarks of components are run on: made here, the same every time.

Like well-known ones in their columns and in what is wrong with them, with no row of theirs.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def titanic(rows: int = 891, seed: int = 0) -> pd.DataFrame:
    """Return passengers: few rows, missing ages, an almost empty column, names."""
    rng = np.random.default_rng(seed)
    age = np.round(rng.gamma(4, 7.5, rows), 1)
    fare = np.round(np.exp(rng.normal(2.9, 1, rows)), 4)
    frame = pd.DataFrame(
        {
            "PassengerId": np.arange(1, rows + 1),
            "Survived": (rng.random(rows) < 0.38).astype(int),
            "Pclass": rng.choice([1, 2, 3], rows, p=[0.24, 0.21, 0.55]),
            "Name": [f"Person, Number {number}" for number in range(rows)],
            "Sex": rng.choice(["male", "female"], rows, p=[0.65, 0.35]),
            "Age": np.where(rng.random(rows) < 0.2, np.nan, age),
            "SibSp": rng.poisson(0.5, rows),
            "Fare": fare,
            "Cabin": np.where(
                rng.random(rows) < 0.77,
                None,
                "C" + pd.Series(rng.integers(1, 99, rows)).astype(str),
            ),
            "Embarked": np.where(rng.random(rows) < 0.002, None, rng.choice(["S", "C", "Q"], rows)),
        }
    )
    frame.loc[0, ["Age", "Embarked"]] = [np.nan, None]
    return frame


def adult(rows: int = 32_561, seed: int = 1) -> pd.DataFrame:
    """Return census rows: many categories, a large skewed number, zeros."""
    rng = np.random.default_rng(seed)
    works = ["Private", "Self-emp", "Local-gov", "State-gov", "?", "Never-worked"]
    return pd.DataFrame(
        {
            "age": rng.integers(17, 91, rows),
            "workclass": rng.choice(works, rows, p=[0.7, 0.1, 0.07, 0.06, 0.06, 0.01]),
            "fnlwgt": np.exp(rng.normal(12, 0.5, rows)).astype(int),
            "education": rng.choice([f"level {n}" for n in range(16)], rows),
            "capital-gain": np.where(rng.random(rows) < 0.92, 0, rng.integers(100, 99_999, rows)),
            "hours-per-week": rng.normal(40, 12, rows).clip(1, 99).round(1),
            "native-country": rng.choice([f"country {n}" for n in range(42)], rows),
            "income": rng.choice(["<=50K", ">50K"], rows, p=[0.76, 0.24]),
        }
    )


def spoiled_titanic() -> pd.DataFrame:
    """Return other passengers, with what goes wrong in practice."""
    frame = titanic(600, seed=5)
    frame["Sex"] = frame["Sex"].where(frame.index > 30, "unknown")
    frame["Pclass"] = frame["Pclass"].astype(str).replace("2", "second")
    frame["Fare"] = frame["Fare"].where(frame.index > 3, None)
    frame["Age"] *= 3
    frame["Deck"] = "A"
    return frame.drop(columns=["Embarked"])


def spoiled_adult() -> pd.DataFrame:
    """Return other census rows, with what goes wrong in practice."""
    frame = adult(10_000, seed=6)
    frame["workclass"] = frame["workclass"].replace("?", "Unknown")
    frame["capital-gain"] = frame["capital-gain"] + 0.5
    frame["income"] = np.where(frame["age"] > 60, ">50K", frame["income"])
    frame["hours-per-week"] *= 2
    frame.loc[:3, "age"] = -1
    return frame


def wide(rows: int, seed: int = 2) -> pd.DataFrame:
    """Return a table to measure time on: half numbers, half text, of all kinds."""
    rng = np.random.default_rng(seed)
    words = np.array([f"word{n}" for n in range(1000)])
    return pd.DataFrame(
        {
            "normal": rng.standard_normal(rows).round(6),
            "lognormal": np.exp(rng.standard_normal(rows)).round(6),
            "price": np.exp(rng.normal(3, 1, rows)).round(2),
            "missing": np.where(rng.random(rows) < 0.3, np.nan, rng.random(rows).round(6)),
            "count": rng.poisson(3, rows),
            "number": rng.integers(0, 10**9, rows),
            "flag": rng.integers(0, 2, rows),
            "zip": rng.integers(10_000, 99_999, rows),
            "sex": rng.choice(["female", "male"], rows),
            "country": rng.choice([f"country {n}" for n in range(200)], rows),
            "word": words[rng.zipf(1.3, rows) % 1000],
            "name": words[rng.integers(0, 1000, rows)]
            + pd.Series(" " + words[rng.integers(0, 1000, rows)]),
            "id": "id-" + pd.Series(rng.permutation(rows)).astype(str),
        }
    )
