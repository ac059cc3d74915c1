"""The plain program, which says what is right."""

import json
import time
from pathlib import Path

import tariff
from rates import total
from rounding import Rounding


def load(path):
    return [float(line) for line in Path(path).read_text().splitlines()]


def price(rows):
    # how a price is made
    value = Rounding().apply(total(rows) + tariff.surcharge())
    return {"value": value, "stamp": time.time_ns()}


if __name__ == "__main__":
    print(json.dumps(price(load("rows.csv"))))
