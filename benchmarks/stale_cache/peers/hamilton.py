"""Hamilton: two functions of a module, `Builder().with_cache()`."""

import json
import time
from pathlib import Path

import tariff
from rates import total
from rounding import Rounding


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
