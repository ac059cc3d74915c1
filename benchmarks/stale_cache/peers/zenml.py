"""ZenML: two steps with the cache on, as it is by default."""

import json
import time
from pathlib import Path

import tariff
from rates import total
from rounding import Rounding
from zenml import pipeline, step


@step
def load(path: str) -> list[float]:
    rows = [float(line) for line in Path(path).read_text().splitlines()]
    return rows


@step
def price(rows: list[float]) -> dict[str, float]:
    # how a price is made
    value = Rounding().apply(total(rows) + tariff.surcharge())
    found = {"value": value, "stamp": time.time_ns()}
    return found


@pipeline(enable_cache=True)
def prices(path: str = "rows.csv"):
    price(load(path))


if __name__ == "__main__":
    run = prices()
    print(json.dumps(run.steps["price"].output.load()))
