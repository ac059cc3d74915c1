"""flytekit: two tasks with a cache; its version is changed by hand."""

import json
import time
from pathlib import Path

import tariff
from flytekit import Cache, task, workflow
from rates import total
from rounding import Rounding


@task(cache=Cache(version="1.0"))
def load(path: str) -> list[float]:
    return [float(line) for line in Path(path).read_text().splitlines()]


@task(cache=Cache(version="1.0"))
def price(rows: list[float]) -> dict[str, float]:
    # how a price is made
    value = Rounding().apply(total(rows) + tariff.surcharge())
    return {"value": value, "stamp": float(time.time_ns())}


@workflow
def prices(path: str = "rows.csv") -> dict[str, float]:
    return price(rows=load(path=path))


if __name__ == "__main__":
    print(json.dumps(prices()))
