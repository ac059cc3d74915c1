#!/usr/bin/env python
"""Predict income, from the command line."""

import argparse
import json

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

FEATURES = ["age", "visits"]


def load(path):
    """Read the people whose income is known."""
    return pd.read_csv(path).dropna(subset=["income"])


def split(df, share, seed):
    rng = np.random.default_rng(seed)
    chosen = rng.random(len(df)) < share
    return df[~chosen], df[chosen]


def rmse(model, df):
    error = model.predict(df[FEATURES]) - df["income"]
    return float(np.sqrt((error**2).mean()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="people.csv")
    parser.add_argument("--alpha", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=3)
    args = parser.parse_args()

    df = load(args.data)
    train, test = split(df, 0.2, args.seed)
    model = Ridge(alpha=args.alpha)
    model.fit(train[FEATURES], train["income"])
    result = {"train": rmse(model, train), "test": rmse(model, test)}
    print(result)
    with open("result.json", "w") as handle:
        json.dump(result, handle)


if __name__ == "__main__":
    main()
