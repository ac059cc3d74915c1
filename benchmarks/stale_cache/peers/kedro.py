"""Kedro: two nodes and a catalog. Kedro has no cache: it computes anew every time."""

import json
import time

import tariff
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import node, pipeline
from kedro.runner import SequentialRunner
from kedro_datasets.text import TextDataset
from rates import total
from rounding import Rounding


def load(text):
    return [float(line) for line in text.splitlines()]


def price(rows):
    # how a price is made
    value = Rounding().apply(total(rows) + tariff.surcharge())
    return {"value": value, "stamp": time.time_ns()}


if __name__ == "__main__":
    nodes = pipeline([node(load, "text", "rows"), node(price, "rows", "found")])
    catalog = DataCatalog({"text": TextDataset(filepath="rows.csv"), "found": MemoryDataset()})
    SequentialRunner().run(nodes, catalog)
    print(json.dumps(catalog.load("found")))
