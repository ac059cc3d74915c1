"""ZenML, with every file and every function that counts declared in the policy of the cache."""

import json
import time
from pathlib import Path

import levies
import rates
import rounding
import tariff
from rates import total
from rounding import Rounding
from zenml import pipeline, step
from zenml.config import CachePolicy

LOAD = CachePolicy(file_dependencies=["rows.csv"])
PRICE = CachePolicy(source_dependencies=[rates, levies, rounding])


@step(cache_policy=LOAD)
def load(path: str) -> list[float]:
    rows = [float(line) for line in Path(path).read_text().splitlines()]
    return rows


@step(cache_policy=PRICE)
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
