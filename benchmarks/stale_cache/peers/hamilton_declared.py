"""Hamilton, and what reads data is always run again, as its guide to caching says."""

import json
import time
from pathlib import Path

import tariff
from hamilton.function_modifiers import cache
from rates import total
from rounding import Rounding


@cache(behavior="recompute")
def rows(path: str) -> list:
    return [float(line) for line in Path(path).read_text().splitlines()]


def price(rows: list) -> dict:
    # how a price is made
    value = Rounding().apply(total(rows) + tariff.surcharge())
    return {"value": value, "stamp": time.time_ns()}


if __name__ == "__main__":
    import pipeline
    from hamilton import driver

    built = driver.Builder().with_modules(pipeline).with_cache().build()
    print(json.dumps(built.execute(["price"], inputs={"path": "rows.csv"})["price"]))
