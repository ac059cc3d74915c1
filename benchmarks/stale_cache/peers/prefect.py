"""Prefect: two tasks with the policy INPUTS + TASK_SOURCE, and results that are kept."""

import json
import time
from pathlib import Path

import tariff
from prefect import flow, task
from prefect.cache_policies import INPUTS, TASK_SOURCE
from rates import total
from rounding import Rounding


@task(cache_policy=INPUTS + TASK_SOURCE, persist_result=True)
def load(path: str) -> list[float]:
    return [float(line) for line in Path(path).read_text().splitlines()]


@task(cache_policy=INPUTS + TASK_SOURCE, persist_result=True)
def price(rows: list[float]) -> dict[str, float]:
    # how a price is made
    value = Rounding().apply(total(rows) + tariff.surcharge())
    return {"value": value, "stamp": time.time_ns()}


@flow
def prices(path: str = "rows.csv"):
    return price(load(path))


if __name__ == "__main__":
    print(json.dumps(prices()))
