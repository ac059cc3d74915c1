"""A chain of functions, each called once: some do one thing, some do several."""

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split

COLUMNS = ["age", "visits", "bought"]


def read(path):
    """One thing."""
    return pd.read_csv(path)


def prepare(path, columns, size=0.3):
    """Read, clean and split: three things."""
    people = read(path)
    # people without an income teach nothing
    people = people.dropna(subset=["income"])
    people["age"] = people["age"].clip(18, 80)
    target = np.log1p(people["income"])
    return train_test_split(people[columns], target, test_size=size, random_state=3)


def learn(X, y, trees=20):
    """One thing again."""
    forest = RandomForestRegressor(n_estimators=trees, random_state=0)
    forest.fit(X, y)
    return forest


def show(name, value):
    print(f"{name:>8}: {value:.4f}")


def report(model, X, y):
    """Called twice, so it stays."""
    error = model.predict(X) - y
    show("bias", error.mean())
    show("rmse", np.sqrt((error**2).mean()))
    return error


def main(path="people.csv"):
    X, X_test, y, y_test = prepare(path, COLUMNS)
    model = learn(X, y, trees=15)
    report(model, X, y)
    error = report(model, X_test, y_test)
    if error.empty:
        print("nothing to report")
        return
    worst = error.abs().idxmax()
    print("worst", worst, X_test.loc[worst].to_dict())


if __name__ == "__main__":
    main()
