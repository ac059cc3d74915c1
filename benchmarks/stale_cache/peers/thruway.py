"""Thruway: two steps; nothing is said about the cache."""

import json
import time
from pathlib import Path

import tariff
from rates import total
from rounding import Rounding

from thruway import pipeline, step


@step(role="ingest")
def load(path: str) -> list[float]:
    return [float(line) for line in Path(path).read_text().splitlines()]


@step(role="transform")
def price(rows: list[float]) -> dict[str, float]:
    # how a price is made
    value = Rounding().apply(total(rows) + tariff.surcharge())
    return {"value": value, "stamp": time.time_ns()}


@pipeline
def prices(path: str = "rows.csv"):
    rows = load(path)
    found = price(rows)
    return found


if __name__ == "__main__":
    print(json.dumps(prices.run().load("found")))
