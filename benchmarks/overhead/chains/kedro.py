"""Kedro: a chain of `argv[1]` nodes."""

import sys

from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import node, pipeline
from kedro.runner import SequentialRunner


def add(x):
    return x + 1


if __name__ == "__main__":
    steps = int(sys.argv[1])
    nodes = pipeline([node(add, f"x{at}", f"x{at + 1}", name=f"add{at}") for at in range(steps)])
    catalog = DataCatalog({"x0": MemoryDataset(0), f"x{steps}": MemoryDataset()})
    SequentialRunner().run(nodes, catalog)
    print(catalog.load(f"x{steps}"))
